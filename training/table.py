"""A table to match against, from the evidence pack or from claims set aside, and labelled posts that go with it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.evidence.pack import starter_pack
from bot.matching.measure import Labelled, labelled
from bot.model import Certainty, Evidence, Sensitivity, Stance, Verdict
from training.corpus import ASSERTS, STANCES, UNRELATED, Corpus, Part

DEV = Path(__file__).parents[1] / "tests" / "data" / "posts_dev.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exam:
    """Posts and the table they are matched against. `groups` says which posts may not be torn apart in a split."""

    name: str
    entries: tuple[Evidence, ...]
    posts: tuple[Labelled, ...]
    groups: tuple[str, ...]


def dev() -> Exam:
    """The labelled posts on the starter table: to choose thresholds, never to learn."""
    rows = [json.loads(line) for line in DEV.read_text(encoding="utf-8").splitlines() if line.strip()]
    return Exam(
        name="dev",
        entries=starter_pack(),
        posts=tuple(labelled(row) for row in rows),
        groups=tuple(row["expected"]["entry_id"] or row["near_topic_of"] or row["id"] for row in rows),
    )


def claims_exam(corpus: Corpus, part: Part, numbers: Sequence[int] | None = None) -> Exam:
    """The claims of one part as a table, one entry per group of twins, and all their posts."""
    numbers = corpus.of(part) if numbers is None else list(numbers)
    members: dict[str, list[int]] = {}
    for number in numbers:
        members.setdefault(corpus.claims[number].group, []).append(number)
    entries = tuple(entry(corpus, group, found) for group, found in members.items())
    inside = set(numbers)
    posts = [post for post in corpus.posts if post.claim in inside]
    return Exam(
        name=part,
        entries=entries,
        posts=tuple(
            Labelled(
                id=post.id,
                text=post.text,
                entry_id=None if post.stance == UNRELATED else corpus.claims[post.claim].group,
                stance=Stance(STANCES[post.stance]),
                leave_alone=post.leave_alone,
                wanted=post.stance == ASSERTS and not post.leave_alone,
                lang=post.lang,
                context=(post.context,) if post.context else (),
            )
            for post in posts
        ),
        groups=tuple(corpus.claims[post.claim].group for post in posts),
    )


def entry(corpus: Corpus, group: str, numbers: Sequence[int]) -> Evidence:
    """Twins as one entry: the first one's claim, everyone's exemplars."""
    claims = [corpus.claims[number] for number in numbers]
    return Evidence(
        id=group,
        claim=claims[0].text,
        paraphrases=tuple(text for claim in claims for text in claim.asserting)
        + tuple(claim.text for claim in claims[1:]),
        negations=tuple(text for claim in claims for text in claim.denying),
        questions=tuple(text for claim in claims for text in claim.asking),
        verdict=Verdict.FALSE,
        correction_short="",
        certainty=Certainty.LOW,
        sensitivity=Sensitivity.STANDARD,
    )

"""How good is the matcher on labelled posts? Precision of drafts first, because a wrong draft addresses a person.

Run it: `python -m bot.matching.evaluate POSTS.jsonl [PACK]`. It measures; it never changes a threshold.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.evidence.pack import load_pack, starter_pack
from bot.matching.matcher import Matcher
from bot.model import Action, Match, Stance


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """A post and what a person says about it. `wanted`: a draft would be right here."""

    id: str
    text: str
    entry_id: str | None
    stance: Stance
    leave_alone: bool
    wanted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The figures. `wrong` lists every draft that should not have been made: why, post id, text."""

    posts: int
    drafts: int
    right: int
    wanted: int
    wrong_person: int  # drafts at people who deny, ask, report or say something else
    disturbed: int  # drafts at people to be left alone
    wrong_entry: int
    entry_recall_at_1: float
    stance_macro_f1: float
    wrong: tuple[tuple[str, str, str], ...]

    @property
    def precision(self) -> float:
        """Share of the drafts that are right; 1.0 when none was made."""
        return self.right / self.drafts if self.drafts else 1.0

    @property
    def recall(self) -> float:
        """Share of the posts that deserve a draft and got the right one."""
        return self.right / self.wanted if self.wanted else 0.0

    @property
    def wrong_fire_rate(self) -> float:
        """Drafts at the wrong people, as a share of all posts that deserve none."""
        return (self.wrong_person + self.disturbed) / max(1, self.posts - self.wanted)

    def __str__(self) -> str:
        return (
            f"{self.posts} posts, {self.drafts} drafts: precision {self.precision:.3f}, recall {self.recall:.3f}, "
            f"wrong person {self.wrong_person}, leave-alone disturbed {self.disturbed}, wrong entry "
            f"{self.wrong_entry}, wrong-fire rate {self.wrong_fire_rate:.4f}, entry recall@1 "
            f"{self.entry_recall_at_1:.3f}, stance macro-F1 {self.stance_macro_f1:.3f}"
        )


def labelled(row: dict[str, Any]) -> Labelled:
    """One line of a labelled file."""
    expected = row["expected"]
    return Labelled(
        id=row["id"],
        text=row["text"],
        entry_id=expected["entry_id"],
        stance=Stance(expected["stance"]),
        leave_alone=bool(row.get("leave_alone")),
        wanted=bool(row["should_draft_reply"]),
    )


def measure(posts: Sequence[Labelled], found: Sequence[Match]) -> Report:
    """Compare labels with matches, given in the same order."""
    wrong: list[tuple[str, str, str]] = []
    drafts = right = 0
    for post, match in zip(posts, found, strict=True):
        if match.action is Action.NONE:
            continue
        drafts += 1
        if post.wanted and match.entry_id == post.entry_id:
            right += 1
        elif post.leave_alone:
            wrong.append(("leave alone", post.id, post.text))
        elif post.stance is not Stance.ASSERTS:
            wrong.append((post.stance.value, post.id, post.text))
        else:
            wrong.append(("wrong entry", post.id, post.text))
    kinds = Counter(kind for kind, _, _ in wrong)
    disturbed, wrong_entry = kinds["leave alone"], kinds["wrong entry"]
    with_entry = [(post, match) for post, match in zip(posts, found, strict=True) if post.entry_id]
    hits = sum(post.entry_id == match.entry_id for post, match in with_entry)
    return Report(
        posts=len(posts),
        drafts=drafts,
        right=right,
        wanted=sum(post.wanted for post in posts),
        wrong_person=len(wrong) - disturbed - wrong_entry,
        disturbed=disturbed,
        wrong_entry=wrong_entry,
        entry_recall_at_1=hits / len(with_entry) if with_entry else 0.0,
        stance_macro_f1=_macro_f1(posts, found),
        wrong=tuple(wrong),
    )


def _macro_f1(posts: Sequence[Labelled], found: Sequence[Match]) -> float:
    labels = {post.stance for post in posts}
    truth = Counter(post.stance for post in posts)
    said = Counter(match.stance for match in found)
    both = Counter(post.stance for post, match in zip(posts, found, strict=True) if post.stance is match.stance)
    return sum(2 * both[label] / (truth[label] + said[label]) for label in labels) / len(labels) if labels else 0.0


def main(arguments: Sequence[str]) -> int:
    """Print the figures and every wrong draft."""
    if not arguments:
        print("usage: python -m bot.matching.evaluate POSTS.jsonl [PACK]", file=sys.stderr)
        return 2
    rows = Path(arguments[0]).read_text(encoding="utf-8").splitlines()
    posts = [labelled(json.loads(row)) for row in rows if row.strip()]
    matcher = Matcher(load_pack(Path(arguments[1])) if len(arguments) > 1 else starter_pack())
    report = measure(posts, [matcher.match(post.text) for post in posts])
    for kind, post_id, text in report.wrong:
        print(f"wrong ({kind}) {post_id}: {text[:120]!r}")
    print(report)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

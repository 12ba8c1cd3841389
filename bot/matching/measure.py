"""How good is the matcher on labelled posts? Precision of drafts first, because a wrong draft addresses a person.

It compares labels with matches and counts; it reads no file and changes no threshold.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.model import Match, Stance

BINS = 10  # of the calibration curve


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """A post and what a person says about it. `wanted`: a draft would be right here."""

    id: str
    text: str
    entry_id: str | None
    stance: Stance
    leave_alone: bool
    wanted: bool
    lang: str = "en"
    context: tuple[str, ...] = ()  # the posts around it, nearest last


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
    stance_accuracy: float
    with_entry: int  # posts that have an entry at all
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Posts of about the same certainty: how sure we were on average, and how often a draft would have been right."""

    posts: int
    sure: float
    right: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Were drafts made from this certainty on: the share of wanted posts found, and the share of drafts wrong."""

    certainty: float
    coverage: float
    risk: float


def labelled(row: dict[str, Any]) -> Labelled:
    """One line of a labelled file. Raises `KeyError`, `ValueError` or `TypeError` when it is not one."""
    expected = row["expected"]
    return Labelled(
        id=row["id"],
        text=row["text"],
        entry_id=expected["entry_id"],
        stance=Stance(expected["stance"]),
        leave_alone=bool(row.get("leave_alone")),
        wanted=bool(row["should_draft_reply"]),
        lang=str(row.get("language") or "en"),
        context=tuple(row.get("context") or ()),
    )


def measure(posts: Sequence[Labelled], found: Sequence[Match]) -> Report:
    """Compare labels with matches, given in the same order."""
    wrong: list[tuple[str, str, str]] = []
    drafts = right = 0
    for post, match in zip(posts, found, strict=True):
        if not match.drafts:
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
        stance_accuracy=sum(post.stance is match.stance for post, match in zip(posts, found, strict=True))
        / max(1, len(posts)),
        with_entry=len(with_entry),
        wrong=tuple(wrong),
    )


def _macro_f1(posts: Sequence[Labelled], found: Sequence[Match]) -> float:
    labels = {post.stance for post in posts}
    truth = Counter(post.stance for post in posts)
    said = Counter(match.stance for match in found)
    both = Counter(post.stance for post, match in zip(posts, found, strict=True) if post.stance is match.stance)
    return sum(2 * both[label] / (truth[label] + said[label]) for label in labels) / len(labels) if labels else 0.0


def is_right(post: Labelled, match: Match) -> bool:
    """Whether a draft on this match would be right."""
    return post.wanted and match.entry_id == post.entry_id


def groups(
    posts: Sequence[Labelled], found: Sequence[Match], key: Callable[[Labelled], str]
) -> list[tuple[str, Report]]:
    """The same figures for every group of posts, by the groups' names."""
    members: dict[str, list[int]] = defaultdict(list)
    for place, post in enumerate(posts):
        members[key(post)].append(place)
    return [
        (name, measure([posts[place] for place in places], [found[place] for place in places]))
        for name, places in sorted(members.items())
    ]


def calibration(posts: Sequence[Labelled], found: Sequence[Match]) -> list[Bin]:
    """Certainty against the truth, over posts that nobody must be left alone for; empty bins are left out."""
    members: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for post, match in zip(posts, found, strict=True):
        if not post.leave_alone:
            sure = match.grounds.certainty
            members[min(int(sure * BINS), BINS - 1)].append((sure, is_right(post, match)))
    return [
        Bin(
            posts=len(one),
            sure=sum(sure for sure, _ in one) / len(one),
            right=sum(right for _, right in one) / len(one),
        )
        for _, one in sorted(members.items())
    ]


def calibration_error(bins: Sequence[Bin]) -> float:
    """The expected calibration error: how far certainty and truth are apart, on average (Guo et al. 2017)."""
    total = sum(one.posts for one in bins)
    return sum(one.posts * abs(one.sure - one.right) for one in bins) / total if total else 0.0


def risk_coverage(posts: Sequence[Labelled], found: Sequence[Match]) -> list[Step]:
    """What every threshold would give, the surest first: only posts read as an assertion and not left alone count."""
    wanted = sum(post.wanted for post in posts)
    could = [
        (match.grounds.certainty, is_right(post, match))
        for post, match in zip(posts, found, strict=True)
        if match.stance is Stance.ASSERTS and not match.leave_alone and match.entry_id
    ]
    steps, right = [], 0
    for number, (certainty, good) in enumerate(sorted(could, key=lambda one: -one[0]), start=1):
        right += good
        steps.append(Step(certainty=certainty, coverage=right / max(wanted, 1), risk=1.0 - right / number))
    return steps

"""Text and context in; entry, stance, score, action and reasons out. The one door to matching.

A better matcher takes over behind `Matcher`. It is built from a table, keeps nothing about posts, and does no I/O.
"""

from __future__ import annotations

from collections.abc import Iterable

from bot.matching import leave_alone, stance
from bot.matching.normalise import Reading, read
from bot.matching.retrieve import Candidate, Index
from bot.model import Action, Evidence, Match, Sensitivity, Stance

MOST_CONTEXT = 5  # posts around a post that are read, the nearest
NAMED = 0.30  # candidate score from which an entry is named as the nearest
NEAR = 0.42  # candidate score from which a post is taken to be about the entry's claim
CLOSE = 0.40  # likeness to one asserting exemplar that a draft needs, however sure the rest
MARGIN = 0.05  # lead over the next entry that a draft needs
SURE = 0.78  # how sure we must be of an assertion before a draft; see docs/reference/matching.md


class Matcher:
    """Matches posts against one version of the evidence table. Safe to share between threads."""

    def __init__(self, entries: Iterable[Evidence]) -> None:
        self._index = Index(tuple(entries))

    def match(self, post_text: str, context: tuple[str, ...] = (), langs: tuple[str, ...] = ()) -> Match:
        """What one post does with the nearest entry. Any string is answered; when unsure, the action is none.

        `context` holds the posts around it (thread above, quoted post), nearest last: a claim that stands only
        there may be named, but is never the author's own assertion. `langs` is what the platform declares; this
        matcher reads all its languages alike and does not need it.
        """
        reading = read(post_text)
        around = [read(text) for text in context[-MOST_CONTEXT:]]
        care = leave_alone.look(reading)
        if not care.reason:
            care = next((one for one in map(leave_alone.look_around, around) if one.reason), care)
        found = self._index.search(reading, most=2)
        if found and found[0].score >= NAMED:
            return _settle(reading, care, found[0], found[1] if len(found) > 1 else None)
        for other in reversed(around):
            there = self._index.search(other, most=2)
            if there and there[0].score >= NEAR:
                return _settle(reading, care, there[0], there[1] if len(there) > 1 else None, elsewhere=True)
        reasons = ["no entry of the table is near enough"]
        return Match(
            entry_id=None,
            stance=Stance.UNRELATED,
            score=round(1.0 - (found[0].score if found else 0.0), 3),
            action=Action.NONE,
            reasons=tuple(reasons + ([f"leave alone: {care.reason}"] if care.reason else [])),
            leave_alone=care.reason,
            crisis=care.crisis,
            runner_up=found[0].entry.id if found else None,
        )

    def candidates(self, text: str, n: int = 5) -> tuple[tuple[str, float, str], ...]:
        """The nearest entries: id, score 0..1, and the exemplar that is nearest."""
        return tuple(
            (one.entry.id, round(one.score, 3), one.nearest.exemplar.text)
            for one in self._index.search(read(text), most=n)
        )


def _settle(
    reading: Reading,
    care: leave_alone.Care,
    best: Candidate,
    second: Candidate | None,
    elsewhere: bool = False,
) -> Match:
    margin = best.score - (second.score if second else 0.0)
    judged = stance.judge(reading, best, margin)
    like = best.asserting
    nearest = like if judged.stance is Stance.ASSERTS and like else best.nearest
    doubts = list(judged.doubts)
    if elsewhere:
        doubts.append("the claim stands in a post around this one, not in this one")
    if best.score < NEAR or not like or like.score < CLOSE or judged.sure < SURE:
        doubts.append("not close enough to the claim to be sure")
    if margin < MARGIN:
        doubts.append("another claim is about as near")
    if reading.truncated:
        doubts.append("the post is too long to be read whole")
    taken = judged.stance if best.score >= NEAR else Stance.UNRELATED
    action = Action.NONE
    if taken is Stance.ASSERTS and not doubts and not care.reason:
        expert = best.entry.sensitivity is Sensitivity.EXPERT_REVIEW
        action = Action.EXPERT_REVIEW if expert else Action.DRAFT
    reasons = [f"closest to the {nearest.exemplar.kind.value} “{nearest.exemplar.text}”", *judged.signs]
    if second:
        reasons.append(f"margin to the next claim {margin:.2f}")
    if care.reason:
        reasons.append(f"leave alone: {care.reason}")
    return Match(
        entry_id=best.entry.id,
        entry_version=best.entry.version,
        stance=taken,
        score=round(_score(taken, judged.sure, best.score, bool(doubts)), 3),
        action=action,
        reasons=(*reasons, *doubts),
        leave_alone=care.reason,
        crisis=care.crisis,
        exemplar=nearest.exemplar.text,
        runner_up=second.entry.id if second else None,
    )


def _score(taken: Stance, sure: float, near: float, doubted: bool) -> float:
    """How sure we are of this stance on this claim. A doubted assertion never looks sure enough for a draft."""
    if taken is Stance.UNRELATED:
        return 1.0 - near
    if taken is Stance.ASSERTS:
        return min(sure, SURE - 0.01) if doubted else sure
    return near * 0.8  # cues for the other stances are coarse

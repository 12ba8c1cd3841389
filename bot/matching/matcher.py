"""Text and context in; entry, stance, score, action and reasons out. The one door to matching.

A better matcher takes over behind `Matcher`. It is built from a table, keeps nothing about posts, and does no I/O.
"""

from __future__ import annotations

from collections.abc import Iterable

from bot.matching import leave_alone, stance
from bot.matching.normalise import Reading, read
from bot.matching.retrieve import Candidate, Index
from bot.model import Action, Evidence, Match, Sensitivity, Stance

NEAR = 0.42  # candidate score from which a post is about the entry at all
SURE = 0.55  # candidate score from which a draft may be made
CLOSE = 0.45  # likeness to one asserting exemplar that a draft needs
TOPIC = 0.55  # share of the entry's telling words that a draft needs
MARGIN = 0.05  # lead over the next entry that a draft needs


class Matcher:
    """Matches posts against one version of the evidence table. Safe to share between threads."""

    def __init__(self, entries: Iterable[Evidence]) -> None:
        self._index = Index(tuple(entries))

    def match(self, post_text: str, context: tuple[str, ...] = (), langs: tuple[str, ...] = ()) -> Match:
        """What one post does with the nearest entry. Any string is answered; when unsure, the action is none.

        `context` holds the posts around it (thread above, quoted post), nearest last. `langs` is what the
        platform declares; this matcher reads all its languages alike and does not need it.
        """
        reading = read(post_text)
        care = leave_alone.look(reading)
        found = self._index.search(reading, most=2)
        if not found or found[0].score < NEAR:
            return Match(
                entry_id=None,
                stance=Stance.UNRELATED,
                score=round(1.0 - (found[0].score if found else 0.0), 3),
                action=Action.NONE,
                reasons=("no entry of the table is near enough",),
                leave_alone=care.reason,
                crisis=care.crisis,
                runner_up=found[0].entry.id if found else None,
            )
        best, second = found[0], found[1] if len(found) > 1 else None
        return _settle(reading, care, best, second)

    def candidates(self, text: str, n: int = 5) -> tuple[tuple[str, float, str], ...]:
        """The nearest entries: id, score 0..1, and the exemplar that is nearest."""
        return tuple(
            (one.entry.id, round(one.score, 3), one.nearest.exemplar.text)
            for one in self._index.search(read(text), most=n)
        )


def _settle(reading: Reading, care: leave_alone.Care, best: Candidate, second: Candidate | None) -> Match:
    judged = stance.judge(reading, best)
    margin = best.score - (second.score if second else 0.0)
    like = best.asserting
    nearest = like if judged.stance is Stance.ASSERTS and like else best.nearest
    reasons = [f"closest to the {nearest.exemplar.kind.value} “{nearest.exemplar.text}”"]
    reasons += judged.signs
    if second:
        reasons.append(f"margin to the next claim {margin:.2f}")
    doubts = list(judged.doubts)
    if not like or like.score < CLOSE or best.topic < TOPIC or best.score < SURE:
        doubts.append("not close enough to the claim to be sure")
    if margin < MARGIN:
        doubts.append("another claim is about as near")
    if reading.truncated:
        doubts.append("the post is too long to be read whole")
    action = Action.NONE
    if judged.stance is Stance.ASSERTS and not doubts and not care.reason:
        expert = best.entry.sensitivity is Sensitivity.EXPERT_REVIEW
        action = Action.EXPERT_REVIEW if expert else Action.DRAFT
    if care.reason:
        reasons.append(f"leave alone: {care.reason}")
    reasons += doubts
    score = best.score * (0.95 if not doubts else 0.6)
    return Match(
        entry_id=best.entry.id,
        entry_version=best.entry.version,
        stance=judged.stance,
        score=round(min(1.0, max(0.0, score)), 3),
        action=action,
        reasons=tuple(reasons),
        leave_alone=care.reason,
        crisis=care.crisis,
        exemplar=nearest.exemplar.text,
        runner_up=second.entry.id if second else None,
    )

"""From what the models say to a choice: which entry is meant, how sure we are, and what that allows.

All numbers come from the manifest; training learns them on claims that the judge has not seen.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bot.errors import BadModel
from bot.matching import cues
from bot.matching.normalise import Reading
from bot.model import Stance

STANCES = (Stance.ASSERTS, Stance.DENIES, Stance.ASKS, Stance.REPORTS, Stance.UNRELATED)  # in the judge's order
ASSERTS, UNRELATED = 0, 4
LONG = 60  # tokens; from here a post is as long as length counts
MOST_INSISTENCE = 3
MOST_LOG = 6.0  # logarithms of odds beyond this say nothing more

MERITS = ("related", "likeness", "shared words", "likeness to what believers say")
SIGNS = (
    "odds that it asserts", "chance that it is about something else", "best other entry", "likeness",
    "lead in likeness", "nearer to believers than to critics", "shared words", "length", "words of correction",
    "reported speech", "talk of evidence", "a question", "a negation", "irony", "a quotation", "insistence",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """How a candidate is chosen and certainty computed, and the thresholds. Lists follow `MERITS` and `SIGNS`."""

    merits: tuple[float, ...]
    signs: tuple[float, ...]
    start: float
    suggest: float  # certainty from which a person may look at it
    confident: float  # certainty from which a draft is made
    leave_alone: float  # score of the reader from which the author is left alone
    crisis: float

    @classmethod
    def from_manifest(cls, found: Mapping[str, Any]) -> Weights:
        """Raises `BadModel` when the lists do not fit this version of the code."""
        try:
            values: dict[str, Any] = {key: tuple(one) if isinstance(one, list) else one for key, one in found.items()}
            weights = cls(**values)
        except TypeError as error:
            raise BadModel(f"the weights of the models do not fit this version of Scrutineer: {error}") from error
        if len(weights.merits) != len(MERITS) or len(weights.signs) != len(SIGNS):
            raise BadModel("the weights of the models do not fit this version of Scrutineer: install both together")
        return weights

    def for_manifest(self) -> dict[str, Any]:
        """As JSON, readable by `from_manifest`."""
        return asdict(self)

    def merit(self, values: Sequence[float]) -> float:
        """How much speaks for one candidate being the entry that is meant; comparable within one post only."""
        return sum(weight * value for weight, value in zip(self.merits, values, strict=True))

    def sure(self, values: Sequence[float]) -> float:
        """The probability that a draft would be right, 0..1."""
        total = self.start + sum(weight * value for weight, value in zip(self.signs, values, strict=True))
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, total))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What was found for one post and one candidate entry.

    `chances` are the judge's probabilities in the order of `STANCES`. Likenesses are cosines: to the nearest exemplar
    of any kind, to the nearest that asserts the claim, and to the nearest that denies it (0 if the entry has none).
    """

    chances: tuple[float, ...]
    likeness: float
    asserting: float
    denying: float
    lexical: float  # words shared with the nearest exemplar, 0..1

    @property
    def related(self) -> float:
        """The probability that the post is about the claim at all."""
        return sum(self.chances[:UNRELATED])


def softmax(scores: Sequence[float]) -> tuple[float, ...]:
    """Scores as probabilities."""
    most = max(scores)
    found = [math.exp(score - most) for score in scores]
    total = sum(found)
    return tuple(one / total for one in found)


def merits(one: Opinion) -> tuple[float, ...]:
    """The numbers that speak for a candidate, see `MERITS`."""
    return (max(-MOST_LOG, math.log(max(one.related, 1e-9))), one.likeness, one.lexical, one.asserting)


def signs(opinions: Sequence[Opinion], chosen: int, reading: Reading, length: int) -> tuple[float, ...]:
    """The numbers from which certainty is computed, each of about the size of one, see `SIGNS`.

    `length` is the number of tokens of the post.
    """
    mine = opinions[chosen]
    others = [one for place, one in enumerate(opinions) if place != chosen]
    asserts = min(max(mine.chances[ASSERTS], 1e-9), 1 - 1e-9)
    odds = max(-MOST_LOG, min(MOST_LOG, math.log(asserts / (1 - asserts))))
    return (
        odds / 3.0,
        mine.chances[UNRELATED],
        max((one.related for one in others), default=0.0),
        mine.likeness,
        mine.likeness - max((one.likeness for one in others), default=0.0),
        mine.asserting - mine.denying,
        mine.lexical,
        min(length, LONG) / LONG,
        *turns_of_phrase(reading),
    )


def turns_of_phrase(reading: Reading) -> tuple[float, ...]:
    """Words that give a stance away, 1 when found; the last one says how much the author insists."""
    own = reading.own.replace("\n", " . ")
    patterns = (cues.DEBUNK, cues.REPORT, cues.EVIDENCE_TALK, cues.QUESTION, cues.NEGATION)
    found = [pattern.search(own) for pattern in patterns] + [cues.SARCASM.search(reading.shouted.casefold())]
    insisted = min(len(cues.insistence(own)), MOST_INSISTENCE) / MOST_INSISTENCE
    return (*(float(bool(one)) for one in found), float(bool(reading.quoted)), insisted)

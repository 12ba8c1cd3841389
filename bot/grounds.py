"""What a match rests on: numbers and names that are kept with it. A value only; `bot.model` gives it to everybody."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """What a match rests on, so that it can be explained and repeated later.

    `chances` are the judge's probabilities of asserts, denies, asks, reports, unrelated, in this order; `margin` is
    the lead over the next entry; `certainty` is the probability that a draft would be right. `telling` are the words
    that decided most. Empty values mean: not used.
    """

    models: str = ""
    table: str = ""
    chances: tuple[float, ...] = ()
    likeness: float = 0.0
    shared_words: float = 0.0
    margin: float = 0.0
    certainty: float = 0.0
    telling: tuple[str, ...] = ()
    second_reader: str = ""

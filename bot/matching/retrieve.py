"""Which entries a post may be about: shared words and likeness of meaning over claims and exemplars, fused.

It ranks; whether the author agrees with the claim is for the judge.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.matching import bm25
from bot.matching.bm25 import Bm25
from bot.matching.models import Floats
from bot.matching.normalise import read
from bot.matching.vectors import SCALE, Bytes
from bot.matching.words import words
from bot.model import Evidence

LEXICAL = 0.25  # weight of shared words beside the likeness of meaning
SHORTLIST = 48  # exemplars from each search whose entries are looked at closely
EXACT = 8_192  # exemplars up to which all are compared in full; beyond, signs of the numbers choose first
COARSE = 1_024  # exemplars that the signs choose


class Kind(Enum):
    """What an exemplar does with the claim."""

    CLAIM = "claim"
    PARAPHRASE = "paraphrase"
    NEGATION = "negation"
    QUESTION = "question"

    @property
    def asserts(self) -> bool:
        """Whether somebody who says this believes the claim."""
        return self in (Kind.CLAIM, Kind.PARAPHRASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemplar:
    """One text of the table."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One entry a post may be about. `score` ranks it. Likenesses are cosines, 0 where the entry has no such text."""

    entry: Evidence
    score: float
    likeness: float
    lexical: float  # 0..1
    asserting: float
    denying: float
    nearest: Exemplar
    believer: Exemplar  # the nearest that asserts the claim; the claim itself at least
    critic: Exemplar | None  # the nearest that denies it


class Index:
    """All exemplars of one table, searchable. Built once per table version; it never changes."""

    def __init__(self, entries: Sequence[Evidence], places_of: Callable[[list[str]], Bytes] | None) -> None:
        """`places_of` gives the places of texts; without it, only shared words are searched."""
        self.entries = tuple(entries)
        self._starts = np.zeros(len(self.entries) + 1, dtype=np.int32)
        for number, entry in enumerate(self.entries):
            self._starts[number + 1] = self._starts[number] + len(exemplars(entry))
        self._owners = np.repeat(np.arange(len(self.entries), dtype=np.int32), np.diff(self._starts))
        texts = [one.text for entry in self.entries for one in exemplars(entry)]
        self._words = Bm25([words(read(text).everything) for text in texts])
        self._places = places_of(texts) if places_of else None
        self._signs = _signs(self._places) if self._places is not None and len(texts) > EXACT else None

    @property
    def bytes(self) -> int:
        """The size of all arrays: what the index costs beside the table itself."""
        arrays: list[NDArray[Any] | None] = [self._starts, self._owners, self._places, self._signs]
        return self._words.bytes + sum(one.nbytes for one in arrays if one is not None)

    def knows(self, word: str) -> bool:
        """Whether the table uses this word, as `words` names it."""
        return self._words.knows(word)

    def search(self, post_words: Sequence[str], place: Floats | None, most: int = 5) -> list[Candidate]:
        """The entries a post may be about, nearest first; `place` is where the reader puts the post."""
        if not self.entries:
            return []
        lexical = self._words.scores(post_words)
        rows = {*_top(lexical, SHORTLIST)} if lexical.any() else set()
        if place is not None and self._places is not None:
            rows |= self._near(place, self._places)
        owners = {int(self._owners[row]) for row in rows if place is not None or lexical[row] > 0.0}
        found = [self._candidate(owner, lexical, place) for owner in owners]
        return sorted(found, key=lambda one: (-one.score, one.entry.id))[:most]

    def candidate(self, entry: Evidence, place: Floats) -> Candidate:
        """One entry of the table as a candidate for a post at this place, whether or not it is near."""
        return self._candidate(self.entries.index(entry), np.zeros(len(self._owners), dtype=np.float32), place)

    def _near(self, place: Floats, places: Bytes) -> set[int]:
        if self._signs is None:
            return {*_top(_likeness(places, place), SHORTLIST)}
        apart = np.bitwise_count(self._signs ^ _signs(place[None, :])).sum(axis=1)
        rows = np.argpartition(apart, COARSE)[:COARSE]
        return {int(rows[one]) for one in _top(_likeness(places[rows], place), SHORTLIST)}

    def _candidate(self, owner: int, lexical: NDArray[np.float32], place: Floats | None) -> Candidate:
        entry = self.entries[owner]
        start, end = int(self._starts[owner]), int(self._starts[owner + 1])
        texts = exemplars(entry)
        shared = lexical[start:end]
        if place is not None and self._places is not None:
            alike = _likeness(self._places[start:end], place)
            measure = alike
        else:
            alike = np.zeros(end - start, dtype=np.float32)
            measure = shared
        believers = [n for n, one in enumerate(texts) if one.kind.asserts]
        critics = [n for n, one in enumerate(texts) if one.kind is Kind.NEGATION]
        believer = max(believers, key=lambda n: float(measure[n]))
        critic = max(critics, key=lambda n: float(measure[n]), default=None)
        words_shared = bm25.share(float(shared.max()))
        likeness = float(alike.max())
        return Candidate(
            entry=entry,
            score=likeness + LEXICAL * words_shared if self._places is not None else words_shared,
            likeness=likeness,
            lexical=words_shared,
            asserting=float(alike[believer]),
            denying=float(alike[critic]) if critic is not None else 0.0,
            nearest=texts[int(measure.argmax())],
            believer=texts[believer],
            critic=texts[critic] if critic is not None else None,
        )


def exemplars(entry: Evidence) -> list[Exemplar]:
    """The claim and all curated texts of an entry."""
    return [
        Exemplar(kind=kind, text=text)
        for kind, texts in (
            (Kind.CLAIM, (entry.claim,)),
            (Kind.PARAPHRASE, entry.paraphrases),
            (Kind.NEGATION, entry.negations),
            (Kind.QUESTION, entry.questions),
        )
        for text in texts
    ]


def _likeness(places: Bytes, place: Floats) -> Floats:
    """Cosines of some rows with one place."""
    found: Floats = places.astype(np.float32) @ (place / SCALE)
    return found


def _signs(places: NDArray[Any]) -> NDArray[np.uint64]:
    """The signs of the numbers as bits: rows that differ in few of them are near."""
    return np.packbits(places > 0, axis=1).view(np.uint64)


def _top(values: NDArray[Any], most: int) -> list[int]:
    if len(values) <= most:
        return list(range(len(values)))
    return [int(one) for one in np.argpartition(values, -most)[-most:]]

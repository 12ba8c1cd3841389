"""Lexical search: Okapi BM25 (Robertson and Zaragoza 2009) over short texts, in a few flat arrays.

A text counts a word once: exemplars are one sentence long.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

K1, B = 1.2, 0.5
COMMON_SHARE = 0.2  # a word in more than this share of the texts finds nothing
FEW = 200  # texts; below this no word is common
HALF = 9.0  # a score that counts one half, about two rare words


class Bm25:
    """An index over texts given as words. Searching it changes nothing."""

    def __init__(self, texts: Sequence[Iterable[str]]) -> None:
        sets = [frozenset(words) for words in texts]
        self.size = len(sets)
        postings: dict[str, list[int]] = defaultdict(list)
        for place, words in enumerate(sets):
            for word in words:
                postings[word].append(place)
        lengths = np.array([len(words) for words in sets], dtype=np.float32)
        average = float(lengths.mean()) if self.size else 1.0
        norm = (K1 + 1.0) / (1.0 + K1 * (1.0 - B + B * lengths / max(average, 1.0)))
        most = max(COMMON_SHARE * self.size, FEW)
        self._spans: dict[str, tuple[int, int, float]] = {}
        places: list[int] = []
        for word, found in postings.items():
            if len(found) <= most:
                idf = float(np.log(1.0 + (self.size - len(found) + 0.5) / (len(found) + 0.5)))
                self._spans[word] = (len(places), len(places) + len(found), idf)
                places += found
        self._places = np.array(places, dtype=np.int32)
        self._norm = norm.astype(np.float32)

    @property
    def bytes(self) -> int:
        """The size of the arrays."""
        return self._places.nbytes + self._norm.nbytes

    def knows(self, word: str) -> bool:
        """Whether any text uses the word (and not too many do)."""
        return word in self._spans

    def scores(self, words: Iterable[str]) -> NDArray[np.float32]:
        """The BM25 score of every text."""
        found = np.zeros(self.size, dtype=np.float32)
        for word in frozenset(words):
            if word in self._spans:
                start, end, idf = self._spans[word]
                found[self._places[start:end]] += idf
        return found * self._norm


def share(score: float) -> float:
    """A score as a number from 0 to 1."""
    return score / (score + HALF)

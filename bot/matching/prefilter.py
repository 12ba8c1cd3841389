"""Can a post be about the table at all? Asked of streams that nobody chose, before any model runs.

A post passes when the words it shares with one entry are rare enough together in everyday posts. What is said in none
of the table's words is lost here; a post that carries a watched hashtag or asks us is therefore never asked.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.matching.normalise import LONGEST_READ, clean, fold
from bot.matching.retrieve import exemplars
from bot.matching.words import words
from bot.model import Evidence

EVERYDAY = Path(__file__).parent / "everyday.json"  # written by `python -m training.everyday`
MOST = 4  # shared words that count, the rarest
ENOUGH = 1.5  # from which a post may be about an entry; a word never met in everyday posts counts 1


class Prefilter:
    """The words of one version of the table. Safe to share between threads."""

    def __init__(self, entries: Sequence[Evidence]) -> None:
        entry_words = [{word for one in exemplars(entry) for word in telling(one.text)} for entry in entries]
        rows: dict[str, list[int]] = {}
        for number, found in enumerate(entry_words):
            for word in found:
                rows.setdefault(word, []).append(number)
        self._rows = {word: np.array(numbers, dtype=np.intp) for word, numbers in rows.items()}
        self._weights = {word: rarity(word) for word in rows}
        self._entries = len(entry_words)

    def passes(self, text: str) -> bool:
        """Whether the post should be read by the models."""
        return self.score(text) >= ENOUGH

    def score(self, text: str) -> float:
        """How much the post shares with the entry it shares most with."""
        found = telling(text) & self._rows.keys()
        weights = self._weights
        order = sorted(found, key=weights.__getitem__, reverse=True)
        if sum(weights[word] for word in order[:MOST]) < ENOUGH:
            return 0.0  # not even if one entry had them all
        total: NDArray[np.float32] = np.zeros(self._entries, dtype=np.float32)
        count: NDArray[np.int8] = np.zeros(self._entries, dtype=np.int8)
        for word in order:
            rows = self._rows[word]
            rows = rows[count[rows] < MOST]
            total[rows] += weights[word]
            count[rows] += 1
        return float(total.max())


def telling(text: str) -> set[str]:
    """The telling words of a post, as `words` names them."""
    return set(words(fold(clean(text[:LONGEST_READ]))))


def rarity(word: str) -> float:
    """How rarely everyday posts use a word: 1 for never, 0 for always."""
    posts, shares = _everyday()
    return math.log((posts + 1) / (shares.get(word, 0) + 0.5)) / math.log(2 * (posts + 1))


@cache
def _everyday() -> tuple[int, dict[str, int]]:
    found = json.loads(EVERYDAY.read_text(encoding="utf-8"))
    return int(found["posts"]), dict(found["words"])

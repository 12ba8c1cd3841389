"""Texts into rows of token numbers, and rows into rectangles, as the models read them.

Training and office share it: a model must meet the rows it was taught on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

MOST_CLAIM = 32  # tokens of a claim
MOST_EXEMPLAR = 24  # tokens of the exemplar beside it
MOST_POST = 112  # tokens of a post; 99 % of the training posts are shorter
MOST_AROUND = 40  # tokens of the post that is answered or quoted
STARTS, ENDS, PADS = ("<s>", "[CLS]"), ("</s>", "[SEP]"), ("<pad>", "[PAD]")  # as tokenizers name them

Row = tuple[list[int], list[int]]  # token numbers, and to which side each belongs
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What a model reads, three rectangles of one shape (rows, tokens): token numbers, side of each token (0 claim
    or context, 1 post), and 1 for every token that counts.
    """

    ids: Integers
    types: Integers
    mask: Integers


class Tokens:
    """The tokenizer that the models were trained with, and the rows it makes."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self.start, self.end, self.pad = (self._sign(names) for names in (STARTS, ENDS, PADS))

    @classmethod
    def from_file(cls, path: Path) -> Tokens:
        """From the file beside the models."""
        return cls(Tokenizer.from_file(str(path)))

    @classmethod
    def from_text(cls, text: str) -> Tokens:
        """From the same as JSON."""
        return cls(Tokenizer.from_str(text))

    def _sign(self, names: Sequence[str]) -> int:
        return next(number for name in names if (number := self._tokenizer.token_to_id(name)) is not None)

    def ids_of(self, texts: Sequence[str]) -> list[list[int]]:
        """The token numbers of each text, without the signs for start and end."""
        return [found.ids for found in self._tokenizer.encode_batch(list(texts), add_special_tokens=False)]

    def words(self, ids: Sequence[int]) -> str:
        """Text again, roughly."""
        return str(self._tokenizer.decode(list(ids)))

    def single(self, ids: Sequence[int]) -> Row:
        """One text alone."""
        found = [self.start, *ids[:MOST_POST], self.end]
        return found, [0] * len(found)

    def pair(
        self, claim: Sequence[int], asserting: Sequence[int], post: Sequence[int], around: Sequence[int] = ()
    ) -> Row:
        """A claim with what a believer says (may be empty), and a post, perhaps with the post that it answers."""
        left = [self.start, *claim[:MOST_CLAIM], self.end, *asserting[:MOST_EXEMPLAR], self.end]
        right = [*post[:MOST_POST], self.end]
        beside = [*around[:MOST_AROUND], self.end] if around else []
        return left + right + beside, [0] * len(left) + [1] * len(right) + [0] * len(beside)

    def batch(self, rows: Sequence[Row], multiple: int = 1) -> Batch:
        """Rows of different lengths in one rectangle, its width a multiple of `multiple`."""
        width = max(len(ids) for ids, _ in rows)
        width = -(-width // multiple) * multiple
        ids = np.full((len(rows), width), self.pad, dtype=np.int64)
        types = np.zeros((len(rows), width), dtype=np.int64)
        mask = np.zeros((len(rows), width), dtype=np.int64)
        for place, (found, sides) in enumerate(rows):
            ids[place, : len(found)] = found
            types[place, : len(found)] = sides
            mask[place, : len(found)] = 1
        return Batch(ids=ids, types=types, mask=mask)


def by_length(lengths: Sequence[int], size: int) -> list[list[int]]:
    """Positions in groups of about equal length, so that little is padding."""
    order = sorted(range(len(lengths)), key=lambda place: lengths[place])
    return [order[start : start + size] for start in range(0, len(order), size)]

"""Batches of word vectors as tensors. How a row is made is the office's own code; see `bot.matching.tokens`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

from bot.matching.tokens import Row, Tokens, by_length
from training import base

__all__ = ["Batch", "batch", "by_length", "ids_of", "tokenizer"]
MULTIPLE = 8  # few distinct widths: the CPU kernels are prepared for each


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What a model reads: word vectors, which part of the pair a token belongs to, and 1 for every one that counts."""

    words: Tensor
    types: Tensor
    mask: Tensor


@cache
def tokenizer() -> Tokens:
    """The tokenizer with the pieces that are kept."""
    return Tokens.from_text(base.tokenizer())


@cache
def _words() -> Tensor:
    table = base.words()
    return torch.from_numpy(table.vectors(torch.arange(len(table.packed)).numpy()))


def ids_of(texts: Sequence[str]) -> list[list[int]]:
    """The tokens of each text, without the signs for start and end."""
    return tokenizer().ids_of(texts)


def batch(rows: Sequence[Row]) -> Batch:
    """Rows of different lengths in one rectangle."""
    found = tokenizer().batch(rows, MULTIPLE)
    return Batch(
        words=_words()[torch.from_numpy(found.ids)],
        types=torch.from_numpy(found.types),
        mask=torch.from_numpy(found.mask),
    )

"""Texts into batches of token ids, cut and padded. It knows the tokenizer, not the models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import torch
from tokenizers import Tokenizer
from torch import Tensor

from training import base

START, END, PAD = 101, 102, 0
MOST_CLAIM = 32  # tokens of a claim
MOST_EXEMPLAR = 24  # tokens of each exemplar beside it
MOST_POST = 112  # tokens of a post; 99 % of the training posts are shorter


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What a model reads: ids, which part of the pair a token belongs to, and 1 for every token that counts."""

    ids: Tensor
    types: Tensor
    mask: Tensor


@cache
def tokenizer() -> Tokenizer:
    """The base model's own tokenizer, without its padding and cutting."""
    found = Tokenizer.from_file(str(base.tokenizer()))
    found.no_padding()
    found.no_truncation()
    return found


def ids_of(texts: Sequence[str]) -> list[list[int]]:
    """The tokens of each text, without the signs for start and end."""
    return [found.ids for found in tokenizer().encode_batch(list(texts), add_special_tokens=False)]


def single(ids: Sequence[int]) -> tuple[list[int], list[int]]:
    """One text alone: ids and types."""
    found = [START, *ids[:MOST_POST], END]
    return found, [0] * len(found)


def pair(
    claim: Sequence[int], asserting: Sequence[int], denying: Sequence[int], post: Sequence[int]
) -> tuple[list[int], list[int]]:
    """A claim with what its believers and its critics say (either may be empty), and a post: ids and types."""
    left = [START, *claim[:MOST_CLAIM], END, *asserting[:MOST_EXEMPLAR], END, *denying[:MOST_EXEMPLAR], END]
    right = [*post[:MOST_POST], END]
    return left + right, [0] * len(left) + [1] * len(right)


def batch(rows: Sequence[tuple[list[int], list[int]]]) -> Batch:
    """Rows of different lengths in one rectangle."""
    length = max(len(ids) for ids, _ in rows)
    length = -(-length // 8) * 8  # few distinct shapes: the CPU kernels are prepared per shape
    ids = torch.full((len(rows), length), PAD, dtype=torch.long)
    types = torch.zeros((len(rows), length), dtype=torch.long)
    mask = torch.zeros((len(rows), length), dtype=torch.long)
    for place, (found, parts) in enumerate(rows):
        ids[place, : len(found)] = torch.tensor(found)
        types[place, : len(found)] = torch.tensor(parts)
        mask[place, : len(found)] = 1
    return Batch(ids=ids, types=types, mask=mask)


def by_length(lengths: Sequence[int], size: int) -> list[list[int]]:
    """Positions in groups of about equal length, so that little is padding."""
    order = sorted(range(len(lengths)), key=lambda place: lengths[place])
    return [order[start : start + size] for start in range(0, len(order), size)]

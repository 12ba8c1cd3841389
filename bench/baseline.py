"""What this machine can do at all: plain loops to compare other machines with. It touches nothing of the office."""

from __future__ import annotations

import hashlib
import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from pydantic_core import from_json

from bench.figures import Figure
from bench.frames import frames


def measure(seconds: float) -> list[Figure]:
    """Each loop runs for about `seconds`."""
    block = b"x" * 3000
    with tempfile.TemporaryDirectory() as folder, closing(sqlite3.connect(Path(folder) / "plain.db")) as database:
        database.isolation_level = None
        for line in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "CREATE TABLE plain (words TEXT)"):
            database.execute(line)
        some = frames(200)
        return [
            Figure(
                name="machine: hash loop",
                value=_rate(lambda: hashlib.sha256(block).digest(), seconds),
                unit="hashes/s",
                on="SHA-256 of 3 kB, one core",
            ),
            Figure(
                name="machine: JSON loop",
                value=_rate(lambda: [from_json(one) for one in some], seconds) * len(some),
                unit="frames/s",
                on="parsing the frames of the stream, one core",
            ),
            Figure(
                name="machine: SQLite commits",
                value=_rate(lambda: database.execute("INSERT INTO plain VALUES ('a post')"), seconds),
                unit="commits/s",
                on="one row each, WAL, synchronous=FULL",
            ),
        ]


def _rate(once: Callable[[], object], seconds: float) -> float:
    began, done = time.perf_counter(), 0
    while (took := time.perf_counter() - began) < seconds:
        once()
        done += 1
    return done / took

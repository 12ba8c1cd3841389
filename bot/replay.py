"""Play posts through the whole pipeline in a throw-away office, at full speed, and count. It leaves nothing behind."""

from __future__ import annotations

import asyncio
import json
import math
import resource
import statistics
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlalchemy import func, select

from bot.app import build
from bot.life import State
from bot.office import Office
from bot.platforms.recorded import RecordedFeed
from bot.practice import feed_lines
from bot.settings import load
from bot.store.models import CaseRow, CursorRow, EventRow

CHECK_EVERY = 0.05  # seconds between looks whether everything is decided


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What came of it. Latency is from the arrival of a post to its case standing in the queue, in milliseconds."""

    posts: int
    skipped: int
    states: dict[str, int]
    seconds: float
    posts_per_second: float
    latency_p50_ms: float
    latency_p99_ms: float
    peak_memory_mb: float


def run_replay(posts: Path, *, lines: list[str] | None = None, speed: float = math.inf) -> Replayed:
    """Replay a recorded feed or labelled posts. Raises `BadSettings` if the file cannot be read."""
    lines = feed_lines(posts) if lines is None else lines
    with tempfile.TemporaryDirectory(prefix="scrutineer-replay-") as folder:
        return asyncio.run(_replay(lines, Path(folder), speed))


def report(result: Replayed, *, as_json: bool) -> str:
    """The result for a person, or as one JSON object."""
    if as_json:
        return json.dumps(asdict(result))
    states = "\n".join(f"  {name:<12} {count:>6}" for name, count in sorted(result.states.items()))
    return (
        f"{result.posts} posts in {result.seconds:.1f} s: {result.posts_per_second:.0f} posts/s, "
        f"{result.skipped} skipped\n{states}\n"
        f"post to queue: p50 {result.latency_p50_ms:.0f} ms, p99 {result.latency_p99_ms:.0f} ms\n"
        f"peak memory: {result.peak_memory_mb:.0f} MB"
    )


async def _replay(lines: list[str], folder: Path, speed: float) -> Replayed:
    settings = load(Path(folder, "none.toml"), optional=True, data_dir=folder, port=0, jetstream_url="")
    office = build(settings.model_copy(update={"feed_speed": speed, "bluesky": [], "mastodon": []}), lines=lines)
    feed = next(one for _, one in office.listeners if isinstance(one, RecordedFeed))
    stopping = asyncio.Event()
    started = time.perf_counter()
    running = asyncio.create_task(office.run(("worker", "ingest"), stopping=stopping))
    while not running.done() and not await asyncio.to_thread(_settled, office, feed):  # noqa: ASYNC110
        await asyncio.sleep(CHECK_EVERY)
    seconds = time.perf_counter() - started
    result = _count(office, seconds)
    stopping.set()
    await running
    return result


def _settled(office: Office, feed: RecordedFeed) -> bool:
    """Was every line played, and every event decided?"""
    if not feed.finished:
        return False
    with office.store.read() as session:
        cursor = session.get(CursorRow, feed.name)
        if cursor is None or cursor.value != str(feed.length):
            return False
        return not session.scalar(select(func.count()).where(EventRow.handled_at.is_(None)))


def _count(office: Office, seconds: float) -> Replayed:
    with office.store.read() as session:
        posts = session.scalar(select(func.count()).select_from(EventRow)) or 0
        states = Counter(session.scalars(select(CaseRow.state)))
        skipped = session.scalar(select(func.sum(CursorRow.skipped))) or 0
        pairs = session.execute(
            select(EventRow.received_at, EventRow.handled_at).where(EventRow.handled_at.is_not(None))
        ).all()
    waits = sorted((handled - received).total_seconds() * 1000 for received, handled in pairs if handled)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2)
    return Replayed(
        posts=posts,
        skipped=int(skipped),
        states={state.value: states.get(state.value, 0) for state in State},
        seconds=round(seconds, 3),
        posts_per_second=round(posts / seconds, 1) if seconds else 0.0,
        latency_p50_ms=round(statistics.median(waits), 1) if waits else 0.0,
        latency_p99_ms=round(waits[max(math.ceil(len(waits) * 0.99) - 1, 0)], 1) if waits else 0.0,
        peak_memory_mb=round(peak, 1),
    )

"""The whole office as a process of its own: how soon it is ready, what it weighs, how fast a post becomes a draft.

It starts the real command in an empty folder, on the practice network. It opens no connection beyond this machine.
"""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from bench.figures import Figure, missing
from bot.evidence.pack import starter_pack

VERB = "run"
PATIENCE = 60.0  # seconds until we call it broken
LOOK = 0.004  # seconds between two looks at the queue; what we measure is late by at most this
MEMORY_GOAL, START_GOAL, LATENCY_GOAL = 250.0, 3.0, 250.0  # MB, s, ms
HEAD_START = 2.0  # seconds of the feed before the first post, so that the start is not measured
SETTLE = 5.0  # seconds of quiet before memory is read


class NotReady(RuntimeError):
    """The office did not do what we wait for; the message holds its last words."""


@contextmanager
def office(folder: Path, **settings: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A running office, ready, and its address; stopped at the end."""
    port = _free_port()
    words = {"DATA_DIR": str(folder / "var"), "PORT": str(port), "LOG_LEVEL": "warning", **settings}
    environment = {key: value for key, value in os.environ.items() if not key.startswith("SCRUTINEER_")}
    environment |= {f"SCRUTINEER_{key}": value for key, value in words.items()}
    root = Path(__file__).parent.parent
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(root), environment.get("PYTHONPATH"))))
    with (folder / "office.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", "from bot.cli import app; app()", VERB],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        _until_ready(process, address, folder)
        yield process, address
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def start_and_memory(rounds: int, settle: float = SETTLE) -> list[Figure]:
    """Warm starts, and the memory of an office that played its recorded feed and has nothing to do."""
    names = ("start: warm, until ready", "memory: idle office")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            with office(folder, FEED_SPEED="1000") as (process, _):
                _until_quiet(folder, settle)
                weight = _megabytes(process.pid)
            starts = []
            for _ in range(rounds):
                began = time.perf_counter()
                with office(folder, FEED_SPEED="1000"):
                    starts.append(time.perf_counter() - began)
        except NotReady as error:
            return [
                missing(names[0], "s", str(error), at_most=START_GOAL),
                missing(names[1], "MB", str(error), at_most=MEMORY_GOAL),
            ]
    return [
        Figure(
            name=names[0],
            value=statistics.median(starts),
            unit="s",
            at_most=START_GOAL,
            on=f"`scrutineer run` until /healthz says ready, median of {rounds}",
        ),
        Figure(
            name=names[1],
            value=weight,
            unit="MB",
            at_most=MEMORY_GOAL,
            on="VmRSS, all processes, web + worker + ingest, after the recorded feed",
        ),
    ]


def latency(seconds: int, rate: int) -> list[Figure]:
    """Posts that mention us, `rate` a second: from the moment of posting until the draft can be seen in the queue."""
    names = ("latency: post to draft, p50", "latency: post to draft, p99")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "feed.jsonl").write_text("\n".join(_feed(seconds, rate)), encoding="utf-8")
        try:
            with office(folder, FEED=str(folder / "feed.jsonl"), LIMITS__PER_THREAD="1"):
                late = _watch_queue(folder / "var" / "scrutineer.db", seconds)
        except NotReady as error:
            return [missing(one, "ms", str(error), at_most=LATENCY_GOAL) for one in names]
    if len(late) < seconds * rate // 4:
        why = f"only {len(late)} drafts came of {seconds * rate} posts"
        return [missing(one, "ms", why, at_most=LATENCY_GOAL) for one in names]
    late.sort()
    on = f"{len(late)} drafts of {seconds * rate} posts in {seconds} s ({rate} a second), SQLite on disk"
    return [
        Figure(name=names[0], value=statistics.median(late), unit="ms", on=on),
        Figure(
            name=names[1], value=late[min(len(late) - 1, int(len(late) * 0.99))], unit="ms", at_most=LATENCY_GOAL, on=on
        ),
    ]


def _feed(seconds: int, rate: int) -> Iterator[str]:
    """Everybody says something else: the claims of the starter table, told by people who mention us."""
    told = [entry.claim for entry in starter_pack()]
    for number in range(seconds * rate):
        who = f"reader{number}.bench.example"
        yield json.dumps({"kind": "person", "handle": who, "name": f"Reader {number}", "days_old": 400})
        yield json.dumps(
            {
                "kind": "post",
                "id": f"b{number}",
                "by": who,
                "after_s": HEAD_START + number / rate,
                "lang": "en",
                "text": f"@check {told[number % len(told)]}",
            }
        )


def _watch_queue(database: Path, seconds: int) -> list[float]:
    """Milliseconds between posting and the first look that finds the draft, for every draft."""
    seen: dict[int, float] = {}
    last, change = 0, time.monotonic()
    with closing(_read_only(database)) as queue:
        while time.monotonic() - change < (HEAD_START + seconds if not seen else 3.0):
            rows = queue.execute(
                "SELECT id, json_extract(post, '$.created_at') FROM \"case\" WHERE id > ? AND draft != ''", (last,)
            ).fetchall()
            now = time.time()
            for case, posted in rows:
                seen[case] = 1000 * (now - datetime.fromisoformat(posted).timestamp())
                last, change = max(last, case), time.monotonic()
            time.sleep(LOOK)
    return list(seen.values())


def _until_ready(process: subprocess.Popen[bytes], address: str, folder: Path) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if process.poll() is not None:
            raise NotReady(f"`scrutineer run` ended with {process.returncode}: {_last_words(folder)}")
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=5) as answer:
                if answer.status == 200:
                    return
        except (OSError, urllib.error.HTTPError):
            pass  # not yet: nobody listens, or it says why it is not ready
        time.sleep(0.02)
    raise NotReady(f"not ready after {PATIENCE:.0f} s: {_last_words(folder)}")


def _until_quiet(folder: Path, settle: float) -> None:
    """Wait until no new event was decided for a while."""
    database = folder / "var" / "scrutineer.db"
    count, since, until = -1, time.monotonic(), time.monotonic() + PATIENCE
    with closing(_read_only(database)) as store:
        while time.monotonic() - since < settle and time.monotonic() < until:
            (now,) = store.execute("SELECT count(*) FROM event WHERE handled_at IS NOT NULL").fetchone()
            if now != count:
                count, since = now, time.monotonic()
            time.sleep(0.1)


def _read_only(database: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10, isolation_level=None)


def _megabytes(pid: int) -> float:
    """Resident memory of a process and all its children, in MB (10^6 bytes)."""
    folder = Path("/proc") / str(pid)
    if not folder.exists():
        raise NotReady("memory is read from /proc, which this system does not have")
    lines = (folder / "status").read_text().splitlines()
    own = sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) * 1024 / 1e6
    children = [child for task in folder.glob("task/*/children") for child in task.read_text().split()]
    return own + sum(_megabytes(int(child)) for child in children)


def _last_words(folder: Path) -> str:
    words = (folder / "office.log").read_text(errors="replace").strip().splitlines()
    return (words or ["it said nothing"])[-1][:160]


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])

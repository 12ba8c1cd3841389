"""How fast the public stream is read into the inbox, against a bare loop of the SDK over the same frames.

The frames come from a server on this machine, in a process of its own. It opens no other connection.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

import websockets
from atproto_jetstream import AsyncJetstreamClient
from pydantic_core import from_json
from sqlalchemy import func, select

from bench.figures import Figure
from bench.frames import TAG, US, concerns, frames
from bot.clock import SystemClock
from bot.intake import Intake
from bot.platforms.bluesky_stream import BlueskyStream
from bot.store.engine import Store
from bot.store.models import EventRow
from bot.watch import Watch

PATH = "/xrpc/network.bsky.jetstream.subscribeEvents"
GOAL = 80.0  # percent of the bare loop


def measure(count: int, rounds: int) -> list[Figure]:
    """Bare, raw and ours in turn, `rounds` times; the median of each."""
    server = subprocess.Popen([sys.executable, "-m", "bench.serve", str(count)], stdout=subprocess.PIPE, text=True)
    try:
        url = f"ws://127.0.0.1:{int(server.stdout.readline()) if server.stdout else 0}"
        rates: dict[str, list[float]] = {"bare": [], "raw": [], "ours": []}
        for _ in range(rounds):
            rates["bare"].append(count / asyncio.run(_bare(url, count)))
            rates["raw"].append(count / asyncio.run(_raw(url, count)))
            rates["ours"].append(count / asyncio.run(_ours(url, count)))
    finally:
        server.terminate()
        server.communicate()
    bare, raw, ours = (statistics.median(rates[name]) for name in ("bare", "raw", "ours"))
    size = sum(map(len, frames(count))) / count
    on = f"{count:,} frames of {size / 1000:.1f} kB, 0.5 % for us, median of {rounds}"
    return [
        Figure(
            name="stream: ours / bare SDK loop",
            value=100 * ours / bare,
            unit="%",
            at_least=GOAL,
            on=f"{on}; ours ends in the SQLite inbox",
        ),
        Figure(name="stream: ours", value=ours, unit="frames/s", on="Jetstream -> watch -> inbox, with cursor"),
        Figure(name="stream: bare SDK loop", value=bare, unit="frames/s", on="atproto_jetstream, counting only"),
        Figure(
            name="stream: ours / plain loop",
            value=100 * ours / raw,
            unit="%",
            on="websockets + JSON parsing only: no model, no filter, no inbox",
        ),
    ]


async def _bare(url: str, count: int) -> float:
    """The SDK alone: it decodes every event and calls us."""
    client = AsyncJetstreamClient(base_uri=f"{url}/xrpc", compress=False)
    seen = 0

    async def one_more(_: object) -> None:
        nonlocal seen
        seen += 1
        if seen == count:
            await client.stop()

    began = time.perf_counter()
    await client.start(one_more)
    return time.perf_counter() - began


async def _raw(url: str, count: int) -> float:
    """The least anybody must do: receive, and parse the JSON."""
    began = time.perf_counter()
    wire = [websockets.Subprotocol("xrpc.v1.json")]
    async with websockets.connect(url + PATH, subprotocols=wire, compression=None, proxy=None) as stream:
        for _ in range(count):
            from_json(await stream.recv())
        return time.perf_counter() - began


async def _ours(url: str, count: int) -> float:
    """The same frames through our listener, the watch filter and the inbox, until the last one for us is stored."""
    wanted = sum(concerns(number, count) for number in range(count))
    with tempfile.TemporaryDirectory() as folder:
        store = Store(f"sqlite:///{Path(folder) / 'bench.db'}")
        store.migrate()
        stored, stopping = 0, asyncio.Event()

        def bell() -> None:
            nonlocal stored
            with store.read() as session:
                stored = session.scalar(select(func.count(EventRow.id))) or 0
            if stored >= wanted:
                stopping.set()

        intake = Intake(
            store=store,
            clock=SystemClock(),
            account="bench",
            listener=BlueskyStream(url, compress=False),
            watch=Watch(tags=[TAG], ourselves=[US]),
            bell=bell,
            owner="bench",
        )
        began = time.perf_counter()
        await intake.run(stopping)
        took = time.perf_counter() - began
        store.close()
    if stored != wanted:
        raise RuntimeError(f"{urlsplit(url).netloc}: {stored} of {wanted} events reached the inbox")
    return took

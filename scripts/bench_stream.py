"""How fast we read the public stream, against a bare loop of the SDK over the same frames. Opens no outside connection.

Usage: bench_stream.py [FRAMES]. Prints one JSON object; `ratio` is ours / bare.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import statistics
import sys
import time
from collections.abc import Collection
from multiprocessing.connection import Connection

from atproto_jetstream import AsyncJetstreamClient
from websockets.asyncio.server import ServerConnection, serve

from bot.model import Via
from bot.platforms.bluesky_stream import BlueskyStream

ROUNDS = 3
ONE_IN = 200  # posts that carry the watched tag
NSID = "network.bsky.jetstream.subscribeEvents"
WORDS = ("the", "quick", "brown", "fox", "writes", "about", "teaching", "rounds,", "coffee", "and", "late", "trains")


def frame(number: int) -> str:
    """A post as Jetstream sends it, about 1 kB, with a facet in every third."""
    text = " ".join(WORDS[(number + i * 7) % len(WORDS)] for i in range(12 + number % 20))
    if number % ONE_IN == 0:
        text += " #MedEd"
    record = {
        "$type": "app.bsky.feed.post",
        "createdAt": "2026-11-25T10:00:00.000Z",
        "langs": ["en"],
        "text": text,
    }
    if number % 3 == 0:
        link = {"$type": "app.bsky.richtext.facet#link", "uri": f"https://example.org/{number}"}
        record["facets"] = [{"index": {"byteStart": 0, "byteEnd": 5}, "features": [link]}]
    if number % 2 == 0:
        parent = {"uri": f"at://did:plc:{'b' * 24}/app.bsky.feed.post/3l{number:011d}", "cid": "bafyrei" + "c" * 52}
        record["reply"] = {"root": parent, "parent": parent}
    payload = {
        "$type": f"{NSID}#commit",
        "seq": number + 1,
        "did": f"did:plc:{number % 1000:024d}",
        "time": "2026-11-25T10:00:00.000000Z",
        "witnessedAt": "2026-11-25T10:00:00.000000Z",
        "rev": "3l2aaaaaaaa22",
        "operation": "create",
        "collection": "app.bsky.feed.post",
        "rkey": "3l2aaaaaaaa22",
        "cid": "bafyrei" + "a" * 52,
        "record": record,
    }
    return json.dumps({"$type": "message", "payload": payload}, separators=(",", ":"))


def wire(payload: bytes) -> bytes:
    """One unmasked WebSocket text frame (RFC 6455)."""
    length = len(payload)
    return b"\x81" + (bytes([length]) if length < 126 else b"\x7e" + length.to_bytes(2, "big")) + payload


def serve_frames(count: int, pipe: Connection) -> None:
    """In its own process: every connection gets all frames, then silence."""

    async def run() -> None:
        # Written straight to the socket in large pieces, so that the server is not what we measure.
        frames = [wire(frame(number).encode()) for number in range(count)]
        pieces = [b"".join(frames[start : start + 50]) for start in range(0, count, 50)]

        async def send(connection: ServerConnection) -> None:
            for piece in pieces:
                connection.transport.write(piece)
                while connection.transport.get_write_buffer_size() > len(piece):  # noqa: ASYNC110 (no event to wait for)
                    await asyncio.sleep(0.0005)
            await connection.wait_closed()

        async with serve(send, "127.0.0.1", 0, subprotocols=["xrpc.v1.json"], compression=None) as server:
            pipe.send(server.sockets[0].getsockname()[1])
            await asyncio.get_running_loop().create_future()

    asyncio.run(run())


class Tagged:
    """The concern of an office that watches one tag."""

    def post(self, text: str, tags: Collection[str], people: Collection[str], parents: Collection[str]) -> str:
        return Via.TAG if "meded" in tags else ""

    def known(self, uri: str) -> bool:
        return False


async def bare(url: str, count: int) -> float:
    """The SDK alone: it decodes every event and calls us."""
    client = AsyncJetstreamClient(base_uri=f"{url}/xrpc", compress=False)
    seen, started = 0, 0.0

    async def count_up(_: object) -> None:
        nonlocal seen, started
        started = started or time.perf_counter()
        seen += 1
        if seen == count:
            await client.stop()

    await client.start(count_up)
    return (count - 1) / (time.perf_counter() - started)


async def ours(url: str, count: int) -> float:
    """The same frames through our listener, until the last post with the tag."""
    last = (count - 1) // ONE_IN * ONE_IN + 1
    listening = BlueskyStream(url, compress=False).listen({}, Tagged())
    started = 0.0
    async for heard in listening:
        if heard.event is not None:
            started = started or time.perf_counter()
            if int(str(heard.cursor).split()[0]) == last:
                break
    await listening.aclose()
    return (last - 1) / (time.perf_counter() - started)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 30_000
    mine, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve_frames, args=(count, theirs), daemon=True)
    server.start()
    url = f"ws://127.0.0.1:{mine.recv()}"
    rates: dict[str, list[float]] = {"bare": [], "ours": []}
    for _ in range(ROUNDS):
        rates["bare"].append(asyncio.run(bare(url, count)))
        rates["ours"].append(asyncio.run(ours(url, count)))
    server.terminate()
    bare_rate, our_rate = statistics.median(rates["bare"]), statistics.median(rates["ours"])
    print(
        json.dumps(
            {
                "frames": count,
                "bare_per_second": round(bare_rate),
                "ours_per_second": round(our_rate),
                "ratio": round(our_rate / bare_rate, 2),
            }
        )
    )


if __name__ == "__main__":
    main()

"""A Jetstream that also sends rubbish: what is good reaches the inbox, the rest is counted, and nothing ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from websockets.asyncio.server import serve

from bot.clock import SystemClock
from bot.intake import Intake
from bot.platforms.bluesky_stream import BlueskyStream
from bot.store.engine import Store
from bot.store.models import AccountRow, CursorRow, EventRow
from bot.watch import Watch
from tests.servers.jetstream_log import NSID, Entry, Log, message
from tests.servers.jetstream_stand_in import SUBPROTOCOL, Server

ADA = "did:plc:ada2222222222222222222222"
POST = "app.bsky.feed.post"
PATIENCE = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw(Entry):
    """A frame exactly as given."""

    text: str

    def as_v2(self) -> str:
        return self.text


@asynccontextmanager
async def a_jetstream(log: Log) -> AsyncIterator[str]:
    """The stand-in, fed by the test instead of a PDS."""
    server = Server(log)
    async with serve(
        server.serve,
        "127.0.0.1",
        0,
        process_request=server.admit,
        subprotocols=[SUBPROTOCOL],
        select_subprotocol=lambda _, offered: SUBPROTOCOL if SUBPROTOCOL in offered else None,
        compression=None,
        max_size=10_000_000,
    ) as door:
        (socket,) = door.sockets
        yield f"ws://127.0.0.1:{socket.getsockname()[1]}"


def a_record(text: object = "vaccines cause autism #MedEd", **more: object) -> dict[str, object]:
    return {"$type": POST, "text": text, "createdAt": "2026-11-25T10:00:00.000Z", **more}


def a_commit(number: int, record: object, **changes: object) -> dict[str, Any]:
    body = {"rev": "1", "operation": "create", "collection": POST, "rkey": f"3l2aaaaaaa{number:03}", "cid": "bafyre"}
    commit = {**body, "record": record, **changes}
    return {key: value for key, value in commit.items() if value is not Ellipsis}


RUBBISH: list[dict[str, Any]] = [  # all of these must be counted
    a_commit(1, ...),
    a_commit(2, a_record(), operation="explode"),
    a_commit(3, a_record(), rkey=...),
    a_commit(4, a_record(), rkey=17),
    a_commit(5, "a text instead of a record"),
    a_commit(6, a_record(), cid=None),
    a_commit(7, [a_record()]),
]
ODD: list[dict[str, Any]] = [  # all of these are posts all the same, though much of them is unknown or wrong
    a_commit(101, a_record(embed={"$type": "org.example.hologram", "of": [1, 2]})),
    a_commit(102, a_record(facets="none", langs=7, tags={"a": 1})),
    a_commit(103, a_record(facets=[{"index": {"byteStart": -9, "byteEnd": 10**12}, "features": [None, {}, 3]}])),
    a_commit(104, a_record(reply={"parent": "nobody", "root": {"uri": 4}}, labels=[[]])),
    a_commit(105, a_record(createdAt="yesterday", more={"deep": {"deeper": [None] * 50}})),
]
BROKEN = [
    "{",
    "[]",
    "null",
    '"text"',
    '{"$type": "message"}',
    '{"$type": "sermon", "payload": {}}',
    "\x00\x01",
    "9" * 5000,
]


async def test_rubbish_is_counted_odd_posts_are_heard_and_the_stream_goes_on(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'office.db'}")
    store.migrate()
    with store.write() as session:
        session.add(AccountRow(id="bluesky/us", network="bluesky", remote_id="did:us", handle="us", server="here"))
    log, stopping = Log(floor=0), asyncio.Event()
    async with a_jetstream(log) as url:
        stream = BlueskyStream(url, name="stream", begin=datetime(2020, 1, 1, tzinfo=UTC), compress=False)
        intake = Intake(
            store=store, clock=SystemClock(), account="bluesky/us", listener=stream, watch=Watch(tags=["MedEd"]),
            bell=lambda: None, owner="test/1/x",
        )  # fmt: skip
        listening = asyncio.create_task(intake.run(stopping))
        for commit in [*RUBBISH, *ODD]:
            await log.add(ADA, "commit", commit)
        await raw(log, half_a_character(len(log.entries) + 1))
        await raw(log, json.dumps(message({"$type": f"{NSID}#prophecy", "seq": len(log.entries) + 1, "did": ADA})))
        for text in BROKEN:
            await raw(log, text)
        await log.add(ADA, "commit", a_commit(999, a_record("the last one #MedEd")))
        heard = await until_heard(store, "3l2aaaaaaa999")
        stopping.set()
        await listening
    assert [uri[-3:] for uri in heard] == ["101", "102", "103", "104", "105", "106", "999"]
    with store.read() as session:
        row = session.get(CursorRow, "stream")
    assert row is not None
    assert row.skipped == len(RUBBISH) + len(BROKEN) + 1  # and the prophecy
    store.close()


async def raw(log: Log, text: str) -> None:
    """A frame that no encoder of ours would write."""
    async with log.grown:
        log.entries.append(
            Raw(
                seq=len(log.entries) + 1,
                microseconds=log.entries[-1].microseconds + 1,
                did=ADA,
                kind="commit",
                body={"collection": POST},
                text=text,
            )
        )
        log.grown.notify_all()


def half_a_character(number: int) -> str:
    """A frame with a lone surrogate, escaped as JSON allows; it is the frame that comes `number`th."""
    body = a_commit(106, a_record("\ud800 vaccines \x00 cause autism #MedEd"))
    entry = Entry(seq=number, microseconds=10**15, did=ADA, kind="commit", body=body)
    return json.dumps(json.loads(entry.as_v2()))


async def until_heard(store: Store, last: str) -> list[str]:
    """The uris in the inbox, once the last one is there."""

    def look() -> list[str]:
        with store.read() as session:
            return list(session.scalars(select(EventRow.uri).order_by(EventRow.id)))

    async with asyncio.timeout(PATIENCE):
        while not (uris := await asyncio.to_thread(look)) or not uris[-1].endswith(last):
            await asyncio.sleep(0.05)
    return uris

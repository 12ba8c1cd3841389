"""The Bluesky adapter hears what it should, once and in order, on a real PDS, AppView and a Jetstream over them."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from bot.errors import Unreachable
from bot.model import Blocked, Vanished
from bot.platforms.bluesky_frames import OLDEST, Position
from bot.platforms.bluesky_stream import BlueskyStream
from tests.contract_bluesky import Tagged, arrived, hearing, texts
from tests.servers.bluesky import Account, BlueskyNet

WIRE = Path(__file__).parent / "wire" / "bluesky"
SOURCE = "bluesky:jetstream"


# --- the public stream, on the real network


@pytest.fixture(scope="module")
def alice(bluesky_net: BlueskyNet) -> Account:
    return bluesky_net.new_account("alice")


@pytest.fixture
def bot(bluesky_net: BlueskyNet) -> Account:
    return bluesky_net.new_account("checker")


async def test_the_stream_resumes_where_it_stood(bluesky_net, alice):
    concern = Tagged("resumetag")
    first = bluesky_net.post_as(alice, "one #ResumeTag")
    async with hearing(BlueskyStream(bluesky_net.jetstream), concern) as until:
        heard = await until(arrived(first["uri"]))
    cursor = heard[-1].cursor
    bluesky_net.post_as(alice, "no tag")
    bluesky_net.post_as(alice, "two #resumetag")
    last = bluesky_net.post_as(alice, "three #resumetag")

    async with hearing(BlueskyStream(bluesky_net.jetstream), concern, {SOURCE: cursor}) as until:
        heard = await until(arrived(last["uri"]))

    assert texts(heard) == ["two #resumetag", "three #resumetag"]


async def test_posts_that_do_not_concern_us_still_move_the_cursor(bluesky_net, alice):
    async with hearing(BlueskyStream(bluesky_net.jetstream), Tagged("quiettag")) as until:
        bluesky_net.post_as(alice, "nothing to see")
        heard = await until(lambda one: one.event is None and one.cursor is not None)

    assert texts(heard) == []


async def test_a_cursor_too_old_is_a_gap_and_what_is_left_is_heard(bluesky_net, alice):
    post = bluesky_net.post_as(alice, "still there #gaptag")
    stream = bluesky_net.new_jetstream(floor=3)

    async with hearing(BlueskyStream(stream.url), Tagged("gaptag"), {SOURCE: "1"}) as until:
        heard = await until(arrived(post["uri"]))

    assert "no longer holds our position" in heard[0].gap
    assert [one.gap for one in heard[1:]] == [""] * (len(heard) - 1)


async def test_a_position_of_another_host_is_found_by_its_time(bluesky_net, alice):
    concern = Tagged("movetag")
    first = bluesky_net.post_as(alice, "one #movetag")
    async with hearing(BlueskyStream(bluesky_net.jetstream), concern) as until:
        kept = Position.read((await until(arrived(first["uri"])))[-1].cursor)
    second = bluesky_net.post_as(alice, "two #movetag")
    elsewhere = Position(seq=kept.seq + 10**9, witnessed=kept.witnessed, host="elsewhere.example")
    lost_memory = Position(seq=kept.seq + 10**9, witnessed=kept.witnessed)

    for cursor in (elsewhere, lost_memory):
        async with hearing(BlueskyStream(bluesky_net.jetstream), concern, {SOURCE: str(cursor)}) as until:
            heard = await until(arrived(second["uri"]))
        assert [one.gap for one in heard if one.gap] == []


async def test_the_deletion_of_a_post_just_heard_is_heard(bluesky_net, alice):
    async with hearing(BlueskyStream(bluesky_net.jetstream), Tagged("deltag")) as until:
        post = bluesky_net.post_as(alice, "soon gone #deltag")
        bluesky_net.call(
            alice,
            "POST",
            "com.atproto.repo.deleteRecord",
            repo=alice.did,
            collection="app.bsky.feed.post",
            rkey=post["uri"].rsplit("/", 1)[1],
        )
        heard = await until(lambda one: isinstance(one.event, Vanished))

    assert heard[-1].event.ref.uri == post["uri"]


async def test_a_block_of_us_is_heard(bluesky_net, alice, bot):
    async with hearing(BlueskyStream(bluesky_net.jetstream, account=bot.did), Tagged("blocktag")) as until:
        record = {"$type": "app.bsky.graph.block", "subject": bot.did, "createdAt": "2026-11-25T10:00:00.000Z"}
        bluesky_net.call(
            alice,
            "POST",
            "com.atproto.repo.createRecord",
            repo=alice.did,
            collection="app.bsky.graph.block",
            record=record,
        )
        heard = await until(lambda one: isinstance(one.event, Blocked))

    assert heard[-1].event.author.id == alice.did


# --- a stream that misbehaves


def event(seq: int, text: str = "#meded", **changes: Any) -> str:
    frame = json.loads((WIRE / "post_with_hidden_tag.json").read_text())
    record = {"text": text, "createdAt": "2026-11-25T10:00:00.000Z"}
    frame["payload"] |= {"seq": seq, "rkey": f"3l2{seq:010d}", "record": record, **changes}
    return json.dumps(frame)


@asynccontextmanager
async def a_stream(*connections: list[str | int]) -> AsyncIterator[tuple[str, list[str]]]:
    """A server that gives each connection its frames; a number closes with that code. Yields url and requests."""
    requests: list[str] = []
    scripts = iter(connections)

    async def run(connection: ServerConnection) -> None:
        requests.append(connection.request.path)
        for step in next(scripts, []):
            if isinstance(step, int):
                await connection.close(step)
                return
            await connection.send(step)
        await connection.wait_closed()

    async with serve(run, "127.0.0.1", 0, subprotocols=["xrpc.v1.json"], compression=None) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}", requests


def meded(url: str, **given: Any) -> BlueskyStream:
    return BlueskyStream(url, compress=False, **given)


@pytest.mark.parametrize("code", [1000, 1001, 1011])
async def test_a_close_of_any_kind_ends_nothing(code: int):
    before, after = [event(1, "one #meded"), code], [event(1, "one #meded"), event(2, "two #meded")]
    async with a_stream(before, after) as (url, asked), hearing(meded(url), Tagged("meded")) as until:
        heard = await until(lambda one: (one.cursor or "").startswith("2 "))

    assert texts(heard) == ["one #meded", "two #meded"]
    assert "cursor=1&" in asked[1] or asked[1].endswith("cursor=1")


async def test_frames_nobody_understands_are_skipped_and_counted():
    junk = [
        "not json",
        event(1, operation="explode"),
        (WIRE / "unknown_event.json").read_text(),
        event(11, record=None),
        json.dumps({"$type": "message", "payload": {"$type": "x"}}),
        event(12, "heard #meded"),
    ]
    async with a_stream(junk) as (url, _), hearing(meded(url), Tagged("meded")) as until:
        heard = await until(lambda one: one.event is not None)

    assert sum(one.skipped for one in heard) == 5
    assert texts(heard) == ["heard #meded"]


async def test_being_too_slow_means_connecting_again():
    before, after = [event(1), (WIRE / "error_too_slow.json").read_text()], [event(2, "two #meded")]
    async with a_stream(before, after) as (url, _), hearing(meded(url), Tagged("meded")) as until:
        heard = await until(lambda one: (one.cursor or "").startswith("2 "))

    assert [one.gap for one in heard if one.gap] == []


async def test_an_error_without_remedy_is_said():
    frame = json.dumps({"$type": "error", "error": "OutOfOrder", "message": "the moon is in the wrong house"})
    async with a_stream([frame]) as (url, _), hearing(meded(url), Tagged("meded")) as until:
        with pytest.raises(Unreachable, match="OutOfOrder"):
            await until(lambda one: one.event is not None)


@pytest.mark.parametrize("script", [[1000], [1011], []])
async def test_a_stream_that_never_sends_anything_is_said(script: list[str | int]):
    async with a_stream(*[script] * 9) as (url, asked):
        stream = meded(url if script else "ws://127.0.0.1:9")  # nobody listens on 9
        async with hearing(stream, Tagged("meded")) as until:
            with pytest.raises(Unreachable, match="sends nothing"):
                await until(lambda one: one.event is not None)

    assert len(asked) in (0, 4)


async def test_a_stream_that_begins_later_than_we_stood_is_a_gap():
    late = (WIRE / "info_outdated.json").read_text()
    kept = str(Position(seq=5, witnessed="2026-11-20T10:00:00.000000Z", host="elsewhere.example"))
    async with a_stream([late, event(17)]) as (url, _), hearing(meded(url), Tagged("meded"), {SOURCE: kept}) as until:
        heard = await until(lambda one: one.event is not None)

    assert "begins later than our position" in heard[0].gap


async def test_without_a_cursor_the_stream_begins_a_little_before_now():
    begin = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
    async with a_stream([event(1)]) as (url, asked), hearing(meded(url, begin=begin), Tagged("meded")) as until:
        await until(lambda one: one.event is not None)

    assert f"cursor={int(begin.timestamp() * 1e6)}" in asked[0]
    assert int(begin.timestamp() * 1e6) > OLDEST


async def test_a_slow_reader_makes_the_server_wait_and_loses_nothing():
    frames, stuck_at = 3_000, asyncio.get_running_loop().create_future()

    async def run(connection: ServerConnection) -> None:
        for number in range(1, frames + 1):
            sending = asyncio.ensure_future(connection.send(event(number, "#meded " + "x" * 2000)))
            done, _ = await asyncio.wait([sending], timeout=1.0)
            if not done and not stuck_at.done():
                stuck_at.set_result(number)
            await sending
        await connection.wait_closed()

    async with serve(run, "127.0.0.1", 0, subprotocols=["xrpc.v1.json"], compression=None) as server:
        stream = meded(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        async with aclosing(stream.listen({}, Tagged("meded"))) as listening:
            seen = [await anext(listening)]
            assert await stuck_at < frames
            seen += [await anext(listening) for _ in range(frames - 1)]

    assert [int(one.cursor.split()[0]) for one in seen] == list(range(1, frames + 1))


async def test_a_busy_stream_closes_at_once():
    """Under load a cancellation alone can be swallowed by the waiting beneath the SDK (Python 3.11)."""

    async def run(connection: ServerConnection) -> None:
        for number in itertools.count(1):
            await connection.send(event(number, "no tag", tags=[]))

    async with serve(run, "127.0.0.1", 0, subprotocols=["xrpc.v1.json"], compression=None) as server:
        stream = meded(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        for _ in range(5):
            listening = stream.listen({}, Tagged("meded"))
            await anext(listening)
            async with asyncio.timeout(5):
                await listening.aclose()

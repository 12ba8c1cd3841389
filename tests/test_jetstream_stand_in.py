"""The Jetstream stand-in is good enough to judge us by: the SDK's own client reads it, and v1 readers do too."""

import json
from typing import Any

import pytest
import websockets
from atproto_jetstream import AsyncJetstreamClient
from atproto_jetstream.exceptions import JetstreamCursorTooOldError

from tests.servers.bluesky import BlueskyNet
from tests.servers.jetstream import Jetstream


@pytest.fixture
def jetstream(bluesky_net: BlueskyNet):
    """A stand-in of one's own: a dictionary is made from what it saw at the first request."""
    started = bluesky_net.new_jetstream()
    yield started
    started.stop()


async def nothing(_: Any) -> None:
    """Take an event and do nothing."""


@pytest.mark.parametrize("compress", [True, False])
async def test_the_sdk_reads_posts_from_the_first_event_on(
    bluesky_net: BlueskyNet, jetstream: Jetstream, compress: bool
):
    ada = bluesky_net.new_account("ada")
    for text in ("first", "second"):
        bluesky_net.post_as(ada, text)
    client = AsyncJetstreamClient(
        {"cursor": 1, "dids": [ada.did], "collections": ["app.bsky.feed.*"], "kinds": ["commit"]},
        base_uri=jetstream.url,
        compress=compress,
    )
    texts: list[str] = []

    async def take(event: Any) -> None:
        texts.append(event.record.text)
        if len(texts) == 2:
            await client.stop()

    await client.start(take)

    assert texts == ["first", "second"]
    assert client.compressed is compress


async def test_a_v1_reader_sees_the_old_wire(bluesky_net: BlueskyNet, jetstream: Jetstream):
    ada = bluesky_net.new_account("ada")
    bluesky_net.post_as(ada, "bare JSON")

    address = f"{jetstream.v1_url}?cursor=1&wantedDids={ada.did}&wantedCollections=app.bsky.feed.post"
    async with websockets.connect(address, proxy=None) as stream:
        async for frame in stream:  # identity and account events of the new account come first
            event = json.loads(frame)
            if event["kind"] == "commit":
                break

    assert event["commit"]["record"]["text"] == "bare JSON"


async def test_a_cursor_below_the_floor_is_too_old(bluesky_net: BlueskyNet):
    jetstream = bluesky_net.new_jetstream(floor=5)
    client = AsyncJetstreamClient({"cursor": 1}, base_uri=jetstream.url, compress=False)

    with pytest.raises(JetstreamCursorTooOldError):
        await client.start(nothing)

    jetstream.stop()

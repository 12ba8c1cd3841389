"""Listening on a Mastodon-API server while it misbehaves: nothing is lost, what is blind says so, the rest goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bot.errors import LoggedOut
from bot.model import Arrived, Edited, Vanished
from bot.platforms.mastodon import MastodonPlatform
from bot.platforms.mastodon_lane import Pace
from bot.ports import Heard
from bot.watch import Watch
from tests.contract import TAG, Listening, a_watch, listening
from tests.contract_worlds import FAST
from tests.servers.mastodon import MastodonServer
from tests.servers.proxy import At, Proxy, in_front_of

TAGGED = f"/api/v1/timelines/tag/{TAG}"
NOTIFICATIONS = "/api/v1/notifications"
INSTANCE = "/api/v2/instance"
HARDLY = Pace(every=3600, per_minute=6000, again=3600, blind=3600, longest=3600)  # only a stream brings news in time

Connect = Callable[..., MastodonPlatform]


@pytest.fixture
async def connect(mastodon_server: MastodonServer) -> AsyncIterator[Connect]:
    opened: list[MastodonPlatform] = []

    def connect(url: str = "", **given: Any) -> MastodonPlatform:
        values = {"tags": [TAG], "pace": FAST, "timeout": 2, "streaming": False} | given
        platform = MastodonPlatform(url or mastodon_server.url, mastodon_server.tokens["bot"], **values)
        opened.append(platform)
        return platform

    yield connect
    for platform in opened:
        await platform.close()


@pytest.fixture
def proxy(mastodon_server: MastodonServer) -> Iterator[Proxy]:
    with in_front_of(mastodon_server.url) as running:
        yield running


@asynccontextmanager
async def hearing(
    platform: MastodonPlatform, *, cursors: dict[str, str] | None = None, watch: Watch | None = None
) -> AsyncIterator[Listening]:
    """An open ear; the account is known before it opens."""
    await platform.open()
    kept = {} if cursors is None else cursors
    async with listening(platform, watch or a_watch(platform), kept) as stream:
        yield Listening(stream, kept)


async def events(heard: Listening, number: int) -> list[Any]:
    """The next so many events."""
    return [(await heard.until(lambda one: one.event is not None)).event for _ in range(number)]


def uris(arrived: list[Any]) -> list[str]:
    return [event.post.ref.uri for event in arrived]


def is_gap(heard: Heard) -> bool:
    return bool(heard.gap)


async def test_the_first_start_takes_the_newest_page_and_not_the_whole_history(
    connect: Connect, mastodon_server: MastodonServer
):
    posts = [mastodon_server.post_as("alice", f"{number} #meded") for number in range(45)]

    async with hearing(connect()) as heard:
        first = await events(heard, 40)
        posts.append(mastodon_server.post_as("alice", "45 #meded"))
        (next_one,) = await events(heard, 1)

    assert uris([*first, next_one]) == [post["uri"] for post in posts[5:]]


async def test_a_long_absence_is_walked_page_by_page_in_order(connect: Connect, mastodon_server: MastodonServer):
    mastodon_server.post_as("alice", "before #meded")
    cursors: dict[str, str] = {}
    async with hearing(connect(), cursors=cursors) as heard:
        await events(heard, 1)
    missed = [mastodon_server.post_as("alice", f"{number} #meded")["uri"] for number in range(90)]

    async with hearing(connect(), cursors=cursors) as heard:
        assert uris(await events(heard, 90)) == missed


async def test_a_flood_under_the_tag_does_not_hold_up_who_asks_us(connect: Connect, mastodon_server: MastodonServer):
    mastodon_server.post_as("alice", "before #meded")
    mastodon_server.post_as("alice", "@bot before")
    cursors: dict[str, str] = {}
    async with hearing(connect(), cursors=cursors) as heard:
        await events(heard, 2)
    flood = [mastodon_server.post_as("alice", f"{number} #meded")["uri"] for number in range(160)]
    asked = mastodon_server.post_as("alice", "@bot is this so?")

    async with hearing(connect(), cursors=cursors) as heard:
        seen = uris(await events(heard, 161))

    assert seen.index(asked["uri"]) < 100
    assert [uri for uri in seen if uri != asked["uri"]] == flood


@pytest.mark.parametrize(
    ("kind", "effect"),
    [
        ("status", {"status": 500}),
        ("status", {"status": 503, "body": "<html>down</html>"}),
        ("status", {"status": 200, "body": {"not": "a list"}}),
        ("status", {"status": 405}),
        ("status", {"status": 200, "body": [], "headers": {"Link": '<http://[broken>; rel="prev", ;;,<>'}}),
        ("status", {"status": 302, "headers": {"Location": "http://10.0.0.1/"}}),
        ("malformed", {}),
        ("latency", {"delay_ms": 300}),
        ("latency", {"delay_ms": 1000}),  # longer than we wait
    ],
)
async def test_nothing_is_lost_while_a_server_is_ill(
    connect: Connect, mastodon_server: MastodonServer, kind: str, effect: dict[str, Any]
):
    mastodon_server.post_as("alice", "before #meded")
    async with hearing(connect(timeout=0.6)) as heard:
        await events(heard, 1)
        mastodon_server.fault(kind, path=TAGGED, times=3, **effect)
        missed = [mastodon_server.post_as("alice", f"{number} #meded")["uri"] for number in range(3)]

        assert uris(await events(heard, 3)) == missed


async def test_after_a_429_the_whole_server_is_left_in_peace(
    connect: Connect, proxy: Proxy, mastodon_server: MastodonServer
):
    mastodon_server.fault("ratelimit", path=TAGGED, times=1, headers={"X-RateLimit-Reset": "6", "Retry-After": "6"})
    tagged = mastodon_server.post_as("alice", "one #meded")
    began = asyncio.get_running_loop().time()
    async with hearing(connect(proxy.url)) as heard:
        await heard.until(lambda one: isinstance(one.event, Arrived) and one.event.post.ref.local_id == tagged["id"])
        waited = asyncio.get_running_loop().time() - began

    asked = [one for one in proxy.seen if "limit=40" in one.path]
    refused = [one.status for one in asked].index(429)
    assert waited > 5
    assert len(asked) - refused <= 4  # nothing was asked of the other timelines meanwhile


async def test_one_malformed_status_is_skipped_and_counted(connect: Connect, mastodon_server: MastodonServer):
    good = mastodon_server.post_as("alice", "good #meded")
    broken = [{**good, "id": "7", "account": None}, {"id": "8", "content": 5}, None, good]
    mastodon_server.fault("status", path=TAGGED, times=1, status=200, body=broken)

    async with hearing(connect()) as heard:
        first = await heard.until(lambda one: one.event is not None)
        rest = await heard.until(lambda one: one.skipped > 0)

    assert first.event.post.ref.uri == good["uri"]  # type: ignore[union-attr]
    assert rest.skipped == 3


async def test_a_closed_timeline_that_answers_with_an_empty_list_is_a_blind_source(
    connect: Connect, mastodon_server: MastodonServer
):
    instance = mastodon_server.call("bot", "GET", INSTANCE)
    instance["configuration"]["timelines_access"] = {"hashtag_feeds": {"local": "disabled", "remote": "disabled"}}
    mastodon_server.fault("status", path=INSTANCE, status=200, body=instance)

    async with hearing(connect()) as heard:
        gap = await heard.until(is_gap)

    assert "source blind" in gap.gap
    assert gap.source.endswith(f"/tag/{TAG}")


async def test_a_vantage_point_that_wants_no_strangers_is_blind_and_the_rest_goes_on(
    connect: Connect, mastodon_server: MastodonServer
):
    with in_front_of(mastodon_server.url) as other:
        other.trouble("GET", "/api/v1/timelines", at=At.ARRIVED, times=1000, status=401)
        async with hearing(connect(vantage=[other.url])) as heard:
            gap = await heard.until(is_gap)
            asked = mastodon_server.post_as("alice", "@bot is this so?")
            event = (await events(heard, 1))[0]

    assert "source blind" in gap.gap
    assert gap.source == f"mastodon/{other.url.split('://')[1]}/tag/{TAG}"
    assert event.post.ref.uri == asked["uri"]


async def test_the_same_post_seen_from_two_servers_is_told_once(connect: Connect, mastodon_server: MastodonServer):
    elsewhere = mastodon_server.url.replace("127.0.0.1", "localhost")  # another vantage point on the same posts
    async with hearing(connect(vantage=[elsewhere])) as heard:
        one = mastodon_server.post_as("alice", "one #meded")
        both: set[str] = set()
        while len(both) < 2:
            both.add((await heard.until(lambda one: bool(one.cursor))).source)
        two = mastodon_server.post_as("alice", "@bot two")
        seen = await events(heard, 1)

    assert one["uri"] not in uris(seen)
    assert uris(seen) == [two["uri"]]
    assert both == {f"mastodon/{url.split('://')[1]}/tag/{TAG}" for url in (mastodon_server.url, elsewhere)}


async def test_a_source_that_was_empty_and_then_holds_more_than_a_page_loses_nothing(
    connect: Connect, mastodon_server: MastodonServer
):
    async with hearing(connect()) as heard:
        await heard.until(lambda one: one.source.endswith("notifications"))
        mastodon_server.fault("status", path=NOTIFICATIONS, status=503)  # the office cannot ask while they come in
        wrote = [mastodon_server.post_as("alice", f"@bot number {number}")["uri"] for number in range(95)]
        mastodon_server.clear_faults()
        seen = await events(heard, 95)

    assert uris(seen) == wrote


async def test_a_refused_token_ends_listening_so_that_somebody_hears_of_it(
    connect: Connect, mastodon_server: MastodonServer
):
    async with hearing(connect()) as heard:
        mastodon_server.fault("status", path=NOTIFICATIONS, status=401)
        with pytest.raises(LoggedOut):
            await heard.until(lambda one: False)


async def test_a_tag_nobody_used_yet_is_no_gap_where_the_server_says_404(
    connect: Connect, mastodon_server: MastodonServer
):
    mastodon_server.fault("status", path=TAGGED, status=404, times=3)
    async with hearing(connect()) as heard:
        mastodon_server.post_as("alice", "first #meded")
        first = await heard.until(lambda one: one.event is not None or bool(one.gap))

    assert first.gap == ""


async def test_a_server_that_does_not_know_our_filter_is_asked_without_it(
    connect: Connect, proxy: Proxy, mastodon_server: MastodonServer
):
    mastodon_server.fault("status", path=NOTIFICATIONS, status=400, times=1)
    async with hearing(connect(proxy.url)) as heard:
        mastodon_server.post_as("alice", "@bot hello")
        await events(heard, 1)

    assert [one for one in proxy.seen if NOTIFICATIONS in one.path][-1].path.count("types") == 0


async def test_a_thread_that_cannot_be_read_does_not_hold_up_the_posts_behind_it(
    connect: Connect, mastodon_server: MastodonServer
):
    root = mastodon_server.post_as("bob", "a thread")
    reply = mastodon_server.post_as("alice", "@bot look #meded", in_reply_to_id=root["id"])
    mastodon_server.fault("status", path=f"/api/v1/statuses/{reply['id']}/context", status=500)
    after = mastodon_server.post_as("alice", "@bot and this")

    async with hearing(connect()) as heard:
        seen = uris(await events(heard, 2))

    assert set(seen) == {reply["uri"], after["uri"]}


async def test_a_post_with_a_thread_above_knows_its_root(connect: Connect, mastodon_server: MastodonServer):
    root = mastodon_server.post_as("bob", "a thread")
    middle = mastodon_server.post_as("bob", "goes on", in_reply_to_id=root["id"])
    mastodon_server.post_as("alice", "@bot is this so?", in_reply_to_id=middle["id"])

    async with hearing(connect()) as heard:
        (event,) = await events(heard, 1)

    assert event.post.reply_to.uri == middle["uri"]
    assert event.post.root.uri == root["uri"]


async def test_edits_and_deletions_are_noticed_without_any_stream(connect: Connect, mastodon_server: MastodonServer):
    platform = connect(streaming=False)
    await platform.open()
    watch = a_watch(platform)
    async with hearing(platform, watch=watch) as heard:
        held = mastodon_server.post_as("alice", "vaccines cause autism #meded")
        await events(heard, 1)
        watch.remember(held["uri"])
        mastodon_server.call("alice", "PUT", f"/api/v1/statuses/{held['id']}", status="I take it back #meded")
        edited = await heard.until(lambda one: isinstance(one.event, Edited))
        mastodon_server.call("alice", "DELETE", f"/api/v1/statuses/{held['id']}")
        gone = await heard.until(lambda one: isinstance(one.event, Vanished))

    assert edited.event.post.text == "I take it back #meded"  # type: ignore[union-attr]
    assert gone.event.ref.uri == held["uri"]  # type: ignore[union-attr]


async def test_a_stream_wakes_the_poll_at_once(connect: Connect, mastodon_server: MastodonServer):
    platform = connect(streaming=True, pace=HARDLY)
    async with hearing(platform) as heard:
        nxt = asyncio.ensure_future(heard.until(lambda one: one.event is not None))
        while not nxt.done():  # the stream connects some time; a post before that would have to wait for the next poll
            mastodon_server.post_as("alice", "@bot hello")
            await asyncio.wait([nxt], timeout=0.5)

    assert isinstance((await nxt).event, Arrived)


async def test_a_stream_that_is_refused_costs_nothing(connect: Connect, mastodon_server: MastodonServer):
    mastodon_server.fault("status", path="/api/v1/streaming/*", status=404)
    async with hearing(connect(streaming=True)) as heard:
        asked = mastodon_server.post_as("alice", "@bot hello")
        seen = await events(heard, 1)

    assert uris(seen) == [asked["uri"]]


async def test_paged_requests_stay_within_the_budget_of_a_minute(
    connect: Connect, proxy: Proxy, mastodon_server: MastodonServer
):
    platform = connect(proxy.url, pace=Pace(every=0.01, per_minute=12))
    async with hearing(platform) as heard:
        for number in range(5):
            mastodon_server.post_as("alice", f"@bot {number} #meded")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3):
                await heard.until(lambda one: False)

    assert 2 <= len([one for one in proxy.seen if "limit=40" in one.path]) <= 12

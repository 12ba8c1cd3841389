"""The recorded feed: what it plays, when, and what it survives."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from importlib import resources
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clock import SteeredClock
from bot.evidence.pack import starter_pack
from bot.matching.matcher import Matcher
from bot.matching.models import shipped
from bot.model import Arrived, Blocked, Edited, Event, Post, Vanished, Via
from bot.platforms.fake import FakePlatform
from bot.platforms.recorded import RecordedFeed
from bot.platforms.recorded_lines import BadLine, Line, parse, read_lines
from bot.ports import Heard, Outgoing
from bot.watch import Watch

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
ADA: dict[str, Any] = {"kind": "person", "handle": "ada.example", "name": "Ada", "bio": "Student", "days_old": 100}


def a_feed(*lines: object, ours: FakePlatform | None = None, speed: float = math.inf) -> RecordedFeed:
    ours = ours or FakePlatform()
    raw = [line if isinstance(line, str) else json.dumps(line) for line in (ADA, *lines)]
    return RecordedFeed(raw, ours.world, me=ours.me, clock=SteeredClock(NOON), speed=speed)


def a_line(name: str, text: str = "vaccines are fine #MedEd", **more: object) -> dict[str, object]:
    return {"kind": "post", "id": name, "by": "ada.example", "text": text, **more}


def a_watch() -> Watch:
    return Watch(tags=["MedEd"], ourselves=[FakePlatform().account])


async def played(feed: RecordedFeed, since: str | None = None) -> list[Heard]:
    """Everything a feed says until its last line."""
    cursors = {feed.name: since} if since else {}
    heard = []
    listening = feed.listen(cursors, a_watch())
    async for one in listening:
        heard.append(one)
        if feed.finished:
            break
    await close(listening)
    return heard


async def close(listening: AsyncIterator[Heard]) -> None:
    await listening.aclose()  # type: ignore[attr-defined]


def events(heard: list[Heard]) -> list[Event]:
    return [one.event for one in heard if one.event is not None]


async def test_what_concerns_us_is_heard_with_the_number_of_its_line_as_cursor() -> None:
    feed = a_feed(a_line("tea", "just tea"), a_line("tag"), a_line("ask", "@check is this true?", reply_to="tag"))

    heard = await played(feed)

    arrived = [(one.cursor, one.event.via) for one in heard if isinstance(one.event, Arrived)]
    assert arrived == [("3", Via.TAG), ("4", Via.MENTION)]
    assert heard[-1] == Heard(source="recorded", cursor="4")


async def test_a_post_carries_its_author_thread_tags_links_and_whom_it_names() -> None:
    ours = FakePlatform()
    text = "@check look #MedEd https://news.example/a"
    feed = a_feed(a_line("top", "tea"), a_line("ask", text, reply_to="top", alts=["a chart"], lang="de"), ours=ours)

    (event,) = events(await played(feed))

    assert isinstance(event, Arrived)
    post = event.post
    assert (post.author.handle, post.author.bio, post.author.known) == ("ada.example", "Student", True)
    assert (post.text, post.langs, post.tags, post.media_alts) == (text, ("de",), ("meded",), ("a chart",))
    assert (post.links, post.mentions_us) == (("https://news.example/a",), True)
    look = await ours.look(post.ref)
    assert look is not None
    assert [one.text for one in look.context.above] == ["tea"]


async def test_a_feed_goes_on_behind_its_cursor_and_puts_what_was_before_back_on_the_stage() -> None:
    ours = FakePlatform()
    lines = (a_line("one"), {"kind": "edit", "of": "one", "text": "changed #MedEd"}, a_line("two"), a_line("three"))

    heard = await played(a_feed(*lines, ours=ours), since="4")

    assert [event.post.text for event in events(heard) if isinstance(event, Arrived)] == ["vaccines are fine #MedEd"]
    assert sorted(post.text for post in ours.world.posts.values()) == ["changed #MedEd"] + 2 * [
        "vaccines are fine #MedEd"
    ]


async def test_a_cursor_that_is_no_line_number_starts_at_the_beginning() -> None:
    assert len(events(await played(a_feed(a_line("one")), since="bluesky 12"))) == 1


async def test_a_cursor_behind_the_last_line_says_nothing_twice() -> None:
    assert events(await played(a_feed(a_line("one")), since="99")) == []


async def test_an_edit_and_a_deletion_reach_the_office_even_before_it_knows_the_post() -> None:
    feed = a_feed(
        a_line("one"),
        {"kind": "edit", "of": "one", "text": "I was wrong #MedEd"},
        {"kind": "delete", "of": "one"},
        a_line("tea", "tea"),
        {"kind": "delete", "of": "tea"},
    )

    arrived, edited, vanished = events(await played(feed))

    assert isinstance(arrived, Arrived)
    assert isinstance(edited, Edited)
    assert edited.post.text == "I was wrong #MedEd"
    assert edited.post.ref.version != arrived.post.ref.version
    assert isinstance(vanished, Vanished)
    assert vanished.ref.key == arrived.post.ref.key


async def test_a_block_is_heard() -> None:
    (event,) = events(await played(a_feed({"kind": "block", "by": "ada.example"})))

    assert isinstance(event, Blocked)
    assert event.author.blocks_us


BAD = [
    "{",
    "[1, 2]",
    '"text"',
    '{"kind": "song", "id": "x"}',
    '{"kind": "post", "id": "x", "by": "nobody", "text": "who?"}',
    '{"kind": "post", "id": "x", "by": "ada.example"}',
    '{"kind": "post", "id": "x", "by": "ada.example", "text": "t", "after_s": "soon"}',
    '{"kind": "post", "id": "x", "by": "ada.example", "text": "t", "after_s": 1e300}',
    '{"kind": "post", "id": "x", "by": "ada.example", "text": {"a": 1}}',
    '{"kind": "post", "id": "x", "by": "ada.example", "text": "t", "visibility": "loud"}',
    '{"kind": "post", "id": "x", "by": "ada.example", "text": "t", "alts": 3}',
    '{"kind": "post", "id": "x", "by": "ada.example", "text": "t", "reply_to": "nothing"}',
    '{"kind": "post", "id": "one", "by": "ada.example", "text": "the same id again #MedEd"}',
    '{"kind": "edit", "of": "nothing", "text": "t"}',
    '{"kind": ["post"]}',
    '{"id": "no text"}',
    "[" * 100_000,
]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad[:60])
async def test_a_malformed_line_is_skipped_and_counted_and_the_rest_plays_on(bad: str) -> None:
    feed = a_feed(a_line("one"), bad, a_line("two"))

    heard = await played(feed)

    assert len(events(heard)) == 2
    assert (feed.skipped, sum(one.skipped for one in heard)) == (1, 1)


@given(st.text())
def test_any_line_is_a_line_nothing_or_refused(raw: str) -> None:
    with contextlib.suppress(BadLine):
        assert isinstance(parse(raw, 1), Line | None)


async def test_lone_surrogates_and_nul_become_replacement_characters() -> None:
    (event,) = events(await played(a_feed('{"id": "x", "text": "a\\ud800b\\u0000c"}')))

    assert isinstance(event, Arrived)
    assert event.post.text == "a\ufffdb\ufffdc"


def test_only_a_line_feed_ends_a_line_and_bad_bytes_stop_nothing() -> None:
    assert read_lines("a\u2028b\nc".encode() + b"\xff") == ["a\u2028b", "c\ufffd"]


async def test_a_plain_labelled_post_counts_as_asked_by_an_author_of_its_own() -> None:
    labelled = {"id": "dev-1", "text": "vaccines cause autism", "language": "en", "expected": {"stance": "asserts"}}

    first, second = events(await played(a_feed(labelled, {**labelled, "id": "dev-2"})))

    assert isinstance(first, Arrived)
    assert isinstance(second, Arrived)
    assert (first.via, first.post.text, first.post.mentions_us) == (Via.MENTION, "vaccines cause autism", True)
    assert first.post.author.id != second.post.author.id


async def test_lines_of_the_past_are_there_at_once_and_the_others_come_at_their_time() -> None:
    feed = a_feed(a_line("past", after_s=-3600), a_line("now"), a_line("later", after_s=200), speed=1000)
    began = asyncio.get_running_loop().time()
    listening = feed.listen({}, a_watch())
    times = {}

    async for heard in listening:
        if isinstance(heard.event, Arrived):
            times[heard.event.post.ref.uri.rpartition("-")[2]] = asyncio.get_running_loop().time() - began
        if feed.finished:
            break
    await close(listening)

    assert list(times) == ["past", "now", "later"]
    assert times["now"] < 0.2 <= times["later"]


async def test_a_post_is_dated_by_its_place_in_the_feed_and_never_in_the_future() -> None:
    past, soon = events(await played(a_feed(a_line("past", after_s=-3600), a_line("soon", after_s=5))))

    assert isinstance(past, Arrived)
    assert isinstance(soon, Arrived)
    assert (NOON - past.post.created_at).total_seconds() == 3600
    assert soon.post.created_at == NOON


async def test_people_answer_once_our_reply_stands_under_their_post() -> None:
    ours = FakePlatform()
    answer = {"kind": "answer", "id": "thanks", "by": "ada.example", "text": "thank you", "under_our_reply_to": "ask"}
    feed = a_feed(a_line("ask", "@check well?"), answer, ours=ours)
    watch = a_watch()
    listening = feed.listen({}, watch)
    before = []
    while not feed.finished:
        before.append(await anext(listening))
    (asked,) = events(before)
    assert isinstance(asked, Arrived)

    reply = await ours.publish(our_reply(asked.post))
    watch.remember(reply.uri, ours=True)
    answered = (await anext(listening)).event

    assert isinstance(answered, Arrived)
    assert (answered.via, answered.post.text, answered.post.reply_to) == (Via.ANSWER, "thank you", reply)
    await close(listening)


async def test_an_answer_that_waits_for_our_reply_holds_up_nobody() -> None:
    answer = {"kind": "answer", "id": "a", "by": "ada.example", "text": "hm", "under_our_reply_to": "ask"}
    feed = a_feed(a_line("ask", "@check well?"), {**answer, "after_s": 10**7}, a_line("next"), speed=1)

    assert len(events(await played(feed))) == 2


def our_reply(to: Post) -> Outgoing:
    return Outgoing(key="k", slot="", text="the fact", created_at=NOON, parent=to.ref)


# the feed that ships with the project


def the_feed() -> list[str]:
    return read_lines(resources.files("bot.demo").joinpath("feed.jsonl").read_bytes())


async def test_the_built_in_feed_plays_whole_in_the_order_of_time() -> None:
    ours = FakePlatform()
    feed = RecordedFeed(the_feed(), ours.world, me=ours.me, clock=SteeredClock(NOON), speed=math.inf)
    lines = [line for number, raw in enumerate(the_feed(), 1) if (line := parse(raw, number))]
    times = [line.after_s for line in lines if line.kind in ("post", "edit", "delete", "block")]

    heard = await played(feed)

    assert feed.skipped == 0
    assert times == sorted(times)
    assert len(ours.world.posts) > 50
    assert len(events(heard)) > 45
    assert {line.lang for line in lines if line.kind == "post"} == {"en", "de", "es", "fr", "pt"}


async def test_the_built_in_feed_links_to_nobody_real() -> None:
    ours = FakePlatform()
    await played(RecordedFeed(the_feed(), ours.world, me=ours.me, clock=SteeredClock(NOON), speed=math.inf))

    hosts = {link.split("/")[2] for post in ours.world.posts.values() for link in post.links}
    handles = {who.handle for who in ours.world.accounts.values()} - {"check"}

    assert all(host.endswith(".example") for host in hosts)
    assert all(handle.endswith(".example") for handle in handles)


async def test_the_built_in_feed_holds_drafts_for_askers_summoners_and_tags() -> None:
    ours = FakePlatform()
    matcher = Matcher(starter_pack(), shipped())
    feed = RecordedFeed(the_feed(), ours.world, me=ours.me, clock=SteeredClock(NOON), speed=math.inf)
    drafted: dict[str, int] = {}

    for event in events(await played(feed)):
        if isinstance(event, Arrived):
            above = ours.world.above(event.post.ref.uri)
            summoned = event.via == Via.MENTION and above
            post = above[-1] if summoned else event.post
            if matcher.match(post.text).drafts:
                kind = "summoned" if summoned else event.via
                drafted[kind] = drafted.get(kind, 0) + 1

    assert drafted["summoned"] >= 2
    assert drafted[Via.MENTION] >= 3
    assert drafted[Via.TAG] >= 2

"""The network in memory: its faults are those of real networks, and its threads read like threads."""

from __future__ import annotations

import pytest

from bot.errors import Gone, LoggedOut, Refused, SlowDown, Unclear, Unreachable
from bot.platforms.fake import FakeNetwork, FakePlatform, a_person
from tests.contract import Listening, a_reply, a_watch, listening


@pytest.mark.parametrize(
    ("fault", "error", "accepted"),
    [
        ("unreachable", Unreachable, False),
        ("slow_down", SlowDown, False),
        ("refused", Refused, False),
        ("gone", Gone, False),
        ("logged_out", LoggedOut, False),
        ("lost_before", Unclear, False),
        ("lost_after", Unclear, True),
    ],
)
async def test_a_fault_happens_once_and_tells_the_truth_to_who_reads_back(
    fault: str, error: type[Exception], accepted: bool
):
    platform = FakePlatform()
    claim = platform.world.write(a_person("ada"), "vaccines cause autism")
    reply = a_reply("They do not.", claim.ref, key="case-1", platform=platform)
    platform.world.next_publish = fault

    with pytest.raises(error):
        await platform.publish(reply)

    assert (await platform.find(reply) is not None) == accepted
    await platform.publish(reply)
    assert [post.text for post in platform.world.thread(claim.ref.uri)] == ["vaccines cause autism", "They do not."]


async def test_a_thread_shows_each_reply_below_what_it_answers():
    net = FakeNetwork()
    ada, bob = a_person("ada"), a_person("bob")
    root = net.write(ada, "root")
    first = net.write(bob, "first", reply_to=root.ref)
    net.write(bob, "second", reply_to=root.ref)
    deep = net.write(ada, "below first", reply_to=first.ref)

    assert [post.text for post in net.thread(deep.ref.uri)] == ["root", "first", "below first", "second"]
    net.delete(first.ref.uri)
    assert [post.text for post in net.thread(root.ref.uri)] == ["root", "below first", "second"]
    assert net.thread("fake://nowhere") == ()


async def test_a_cursor_of_an_earlier_life_begins_again_at_the_first_day():
    old = FakeNetwork()
    old.write(a_person("ada"), "before #meded")
    platform = FakePlatform()
    post = platform.world.write(a_person("ada"), "today #meded")

    cursors = {platform.name: old.head}
    async with listening(platform, a_watch(platform), cursors) as stream:
        assert (await Listening(stream, cursors).post(post.ref)).post.text == "today #meded"


async def test_the_limit_is_that_of_the_network_it_imitates():
    long = "x" * 400

    assert not FakePlatform().fits(long)
    assert FakePlatform(limit=500).fits(long)

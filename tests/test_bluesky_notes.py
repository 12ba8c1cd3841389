"""What is said to our Bluesky account is heard: mentions, answers, quotes, and what a gap would have swallowed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.model import Via
from tests.contract_bluesky import Tagged, a_platform, a_reply, arrived, hearing, naming, ref, strong, texts
from tests.servers.bluesky import Account, BlueskyNet


@pytest.fixture(scope="module")
def alice(bluesky_net: BlueskyNet) -> Account:
    return bluesky_net.new_account("alice")


@pytest.fixture
def bot(bluesky_net: BlueskyNet) -> Account:
    return bluesky_net.new_account("checker")


async def test_mentions_answers_and_quotes_arrive_and_talk_among_others_does_not(bluesky_net, alice, bot):
    platform = a_platform(bluesky_net, bot)
    ours = await platform.publish(a_reply(platform, "A note of ours."))
    bluesky_net.process_all()  # AppView can only tell us of answers to what it knows
    text = f"@{bot.handle} is this true?"
    mention = bluesky_net.post_as(alice, text, **naming(bot, text))
    under = {"root": strong(ours), "parent": strong(ours)}
    answer = bluesky_net.post_as(alice, "thank you", reply=under)
    bluesky_net.post_as(alice, "you are welcome", reply={"root": strong(ours), "parent": strong(answer)})
    quote = bluesky_net.post_as(
        alice, "look what they say", embed={"$type": "app.bsky.embed.record", "record": strong(ours)}
    )
    bluesky_net.process_all()

    async with hearing(platform, Tagged("none")) as until:
        heard = await until(arrived(quote["uri"]))
    await platform.close()

    events = [one.event for one in heard if one.event]
    assert [(one.post.ref, one.via) for one in events] == [
        (ref(mention), Via.MENTION),
        (ref(answer), Via.ANSWER),
        (ref(quote), Via.ANSWER),
    ]
    assert all(one.post.mentions_us and one.post.author.handle == alice.handle for one in events)


async def test_a_mention_whose_author_has_a_slow_clock_is_not_lost(bluesky_net, alice, bot):
    platform = a_platform(bluesky_net, bot)
    text = f"@{bot.handle} is this true?"
    first = bluesky_net.post_as(alice, text, **naming(bot, text))
    bluesky_net.process_all()
    async with hearing(platform, Tagged("none")) as until:
        await until(arrived(first["uri"]))
        earlier = (datetime.now(UTC) - timedelta(minutes=20)).isoformat(timespec="milliseconds")
        late = bluesky_net.post_as(alice, text, **naming(bot, text), createdAt=earlier.replace("+00:00", "Z"))
        bluesky_net.process_all()

        heard = await until(arrived(late["uri"]))

    assert len(texts(heard)) == 2
    await platform.close()


async def test_notifications_are_paged_back_to_the_cursor(bluesky_net, alice, bot):
    platform = a_platform(bluesky_net, bot)
    text = f"@{bot.handle} is this true?"
    for _ in range(5):
        last = bluesky_net.post_as(alice, text, **naming(bot, text))
    bluesky_net.process_all()
    platform._notifications.page = 2  # a page of 100 would hold them all

    async with hearing(platform, Tagged("none")) as until:
        heard = await until(arrived(last["uri"]))

    assert len(texts(heard)) == 5
    cursors = [one.cursor for one in heard]
    assert cursors == sorted(cursors)
    await platform.close()


async def test_after_a_gap_the_search_finds_what_carries_our_tags(bluesky_net, alice, bot):
    missed = bluesky_net.post_as(alice, "missed #fillgap")
    bluesky_net.process_all()
    stream = bluesky_net.new_jetstream(floor=3)
    platform = a_platform(bluesky_net, bot, jetstream=stream.url, tags=["fillgap"])
    source = f"{platform.name}:jetstream"

    async with hearing(platform, Tagged("fillgap"), {source: "1"}) as until:
        heard = await until(lambda one: one.source.endswith(":search") and one.event is not None)
    await platform.close()

    assert any(one.gap for one in heard)
    assert next(one for one in heard if one.source.endswith(":search")).event.post.ref == ref(missed)

"""The Bluesky adapter writes and reads on a real PDS and AppView."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.errors import Gone, Refused
from bot.model import Author, Network
from bot.platforms.bluesky import BlueskyPlatform
from tests.contract_bluesky import a_platform, a_reply, mention_of, posts_of, ref, strong
from tests.servers.bluesky import Account, BlueskyNet


@pytest.fixture
def bot(bluesky_net: BlueskyNet) -> Account:
    return bluesky_net.new_account("checker")


@pytest.fixture
def alice(bluesky_net: BlueskyNet) -> Account:
    return bluesky_net.new_account("alice")


@pytest.fixture
async def platform(bluesky_net: BlueskyNet, bot: Account) -> AsyncIterator[BlueskyPlatform]:
    platform = a_platform(bluesky_net, bot)
    yield platform
    await platform.close()


async def test_publishing_twice_makes_one_post_and_says_the_same(platform, bluesky_net, bot):
    note = a_reply(platform, "Vaccines do not cause autism. https://example.org/a")

    first, second = await platform.publish(note), await platform.publish(note)

    assert first == second == await platform.find(note)
    (record,) = posts_of(bluesky_net, bot)
    assert record["uri"] == first.uri
    assert record["value"]["facets"][0]["features"][0]["uri"] == "https://example.org/a"


async def test_another_text_at_the_same_place_is_refused_and_the_first_stays(platform, bluesky_net, bot):
    note = a_reply(platform, "The first text.")
    await platform.publish(note)

    with pytest.raises(Refused, match="another record"):
        await platform.publish(replace(note, text="The second text."))

    assert [record["value"]["text"] for record in posts_of(bluesky_net, bot)] == ["The first text."]
    assert await platform.find(replace(note, text="The second text.")) is None


async def test_what_was_never_sent_is_not_found(platform):
    assert await platform.find(a_reply(platform, "never sent")) is None


async def test_withdrawing_twice_is_fine_and_others_posts_are_not_ours_to_delete(platform, bluesky_net, bot, alice):
    said = await platform.publish(a_reply(platform, "Soon gone."))

    await platform.withdraw(said)
    await platform.withdraw(said)

    assert posts_of(bluesky_net, bot) == []
    with pytest.raises(Refused):
        await platform.withdraw(ref(bluesky_net.post_as(alice, "mine")))


async def test_a_reply_deep_in_a_thread_has_its_root_and_its_parent(platform, bluesky_net, bot, alice):
    root = bluesky_net.post_as(alice, "first")
    middle = bluesky_net.post_as(alice, "second", reply={"root": strong(root), "parent": strong(root)})
    last = bluesky_net.post_as(alice, "third", reply={"root": strong(root), "parent": strong(middle)})
    bluesky_net.process_all()
    seen = await platform.look(ref(last))

    await platform.publish(a_reply(platform, "An answer.", parent=seen.post.ref, root=seen.post.root))

    (record,) = posts_of(bluesky_net, bot)
    assert record["value"]["reply"] == {"root": root, "parent": last}
    assert [post.text for post in seen.context.above] == ["first", "second"]
    assert seen.context.parent.ref.uri == middle["uri"]


async def test_a_reply_to_what_is_gone_is_not_written(platform, bluesky_net, bot, alice):
    gone = bluesky_net.post_as(alice, "soon gone")
    bluesky_net.call(
        alice,
        "POST",
        "com.atproto.repo.deleteRecord",
        repo=alice.did,
        collection="app.bsky.feed.post",
        rkey=gone["uri"].rsplit("/", 1)[1],
    )

    with pytest.raises(Gone):
        await platform.publish(a_reply(platform, "An answer.", parent=ref(gone)))

    assert posts_of(bluesky_net, bot) == []
    assert await platform.look(ref(gone)) is None


async def test_a_note_mentions_the_one_person_it_may(platform, bluesky_net, bot, alice):
    author = Author(network=Network.BLUESKY, id=alice.did, handle=alice.handle)
    text = platform.address(author, note=True) + "here is what is known. @medbot.test"

    await platform.publish(a_reply(platform, text, mention=mention_of(alice)))

    (record,) = posts_of(bluesky_net, bot)
    assert [facet["features"][0]["did"] for facet in record["value"]["facets"]] == [alice.did]
    assert platform.address(author, note=False) == ""


async def test_looking_tells_author_quote_and_whether_replies_are_allowed(platform, bluesky_net, bot, alice):
    quoted = bluesky_net.post_as(alice, "the quoted claim")
    post = bluesky_net.post_as(
        alice, "look at this", embed={"$type": "app.bsky.embed.record", "record": strong(quoted)}
    )
    profile = {
        "$type": "app.bsky.actor.profile",
        "displayName": "Alice",
        "description": "nurse #nobot",
        "labels": {"$type": "com.atproto.label.defs#selfLabels", "values": [{"val": "bot"}]},
    }
    bluesky_net.call(
        alice,
        "POST",
        "com.atproto.repo.putRecord",
        repo=alice.did,
        collection="app.bsky.actor.profile",
        rkey="self",
        record=profile,
    )
    bluesky_net.process_all()

    seen = await platform.look(ref(post))

    assert seen.context.quoted.text == "the quoted claim"
    author = seen.post.author
    assert (author.handle, author.display_name, author.bio) == (alice.handle, "Alice", "nurse #nobot")
    assert (author.is_bot, author.known, author.blocks_us) == (True, True, False)
    assert seen.post.replies_allowed
    assert seen.post.ref == ref(post)


async def test_a_closed_thread_allows_no_reply(platform, bluesky_net, alice):
    post = bluesky_net.post_as(alice, "no replies please")
    rkey = post["uri"].rsplit("/", 1)[1]
    gate = {
        "$type": "app.bsky.feed.threadgate",
        "post": post["uri"],
        "allow": [],
        "createdAt": "2026-11-25T10:00:00.000Z",
    }
    bluesky_net.call(
        alice,
        "POST",
        "com.atproto.repo.putRecord",
        repo=alice.did,
        collection="app.bsky.feed.threadgate",
        rkey=rkey,
        record=gate,
    )

    before_appview_knows = await platform.look(ref(post))
    bluesky_net.process_all()
    after = await platform.look(ref(post))

    assert not before_appview_knows.post.replies_allowed
    assert not after.post.replies_allowed


async def test_a_person_who_blocked_us_is_known_as_such(platform, bluesky_net, bot, alice):
    post = bluesky_net.post_as(alice, "go away")
    block = {
        "$type": "app.bsky.graph.block",
        "subject": bot.did,
        "createdAt": "2026-11-25T10:00:00.000Z",
    }
    bluesky_net.call(
        alice,
        "POST",
        "com.atproto.repo.createRecord",
        repo=alice.did,
        collection="app.bsky.graph.block",
        record=block,
    )
    bluesky_net.process_all()

    author = await platform.author(Author(network=Network.BLUESKY, id=alice.did, known=False))
    seen = await platform.look(ref(post))

    assert author.blocks_us
    assert seen is None or seen.post.author.blocks_us


async def test_an_account_that_never_was_is_gone(platform):
    with pytest.raises(Gone):
        await platform.author(Author(network=Network.BLUESKY, id="did:plc:222222222222222222222222"))


async def test_an_edited_post_shows_its_new_version(platform, bluesky_net, alice):
    post = bluesky_net.post_as(alice, "before")
    bluesky_net.process_all()
    changed = bluesky_net.call(
        alice,
        "POST",
        "com.atproto.repo.putRecord",
        repo=alice.did,
        collection="app.bsky.feed.post",
        rkey=post["uri"].rsplit("/", 1)[1],
        record={"$type": "app.bsky.feed.post", "text": "after", "createdAt": "2026-11-25T10:00:00.000Z"},
    )

    seen = await platform.look(ref(post))

    assert (seen.post.text, seen.post.ref.version) == ("after", changed["cid"])


async def test_too_long_is_refused_before_anything_is_sent(platform, bluesky_net, bot):
    with pytest.raises(Refused):
        await platform.publish(a_reply(platform, "x" * 301))

    assert posts_of(bluesky_net, bot) == []

"""Every promise of the platform port, tried on all that fulfil it: fake, a Mastodon-API server, a real Bluesky PDS."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.errors import Gone, Refused
from bot.model import Blocked, Edited, Mention, Ref, Vanished, Via
from bot.watch import Watch
from tests.contract import TAG, Listening, World, a_reply, a_watch, listening
from tests.contract_bluesky import bluesky_world
from tests.contract_worlds import FakeWorld, MastodonWorld


@pytest.fixture(params=["fake", "mastodon", "bluesky"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    made: World
    if request.param == "fake":
        made = FakeWorld()
    elif request.param == "bluesky":
        made = await bluesky_world(request.getfixturevalue("bluesky_net"))
    else:
        made = await MastodonWorld(request.getfixturevalue("mastodon_server")).begin()
    yield made
    await made.close()


async def test_publishing_twice_with_one_key_makes_one_post(world: World):
    claim = await world.post("vaccines cause autism #meded")
    reply = a_reply("They do not.", claim, key="case-1", platform=world.platform)

    first = await world.platform.publish(reply)
    second = await world.platform.publish(reply)

    assert first.key == second.key
    assert (await world.thread(claim)).count("They do not.") == 1


async def test_what_was_published_is_found_again_and_before_that_nothing_is(world: World):
    claim = await world.post("vaccines cause autism #meded")
    reply = a_reply(
        "They do not: https://doi.org/10.7326/M18-2101 & more.", claim, key="case-2", platform=world.platform
    )

    assert await world.platform.find(reply) is None
    published = await world.platform.publish(reply)

    found = await world.platform.find(reply)
    assert found is not None
    assert found.key == published.key


async def test_the_reply_of_another_case_is_not_mistaken_for_this_one(world: World):
    one, other = await world.post("claim one #meded"), await world.post("claim two #meded")
    text = "The same words for both."
    await world.platform.publish(a_reply(text, one, key="case-3a", platform=world.platform))

    assert await world.platform.find(a_reply(text, other, key="case-3b", platform=world.platform)) is None


async def test_withdrawing_takes_the_reply_away_and_twice_is_fine(world: World):
    claim = await world.post("vaccines cause autism #meded")
    reply = a_reply("They do not.", claim, key="case-4", platform=world.platform)
    published = await world.platform.publish(reply)

    await world.platform.withdraw(published)
    await world.platform.withdraw(published)

    assert await world.platform.find(reply) is None
    assert "They do not." not in await world.thread(claim)


async def test_a_mention_arrives_as_plain_text_with_its_author_and_names_us(world: World):
    async with listening(world.platform, a_watch(world.platform), {}) as stream:
        heard = Listening(stream, {})
        asked = await world.post("{us} do vaccines\ncause autism & more? <b>5 < 7</b> #MedEd")
        arrived = await heard.post(asked)

    post = arrived.post
    assert arrived.via == Via.MENTION
    assert post.text.endswith("do vaccines\ncause autism & more? <b>5 < 7</b> #MedEd")
    assert post.mentions_us
    assert post.author.id == world.alice
    assert post.tags == (TAG,)
    assert post.reply_to is None


async def test_a_post_with_the_tag_arrives_and_one_without_does_not(world: World):
    async with listening(world.platform, a_watch(world.platform), {}) as stream:
        heard = Listening(stream, {})
        await world.post("nothing to see here")
        tagged = await world.post("vaccines cause autism #MedEd")
        first = await heard.until(lambda one: one.event is not None)

    assert first.event is not None
    assert first.event.post.ref.uri == tagged.uri  # type: ignore[union-attr]
    assert first.event.via == Via.TAG  # type: ignore[union-attr]


async def test_what_people_write_below_our_reply_arrives_as_an_answer(world: World):
    watch = a_watch(world.platform)
    claim = await world.post("vaccines cause autism")
    published = await world.platform.publish(a_reply("They do not.", claim, key="case-5", platform=world.platform))
    watch.remember(published.uri, ours=True)

    async with listening(world.platform, watch, {}) as stream:
        answer = await world.post("thank you, I did not know", reply_to=published)
        arrived = await Listening(stream, {}).post(answer)

    assert arrived.via == Via.ANSWER
    assert arrived.post.reply_to is not None
    assert arrived.post.reply_to.uri == published.uri
    assert arrived.post.root is not None
    assert arrived.post.root.uri == claim.uri


async def test_a_listener_resumes_where_its_cursors_stand_and_loses_and_repeats_nothing(world: World):
    watch, cursors = a_watch(world.platform), {}
    async with listening(world.platform, watch, cursors) as stream:
        first = await world.post("one #meded")
        await Listening(stream, cursors).post(first)
    missed = [await world.post(f"{word} #meded") for word in ("two", "three", "four")]

    fresh = await world.another_listener()
    seen = []
    async with listening(fresh, watch, cursors) as stream:
        heard = Listening(stream, cursors)
        while len(seen) < len(missed):
            one = await heard.until(lambda one: one.event is not None)
            seen.append(one.event.post.ref.uri)  # type: ignore[union-attr]

    assert seen == [ref.uri for ref in missed]


async def test_looking_shows_the_thread_above_and_the_reply_lands_in_it(world: World):
    root = await world.post("vaccines again")
    middle = await world.post("they cause autism", reply_to=root)
    published = await world.platform.publish(
        a_reply("They do not.", middle, root=root, key="case-6", platform=world.platform)
    )

    look = await world.platform.look(published)

    assert look is not None
    assert look.post.reply_to is not None
    assert look.post.reply_to.uri == middle.uri
    assert look.post.root is not None
    assert look.post.root.uri == root.uri
    assert [post.ref.uri for post in look.context.above] == [root.uri, middle.uri]
    assert await world.thread(root) == ["vaccines again", "they cause autism", "They do not."]


async def test_a_deleted_post_is_no_longer_there_and_cannot_be_answered(world: World):
    claim = await world.post("vaccines cause autism #meded")
    assert await world.platform.look(claim) is not None

    await world.delete(claim)

    assert await world.platform.look(claim) is None
    with pytest.raises(Gone):
        await world.platform.publish(a_reply("They do not.", claim, key="case-7", platform=world.platform))


async def test_a_post_that_was_never_there_cannot_be_answered(world: World):
    claim = await world.post("vaccines cause autism #meded")
    nowhere = Ref(
        network=claim.network, uri=claim.uri[:-4] + "9999", local_id=claim.local_id and claim.local_id[:-4] + "9999"
    )

    assert await world.platform.look(nowhere) is None
    with pytest.raises(Refused):
        await world.platform.publish(a_reply("They do not.", nowhere, key="case-8", platform=world.platform))


async def test_an_edited_post_shows_its_new_text_and_another_version(world: World):
    claim = await world.post("vaccines cause autism #meded")
    before = await world.platform.look(claim)

    await world.edit(claim, "vaccines do not cause autism #meded")

    after = await world.platform.look(claim)
    assert before is not None
    assert after is not None
    assert after.post.text == "vaccines do not cause autism #meded"
    assert after.post.ref.uri == before.post.ref.uri
    assert after.post.ref.version != before.post.ref.version


async def test_edits_and_deletions_of_posts_we_hold_are_heard(world: World):
    watch, cursors = a_watch(world.platform), {}
    async with listening(world.platform, watch, cursors) as stream:
        heard = Listening(stream, cursors)
        held = await world.post("vaccines cause autism #meded")
        await heard.post(held)
        watch.remember(held.uri)

        await world.edit(held, "I take it back #meded")
        edited = await heard.until(lambda one: isinstance(one.event, Edited))
        await world.delete(held)
        gone = await heard.until(lambda one: isinstance(one.event, Vanished))

    assert edited.event.post.text == "I take it back #meded"  # type: ignore[union-attr]
    assert gone.event.ref.uri == held.uri  # type: ignore[union-attr]


async def test_the_profile_tells_bots_and_opt_outs(world: World):
    claim = await world.post("vaccines cause autism #meded")
    await world.describe(bio="I heal people. #nobot", bot=True)

    look = await world.platform.look(claim)

    assert look is not None
    assert look.post.author.known
    assert look.post.author.is_bot
    assert look.post.author.bio == "I heal people. #nobot"
    assert (await world.platform.author(look.post.author)).is_bot


async def test_somebody_who_blocked_us_is_not_answered(world: World):
    claim = await world.post("vaccines cause autism #meded")
    await world.block_us()

    look = await world.platform.look(claim)

    assert look is None or look.post.author.blocks_us
    with pytest.raises(Refused):
        await world.platform.publish(a_reply("They do not.", claim, key="case-9", platform=world.platform))


async def test_a_block_by_somebody_whose_post_we_hold_is_heard(world: World):
    watch, cursors = a_watch(world.platform), {}
    async with listening(world.platform, watch, cursors) as stream:
        heard = Listening(stream, cursors)
        held = await world.post("vaccines cause autism #meded")
        await heard.post(held)
        watch.remember(held.uri)
        await world.block_us()
        blocked = await heard.until(lambda one: isinstance(one.event, Blocked))

    assert blocked.event.author.id == world.alice  # type: ignore[union-attr]


async def test_the_longest_text_that_fits_is_published_whole_and_one_more_sign_is_refused(world: World):
    claim = await world.post("vaccines cause autism #meded")
    (measure,) = [one for one in world.platform.measure("x") if one.unit in ("graphemes", "characters")]
    longest = "é" * measure.limit

    assert world.platform.fits(longest)
    assert not world.platform.fits(longest + "x")
    assert not world.platform.fits(" ")
    await world.platform.publish(a_reply(longest, claim, key="case-10", platform=world.platform))

    assert await world.thread(claim) == ["vaccines cause autism #meded", longest]
    with pytest.raises(Refused):
        await world.platform.publish(a_reply(longest + "x", claim, key="case-11", platform=world.platform))


async def test_the_address_in_front_of_a_reply_reaches_its_author(world: World):
    claim = await world.post("vaccines cause autism #meded")
    look = await world.platform.look(claim)
    assert look is not None
    author = look.post.author
    text = world.platform.address(author, note=False) + "They do not."
    mention = Mention(id=author.id, handle=author.handle)

    published = await world.platform.publish(
        a_reply(text, claim, key="case-12", mention=mention, platform=world.platform)
    )

    assert (await world.thread(claim))[1].endswith("They do not.")
    ours = await world.platform.look(published)
    assert ours is not None
    assert ours.post.author.id == world.platform.account


async def test_a_note_stands_on_its_own_and_is_found(world: World):
    note = a_reply("A claim about vaccines is going round.", None, key="case-13", platform=world.platform)

    published = await world.platform.publish(note)

    look = await world.platform.look(published)
    found = await world.platform.find(note)
    assert look is not None
    assert look.post.reply_to is None
    assert found is not None
    assert found.uri == published.uri


async def test_our_own_posts_are_not_heard(world: World):
    watch = Watch(tags=[TAG], ourselves=[world.platform.account])
    async with listening(world.platform, watch, {}) as stream:
        await world.platform.publish(a_reply("We say #meded.", None, key="case-14", platform=world.platform))
        hers = await world.post("and she says #meded")
        first = await Listening(stream, {}).until(lambda one: one.event is not None)

    assert first.event.post.ref.uri == hers.uri  # type: ignore[union-attr]

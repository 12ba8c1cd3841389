"""Servers that speak only some of Mastodon's language: the adapter degrades, does not crash, and never posts twice."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from bot.model import Mention, Network, Ref, Via
from bot.platforms.mastodon import MastodonPlatform
from tests.contract import TAG, Listening, a_reply, a_watch, listening
from tests.contract_worlds import FAST
from tests.servers.small_fediverse import SmallServer, a_small_server


@pytest.fixture
def server() -> Iterator[SmallServer]:
    with a_small_server() as running:
        yield running


@pytest.fixture
async def platform(server: SmallServer) -> AsyncIterator[MastodonPlatform]:
    made = MastodonPlatform(server.url, "token", tags=[TAG], pace=FAST, timeout=2)
    await made.open()
    yield made
    await made.close()


def a_ref(raw: dict[str, str]) -> Ref:
    return Ref(network=Network.MASTODON, uri=raw["uri"], local_id=raw["id"])


async def test_one_post_for_one_reply_though_the_server_ignores_the_key(
    server: SmallServer, platform: MastodonPlatform
):
    claim = a_ref(server.write("ada", "vaccines cause autism"))
    look = await platform.look(claim)
    assert look is not None
    mention = Mention(id=look.post.author.id, handle=look.post.author.handle)
    reply = a_reply(
        "@ada They do not.\n\nSee https://doi.org/10.7326/M18-2101", claim, key="a", mention=mention, platform=platform
    )

    published = [await platform.publish(reply) for _ in range(3)]

    assert server.posted == 1
    assert {ref.key for ref in published} == {published[0].key}
    found = await platform.find(reply)
    assert found is not None
    assert found.key == published[0].key


async def test_pages_are_walked_with_ids_that_cannot_be_sorted(server: SmallServer, platform: MastodonPlatform):
    watch = a_watch(platform)
    cursors: dict[str, str] = {}
    server.write("ada", "before #meded")
    async with listening(platform, watch, cursors) as stream:
        await Listening(stream, cursors).until(lambda one: one.event is not None)
    missed = [server.write("ada", f"{number} #meded")["uri"] for number in range(11)]

    seen = []
    async with listening(platform, watch, cursors) as stream:
        heard = Listening(stream, cursors)
        while len(seen) < len(missed):
            one = await heard.until(lambda one: one.event is not None)
            seen.append(one.event.post.ref.uri)  # type: ignore[union-attr]

    assert seen == missed


async def test_mentions_and_answers_come_without_the_filter_words_it_does_not_know(
    server: SmallServer, platform: MastodonPlatform
):
    claim = a_ref(server.write("ada", "vaccines cause autism"))
    published = await platform.publish(a_reply("They do not.", claim, key="a", platform=platform))
    watch = a_watch(platform)
    watch.remember(published.uri, ours=True)
    answer = server.write("ada", "@check thank you", below=published.local_id)
    question = server.write("ada", "@check and polio?")

    async with listening(platform, watch, {}) as stream:
        heard = Listening(stream, {})
        first, second = await heard.post(a_ref(answer)), await heard.post(a_ref(question))

    assert (first.via, second.via) == (Via.ANSWER, Via.MENTION)
    assert first.post.root is not None
    assert first.post.root.uri == claim.uri
    assert second.post.mentions_us


async def test_what_it_does_not_say_is_assumed_with_care(server: SmallServer, platform: MastodonPlatform):
    look = await platform.look(a_ref(server.write("ada", "hello", visibility="mutuals_only")))

    assert platform.instance.max_characters == 500
    assert platform.account == f"{server.url}/@check"
    assert look is not None
    assert look.post.visibility == "private"
    assert look.post.author.follows_us
    assert not look.post.author.is_bot


async def test_withdrawing_and_a_post_that_is_gone(server: SmallServer, platform: MastodonPlatform):
    claim = a_ref(server.write("ada", "vaccines cause autism"))
    published = await platform.publish(a_reply("They do not.", claim, key="a", platform=platform))

    await platform.withdraw(published)
    await platform.withdraw(published)

    assert await platform.look(published) is None

"""Publishing on a Mastodon-API server: once, only what was approved, only where we are welcome, never blindly again."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from bot.accounts import Facts
from bot.errors import Gone, LoggedOut, PlatformError, Refused, SlowDown, Unclear, Unreachable
from bot.model import Author, Mention, Network, Ref, Visibility
from bot.platforms.mastodon import MastodonPlatform
from bot.ports import Outgoing
from bot.store.engine import Store
from bot.store.models import AccountRow
from tests.contract import a_reply
from tests.contract_worlds import FAST
from tests.servers.mastodon import MastodonServer
from tests.servers.proxy import At, Proxy, in_front_of

STATUSES = "/api/v1/statuses"
TEXT = "They do not.\n\nSource: https://doi.org/10.7326/M18-2101"


@pytest.fixture
def proxy(mastodon_server: MastodonServer) -> Iterator[Proxy]:
    with in_front_of(mastodon_server.url) as running:
        yield running


@pytest.fixture
async def platform(mastodon_server: MastodonServer, proxy: Proxy) -> AsyncIterator[MastodonPlatform]:
    """Our account, behind a troublemaker."""
    made = MastodonPlatform(proxy.url, mastodon_server.tokens["bot"], pace=FAST, timeout=2)
    await made.open()
    yield made
    await made.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A fresh store."""
    fresh = Store(f"sqlite:///{tmp_path / 'office.db'}")
    fresh.migrate()
    yield fresh
    fresh.close()


def the_claim(server: MastodonServer, proxy: Proxy, who: str = "alice", **given: str) -> Ref:
    """A post to answer, named as our account's server names it."""
    raw = server.post_as(who, given.pop("text", "vaccines cause autism"), **given)
    return Ref(network=Network.MASTODON, uri=raw["uri"].replace(server.url, proxy.url), local_id=raw["id"])


def our_posts(server: MastodonServer) -> int:
    me = server.call("bot", "GET", "/api/v1/accounts/verify_credentials")
    return len(server.call("bot", "GET", f"/api/v1/accounts/{me['id']}/statuses"))


def sent(proxy: Proxy) -> list[dict[str, list[str]]]:
    """The forms that were posted as statuses."""
    posted = [one for one in proxy.seen if one.method == "POST" and one.path == STATUSES]
    return [parse_qs(one.body.decode(), keep_blank_values=True) for one in posted]


async def test_visibility_language_and_the_only_name_allowed_go_with_every_post(
    platform: MastodonPlatform, mastodon_server: MastodonServer, proxy: Proxy
):
    claim = the_claim(mastodon_server, proxy)
    look = await platform.look(claim)
    assert look is not None
    alice = look.post.author
    mention = Mention(id=alice.id, handle=alice.handle)

    await platform.publish(a_reply(f"@alice {TEXT}", claim, key="a", mention=mention, platform=platform))
    await platform.publish(a_reply("A note.", None, key="b", platform=platform))

    reply, note = sent(proxy)
    assert reply["visibility"] == note["visibility"] == ["unlisted"]
    assert reply["language"] == ["en"]
    assert reply["in_reply_to_id"] == [claim.local_id]
    assert reply["allowed_mentions[]"] == [alice.local_id]
    assert note["allowed_mentions[]"] == [""]
    assert "in_reply_to_id" not in note


async def test_a_text_that_would_notify_anybody_else_is_refused_before_it_is_sent(
    platform: MastodonPlatform, mastodon_server: MastodonServer, proxy: Proxy
):
    claim = the_claim(mastodon_server, proxy)

    with pytest.raises(Refused, match="@bob"):
        await platform.publish(a_reply(f"@bob {TEXT}", claim, key="a", platform=platform))

    assert sent(proxy) == []


@pytest.mark.parametrize("at", [At.ARRIVED, At.ACCEPTED])
@pytest.mark.parametrize("status", [None, 500, 504])
async def test_a_lost_answer_is_unclear_and_reading_back_tells_the_truth(
    platform: MastodonPlatform, mastodon_server: MastodonServer, proxy: Proxy, at: At, status: int | None
):
    claim = the_claim(mastodon_server, proxy)
    reply = a_reply(TEXT, claim, key="a", platform=platform)
    proxy.trouble("POST", STATUSES, at=at, status=status)

    with pytest.raises(Unclear):
        await platform.publish(reply)

    found = await platform.find(reply)
    assert (found is not None) == (at is At.ACCEPTED)
    assert len(sent(proxy)) == 1
    again = await platform.publish(reply)
    assert our_posts(mastodon_server) == 1
    assert found is None or again.key == found.key


async def test_a_server_that_ignores_our_key_still_gets_one_post(
    platform: MastodonPlatform, mastodon_server: MastodonServer, proxy: Proxy
):
    claim = the_claim(mastodon_server, proxy)

    first = await platform.publish(a_reply(TEXT, claim, key="the server forgets", platform=platform))
    second = await platform.publish(a_reply(TEXT, claim, key="what this was", platform=platform))

    assert first.key == second.key
    assert our_posts(mastodon_server) == 1


@pytest.mark.parametrize(
    ("kind", "effect", "expected"),
    [
        ("status", {"status": 401}, LoggedOut),
        ("status", {"status": 403}, Refused),
        ("status", {"status": 404}, Gone),
        ("status", {"status": 422, "body": {"error": "バリデーションに失敗しました"}}, Refused),
        ("status", {"status": 400}, Refused),
        ("status", {"status": 200, "body": {"id": None}}, Unclear),
        ("ratelimit", {}, SlowDown),
        ("malformed", {}, Unclear),
        ("latency", {"delay_ms": 2500}, Unclear),  # longer than we wait; the server takes it in nevertheless
    ],
)
async def test_what_the_server_says_decides_what_happens_next(
    platform: MastodonPlatform,
    mastodon_server: MastodonServer,
    proxy: Proxy,
    kind: str,
    effect: dict[str, Any],
    expected: type,
):
    claim = the_claim(mastodon_server, proxy)
    mastodon_server.fault(kind, path=STATUSES, methods=["POST"], times=1, **effect)

    with pytest.raises(PlatformError) as caught:
        await platform.publish(a_reply(TEXT, claim, key="a", platform=platform))

    assert type(caught.value) is expected


async def test_a_server_that_is_not_there_was_surely_sent_nothing(mastodon_server: MastodonServer):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    platform = MastodonPlatform(f"http://127.0.0.1:{port}", "token", timeout=2)

    with pytest.raises(Unreachable):
        await platform.publish(a_reply(TEXT, None, key="a", platform=platform))
    await platform.close()


async def test_a_private_message_between_others_is_not_answered_even_where_the_server_shows_it(
    platform: MastodonPlatform, mastodon_server: MastodonServer, proxy: Proxy
):
    private = the_claim(mastodon_server, proxy, text="@bob just between us", visibility="direct")

    with pytest.raises(Gone):
        await platform.publish(a_reply(TEXT, private, key="a", platform=platform))

    assert sent(proxy) == []


async def test_somebody_who_blocks_us_is_not_answered_even_where_the_server_would_take_it(
    platform: MastodonPlatform, mastodon_server: MastodonServer, proxy: Proxy
):
    claim = the_claim(mastodon_server, proxy)
    assert platform.me is not None
    mastodon_server.call("alice", "POST", f"/api/v1/accounts/{platform.me.local_id}/block")

    with pytest.raises(Gone):
        await platform.publish(a_reply(TEXT, claim, key="a", platform=platform))

    assert sent(proxy) == []


async def test_a_post_seen_on_another_server_is_found_by_its_identity_before_it_is_answered(
    platform: MastodonPlatform, mastodon_server: MastodonServer, proxy: Proxy
):
    raw = mastodon_server.post_as("alice", "vaccines cause autism")
    mastodon_server.fault("status", path="/api/v2/search", status=200, body={"statuses": [raw], "accounts": []})
    elsewhere = Ref(network=Network.MASTODON, uri=raw["uri"].replace(mastodon_server.url, proxy.url))

    look = await platform.look(elsewhere)
    await platform.publish(a_reply(TEXT, elsewhere, key="a", platform=platform))

    assert look is not None
    assert look.post.text == "vaccines cause autism"
    assert sent(proxy)[0]["in_reply_to_id"] == [raw["id"]]
    searches = [one.path for one in proxy.seen if "/api/v2/search" in one.path]
    assert all("resolve=true" in one and "type=statuses" in one for one in searches)


async def test_a_reply_whose_parent_went_away_meanwhile_is_still_found(
    platform: MastodonPlatform, mastodon_server: MastodonServer, proxy: Proxy
):
    claim = the_claim(mastodon_server, proxy)
    reply = a_reply(TEXT, claim, key="a", platform=platform)
    published = await platform.publish(reply)
    mastodon_server.call("alice", "DELETE", f"{STATUSES}/{claim.local_id}")

    found = await platform.find(reply)

    assert found is not None
    assert found.key == published.key


async def test_an_old_note_in_the_same_words_is_another_note(platform: MastodonPlatform):
    await platform.publish(a_reply("The claim of the week.", None, key="a", platform=platform))
    later = datetime.now(UTC) + timedelta(days=7)

    later_note = Outgoing(key="b", slot="", text="The claim of the week.", created_at=later, parent=None)

    assert await platform.find(later_note) is None


async def test_a_correction_changes_our_post_in_place(
    platform: MastodonPlatform, mastodon_server: MastodonServer, proxy: Proxy
):
    published = await platform.publish(a_reply(TEXT, the_claim(mastodon_server, proxy), key="a", platform=platform))

    amended = await platform.amend(published, "They do not. (corrected)")

    look = await platform.look(published)
    assert look is not None
    assert look.post.text == "They do not. (corrected)"
    assert amended.key == published.key
    assert amended.version != published.version
    assert our_posts(mastodon_server) == 1


async def test_a_deletion_that_is_lost_is_unclear(
    platform: MastodonPlatform, mastodon_server: MastodonServer, proxy: Proxy
):
    published = await platform.publish(a_reply(TEXT, the_claim(mastodon_server, proxy), key="a", platform=platform))
    proxy.trouble("DELETE", STATUSES, at=At.ACCEPTED)

    with pytest.raises(Unclear):
        await platform.withdraw(published)

    await platform.withdraw(published)
    assert our_posts(mastodon_server) == 0


async def test_a_server_that_says_nothing_about_itself_gets_the_usual_limits(mastodon_server: MastodonServer):
    for version in ("v1", "v2"):
        mastodon_server.fault("status", path=f"/api/{version}/instance", status=500)
    platform = MastodonPlatform(mastodon_server.url, mastodon_server.tokens["bot"], timeout=2)

    await platform.open()

    assert platform.instance.max_characters == 500
    assert platform.fits("x" * 477 + " https://doi.org/" + "x" * 300) is False
    assert platform.fits("x" * 476 + " https://doi.org/" + "x" * 300) is True
    await platform.close()


async def test_a_process_that_never_spoke_to_the_server_counts_and_addresses_as_the_server_told_another(
    mastodon_server: MastodonServer, proxy: Proxy, store: Store
):
    with store.write() as session:
        session.add(AccountRow(id="us", network="mastodon", remote_id="us", handle="us", server=proxy.url))
    facts = Facts(store=store, account="us")
    first = MastodonPlatform(proxy.url, mastodon_server.tokens["bot"], timeout=2, memory=facts)
    second = MastodonPlatform(proxy.url, mastodon_server.tokens["bot"], timeout=2, memory=facts)
    neighbour = Author(network=Network.MASTODON, id="them", handle=f"ada@{mastodon_server.url.split('://')[1]}")

    await first.open()

    assert first.instance.domain != proxy.url.split("://")[1]
    assert second.instance.counting == first.instance.counting
    assert second.address(neighbour, note=False) == first.address(neighbour, note=False)
    await first.close()
    await second.close()


async def test_a_private_reply_is_sent_as_such(
    platform: MastodonPlatform, mastodon_server: MastodonServer, proxy: Proxy
):
    claim = the_claim(mastodon_server, proxy)
    now = datetime.now(UTC)
    quiet = Outgoing(key="q", slot="", text=TEXT, created_at=now, parent=claim, visibility=Visibility.DIRECT, lang="de")

    await platform.publish(quiet)

    assert sent(proxy)[0]["visibility"] == ["direct"]
    assert sent(proxy)[0]["language"] == ["de"]

"""Setting an account up, one call at a time, against real servers; and keeping it without losing decisions."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import rulings
from bot.accounts import Keeper
from bot.clock import SystemClock
from bot.connecting import NewAccount, keep
from bot.errors import LoggedOut, NotAllowed, Refused, Unreachable
from bot.model import Network
from bot.platforms import bluesky_setup, mastodon_setup
from bot.platforms.bluesky_session import BlueskySession
from bot.platforms.facts import Us, server_address
from bot.platforms.mastodon_setup import SCOPES, Token
from bot.store.engine import Store
from bot.store.models import AccountRow
from bot.vault import Vault, open_vault
from tests.servers.bluesky import BlueskyNet
from tests.servers.mastodon import MastodonServer
from tests.servers.process import free_port

US = Us(network=Network.MASTODON, id="https://social.example/users/check", handle="check@social.example")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A fresh store."""
    fresh = Store(f"sqlite:///{tmp_path / 'office.db'}")
    fresh.migrate()
    yield fresh
    fresh.close()


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    """A vault with a key of its own."""
    return open_vault(None, tmp_path)


def an_account(us: Us = US, **given: object) -> NewAccount:
    values = {
        "id": "mastodon/social.example",
        "us": us,
        "server": "https://social.example",
        "limits": (("characters", 500),),
        "secrets": {"token": "secret"},
        "more": {},
    }
    return NewAccount(**{**values, **given})


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("mastodon.example", "https://mastodon.example"),
        (" https://Mastodon.Example/about ", "https://mastodon.example"),
        ("@check@mastodon.example", "https://mastodon.example"),
        ("https://mastodon.example:8443/@check", "https://mastodon.example:8443"),
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
        ("http://localhost:3000/", "http://localhost:3000"),
    ],
)
def test_the_address_of_a_server_is_found_in_what_people_type(typed: str, address: str):
    assert mastodon_setup.address(typed) == address


@pytest.mark.parametrize(
    "typed",
    [
        *("", "mastodon", "https://", "ftp://a.example", "two words.example", "https://a.example:port", "http://[::1"),
        *("http://mastodon.example", "http://localhost.example"),
    ],
)
def test_what_is_no_safe_address_is_refused(typed: str):
    with pytest.raises(ValueError, match=r"not the address of a server|in the clear"):
        server_address(typed)


@pytest.mark.parametrize(
    ("typed", "handle"),
    [
        ("@Check.Example.org", "check.example.org"),
        ("check.bsky.social", "check.bsky.social"),
        ("https://bsky.app/profile/check.example.org", "check.example.org"),
        ("check", ""),
        ("check@social.example", ""),
        ("check..example", ""),
        ("", ""),
    ],
)
def test_a_handle_is_found_in_what_people_type(typed: str, handle: str):
    if handle:
        assert bluesky_setup.handle(typed) == handle
    else:
        with pytest.raises(ValueError, match="is not a handle"):
            bluesky_setup.handle(typed)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("abcd-efgh-ij23-mnop", True), ("Abcd-efgh-ij23-mnop", False), ("correct horse battery", False), ("", False)],
)
def test_an_app_password_is_known_by_its_form(text: str, is_one: bool):
    assert bluesky_setup.is_app_password(text) is is_one


async def test_a_server_that_knows_only_the_first_version_of_instance_is_understood(mastodon_server: MastodonServer):
    mastodon_server.fault("status", path="/api/v2/instance", status=404)
    mastodon_server.fault("status", path="/api/v1/instance/rules", status=404)

    server = await mastodon_setup.describe(mastodon_server.url)

    assert server.limits == (("characters", 500),)
    assert server.rules == ("Be kind.", "Bots must say that they are bots.")
    assert server.says_it_is is not None


async def test_what_is_no_mastodon_server_is_said_plainly(mastodon_server: MastodonServer):
    for path in ("/api/v2/instance", "/api/v1/instance"):
        mastodon_server.fault("malformed", path=path, body="<html>a blog</html>")

    with pytest.raises(Unreachable, match="does not answer like a Mastodon server"):
        await mastodon_setup.describe(mastodon_server.url)
    with pytest.raises(Unreachable, match="did not answer"):
        await mastodon_setup.describe(f"http://127.0.0.1:{free_port()}")


async def test_a_wrong_code_gives_no_token_and_a_wrong_token_no_account(mastodon_server: MastodonServer):
    app = await mastodon_setup.register(mastodon_server.url)

    with pytest.raises(Refused):
        await mastodon_setup.exchange(mastodon_server.url, app, "nonsense")
    with pytest.raises(LoggedOut):
        await mastodon_setup.who_am_i(mastodon_server.url, Token(secret="nonsense"))

    assert app.client_secret not in repr(app)


async def test_only_the_scopes_we_need_are_asked_for(mastodon_server: MastodonServer):
    app = await mastodon_setup.register(mastodon_server.url)

    token = await mastodon_setup.exchange(mastodon_server.url, app, "mockcode_bot")

    assert token.scopes == SCOPES
    assert token.secret not in repr(token)
    us = await mastodon_setup.who_am_i(mastodon_server.url, Token(secret=token.secret))
    assert us.scopes == SCOPES  # the server tells, too


async def test_the_bot_flag_can_be_set_where_the_token_allows_it(mastodon_server: MastodonServer):
    token = Token(secret=mastodon_server.tokens["bob"], scopes=("read", "write"))
    assert not (await mastodon_setup.who_am_i(mastodon_server.url, token)).is_bot

    assert (await mastodon_setup.set_bot_flag(mastodon_server.url, token)).is_bot

    assert mastodon_server.call("bob", "GET", "/api/v1/accounts/verify_credentials")["bot"]


async def test_the_self_label_is_added_and_the_rest_of_the_profile_stays(
    bluesky_net: BlueskyNet, store: Store, vault: Vault
):
    bot = await asyncio.to_thread(bluesky_net.new_account, "label")
    where = {"repo": bot.did, "collection": "app.bsky.actor.profile", "rkey": "self"}
    labels = {"$type": "com.atproto.label.defs#selfLabels", "values": [{"val": "!no-unauthenticated"}]}
    before = {"$type": "app.bsky.actor.profile", "displayName": "Check", "description": "ours", "labels": labels}
    await asyncio.to_thread(
        bluesky_net.call, bot, "POST", "com.atproto.repo.putRecord", **where, record=before, validate=False
    )
    us = Us(network=Network.BLUESKY, id=bot.did, handle=bot.handle)
    with store.write() as session:
        keep(session, vault, an_account(us, id="bluesky/us"), now=SystemClock().now())
    clock = SystemClock()
    keeper = Keeper(store=store, vault=vault, clock=clock, account="bluesky/us")
    session = BlueskySession(handle=bot.handle, password=bot.password, pds=bluesky_net.pds, keeper=keeper, clock=clock)

    await bluesky_setup.set_bot_label(session)
    await bluesky_setup.set_bot_label(session)

    assert (await bluesky_setup.who_am_i(session)).is_bot
    await session.close()
    after = (await asyncio.to_thread(bluesky_net.call, bot, "GET", "com.atproto.repo.getRecord", **where))["value"]
    assert [one["val"] for one in after["labels"]["values"]] == ["!no-unauthenticated", "bot"]
    assert {key: after[key] for key in ("displayName", "description")} == {
        "displayName": "Check",
        "description": "ours",
    }


def test_a_new_account_may_not_send_and_one_connected_again_keeps_what_was_decided(store: Store, vault: Vault):
    now = SystemClock().now()
    with store.write() as session:
        keep(session, vault, an_account(), now=now)
        row = session.get_one(AccountRow, "mastodon/social.example")
        assert (row.sending, row.public) == (False, True)
        rulings.rule(session, row.id, rulings.SENDING, "on", by="Grace", why="all is ready", now=now)
        row.paused = "the token was refused"

    with store.write() as session:
        keep(session, vault, an_account(secrets={"token": "a new one"}), now=now)

    with store.read() as session:
        row = session.get_one(AccountRow, "mastodon/social.example")
        assert (row.sending, row.paused) == (True, "")
        assert vault.get(session, "mastodon/social.example/token") == "a new one"


def test_another_account_is_never_put_in_the_place_of_one_that_has_cases(store: Store, vault: Vault):
    somebody = Us(network=Network.MASTODON, id="https://social.example/users/other", handle="other@social.example")
    with store.write() as session:
        keep(session, vault, an_account(), now=SystemClock().now())

    with pytest.raises(NotAllowed, match="was connected as"), store.write() as session:
        keep(session, vault, an_account(somebody), now=SystemClock().now())

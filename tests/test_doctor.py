"""`scrutineer check` finds what is broken, names the remedy, and never breaks itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from bot import account_checks, leases, switch
from bot.clock import SystemClock
from bot.connecting import NewAccount, keep
from bot.doctor import examine
from bot.evidence import registry
from bot.model import Network
from bot.opening import open_store
from bot.platforms.facts import Us
from bot.platforms.mastodon_setup import SCOPES
from bot.settings import load
from bot.store.engine import Store
from bot.store.models import AccountRow, GapRow, JobRow
from bot.vault import open_vault
from tests.servers.bluesky import Account, BlueskyNet
from tests.servers.mastodon import MastodonServer
from tests.servers.process import free_port

RULES = ("Be kind.", "Bots must say that they are bots.")
HEAD = 'organisation = "Example Clinic"\ncontact = "desk@clinic.example"\nmethod_url = "https://clinic.example/m"\n'


class Desk:
    """An office in a folder, and what the doctor says about it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.config = folder / "scrutineer.toml"
        self.write("")

    def write(self, more: str) -> None:
        self.config.write_text(f'{HEAD}data_dir = "{self.data}"\n{more}')

    def store(self) -> Store:
        return open_store(load(self.config))

    def change(self, do: Callable[[Session], object]) -> None:
        store = self.store()
        with store.write() as session:
            do(session)
        store.close()

    def connect(self, account: NewAccount) -> None:
        vault = open_vault(None, self.data)
        self.change(lambda session: keep(session, vault, account, now=SystemClock().now()))

    def connect_mastodon(self, url: str, token: str, *, remote: str = "", rules: tuple[str, ...] = RULES) -> None:
        host = url.removeprefix("http://")
        self.write(f'[[mastodon]]\nserver = "{url}"\n')
        us = Us(network=Network.MASTODON, id=remote or f"http://{host}/users/bot", handle=f"bot@{host}", scopes=SCOPES)
        read = {"hash": account_checks.rules_hash(rules), "by": "Grace", "at": "2026-11-30T09:00:00+00:00"}
        self.connect(
            NewAccount(
                id=f"mastodon/{host}",
                us=us,
                server=url,
                limits=(("characters", 500),),
                secrets={"token": token},
                more={"rules": read},
            )
        )

    def connect_bluesky(self, net: BlueskyNet, account: Account) -> None:
        self.write(f'jetstream_url = "ws://localhost:9"\n[[bluesky]]\nhandle = "{account.handle}"\npds = "{net.pds}"\n')
        us = Us(network=Network.BLUESKY, id=account.did, handle=account.handle)
        secrets = {"app_password": account.password}
        self.connect(
            NewAccount(id=f"bluesky/{account.handle}", us=us, server=net.pds, limits=(), secrets=secrets, more={})
        )

    def check(self) -> tuple[bool, str]:
        said: list[str] = []
        healthy = examine(self.config, said.append)
        return healthy, "\n".join(said)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """An office nobody has started yet."""
    return Desk(tmp_path)


def actor(server: MastodonServer) -> str:
    uri: str = server.call("bot", "GET", "/api/v1/accounts/verify_credentials")["uri"]
    return uri


def broken(said: str) -> list[str]:
    return [line.strip() for line in said.splitlines() if line.startswith("  ") and "✘" in line]


def test_an_office_that_was_never_started_is_healthy_and_stays_untouched(desk: Desk):
    healthy, said = desk.check()

    assert healthy, said
    assert sorted(desk.folder.iterdir()) == [desk.config]


def test_broken_settings_are_one_line_that_names_the_remedy(desk: Desk):
    desk.config.write_text('organisation = "Clinic\n')

    healthy, said = desk.check()

    assert not healthy
    assert len(broken(said)) == 1
    assert "not valid TOML" in said


def test_a_practice_office_is_told_how_many_entries_could_be_published_from(desk: Desk):
    desk.store().close()
    _, before = desk.check()
    desk.change(lambda session: registry.sign_off(session, "mmr-vaccine-autism", by="Dr A", now=SystemClock().now()))

    healthy, after = desk.check()

    assert healthy
    assert "0 of 60 entries can be published from" in before
    assert "scrutineer evidence sign ENTRY --as NAME" in " ".join(before.split())
    assert "1 of 60 entries can be published from" in after


def test_a_connected_mastodon_account_is_looked_at_from_all_sides(desk: Desk, mastodon_server: MastodonServer):
    desk.connect_mastodon(mastodon_server.url, mastodon_server.tokens["bot"], remote=actor(mastodon_server))

    healthy, said = desk.check()

    assert healthy, said
    for words in (
        "signed in as @bot@",
        "the token may do what we need, and no more",
        "the account is marked as automated",
        "the server's 2 rules are those that Grace read on 2026-11-30",
        "a reply may have 500 characters",
        "clock: agrees with",
        "sending is off",
        "replies to hashtag posts are off",
        'does not say "(bot)"',
    ):
        assert words in said


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"token": "secret-canary-token"}, "the access token is no good"),
        ({"rules": ("Be kind.",)}, "the server changed its rules since 2026-11-30"),
        ({"remote": "https://elsewhere.example/users/bot"}, "https://elsewhere.example/users/bot was connected"),
    ],
)
def test_what_is_wrong_with_a_mastodon_account_is_said(
    desk: Desk, mastodon_server: MastodonServer, given: dict[str, str], words: str
):
    usual = {"token": mastodon_server.tokens["bot"], "remote": actor(mastodon_server)}
    desk.connect_mastodon(mastodon_server.url, **{**usual, **given})

    healthy, said = desk.check()

    assert not healthy
    assert len(broken(said)) == 1
    assert words in broken(said)[0]
    assert "secret-canary-token" not in said


def test_an_account_that_is_not_marked_as_a_bot_is_a_failure_with_its_remedy(
    desk: Desk, mastodon_server: MastodonServer
):
    uri = mastodon_server.call("bob", "GET", "/api/v1/accounts/verify_credentials")["uri"]
    desk.connect_mastodon(mastodon_server.url, mastodon_server.tokens["bob"], remote=uri)

    healthy, said = desk.check()

    assert not healthy
    assert 'tick "This is an automated account"' in said


def test_a_server_that_is_away_is_said_in_bounded_time_and_the_rest_goes_on(desk: Desk):
    desk.connect_mastodon(f"http://127.0.0.1:{free_port()}", "token")
    began = time.monotonic()

    healthy, said = desk.check()

    assert not healthy
    assert time.monotonic() - began < 30
    assert "did not answer" in broken(said)[0]
    assert "publishing is not stopped" in said


def test_a_bluesky_account_without_its_label_is_a_failure_until_it_has_it(desk: Desk, bluesky_net: BlueskyNet):
    bot = bluesky_net.new_account("doctor")
    desk.connect_bluesky(bluesky_net, bot)

    healthy, said = desk.check()
    assert not healthy
    assert broken(said) == ['✘ the profile lacks the self-label "bot"']

    labels = {"$type": "com.atproto.label.defs#selfLabels", "values": [{"val": "bot"}]}
    record = {"$type": "app.bsky.actor.profile", "displayName": "Check (bot)", "labels": labels}
    where = {"repo": bot.did, "collection": "app.bsky.actor.profile", "rkey": "self"}
    bluesky_net.call(bot, "POST", "com.atproto.repo.putRecord", **where, record=record)

    healthy, said = desk.check()
    assert healthy, said
    assert 'carries the self-label "bot"' in said


def test_the_session_of_a_running_office_is_left_alone(desk: Desk, bluesky_net: BlueskyNet):
    bot = bluesky_net.new_account("doctor")
    desk.connect_bluesky(bluesky_net, bot)
    now = SystemClock().now()
    desk.change(lambda session: leases.hold(session, f"listen:bluesky/{bot.handle}", leases.new_owner(), now=now))

    healthy, said = desk.check()

    assert healthy, said
    assert "the running office holds its session" in said
    store = desk.store()
    with store.read() as session:
        row = session.get(AccountRow, f"bluesky/{bot.handle}")
        assert row
        assert row.logins == []
    store.close()


def test_a_key_that_others_can_read_or_that_is_lost_is_a_failure(desk: Desk):
    desk.connect_mastodon(f"http://127.0.0.1:{free_port()}", "token")
    key = desk.data / "secret.key"
    key.chmod(0o644)
    assert f"chmod600{key}" in "".join(desk.check()[1].split())

    key.unlink()
    healthy, said = desk.check()
    assert not healthy
    assert "secret.key is missing" in said
    assert not key.exists()

    open_vault(None, desk.data)
    assert "was encrypted with another key" in " ".join(desk.check()[1].split())


def test_a_database_that_is_none_is_a_failure_without_a_traceback(desk: Desk):
    desk.data.mkdir()
    (desk.data / "scrutineer.db").write_bytes(b"this is a shopping list, not a database" * 200)

    healthy, said = desk.check()

    assert not healthy
    assert "database: " in broken(said)[0]


def test_stops_gaps_and_work_that_gave_up_are_shown(desk: Desk):
    now = SystemClock().now()

    def spoil(session: Session) -> None:
        switch.stop(session, by="Grace", reason="a drill", now=now)
        session.add(GapRow(source="bluesky:stream", why="cursor too old", noticed_at=now))
        session.add(JobRow(kind="turn", unique_key="turn:1", due_at=now, dead=True, last_error="no such entry"))

    desk.change(spoil)

    healthy, said = desk.check()

    assert healthy, said
    for words in ("stopped by Grace", "1 open gap: posts may have been missed", "1 job gave up, lastly turn: no such"):
        assert words in said


@pytest.mark.parametrize(
    ("skew", "words"), [(61, "61 s ahead of"), (-90, "90 s behind"), (59, "agrees with"), (-59, "agrees with")]
)
def test_a_clock_more_than_a_minute_off_is_a_failure(skew: int, words: str):
    theirs = datetime(2026, 12, 1, tzinfo=UTC)

    found = account_checks.clock(theirs, theirs + timedelta(seconds=skew), "server")

    assert words in found.what
    assert (found.level == account_checks.Level.FAIL) == (abs(skew) > 60)


@pytest.mark.parametrize(
    ("granted", "level"),
    [
        (None, "warn"),
        (SCOPES, "ok"),
        (("read", "write"), "warn"),
        (("read",), "fail"),
        (("read:statuses", "write:statuses"), "fail"),
        (("read", "write:statuses", "follow"), "warn"),
    ],
)
def test_a_token_may_do_what_we_need_and_better_no_more(granted: tuple[str, ...] | None, level: str):
    assert account_checks.scopes(granted, SCOPES).level == level


def test_the_bio_that_is_suggested_says_all_that_is_asked_for():
    bio = account_checks.suggested_bio("Example Clinic", "desk@clinic.example")
    us = Us(network=Network.MASTODON, id="x", handle="x", display_name="Check (BOT)", bio=bio, is_bot=True)

    found = account_checks.profile(us, organisation="Example Clinic", contact="desk@clinic.example")

    assert {one.level for one in found} == {account_checks.Level.OK}
    assert len(bio) <= 256

"""`scrutineer init` as a person meets it: a terminal, real servers, and nothing secret left lying about."""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from bot import practice
from bot.opening import open_store
from bot.platforms.fake import FakePlatform
from bot.settings import load
from tests.command import SCRUTINEER, environment, everything_in, stored
from tests.servers.bluesky import Account, BlueskyNet
from tests.servers.mastodon import MastodonServer
from tests.terminal import Terminal


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder in which somebody starts."""
    return tmp_path


@contextmanager
def started(folder: Path) -> Iterator[Terminal]:
    """`scrutineer init`, started in this folder."""
    terminal = Terminal([*SCRUTINEER, "init"], cwd=folder, env=environment())
    yield terminal
    terminal.close()


@pytest.fixture
def init(folder: Path) -> Iterator[Terminal]:
    """`scrutineer init`, started in the empty folder."""
    with started(folder) as terminal:
        yield terminal


def describe_the_office(init: Terminal) -> None:
    init.answer("Organisation", "Example Clinic")
    init.answer("Contact mail", "desk@clinic.example")
    init.answer("Web page", "https://clinic.example/method")
    init.answer("Hashtags", "#MedEd FOAMed")


def choose_mastodon(init: Terminal, server: MastodonServer) -> None:
    init.answer("Which network?", "1")
    init.answer("Server of the account", server.url)
    init.answer("Have you read them", "y")
    init.answer("Your name", "Grace")
    init.answer("administrators answer", "")


def choose_bluesky(init: Terminal, net: BlueskyNet, account: Account) -> None:
    init.answer("Which network?", "2")
    init.answer("Handle of the account", f"@{account.handle}")
    init.answer("Server", net.pds)


def test_a_mastodon_account_is_connected_through_the_browser(
    init: Terminal, folder: Path, mastodon_server: MastodonServer
):
    describe_the_office(init)
    choose_mastodon(init, mastodon_server)
    init.answer("How?", "1")
    init.wait_for("Open this address")
    url = re.search(r"http\S+/oauth/authorize\S+", init.wait_for("Code"))
    assert url
    allowed = httpx.post(url[0].split("?")[0], data={"username": "bot"}, params=None, trust_env=False)
    code = re.search(r"Authorization code: (\S+?)<", allowed.text)
    assert code
    init.answer_unseen("", code[1])
    init.answer("Connect another account?", "n")

    assert init.end() == 0

    host = mastodon_server.url.removeprefix("http://")
    row, token = stored(folder, f"mastodon/{host}", "token")
    assert row
    assert token
    assert (row.sending, row.public, row.server) == (False, True, mastodon_server.url)
    assert row.remote_id == mastodon_server.call("bot", "GET", "/api/v1/accounts/verify_credentials")["uri"]
    assert row.profile["rules"]["by"] == "Grace"
    assert row.profile["rules"]["text"] == ["Be kind.", "Bots must say that they are bots."]
    assert row.profile["limits"] == {"characters": 500}
    assert "read:follows" in row.profile["scopes"]
    assert tomllib.loads((folder / "scrutineer.toml").read_text()) == {
        "organisation": "Example Clinic",
        "contact": "desk@clinic.example",
        "method_url": "https://clinic.example/method",
        "tags": ["MedEd", "FOAMed"],
        "mastodon": [{"server": mastodon_server.url}],
    }
    assert "Sending is off" in init.seen
    checked = subprocess.run([*SCRUTINEER, "check"], cwd=folder, env=environment(), capture_output=True, check=False)
    assert checked.returncode == 0, checked.stdout.decode()
    assert token.encode() not in everything_in(folder) + init.seen.encode() + checked.stdout + checked.stderr


def test_the_rules_of_the_server_must_be_read_first(init: Terminal, folder: Path, mastodon_server: MastodonServer):
    describe_the_office(init)
    init.answer("Which network?", "1")
    init.answer("Server of the account", mastodon_server.url)
    init.wait_for("Bots must say that they are bots.")
    init.answer("Have you read them", "n")
    init.answer("Connect another account?", "n")

    assert init.end() == 0
    assert "mastodon" not in (folder / "scrutineer.toml").read_text()


def test_a_pasted_token_that_is_no_good_can_be_replaced_and_the_missing_bot_flag_comes_with_its_remedy(
    init: Terminal, mastodon_server: MastodonServer
):
    describe_the_office(init)
    choose_mastodon(init, mastodon_server)
    init.answer("How?", "2")
    init.answer_unseen("Access token", "no-such-token")
    init.wait_for("the access token is no good")
    init.answer("Try again?", "n")
    init.answer("Try another token?", "y")
    init.answer("How?", "2")
    token = mastodon_server.call("bob", "POST", "/api/v1/_mock/login", username="bob")["access_token"]
    init.answer_unseen("Access token", token)
    init.wait_for("does not tell what the token may do")
    init.answer("Connect another account?", "n")

    assert init.end() == 0
    assert 'tick "This is an automated account"' in init.seen


def test_a_bluesky_account_is_connected_and_gets_its_label(init: Terminal, folder: Path, bluesky_net: BlueskyNet):
    bot = bluesky_net.new_account("wizard")
    canary = bluesky_net.call(bot, "POST", "com.atproto.server.createAppPassword", name="scrutineer")["password"]
    describe_the_office(init)
    choose_bluesky(init, bluesky_net, bot)
    init.answer_unseen("App password", canary)
    init.answer('self-label "bot" to the profile now?', "y")
    init.answer("Connect another account?", "n")

    assert init.end() == 0

    row, password = stored(folder, f"bluesky/{bot.handle}", "app_password")
    assert row
    assert password == canary
    assert (row.remote_id, row.sending, row.profile["is_bot"], len(row.logins)) == (bot.did, False, True, 1)
    profile = bluesky_net.call(
        bot, "GET", "com.atproto.repo.getRecord", repo=bot.did, collection="app.bsky.actor.profile", rkey="self"
    )["value"]
    assert profile["labels"]["values"] == [{"val": "bot"}]
    assert tomllib.loads((folder / "scrutineer.toml").read_text())["bluesky"] == [
        {"handle": bot.handle, "pds": bluesky_net.pds}
    ]
    _, session = stored(folder, f"bluesky/{bot.handle}", "session")
    assert session
    left = everything_in(folder) + init.seen.encode()
    assert all(secret.encode() not in left for secret in (canary, *session.split(":::")[2:4]))


def test_a_main_password_is_questioned_and_three_failed_logins_are_enough(init: Terminal, bluesky_net: BlueskyNet):
    bot = bluesky_net.new_account("wizard")
    describe_the_office(init)
    choose_bluesky(init, bluesky_net, bot)
    init.answer_unseen("App password", "hunter2")
    init.answer("surely not the main password", "n")
    for number in range(3):
        init.answer_unseen("App password", "abcd-efgh-ijkl-mnop")
        init.wait_for("refuses handle or app password")
        if number < 2:
            init.answer("Try another password?", "y")
    init.wait_for("was not connected")
    init.answer("Connect another account?", "n")

    assert init.end() == 0
    assert "hunter2" not in init.seen


def test_another_run_keeps_what_is_there(folder: Path):
    mine = '# ours\norganisation = "Old"\nport = 8123 # taken\n\n[limits]\ndays_between = 30\n'
    (folder / "scrutineer.toml").write_text(mine)
    with started(folder) as init:
        init.answer("Organisation [Old]", "")
        init.answer("Contact mail", "new@clinic.example")
        init.answer("Web page", "")
        init.answer("Hashtags", "")
        init.wait_for("Which network?")

    written = (folder / "scrutineer.toml").read_text()
    assert mine.split("\n\n", maxsplit=1)[0] in written
    assert tomllib.loads(written)["limits"] == {"days_between": 30}
    assert tomllib.loads(written)["contact"] == "new@clinic.example"


def test_the_real_office_gets_a_folder_of_its_own_beside_the_practice_office(folder: Path):
    store = open_store(load(folder / "none.toml", optional=True, data_dir=folder / "var"))
    with store.write() as session:
        practice.ensure_account(session, FakePlatform())
    store.close()
    with started(folder) as init:
        describe_the_office(init)
        init.answer("Folder for the real office [office]", "")
        init.wait_for("Which network?")

    assert tomllib.loads((folder / "scrutineer.toml").read_text())["data_dir"] == "office"


def test_a_settings_file_that_cannot_be_read_is_one_line_and_stays_as_it_was(folder: Path):
    (folder / "scrutineer.toml").write_text("organisation = ")
    with started(folder) as init:
        assert init.end() == 1

    assert init.seen.startswith("scrutineer: scrutineer.toml: not valid TOML")
    assert len(init.seen.splitlines()) == 1
    assert (folder / "scrutineer.toml").read_text() == "organisation = "

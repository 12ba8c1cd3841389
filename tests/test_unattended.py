"""`scrutineer init` without questions: the wizard's checks, one clear line, and no secret left lying about."""

from __future__ import annotations

import io
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from bot import practice
from bot.cli import main
from bot.opening import open_store
from bot.platforms.fake import FakePlatform
from bot.settings import load
from tests.command import everything_in, scrutineer, stored
from tests.servers.bluesky import BlueskyNet
from tests.servers.mastodon import MastodonServer

OFFICE = ("--organisation", "Example Clinic")
NOWHERE = "http://127.0.0.1:9"  # the discard port: nobody listens
MASTODON = ("--mastodon", NOWHERE, "--token-file", "-", "--rules-read-by", "Grace")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder in which a script starts."""
    (tmp_path / "office").mkdir()
    return tmp_path / "office"


def a_file(folder: Path, secret: str) -> str:
    """A secret in a file outside the office's folder."""
    file = folder.parent / "secret"
    file.write_text(f"{secret}\n")
    return str(file)


def mastodon(server: MastodonServer | str, token_file: str, *more: str) -> tuple[str, ...]:
    url = server if isinstance(server, str) else server.url
    return ("init", *OFFICE, "--mastodon", url, "--token-file", token_file, "--rules-read-by", "Grace", *more)


def settings_in(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "scrutineer.toml").read_text())


def name_of(server: MastodonServer) -> str:
    return f"mastodon/{server.url.removeprefix('http://')}"


def test_a_script_connects_a_mastodon_account_and_it_is_kept_as_the_wizard_keeps_it(
    folder: Path, mastodon_server: MastodonServer
):
    canary = mastodon_server.tokens["bot"]
    office = ("--contact", "desk@clinic.example", "--method-url", "https://clinic.example/method")
    tags = ("--tag", "#MedEd", "--tag", "FOAMed")

    ran = scrutineer(folder, *mastodon(mastodon_server, "-", *office, *tags), typed=f"{canary}\n")

    assert ran.returncode == 0, ran.stderr
    row, token = stored(folder, name_of(mastodon_server), "token")
    assert row
    assert token == canary
    assert (row.sending, row.public, row.server) == (False, True, mastodon_server.url)
    assert row.remote_id == mastodon_server.call("bot", "GET", "/api/v1/accounts/verify_credentials")["uri"]
    assert row.profile["rules"]["by"] == "Grace"
    assert row.profile["rules"]["text"] == ["Be kind.", "Bots must say that they are bots."]
    assert settings_in(folder) == {
        "organisation": "Example Clinic",
        "contact": "desk@clinic.example",
        "method_url": "https://clinic.example/method",
        "tags": ["MedEd", "FOAMed"],
        "mastodon": [{"server": mastodon_server.url}],
    }
    assert "Sending is off" in ran.stdout
    assert canary.encode() not in everything_in(folder) + ran.stdout.encode() + ran.stderr.encode()


def test_a_script_connects_a_bluesky_account_and_labels_it_unless_told_not_to(folder: Path, bluesky_net: BlueskyNet):
    bot = bluesky_net.new_account("script")
    canary = bluesky_net.call(bot, "POST", "com.atproto.server.createAppPassword", name="scrutineer")["password"]
    where = {"repo": bot.did, "collection": "app.bsky.actor.profile", "rkey": "self"}
    name = f"bluesky/{bot.handle}"
    command = ("init", *OFFICE, "--bluesky", f"@{bot.handle}", "--pds", bluesky_net.pds)
    command = (*command, "--app-password-file", a_file(folder, canary))

    shy = scrutineer(folder, *command, "--no-set-bot-label")

    assert shy.returncode == 0, shy.stderr
    assert 'lacks the self-label "bot"' in shy.stdout
    row, _ = stored(folder, name, "app_password")
    assert row
    assert not row.profile["is_bot"]

    ran = scrutineer(folder, *command)

    assert ran.returncode == 0, ran.stderr
    row, password = stored(folder, name, "app_password")
    assert row
    assert password == canary
    assert (row.remote_id, row.sending, row.profile["is_bot"], len(row.logins)) == (bot.did, False, True, 2)
    profile = bluesky_net.call(bot, "GET", "com.atproto.repo.getRecord", **where)["value"]
    assert profile["labels"]["values"] == [{"val": "bot"}]
    assert settings_in(folder)["bluesky"] == [{"handle": bot.handle, "pds": bluesky_net.pds}]
    _, session = stored(folder, name, "session")
    assert session
    left = everything_in(folder) + "".join((shy.stdout, shy.stderr, ran.stdout, ran.stderr)).encode()
    assert all(secret.encode() not in left for secret in (canary, *session.split(":::")[2:4]))


def test_a_failed_login_is_one_line_keeps_nothing_and_counts_where_the_account_is_known(
    folder: Path, bluesky_net: BlueskyNet
):
    bot = bluesky_net.new_account("script")
    command = ("init", *OFFICE, "--bluesky", bot.handle, "--pds", bluesky_net.pds, "--app-password-file", "-")

    refused = scrutineer(folder, *command, typed="abcd-efgh-ijkl-mnop")

    assert refused.returncode == 1
    assert "refuses handle or app password" in one_line(refused.stderr)
    assert list(folder.iterdir()) == []

    good = bluesky_net.call(bot, "POST", "com.atproto.server.createAppPassword", name="scrutineer")["password"]
    assert scrutineer(folder, *command, typed=good).returncode == 0
    assert scrutineer(folder, *command, typed="abcd-efgh-ijkl-mnop").returncode == 1
    row, password = stored(folder, f"bluesky/{bot.handle}", "app_password")
    assert row
    assert (len(row.logins), password) == (2, good)


@pytest.mark.parametrize(
    ("words", "typed", "told"),
    [
        (MASTODON, "canary-1", "--organisation NAME"),
        ((*OFFICE, "--mastodon", NOWHERE, "--rules-read-by", "Grace"), "", "add --token-file FILE"),
        ((*OFFICE, "--mastodon", NOWHERE, "--token-file", "-"), "canary-1", f"read the rules at {NOWHERE}/about"),
        ((*OFFICE, "--mastodon", "", "--token-file", "-", "--rules-read-by", "G"), "canary-1", "is not the address"),
        ((*OFFICE, *MASTODON), " \n", "nothing in it"),
        ((*OFFICE, *MASTODON), "canary-1\nx", "on one line"),
        ((*OFFICE, *MASTODON), "canary-1", "did not answer"),
        ((*OFFICE, "--mastodon", NOWHERE, "--token-file", "canary-1", "--rules-read-by", "G"), "", "cannot be read"),
        ((*OFFICE, "--bluesky", "us.example.org"), "", "add --app-password-file FILE"),
        ((*OFFICE, "--bluesky", "us", "--app-password-file", "-"), "canary-1", "'us' is not a handle"),
        ((*OFFICE, "--bluesky", "us.example.org", "--app-password-file", "-"), "canary-1", "it was not sent"),
        ((*OFFICE, "--bluesky", "us.example.org", "--token-file", "-"), "canary-1", "without --mastodon SERVER"),
        (("--organisation", "Example Clinic", "--pds", NOWHERE), "", "add one of them"),
        (("--contact", "nobody", "--bluesky", "us.example.org"), "", "--contact: 'nobody' is not a mail address"),
        (("--tag", "two!words", "--bluesky", "us.example.org"), "", "--tag: write hashtags like"),
        (
            (*OFFICE, *MASTODON, "--bluesky", "us.example.org", "--app-password-file", "-"),
            "canary-1",
            "only one secret can come from standard input",
        ),
    ],
)
def test_what_is_missing_or_wrong_is_one_line_and_nothing_is_written(
    folder: Path,
    words: tuple[str, ...],
    typed: str,
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "argv", ["scrutineer", "init", *words])
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed.encode())))

    with pytest.raises(SystemExit) as end:
        main()

    said = capsys.readouterr()
    assert end.value.code == 1
    assert told in one_line(said.err)
    assert list(folder.iterdir()) == []
    assert "canary" not in said.out + said.err


def one_line(said: str) -> str:
    """What a command said, which must be one line."""
    (line,) = said.splitlines()
    return line


def test_a_token_that_is_no_good_and_a_server_that_is_none_leave_everything_as_it_was(
    folder: Path, mastodon_server: MastodonServer
):
    refused = scrutineer(folder, *mastodon(mastodon_server, a_file(folder, "no-such-token")))
    mastodon_server.fault("malformed", path="/api/v*/instance", body="<html>a blog</html>")
    blog = scrutineer(folder, *mastodon(mastodon_server, a_file(folder, mastodon_server.tokens["bot"])))

    assert (refused.returncode, blog.returncode) == (1, 1)
    assert "the access token is no good" in one_line(refused.stderr)
    assert "does not answer like a Mastodon server" in one_line(blog.stderr)
    assert list(folder.iterdir()) == []


def test_when_one_of_two_accounts_fails_none_is_kept(
    folder: Path, mastodon_server: MastodonServer, bluesky_net: BlueskyNet
):
    bot = bluesky_net.new_account("script")
    both = ("--bluesky", bot.handle, "--pds", bluesky_net.pds, "--app-password-file", "-")

    ran = scrutineer(
        folder,
        *mastodon(mastodon_server, a_file(folder, mastodon_server.tokens["bot"]), *both),
        typed="abcd-efgh-ijkl-mnop",
    )

    assert ran.returncode == 1
    assert list(folder.iterdir()) == []


def test_a_settings_file_that_cannot_be_written_takes_the_account_back(folder: Path, mastodon_server: MastodonServer):
    (folder / "settings").mkdir()
    (folder / "settings" / "scrutineer.toml").mkdir()  # whoever runs this, a folder cannot be read as a file
    where = ("--config", "settings/scrutineer.toml")

    ran = scrutineer(folder, *mastodon(mastodon_server, a_file(folder, mastodon_server.tokens["bot"]), *where))

    assert ran.returncode == 1
    assert "cannot be" in one_line(ran.stderr)
    assert stored(folder, name_of(mastodon_server), "token") == (None, None)


def test_a_second_run_keeps_what_is_there_and_changed_rules_need_a_person(
    folder: Path, mastodon_server: MastodonServer
):
    mine = '# ours\norganisation = "Ours" # since 1847\n'
    (folder / "scrutineer.toml").write_text(mine)
    token = a_file(folder, mastodon_server.tokens["bot"])
    command = ("init", "--mastodon", mastodon_server.url, "--token-file", token, "--rules-read-by", "Grace")
    assert scrutineer(folder, *command).returncode == 0
    assert scrutineer(folder, *command).returncode == 0
    assert (folder / "scrutineer.toml").read_text().startswith(mine)
    assert settings_in(folder)["mastodon"] == [{"server": mastodon_server.url}]

    rules = [{"id": "1", "text": "No bots."}]
    mastodon_server.fault("status", path="/api/v1/instance/rules", status=200, body=rules)
    ran = scrutineer(folder, *command)

    assert ran.returncode == 1
    assert "changed its rules since Grace read them" in one_line(ran.stderr)
    row, _ = stored(folder, name_of(mastodon_server), "token")
    assert row
    assert row.profile["rules"]["text"] == ["Be kind.", "Bots must say that they are bots."]


def test_a_practice_office_is_not_mixed_with_a_real_one(folder: Path):
    store = open_store(load(folder / "none.toml", optional=True, data_dir=folder / "var"))
    with store.write() as session:
        practice.ensure_account(session, FakePlatform())
    store.close()

    ran = scrutineer(folder, *mastodon(NOWHERE, "-"), typed="canary-1")

    assert ran.returncode == 1
    assert "SCRUTINEER_DATA_DIR" in one_line(ran.stderr)
    assert not (folder / "scrutineer.toml").exists()

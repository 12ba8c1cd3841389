"""`scrutineer forget`: their words are gone from everywhere, and they are never addressed again."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.erase import erase
from bot.errors import NotAllowed
from bot.lay_desk import opted_out
from bot.life import State
from bot.model import Network
from bot.opening import open_store
from bot.settings import load
from bot.store.models import DeliveryRow, OptOutRow
from bot.store.office_models import AuditRow
from tests.builders import an_author
from tests.small_office import CLAIM, SmallOffice

WORDS = "everybody knows it"  # in the claim of these tests, and in no entry of the evidence table


@pytest.fixture
def office(tmp_path: Path) -> SmallOffice:
    """A small office with an empty inbox."""
    return SmallOffice(f"sqlite:///{tmp_path / 'office.db'}", tmp_path)


def forget(office: SmallOffice, account: str) -> list[str]:
    with office.store.write() as session:
        return erase(session, account, now=office.clock.now())


def everything(office: SmallOffice) -> str:
    """All rows of all tables, as text."""
    with office.store.read() as session:
        names = session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'table'")).all()
        return "\n".join(str(tuple(row)) for name in names for row in session.execute(text(f'SELECT * FROM "{name}"')))


def test_their_words_are_gone_from_events_cases_and_threads(office: SmallOffice):
    theirs = office.posts(CLAIM, by="ada")
    summoned = office.asked("@check is that so?", by="ben", under=theirs)
    own = office.asked(f"@check {CLAIM}", by="ada")
    assert WORDS in everything(office)

    lines = forget(office, own.post["author"]["handle"])

    assert WORDS not in everything(office)
    assert {office.state(summoned), office.state(own)} == {State.WITHDRAWN}
    assert office.now(summoned).post["text"] == "@check is that so?"
    assert "will not be addressed again" in lines[0]


def test_a_published_reply_to_them_is_taken_back_and_its_record_keeps_no_name(office: SmallOffice):
    case = office.asked(f"@check {CLAIM}", by="ada")
    office.approve(case)
    office.pass_time()
    assert office.state(case) == State.PUBLISHED

    lines = forget(office, case.author_id)
    office.work()

    assert office.state(case) == State.WITHDRAWN
    assert "1 published reply will be withdrawn" in lines[-1]
    with office.store.read() as session:
        delivery = session.query(DeliveryRow).one()
    assert delivery.state == "withdrawn"
    assert delivery.outgoing["mention"] is None
    assert "ada" not in delivery.outgoing["text"]
    assert delivery.approved_by == "Grace"


def test_the_record_of_what_was_approved_keeps_no_name(office: SmallOffice, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(office.platform, "address", lambda author, *, note: f"@{author.handle} ")  # as on Mastodon
    office.approve(office.asked(f"@check {CLAIM}", by="ada.example"))
    assert "@ada.example" in everything(office)

    forget(office, "ada.example")

    with office.store.read() as session:
        assert "@ada.example" not in str([line.detail for line in session.query(AuditRow)])


def test_they_are_not_addressed_when_they_come_back(office: SmallOffice):
    case = office.asked(f"@check {CLAIM}", by="ada")
    forget(office, case.author_id)

    again = office.asked(f"@check again: {CLAIM}", by="ada")

    assert office.state(again) == State.IGNORED
    with office.store.read() as session:
        assert "person erased" in {row.what for row in session.query(AuditRow)}


def test_nobody_else_loses_a_word(office: SmallOffice):
    office.asked(f"@check {CLAIM}", by="ada")
    other = office.asked(f"@check {CLAIM}", by="ben")

    forget(office, "ada@fake.example")

    assert WORDS in office.now(other).post["text"]
    assert office.state(other) == State.PROPOSED


@pytest.mark.parametrize(
    ("account", "network", "author"),
    [
        ("did:plc:abc", Network.BLUESKY, an_author("did:plc:abc", network=Network.BLUESKY)),
        (
            "@Ada.example.org",
            Network.BLUESKY,
            an_author("did:plc:x", network=Network.BLUESKY, handle="ada.example.org"),
        ),
        ("https://bsky.app/profile/ada.example.org", Network.BLUESKY, an_author("did:plc:x", handle="ada.example.org")),
        ("@ada@Social.example", Network.MASTODON, an_author("https://s.example/u/1", handle="ada@social.example")),
        (
            "https://social.example/@ada",
            Network.MASTODON,
            an_author("https://s.example/1", handle="ada@social.example"),
        ),
        ("https://social.example/users/ada", Network.MASTODON, an_author("https://social.example/users/ada")),
    ],
)
def test_somebody_we_never_met_can_be_spared_too(office: SmallOffice, account: str, network: Network, author: object):
    lines = forget(office, account)

    assert lines[0].startswith("nothing is stored about")
    with office.store.read() as session:
        assert opted_out(session, network, [author]) == {author.id}
        assert opted_out(session, network, [replace(author, id="another", handle="another.example")]) == set()


@pytest.mark.parametrize("account", ["ada", "", "ada lovelace", "@ada", "https://social.example/", "a@b@c.example"])
def test_a_name_that_could_be_anybody_is_refused(office: SmallOffice, account: str):
    with pytest.raises(NotAllowed, match="write the whole handle"):
        forget(office, account)

    with office.store.read() as session:
        assert session.query(OptOutRow).count() == 0


def test_asking_twice_does_no_harm(office: SmallOffice):
    case = office.asked(f"@check {CLAIM}", by="ada")
    handle = case.post["author"]["handle"]

    first, second = forget(office, handle), forget(office, handle)

    assert second[0] == first[0]
    with office.store.read() as session:
        assert session.query(OptOutRow).count() == 1


def test_the_command_says_what_it_did(tmp_path: Path):
    command = [sys.executable, "-m", "bot.cli", "forget", "ada@social.example"]
    root = Path(__file__).parents[1]
    (tmp_path / "scrutineer.toml").write_text(f'data_dir = "{tmp_path / "data"}"\n')

    done = subprocess.run(
        [*command, "--config", str(tmp_path / "scrutineer.toml")],
        cwd=root,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert (done.returncode, done.stdout) == (
        0,
        "nothing is stored about ada@social.example; they will not be addressed (on mastodon)\n",
    )
    store = open_store(load(tmp_path / "scrutineer.toml"))
    with store.read() as session:
        assert session.query(OptOutRow).one().handle == "ada@social.example"
    store.close()

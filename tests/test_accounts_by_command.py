"""`scrutineer account` and `evidence sign --all`: what is decided by command stands in the record like the desk's."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from bot import rulings
from bot.cli import main
from bot.clock import SystemClock
from bot.evidence import registry
from bot.opening import open_store
from bot.settings import load
from bot.store.engine import Store
from bot.store.models import AccountRow
from bot.store.office_models import AuditRow, EntryVersionRow, RulingRow

ACCOUNT = "mastodon/social.example"
GRACE = ("--as", "Grace Hopper", "--why", "the pilot was agreed")


class Office:
    """A folder with one account in it, and a command line there."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._patch, self._capsys = patch, capsys
        patch.chdir(folder)
        self.store: Store = open_store(load())
        with self.store.write() as session:
            given: dict[str, Any] = {
                "id": ACCOUNT,
                "network": "mastodon",
                "remote_id": "https://social.example/users/us",
            }
            session.add(AccountRow(**given, handle="us@social.example", server="https://social.example", paused="why"))

    def says(self, *words: str, typed: str = "") -> tuple[int, str, str]:
        """Run one command: how it ended, and what it said."""
        self._patch.setattr(sys, "argv", ["scrutineer", *words])
        self._patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed.encode())))
        with pytest.raises(SystemExit) as end:
            main()
        said = self._capsys.readouterr()
        assert isinstance(end.value.code, int)
        return end.value.code, said.out, said.err

    def account(self) -> AccountRow:
        """The account as it stands."""
        with self.store.read() as session:
            return session.get_one(AccountRow, ACCOUNT)

    def rulings(self) -> list[RulingRow]:
        """Every decision, newest first."""
        with self.store.read() as session:
            return rulings.history(session, ACCOUNT)

    def count(self, table: type[RulingRow] | type[AuditRow] | type[EntryVersionRow]) -> int:
        """How many rows."""
        with self.store.read() as session:
            return session.scalar(select(func.count()).select_from(table)) or 0


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Office]:
    office = Office(tmp_path, monkeypatch, capsys)
    yield office
    office.store.close()


@pytest.mark.parametrize(
    ("verb", "values", "field", "stands"),
    [
        ("sending", ("on",), "sending", True),
        ("hashtag-replies", ("allowed",), "hashtag_replies", "allowed"),
        ("lift-pause", (), "paused", ""),
    ],
)
def test_a_decision_by_command_is_recorded_exactly_as_the_desk_records_it(
    office: Office, verb: str, values: tuple[str, ...], field: str, stands: object
):
    assert office.says("account", verb, ACCOUNT, *values, *GRACE)[0] == 0

    assert getattr(office.account(), field) == stands
    (by_command,) = office.rulings()
    with office.store.write() as session:
        setting, value = by_command.setting, by_command.value
        now = SystemClock().now()
        rulings.rule(session, ACCOUNT, setting, value, by="Grace Hopper", why="the pilot was agreed", now=now)
    desk, _ = office.rulings()
    assert (desk.by, desk.why, desk.setting, desk.value) == (
        *(by_command.by, by_command.why),
        *(by_command.setting, by_command.value),
    )
    with office.store.read() as session:
        one, other = session.scalars(select(AuditRow).order_by(AuditRow.id.desc()).limit(2))
    assert (one.who, one.what, one.detail) == (other.who, other.what, other.detail)


def test_sending_and_hashtag_replies_can_be_taken_back(office: Office):
    for verb, there, back in (("sending", "on", "off"), ("hashtag-replies", "allowed", "off")):
        assert office.says("account", verb, ACCOUNT, there, *GRACE)[0] == 0
        assert office.says("account", verb, ACCOUNT, back, *GRACE)[0] == 0

    assert (office.account().sending, office.account().hashtag_replies) == (False, "off")
    assert len(office.rulings()) == 4


def test_the_list_names_accounts_and_who_decided_what(office: Office):
    office.says("account", "sending", ACCOUNT, "on", *GRACE)

    _, plain, _ = office.says("account", "list")
    _, out, _ = office.says("account", "list", "--json")

    assert ACCOUNT in plain
    assert "paused: why" in plain
    (one,) = json.loads(out)
    assert (one["id"], one["sending"], one["hashtag_replies"], one["paused"]) == (ACCOUNT, True, "off", "why")
    (decided,) = one["decisions"]
    assert (decided["by"], decided["why"]) == ("Grace Hopper", "the pilot was agreed")


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("sending", "mastodon/other.example", "on", *GRACE), 1, "there is no account 'mastodon/other.example'"),
        (("sending", ACCOUNT, "on", "--as", " ", "--why", "x"), 1, "a name needs"),
        (("sending", ACCOUNT, "on", "--as", "The Office", "--why", "x"), 1, "a person's own name"),
        (("sending", ACCOUNT, "on", "--as", "Grace", "--why", " "), 1, "needs a name and a reason"),
        (("sending", ACCOUNT, "perhaps", *GRACE), 2, "perhaps"),
        (("sending", ACCOUNT, "on", "--as", "Grace"), 2, "--why"),
        (("lift-pause", ACCOUNT, "--why", "x"), 2, "--as"),
    ],
)
def test_a_decision_without_account_name_or_reason_is_none(
    office: Office, words: tuple[str, ...], code: int, told: str
):
    ended, _, said = office.says("account", *words)

    assert (ended, told in said) == (code, True), said
    assert office.count(RulingRow) == 0
    assert not office.account().sending


def test_a_clinician_signs_the_whole_table_and_each_entry_gets_its_own_version(office: Office):
    with office.store.write() as session:
        signed = registry.unsigned(session)[0].id
        registry.sign_off(session, signed, by="Dr Other", now=SystemClock().now())
    versions, lines = office.count(EntryVersionRow), office.count(AuditRow)
    with office.store.read() as session:
        waiting = {entry.id: entry.version for entry in registry.unsigned(session)}

    ended, out, err = office.says("evidence", "sign", "--all", "--as", "Dr Grace", typed="y\n")

    assert ended == 0, err
    assert f"takes responsibility for {len(waiting)} entries" in out
    with office.store.read() as session:
        now = {entry.id: (entry.version, entry.signed_off_by) for entry in registry.in_force(session)}
        assert registry.unsigned(session) == []
    assert {name: now[name] for name in waiting} == {name: (old + 1, "Dr Grace") for name, old in waiting.items()}
    assert now[signed][1] == "Dr Other"
    assert office.count(EntryVersionRow) - versions == office.count(AuditRow) - lines == len(waiting)
    assert "signed off already" in office.says("evidence", "sign", "--all", "--as", "Dr Grace", "--yes")[1]


@pytest.mark.parametrize("typed", ["n\n", ""])
def test_without_a_yes_nothing_is_signed(office: Office, typed: str):
    versions = office.count(EntryVersionRow)

    ended, _, said = office.says("evidence", "sign", "--all", "--as", "Dr Grace", typed=typed)

    assert ended == 1
    assert "nothing was signed" in said
    assert office.count(EntryVersionRow) == versions


@pytest.mark.parametrize("words", [(), ("mmr-vaccine-autism", "--all")])
def test_either_one_entry_is_signed_or_all(office: Office, words: tuple[str, ...]):
    ended, _, said = office.says("evidence", "sign", *words, "--as", "Dr Grace", "--yes")

    assert ended == 1
    assert "name one entry, or write --all" in said


def test_a_table_that_changed_after_it_was_read_is_not_signed(office: Office):
    with office.store.read() as session:
        read = registry.table_version(session)
    with office.store.write() as session:
        registry.sign_off(session, registry.unsigned(session)[0].id, by="Dr Other", now=SystemClock().now())

    with pytest.raises(registry.Stale), office.store.write() as session:
        registry.sign_off_all(session, read=read, by="Dr Grace", now=SystemClock().now())

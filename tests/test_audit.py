"""The record is a chain: whatever is changed, left out or cut off is noticed; erasing a person is not a change."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import IntegrityError

from bot import audit, audit_chain, jobs
from bot.cli_audit import cell
from bot.erase import erase
from bot.schedule import TICKS
from bot.store.engine import Store
from tests.builders import NOW
from tests.command import scrutineer
from tests.small_office import CLAIM, SmallOffice

LINES = 7


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'office.db'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """A record of some lines, all sealed."""
    found = Store(url)
    found.migrate()
    with found.write() as session:
        for number in range(LINES):
            audit.note(session, who="ada", what="draft edited", now=NOW, case_id=None, before="a", after=f"é{number}")
    with found.write() as session:
        assert audit_chain.seal(session) == LINES
    yield found
    found.close()


def check(store: Store, known: str = "") -> audit_chain.Verdict:
    with store.read() as session:
        return audit_chain.verify(session, known)


def behind_our_back(store: Store, statement: str) -> None:
    engine = create_engine(store.url)
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


def test_an_untouched_record_holds_and_new_lines_go_on_from_the_last(store: Store) -> None:
    first = check(store)
    with store.write() as session:
        audit.note(session, who="ben", what="approved", now=NOW)
    with store.read() as session:
        assert audit_chain.verify(session).unsealed == 1
    with store.write() as session:
        assert audit_chain.seal(session) == 1

    later = check(store, known=first.newest)

    assert first.troubles == later.troubles == ()
    assert (first.sealed, later.sealed) == (LINES, LINES + 1)
    assert later.newest != first.newest


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE audit SET who = 'eve' WHERE place = 3", "line 3 .* was changed"),
        ('UPDATE audit SET detail = \'{"after": "x"}\' WHERE place = 3', "line 3 .* was changed"),
        ("UPDATE audit SET case_id = 5 WHERE place = 3", "line 3 .* was changed"),
        (f"UPDATE audit SET content = '{'0' * 64}' WHERE place = 3", "seal of line 3"),
        (f"UPDATE audit SET seal = '{'0' * 64}' WHERE place = 3", "seal of line 4"),
        ("UPDATE audit SET who = 'eve', erased = true WHERE place = 3", "words were taken from number 3"),
        ("DELETE FROM audit WHERE place = 3", "lines 3 to 3 of the chain are missing"),
        ("DELETE FROM audit WHERE place = 1", "lines 1 to 1 of the chain are missing"),
    ],
)
def test_whatever_is_changed_behind_our_back_is_named(store: Store, statement: str, told: str) -> None:
    behind_our_back(store, statement)

    assert any(re.search(told, trouble) for trouble in check(store).troubles)


def reseal(connection: Connection) -> None:
    """What somebody could do who knows how seals are made."""
    connection.execute(text("UPDATE audit SET who = 'eve' WHERE place = 3"))
    connection.execute(text("UPDATE audit SET place = NULL, content = NULL, seal = NULL"))


@pytest.mark.parametrize(
    "spoil", [lambda connection: connection.execute(text("DELETE FROM audit WHERE place > 5")), reseal]
)
def test_a_cut_or_a_chain_made_anew_is_noticed_by_whoever_kept_a_seal(
    store: Store, spoil: Callable[[Connection], object]
) -> None:
    kept = check(store).newest
    engine = create_engine(store.url)
    with engine.begin() as connection:
        spoil(connection)
    engine.dispose()
    with store.write() as session:
        audit_chain.seal(session)

    assert check(store).troubles == ()
    assert "not in the chain" in check(store, known=kept).troubles[0]


def test_two_who_seal_at_once_make_one_chain(store: Store) -> None:
    with store.write() as session:
        audit.note(session, who="ben", what="approved", now=NOW)
    other = Store(store.url)
    begun, outcome = threading.Event(), []

    def second() -> None:
        begun.set()
        try:
            with other.write() as session:
                outcome.append(audit_chain.seal(session))
        except IntegrityError:
            outcome.append(0)

    thread = threading.Thread(target=second)
    with store.write() as session:
        assert audit_chain.seal(session) == 1
        thread.start()
        begun.wait()
    thread.join()
    other.close()

    assert outcome == [0]
    assert check(store).troubles == ()
    assert check(store).sealed == LINES + 1


def test_erasing_a_person_leaves_the_chain_whole_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    office = SmallOffice(f"sqlite:///{tmp_path / 'office.db'}", tmp_path)
    monkeypatch.setattr(office.platform, "address", lambda author, *, note: f"@{author.handle} ")  # as on Mastodon
    office.approve(office.asked(f"@check {CLAIM}", by="ada.example"))
    with office.store.write() as session:
        audit_chain.seal(session)
    with office.store.write() as session:
        erase(session, "ada.example", now=office.clock.now())
        audit_chain.seal(session)

    with office.store.read() as session:
        found = audit_chain.verify(session)
        told = json.dumps(list(audit_chain.lines(session)))

    assert found.troubles == ()
    assert found.erased == 2  # the yes, and the approval that followed from it
    assert "@ada.example" not in told


def test_the_office_seals_its_record_every_minute(tmp_path: Path) -> None:
    office = SmallOffice(f"sqlite:///{tmp_path / 'office.db'}", tmp_path)
    office.asked(CLAIM)
    with office.store.write() as session:
        jobs.put(session, "seal", "seal:1", due_at=office.clock.now(), payload={})

    office.work()

    with office.store.read() as session:
        found = audit_chain.verify(session)
    assert found.sealed > 0
    assert found.unsealed == 0
    assert {tick.kind: tick.every for tick in TICKS}["seal"] == timedelta(minutes=1)


def test_the_command_verifies_exports_and_ends_with_1_after_a_change(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir(exist_ok=True)
    store = Store(f"sqlite:///{tmp_path / 'var' / 'scrutineer.db'}")
    store.migrate()
    with store.write() as session:
        audit.note(session, who="=ada", what="approved", now=NOW)

    fine = scrutineer(tmp_path, "audit", "verify")
    kept = fine.stdout.split()[-1]
    lines = scrutineer(tmp_path, "audit", "export").stdout.splitlines()
    table = scrutineer(tmp_path, "audit", "export", "--format", "csv").stdout.splitlines()
    behind_our_back(store, "UPDATE audit SET who = 'eve' WHERE place = 1")
    changed = scrutineer(tmp_path, "audit", "verify", "--known", kept)
    store.close()

    assert fine.returncode == 0, fine.stderr
    assert json.loads(lines[0])["seal"] is not None
    assert table[0].startswith("number,at,who,what")
    assert "'=ada" in table[1]
    assert changed.returncode == 1
    assert "line 1 (number 1) was changed" in changed.stderr
    assert "compare it with a backup" in changed.stderr


@pytest.mark.parametrize("text_", ["=1+1", "+1", "-1", "@a", "\tx", "\rx"])
def test_a_spreadsheet_computes_nothing(text_: str) -> None:
    assert cell(text_) == f"'{text_}"


def test_a_line_break_in_a_name_makes_no_second_line(store: Store) -> None:
    with store.write() as session:
        audit.note(session, who='eve\n{"number": 1}', what="approved", now=NOW)

    with store.read() as session:
        written = [json.dumps(line) for line in audit_chain.lines(session)]
    assert len(written) == LINES + 1
    assert not any("\n" in line for line in written)

"""People by command: what an administrator can do at the machine, locked out of the desk. All of it is recorded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from bot import factors, passwords, people, sessions
from bot.people import Role
from bot.settings import load
from bot.store.engine import Store
from bot.store.office_models import AuditRow, SignInLinkRow, UserRow, WebSessionRow
from bot.vault import open_vault
from tests.builders import NOW
from tests.command import scrutineer


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An office with Grace, an administrator with a password and an app, signed in somewhere."""
    settings = load(tmp_path / "scrutineer.toml", optional=True, data_dir=tmp_path / "var")
    store = Store(settings.database)
    store.migrate()
    with store.write() as session:
        grace = people.ensure_user(session, "Grace Hopper", Role.ADMINISTRATOR, by="tests", now=NOW)
        grace.password, grace.totp_at = passwords.hash_of("ferry lantern cobalt wheat"), NOW
        open_vault(None, settings.data_dir).put(session, f"totp:{grace.id}", "JBSWY3DPEHPK3PXP", now=NOW)
        sessions.open_session(session, grace, method="password", strong=True, now=NOW, agent="tests")
    yield store
    store.close()


def user(store: Store, name: str) -> UserRow:
    with store.read() as session:
        return session.scalars(select(UserRow).where(UserRow.name == name)).one()


def lines(store: Store, what: str) -> list[AuditRow]:
    with store.read() as session:
        return list(session.scalars(select(AuditRow).where(AuditRow.what == what)))


def test_somebody_who_lost_their_phone_gets_in_again(tmp_path: Path, store: Store) -> None:
    unsigned = scrutineer(tmp_path, "people", "reset-second-factor", "Grace Hopper", "--as", " ", "--why", "lost")
    assert unsigned.returncode != 0
    done = scrutineer(
        tmp_path, "people", "reset-second-factor", "grace hopper", "--as", "Ops Example", "--why", "phone lost"
    )
    assert done.returncode == 0, done.stderr
    assert "scrutineer invite" in done.stdout
    with store.read() as session:
        assert not factors.has_second(session, user(store, "Grace Hopper"))
        assert session.scalars(select(WebSessionRow)).all() == []
    (line,) = lines(store, "second factor reset")
    assert (line.who, line.detail["name"], line.detail["why"]) == ("Ops Example", "Grace Hopper", "phone lost")

    link = scrutineer(tmp_path, "invite", "Grace Hopper")
    assert re.fullmatch(r"http://127\.0\.0\.1:8000/sign-in/\S+\n", link.stdout), link.stderr
    assert [one.detail["name"] for one in lines(store, "sign-in link made")] == ["Grace Hopper"]
    with store.read() as session:
        assert len(session.scalars(select(SignInLinkRow)).all()) == 1


def test_roles_are_given_and_people_shut_out_but_never_the_last_administrator(tmp_path: Path, store: Store) -> None:
    assert scrutineer(tmp_path, "invite", "Ed", "--role", "auditor").returncode == 0
    assert user(store, "Ed").role == "auditor"
    assert scrutineer(tmp_path, "people", "role", "Ed", "reviewer", "--as", "Ops").returncode == 0
    assert user(store, "Ed").role == "reviewer"
    for words in (("role", "Grace Hopper", "editor"), ("disable", "Grace Hopper")):
        refused = scrutineer(tmp_path, "people", *words, "--as", "Ops")
        assert refused.returncode != 0
        assert "last administrator" in refused.stderr
    assert scrutineer(tmp_path, "people", "disable", "Ed", "--as", "Ops").returncode == 0
    assert "disabled" in scrutineer(tmp_path, "invite", "Ed").stderr
    listed = scrutineer(tmp_path, "people", "list").stdout
    assert re.search(r"Ed +reviewer +no second factor +disabled\n", listed)
    assert re.search(r"Grace Hopper +administrator +second factor\n", listed)
    assert scrutineer(tmp_path, "people", "enable", "Ed", "--as", "Ops").returncode == 0
    assert user(store, "Ed").disabled_at is None
    assert "nobody called 'Eve'" in scrutineer(tmp_path, "people", "enable", "Eve", "--as", "Ops").stderr
    relaxed = scrutineer(tmp_path, "people", "second-factor", "relaxed", "--as", "Ops", "--why", "a drill")
    assert relaxed.returncode == 0
    assert [line.detail["why"] for line in lines(store, "second factor relaxed")] == ["a drill"]

"""What the tests of signing in have in common: an office with a steered clock, and people with keys of several kinds.

It holds no assertion but that its own steps work.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyotp
from sqlalchemy import select
from starlette.testclient import TestClient

from bot import factors, house_rules, passwords, people
from bot.clock import SteeredClock
from bot.people import Role
from bot.store.office_models import AuditRow, UserRow
from tests.builders import NOW
from tests.web_client import token
from tests.web_world import WebWorld, a_world

GOOD = "ferry lantern cobalt wheat"  # a password that nothing speaks against


@contextmanager
def an_office(folder: Path, *, demo: bool = False, relaxed: bool = False) -> Iterator[WebWorld]:
    """An office in earnest, unless it is a `demo`; `relaxed`: nobody needs a second factor."""
    office = a_world(folder, clock=SteeredClock(NOW), demo=demo)
    if relaxed:
        with office.store.write() as session:
            house_rules.rule(session, "relaxed", by="Grace Hopper", why="a test", now=NOW)
    yield office
    office.store.close()


def steered(office: WebWorld) -> SteeredClock:
    """The clock of this office."""
    assert isinstance(office.clock, SteeredClock)
    return office.clock


def browser(office: WebWorld, base: str = "http://testserver") -> TestClient:
    """A browser without a window, and without a session."""
    return TestClient(office.app, base_url=base, follow_redirects=False)


def a_person(office: WebWorld, name: str, role: Role = Role.EDITOR, *, password: str = GOOD, app: bool = False) -> int:
    """Somebody with a password, perhaps with an authenticator; their number."""
    now = office.clock.now()
    with office.store.write() as session:
        user = people.ensure_user(session, name, role, by="the test", now=now)
        if password:
            user.password = passwords.hash_of(password)
        if app:
            factors.offer(session, office.hands.vault, user, now=now)
            offered = factors.offered(session, office.hands.vault, user, organisation="x")
            assert offered is not None
            factors.take_up(session, office.hands.vault, user, pyotp.TOTP(offered[0]).at(now), now=now)
            user.totp_step = 0
        return user.id


def code_of(office: WebWorld, name: str) -> str:
    """What this person's app shows now."""
    with office.store.read() as session:
        user = session.scalars(select(UserRow).where(UserRow.name == name)).one()
        secret = office.hands.vault.get(session, f"totp:{user.id}")
    assert secret is not None
    return pyotp.TOTP(secret).at(office.clock.now())


def try_password(client: TestClient, name: str, password: str = GOOD, wanted: str = "/") -> Any:
    """Type a name and a password into the page; the answer."""
    page = client.get("/sign-in", params={"next": wanted})
    found = re.search(r'action="/sign-in" class="switch">\s*.*?name="wanted" value="([^"]*)"', page.text, re.DOTALL)
    assert found
    sent = {"csrf": token(page.text), "name": name, "password": password, "wanted": found.group(1)}
    return client.post("/sign-in", data=sent)


def enter(office: WebWorld, name: str, *, app: bool = False, password: str = GOOD) -> TestClient:
    """A browser that this person signed in with their password, and their app if they have one."""
    client = browser(office)
    answer = try_password(client, name, password)
    if app:
        assert answer.headers["location"] == "/sign-in/second", answer
        page = client.get("/sign-in/second")
        answer = client.post("/sign-in/second", data={"csrf": token(page.text), "code": code_of(office, name)})
    assert answer.status_code == 303, answer.text
    return client


def send(client: TestClient, path: str, page: str = "/me", **fields: object) -> Any:
    """Fill in a form of ours: the token is taken from `page`."""
    return client.post(path, data={"csrf": token(client.get(page).text)} | {k: str(v) for k, v in fields.items()})


def record(office: WebWorld, what: str) -> list[AuditRow]:
    """The lines of the record that say this."""
    with office.store.read() as session:
        return list(session.scalars(select(AuditRow).where(AuditRow.what == what).order_by(AuditRow.id)))


def row_of(office: WebWorld, name: str) -> UserRow:
    """This person, as stored."""
    with office.store.read() as session:
        return session.scalars(select(UserRow).where(UserRow.name == name)).one()

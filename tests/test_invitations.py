"""Invitations: made with a role, listed, withdrawn, ended by time; the invited choose how they sign in next time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from bot.people import FIRST_NAME, INVITATION_LIFE, Role
from bot.store.office_models import UserRow
from tests.keys_world import GOOD, a_person, an_office, browser, enter, record, row_of, send, steered
from tests.web_client import token
from tests.web_world import WebWorld


@pytest.fixture
def office(tmp_path: Path) -> Iterator[WebWorld]:
    with an_office(tmp_path) as office:
        a_person(office, "Ada", Role.ADMINISTRATOR, app=True)
        yield office


@pytest.fixture
def head(office: WebWorld) -> TestClient:
    return enter(office, "Ada", app=True)


def invite(head: TestClient, name: str = "Ed", role: str = "editor") -> str:
    """Invite somebody; the path of their link."""
    page = send(head, "/people", "/people", name=name, role=role)
    assert page.status_code == 200, page.text
    found = re.search(r'value="http://testserver(/sign-in/[^"]+)"', page.text)
    assert found
    return found.group(1)


def open_link(office: WebWorld, link: str) -> TestClient:
    """Somebody opens their link and clicks."""
    client = browser(office)
    assert client.post(link, data={"csrf": token(client.get(link).text)}).status_code == 303
    return client


@pytest.mark.parametrize("role", list(Role))
def test_an_invited_person_comes_in_with_the_role_they_were_given(
    office: WebWorld, head: TestClient, role: Role
) -> None:
    link = invite(head, "New One", role.value)
    assert "invited" in head.get("/people").text
    client = open_link(office, link)
    assert row_of(office, "New One").role == role
    assert client.get("/people").status_code == (200 if role is Role.ADMINISTRATOR else 403)
    assert [line.detail for line in record(office, "user added")][-1] == {"name": "New One", "role": role.value}


def test_they_are_led_to_choose_how_to_come_back_and_told_until_they_did(office: WebWorld, head: TestClient) -> None:
    link, client = invite(head), browser(office)
    answer = client.post(link, data={"csrf": token(client.get(link).text)})
    assert answer.headers["location"] == "/me"
    assert "Choose how you sign in next time" in client.get("/me").text
    assert "have no other way back" in client.get("/").text
    send(client, "/me/password", password=GOOD, again=GOOD)
    assert "have no other way back" not in client.get("/").text
    assert enter(office, "Ed").get("/").status_code == 200


def test_an_invitation_is_listed_and_withdrawn_and_its_name_is_free_again(office: WebWorld, head: TestClient) -> None:
    link = invite(head)
    assert "link open until" in head.get("/people").text
    number = row_of(office, "Ed").id
    assert send(head, "/people/withdraw", "/people", user=number).status_code == 303
    assert browser(office).get(link).status_code == 410
    assert len(record(office, "invitation withdrawn")) == 1
    with office.store.read() as session:
        assert session.get(UserRow, number) is None
    invite(head)


def test_withdrawing_a_link_of_somebody_who_works_here_keeps_them(office: WebWorld, head: TestClient) -> None:
    open_link(office, invite(head))
    number = row_of(office, "Ed").id
    send(head, "/people/link", "/people", user=number)
    assert send(head, "/people/withdraw", "/people", user=number).status_code == 303
    assert row_of(office, "Ed").id == number


def test_an_invitation_ends_after_a_week(office: WebWorld, head: TestClient) -> None:
    link = invite(head)
    steered(office).advance(INVITATION_LIFE)
    assert browser(office).get(link).status_code == 200
    steered(office).advance(timedelta(seconds=1))
    assert browser(office).get(link).status_code == 410


@pytest.mark.parametrize("taken", ["Ada", "ada", " ADA ", "", "   ", FIRST_NAME, "the office", "x" * 101])
def test_nobody_is_invited_under_a_name_that_is_taken_or_no_name(
    office: WebWorld, head: TestClient, taken: str
) -> None:
    assert send(head, "/people", "/people", name=taken, role="editor").status_code == 422
    with office.store.read() as session:
        assert [user.name for user in session.scalars(select(UserRow))] == ["Ada"]


def test_only_an_administrator_invites_and_no_link_is_shown_twice(office: WebWorld, head: TestClient) -> None:
    link = invite(head)
    assert link not in head.get("/people").text
    ed = open_link(office, link)
    assert send(ed, "/people", "/me", name="Eve", role="administrator").status_code == 403


def test_an_administrator_without_a_second_factor_invites_nobody(office: WebWorld) -> None:
    a_person(office, "Bea", Role.ADMINISTRATOR)
    bea = enter(office, "Bea")
    answer = send(bea, "/people", "/people", name="Eve", role="administrator")
    assert answer.headers["location"].startswith("/me")
    with office.store.read() as session:
        assert session.scalar(select(UserRow).where(UserRow.name == "Eve")) is None


def test_a_link_uses_the_public_address_of_the_office(tmp_path: Path) -> None:
    with an_office(tmp_path, demo=True) as office:
        office.app.state.hands = replace(office.hands, public_url="https://desk.example/")
        a_person(office, "Ada", Role.ADMINISTRATOR)
        page = send(enter(office, "Ada"), "/people", "/people", name="Ed", role="editor").text
        assert 'value="https://desk.example/sign-in/' in page

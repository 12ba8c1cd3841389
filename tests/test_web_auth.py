"""The door of the pages: links that work once, sessions that end, cookies that stay home."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select
from starlette.testclient import TestClient

from bot.clock import SteeredClock
from bot.people import FIRST_NAME, INVITATION_LIFE, LINK_LIFE, Role
from bot.sessions import SESSION_IDLE, SESSION_LIFE
from bot.store.office_models import UserRow, WebSessionRow
from tests.builders import NOW
from tests.web_client import sign_in, token
from tests.web_world import WebWorld, a_world


@pytest.fixture
def clock() -> SteeredClock:
    return SteeredClock(NOW)


@pytest.fixture
def office(tmp_path: Path, clock: SteeredClock) -> Iterator[WebWorld]:
    office = a_world(tmp_path, clock=clock)
    yield office
    office.store.close()


@pytest.fixture
def stranger(office: WebWorld) -> TestClient:
    return TestClient(office.app, follow_redirects=False)


def test_looking_at_a_link_does_not_use_it_up(office: WebWorld, stranger: TestClient) -> None:
    link = office.link()
    assert "Sign in as" in stranger.get(link).text
    page = stranger.get(link)
    assert page.status_code == 200
    assert "set-cookie" in page.headers
    assert "session=" not in page.headers["set-cookie"]
    assert stranger.get("/").status_code == 401

    assert stranger.post(link, data={"csrf": token(page.text)}).status_code == 303
    assert stranger.get("/").status_code == 200


def test_a_link_works_once(office: WebWorld, stranger: TestClient) -> None:
    link = office.link()
    csrf = token(stranger.get(link).text)
    stranger.post(link, data={"csrf": csrf})
    again = TestClient(office.app, follow_redirects=False)
    used_up = again.get(link)
    assert used_up.status_code == 410
    refused = again.post(link, data={"csrf": token(used_up.text)})
    assert refused.status_code == 410
    assert "People" in refused.text


def test_a_newer_link_ends_the_older_one(office: WebWorld, stranger: TestClient) -> None:
    older = office.link()
    office.link()
    assert stranger.get(older).status_code == 410


def test_a_link_ends_after_a_day_and_an_invitation_after_a_week(
    office: WebWorld, stranger: TestClient, clock: SteeredClock
) -> None:
    newcomers = office.link("Ed", Role.EDITOR)
    sign_in(office)
    link = office.link()
    clock.advance(LINK_LIFE + timedelta(seconds=1))
    assert stranger.get(link).status_code == 410
    assert stranger.get(newcomers).status_code == 200
    clock.advance(INVITATION_LIFE - LINK_LIFE)
    assert stranger.get(newcomers).status_code == 410


def test_another_site_cannot_sign_somebody_in(office: WebWorld, stranger: TestClient) -> None:
    link = office.link()
    csrf = token(stranger.get(link).text)
    assert stranger.post(link).status_code == 403
    assert stranger.post(link, data={"csrf": csrf}, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert stranger.post(link, data={"csrf": csrf}, headers={"Origin": "https://evil.example"}).status_code == 403
    assert stranger.get(link).status_code == 200


def test_a_session_ends_when_idle_and_when_old(office: WebWorld, clock: SteeredClock) -> None:
    client = sign_in(office)
    clock.advance(SESSION_IDLE - timedelta(minutes=1))
    assert client.get("/").status_code == 200
    clock.advance(SESSION_IDLE - timedelta(minutes=1))
    assert client.get("/").status_code == 200
    clock.advance(SESSION_IDLE + timedelta(minutes=10))
    assert client.get("/").status_code == 401

    client = sign_in(office)
    for _ in range(int(SESSION_LIFE / timedelta(hours=6))):
        clock.advance(timedelta(hours=6))
        client.get("/log")
    clock.advance(timedelta(seconds=1))
    assert client.get("/").status_code == 401


def test_signing_out_ends_the_session_on_the_server(office: WebWorld) -> None:
    client = sign_in(office)
    cookie = client.cookies["session"]
    assert client.post("/sign-out", data={"csrf": token(client.get("/").text)}).status_code == 303
    assert client.get("/").status_code == 401
    kept = TestClient(office.app, follow_redirects=False, cookies={"session": cookie})
    assert kept.get("/").status_code == 401


def test_a_deleted_session_and_a_disabled_person_are_out_at_once(office: WebWorld) -> None:
    client, other = sign_in(office), sign_in(office, "Ed", Role.EDITOR)
    with office.store.write() as session:
        ed = session.scalars(select(UserRow).where(UserRow.name == "Ed")).one()
        ed.disabled_at = NOW
        session.execute(delete(WebSessionRow).where(WebSessionRow.user_id != ed.id))
    assert client.get("/").status_code == 401
    assert other.get("/").status_code == 401


def test_a_second_sign_in_replaces_the_session_of_this_browser(office: WebWorld) -> None:
    client = sign_in(office)
    before = client.cookies["session"]
    link = office.link()
    client.post(link, data={"csrf": token(client.get(link).text)})
    assert client.get("/").status_code == 200
    old = TestClient(office.app, follow_redirects=False, cookies={"session": before})
    assert old.get("/").status_code == 401


def test_the_cookie_is_for_this_host_only_and_out_of_reach_of_scripts(tmp_path: Path) -> None:
    office = a_world(tmp_path, secure=True)
    client = TestClient(office.app, base_url="https://testserver", follow_redirects=False)
    link = office.link()
    answer = client.post(link, data={"csrf": token(client.get(link).text)})
    cookie = next(one for one in answer.headers.get_list("set-cookie") if one.startswith("__Host-session="))
    for wanted in ("HttpOnly", "Secure", "SameSite=lax", "Path=/"):
        assert wanted in cookie
    assert "Domain" not in cookie
    assert "max-age=31536000" in answer.headers["strict-transport-security"]
    assert client.get("/").status_code == 200
    office.store.close()


def test_a_person_without_session_is_told_how_to_get_a_link_and_keeps_what_they_typed(stranger: TestClient) -> None:
    page = stranger.get("/case/1")
    assert page.status_code == 401
    assert "scrutineer run" in page.text
    lost = stranger.post("/case/1/approve", data={"text": "An hour of <b>work</b>"})
    assert lost.status_code == 401
    assert "An hour of &lt;b&gt;work&lt;/b&gt;" in lost.text


def test_an_administrator_adds_a_person_and_hands_out_a_link_that_works(office: WebWorld) -> None:
    client = sign_in(office)
    csrf = token(client.get("/people").text)
    page = client.post("/people", data={"csrf": csrf, "name": "Ed", "role": "editor"}).text
    with office.store.read() as session:
        ed = session.scalars(select(UserRow).where(UserRow.name == "Ed")).one()
    link = page.partition('value="http://testserver')[2].partition('"')[0]
    newcomer = TestClient(office.app, follow_redirects=False)
    assert newcomer.post(link, data={"csrf": token(newcomer.get(link).text)}).status_code == 303
    assert "Ed" in newcomer.get("/").text
    renamed = client.post("/people/rename", data={"csrf": csrf, "user": str(ed.id), "name": "Edith"})
    assert renamed.status_code == 303
    assert "Edith" in newcomer.get("/").text
    taken = client.post("/people/rename", data={"csrf": csrf, "user": str(ed.id), "name": "Grace Hopper"})
    assert taken.status_code == 422


def test_an_editor_may_stop_but_not_resume_nor_decide_about_accounts_and_people(office: WebWorld) -> None:
    editor = sign_in(office, "Ed", Role.EDITOR)
    csrf = token(editor.get("/stop").text)
    assert editor.post("/stop", data={"csrf": csrf, "reason": "too fast"}).status_code == 303
    assert editor.post("/resume", data={"csrf": csrf, "reason": "fine again"}).status_code == 403
    assert editor.get("/accounts").status_code == 200
    assert editor.get("/people").status_code == 403
    for path in ("/accounts", "/people"):
        assert editor.post(path, data={"csrf": csrf, "name": "Eve", "role": "administrator"}).status_code == 403
    assert "Publishing is stopped" in editor.get("/").text
    with office.store.read() as session:
        assert session.scalar(select(UserRow).where(UserRow.name == "Eve")) is None


def test_the_first_person_says_their_name_before_they_can_approve_anything(
    office: WebWorld, stranger: TestClient
) -> None:
    link = office.link(FIRST_NAME)
    csrf = token(stranger.get(link).text)
    for nobody in ("", "   ", FIRST_NAME, "x" * 101):
        refused = stranger.post(link, data={"csrf": csrf, "name": nobody})
        assert refused.status_code == 422
        csrf = token(refused.text)
        assert stranger.get("/").status_code == 401
    assert stranger.post(link, data={"csrf": csrf, "name": " Ada Lovelace "}).status_code == 303
    assert "Ada Lovelace" in stranger.get("/").text
    with office.store.read() as session:
        assert [user.name for user in session.scalars(select(UserRow))] == ["Ada Lovelace"]

"""Sessions: listed, ended one by one or all, renewed when keys change, and asked again before they do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from bot.people import Role
from bot.web.visit import PROOF_LASTS
from tests.keys_world import (
    GOOD,
    a_person,
    an_office,
    browser,
    code_of,
    enter,
    record,
    row_of,
    send,
    steered,
    try_password,
)
from tests.web_client import sign_in, token
from tests.web_world import WebWorld, a_world

LATER = PROOF_LASTS + timedelta(minutes=1)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[WebWorld]:
    with an_office(tmp_path, relaxed=True) as office:
        a_person(office, "Ed")
        a_person(office, "Ada", Role.ADMINISTRATOR, app=True)
        yield office


def handles(client: TestClient) -> list[str]:
    """The sessions that the page offers to end."""
    return re.findall(r'name="session" value="([0-9a-f]+)"', client.get("/me").text)


def test_a_person_sees_where_they_are_signed_in_and_ends_one(office: WebWorld) -> None:
    here = enter(office, "Ed")
    there = browser(office)
    there.headers["user-agent"] = FIREFOX
    assert try_password(there, "Ed").status_code == 303
    page = here.get("/me").text
    assert "Firefox, Linux" in page
    assert "this one" in page
    (other,) = handles(here)
    assert send(here, "/me/sessions/end", session=other).status_code == 303
    assert there.get("/").status_code == 401
    assert here.get("/").status_code == 200
    assert handles(here) == []
    assert len(record(office, "session ended")) == 1


def test_nobody_ends_the_session_of_somebody_else(office: WebWorld) -> None:
    ed, second, ada = enter(office, "Ed"), enter(office, "Ed"), enter(office, "Ada", app=True)
    (eds,) = handles(ed)
    assert send(ada, "/me/sessions/end", session=eds).status_code == 422
    assert send(ada, "/me/sessions/end-others").status_code == 303
    assert (ed.get("/").status_code, second.get("/").status_code) == (200, 200)
    assert eds not in ada.get("/me").text


def test_all_others_end_at_once(office: WebWorld) -> None:
    here, *others = (enter(office, "Ed") for _ in range(3))
    assert send(here, "/me/sessions/end-others").status_code == 303
    assert [one.get("/").status_code for one in (here, *others)] == [200, 401, 401]


def test_the_token_of_a_session_is_new_at_each_sign_in_and_old_ones_are_dead(office: WebWorld) -> None:
    client = browser(office)
    client.get("/sign-in")
    door = client.cookies["door"]
    try_password(client, "Ed")
    first = client.cookies["session"]
    assert "door" not in client.cookies
    try_password(client, "Ed")
    second = client.cookies["session"]
    assert len({door, first, second}) == 3
    old = browser(office)
    old.cookies.set("session", first)
    assert old.get("/").status_code == 401


def test_a_session_that_a_stranger_planted_is_not_taken_over(office: WebWorld) -> None:
    planted = "x" * 43
    client = browser(office)
    client.cookies.set("session", planted, domain="testserver.local")
    try_password(client, "Ed")
    assert client.cookies["session"] != planted
    stranger = browser(office)
    stranger.cookies.set("session", planted)
    assert stranger.get("/").status_code == 401


def test_only_a_hash_of_the_token_is_kept(office: WebWorld) -> None:
    client = enter(office, "Ed")
    with office.store.read() as session:
        rows = repr(session.execute(text("SELECT * FROM web_session")).all())
    assert client.cookies["session"] not in rows


def test_every_cookie_behind_tls_is_for_this_host_only(tmp_path: Path) -> None:
    secure = a_world(tmp_path, secure=True)
    a_person(secure, "Ed", app=True)
    client = browser(secure, "https://testserver")
    cookies = client.get("/sign-in").headers.get_list("set-cookie")
    cookies += try_password(client, "Ed").headers.get_list("set-cookie")
    page = client.get("/sign-in/second").text
    answer = client.post("/sign-in/second", data={"csrf": token(page), "code": code_of(secure, "Ed")})
    cookies += answer.headers.get_list("set-cookie")
    assert answer.status_code == 303
    given = {one.partition("=")[0] for one in cookies}
    assert {"__Host-door", "__Host-second", "__Host-session"} <= given
    for one in cookies:
        assert one.startswith("__Host-")
        assert "Domain" not in one
        for wanted in ("HttpOnly", "Secure", "Path=/"):
            assert wanted in one, one
        assert "SameSite=lax" in one or "Max-Age=0" in one
    secure.store.close()


def test_the_door_too_refuses_what_another_site_sends(office: WebWorld) -> None:
    client = browser(office)
    csrf = token(client.get("/sign-in").text)
    sent = {"name": "Ed", "password": GOOD, "csrf": csrf}
    assert client.post("/sign-in", data=sent | {"csrf": "wrong"}).status_code == 403
    assert client.post("/sign-in", data=sent, headers={"Origin": "https://evil.example"}).status_code == 403
    assert client.post("/sign-in", data=sent, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert client.post("/sign-in", data=sent).status_code == 303


# --- show again that it is you


def test_after_a_quarter_of_an_hour_keys_and_roles_are_changed_only_after_showing_again(office: WebWorld) -> None:
    ada = enter(office, "Ada", app=True)
    number = row_of(office, "Ed").id
    steered(office).advance(LATER)
    for path, page in (
        ("/me/password", "/me"),
        ("/me/authenticator", "/me"),
        ("/me/authenticator/remove", "/me"),
        ("/me/recovery-codes", "/me"),
        ("/people/role", "/people"),
        ("/people/disable", "/people"),
        ("/people/link", "/people"),
        ("/people/second-factor", "/people"),
    ):
        csrf = token(ada.get(page).text)
        referer = {"Referer": f"http://testserver{page}"}
        sent = {"csrf": csrf, "user": str(number), "role": "auditor", "value": "required", "why": "x"}
        answer = ada.post(path, data=sent, headers=referer)
        assert answer.headers["location"] == f"/prove?next={page}", path
    assert row_of(office, "Ed").role == "editor"

    page = ada.get("/prove?next=/people").text
    assert "Is it you?" in page
    sent = {"csrf": token(page), "wanted": "/people"}
    assert ada.post("/prove", data=sent | {"password": "wrong wrong"}).status_code == 422
    assert ada.post("/prove", data=sent).status_code == 422
    before = ada.cookies["session"]
    assert ada.post("/prove", data=sent | {"password": GOOD}).headers["location"] == "/people"
    assert ada.cookies["session"] != before
    assert send(ada, "/people/role", "/people", user=number, role="auditor").status_code == 303
    assert row_of(office, "Ed").role == "auditor"


def test_a_code_shows_it_as_well_and_guessing_is_slowed_down(office: WebWorld) -> None:
    ada = enter(office, "Ada", app=True)
    steered(office).advance(LATER)
    assert send(ada, "/prove", code=code_of(office, "Ada"), wanted="https://evil.example").headers["location"] == "/"
    for _ in range(5):
        assert send(ada, "/prove", password="wrong wrong").status_code == 422
    assert send(ada, "/prove", password=GOOD).status_code == 429


def test_reading_deciding_and_ending_sessions_ask_nobody_again(office: WebWorld) -> None:
    ed = enter(office, "Ed")
    steered(office).advance(LATER)
    assert ed.get("/me").status_code == 200
    assert send(ed, "/me/sessions/end-others").headers["location"] == "/me"
    assert send(ed, "/stop", reason="too fast").headers["location"] == "/stop"


def test_whoever_has_nothing_to_show_may_set_up_a_first_key(office: WebWorld) -> None:
    newcomer = sign_in(office, "New", Role.EDITOR)
    steered(office).advance(LATER)
    assert send(newcomer, "/me/password", password=GOOD, again=GOOD).headers["location"] == "/me"
    steered(office).advance(LATER)
    assert send(newcomer, "/me/password", password=GOOD, again=GOOD).headers["location"].startswith("/prove")


def test_a_practice_office_asks_nobody_again(tmp_path: Path) -> None:
    with an_office(tmp_path, demo=True) as office:
        a_person(office, "Ada", Role.ADMINISTRATOR)
        ada = enter(office, "Ada")
        steered(office).advance(LATER)
        assert send(ada, "/people", "/people", name="Ed", role="editor").status_code == 200


def test_a_session_without_the_second_factor_of_its_person_gives_it_before_deciding(tmp_path: Path) -> None:
    with an_office(tmp_path) as office:
        a_person(office, "Ada", Role.ADMINISTRATOR)
        older = enter(office, "Ada")
        a_person(office, "Ada", app=True)  # set up meanwhile, in another way than by this session
        answer = older.post(
            "/people/second-factor",
            data={"csrf": token(older.get("/people").text), "value": "relaxed", "why": "x"},
            headers={"Referer": "http://testserver/people"},
        )
        assert answer.headers["location"] == "/prove?next=/people"
        page = older.get("/prove?next=/people").text
        assert "without your second factor" in page
        assert 'name="password"' not in page
        assert send(older, "/prove", code=code_of(office, "Ada"), wanted="/people").headers["location"] == "/people"
        assert (
            send(older, "/people/second-factor", "/people", value="relaxed", why="x").headers["location"] == "/people"
        )

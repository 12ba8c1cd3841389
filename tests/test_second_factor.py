"""The second factor: codes that count once, recovery codes, and that nobody decides without one unless relaxed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from bot import factors
from bot.life import State
from bot.people import Role
from bot.rights import NEEDS_SECOND_FACTOR, RIGHTS
from bot.store.models import Base
from bot.throttle import FREE_BY_ACCOUNT
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
from tests.web_client import form, sign_in, token
from tests.web_world import WebWorld, fill

STEP = timedelta(seconds=factors.STEP)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[WebWorld]:
    with an_office(tmp_path) as office:
        yield office


def half_in(office: WebWorld, name: str = "Ed") -> TestClient:
    """A browser after the password and before the second factor."""
    client = browser(office)
    assert try_password(client, name).headers["location"] == "/sign-in/second"
    return client


def give(client: TestClient, code: str) -> int:
    """Type a code; how it was answered."""
    page = client.get("/sign-in/second")
    csrf = token(page.text) if page.status_code == 200 else ""
    return int(client.post("/sign-in/second", data={"csrf": csrf, "code": code}).status_code)


def set_up(office: WebWorld, client: TestClient) -> str:
    """Set up an app on the page; the page with the codes."""
    assert send(client, "/me/authenticator").headers["location"] == "/me/authenticator"
    page = client.get("/me/authenticator").text
    secret = re.search(r'class="key">([A-Z2-7 ]+)<', page)
    assert secret is not None
    assert "<svg" in page
    code = pyotp.TOTP(secret.group(1).replace(" ", "")).at(office.clock.now())
    answer = send(client, "/me/authenticator/confirm", "/me/authenticator", code=code)
    assert answer.status_code in {200, 303}, answer.text
    return str(answer.text)


def codes_on(page: str) -> list[str]:
    """The recovery codes on a page."""
    return re.findall(r"\b(?:[a-z2-7]{4}-){3}[a-z2-7]{4}\b", page)


def test_an_app_is_set_up_and_asked_for_from_then_on(office: WebWorld) -> None:
    a_person(office, "Ed")
    client = enter(office, "Ed")
    before = client.cookies["session"]
    page = set_up(office, client)
    assert len(codes_on(page)) == factors.RECOVERY_CODES
    assert client.cookies["session"] != before
    assert "10 left" in client.get("/me").text

    steered(office).advance(STEP)
    again = half_in(office)
    assert again.get("/").status_code == 401
    assert give(again, "000000") == 422
    assert give(again, code_of(office, "Ed")) == 303
    assert again.get("/").status_code == 200
    assert record(office, "signed in")[-1].detail == {"by": "password", "second_factor": True}


def test_an_app_counts_only_after_its_first_code(office: WebWorld) -> None:
    a_person(office, "Ed")
    client = enter(office, "Ed")
    send(client, "/me/authenticator")
    assert send(client, "/me/authenticator/confirm", "/me/authenticator", code="123").status_code == 422
    enter(office, "Ed")
    assert row_of(office, "Ed").totp_at is None


def test_a_code_counts_once(office: WebWorld) -> None:
    a_person(office, "Ed", app=True)
    code = code_of(office, "Ed")
    assert give(half_in(office), code) == 303
    assert give(half_in(office), code) == 422
    steered(office).advance(STEP)
    older = code  # still within the tolerance of the clock, and used
    assert give(half_in(office), older) == 422
    assert give(half_in(office), code_of(office, "Ed")) == 303


def test_a_code_of_the_step_before_is_taken_and_no_older_one(office: WebWorld) -> None:
    a_person(office, "Ed", app=True)
    code = code_of(office, "Ed")
    steered(office).advance(STEP)
    assert give(half_in(office), code) == 303
    late = code_of(office, "Ed")
    steered(office).advance(2 * STEP)
    assert give(half_in(office), late) == 422


@pytest.mark.parametrize("odd", ["", "12345", "1234567", "abcdef", "１２３４５６", "12 34 5", "-12345", "x" * 900])
def test_what_is_no_code_is_refused(office: WebWorld, odd: str) -> None:
    a_person(office, "Ed", app=True)
    assert give(half_in(office), odd) == 422


def test_guessing_codes_is_slowed_down_and_the_right_one_is_not_looked_at(office: WebWorld) -> None:
    a_person(office, "Ed", app=True)
    client = half_in(office)
    for _ in range(FREE_BY_ACCOUNT + 1):
        assert give(client, "000000") == 422
    assert give(client, code_of(office, "Ed")) == 429
    steered(office).advance(timedelta(seconds=3))
    assert give(client, code_of(office, "Ed")) == 303


def test_the_step_in_between_ends_by_itself_and_works_once(office: WebWorld) -> None:
    a_person(office, "Ed", app=True)
    late, twice = half_in(office), half_in(office)
    second = twice.cookies["second"]
    assert give(twice, code_of(office, "Ed")) == 303
    twice.cookies.set("second", second)
    assert twice.get("/sign-in/second").headers["location"] == "/sign-in"
    steered(office).advance(timedelta(minutes=11))
    answer = late.get("/sign-in/second")
    assert answer.headers["location"] == "/sign-in"
    assert browser(office).get("/sign-in/second").headers["location"] == "/sign-in"


def test_a_link_replaces_the_password_and_not_the_second_factor(office: WebWorld) -> None:
    a_person(office, "Ed", app=True)
    link, client = office.link("Ed"), browser(office)
    answer = client.post(link, data={"csrf": token(client.get(link).text)})
    assert answer.headers["location"] == "/sign-in/second"
    assert client.get("/").status_code == 401
    assert give(client, code_of(office, "Ed")) == 303
    assert client.get("/").status_code == 200


def test_a_recovery_code_works_once_and_new_ones_end_the_old(office: WebWorld) -> None:
    a_person(office, "Ed")
    client = enter(office, "Ed")
    first, second, *_ = codes_on(set_up(office, client))
    assert give(half_in(office), first.upper().replace("-", " ")) == 303
    assert give(half_in(office), first) == 422
    assert record(office, "recovery code used")[0].detail == {"left": 9}
    fresh = codes_on(send(client, "/me/recovery-codes").text)
    assert len(fresh) == factors.RECOVERY_CODES
    assert give(half_in(office), second) == 422
    assert give(half_in(office), fresh[0]) == 303


def test_recovery_codes_of_somebody_else_are_worth_nothing(office: WebWorld) -> None:
    a_person(office, "Ed", app=True)
    a_person(office, "Ada")
    codes = codes_on(set_up(office, enter(office, "Ada")))
    assert give(half_in(office), codes[0]) == 422


def test_without_a_second_factor_there_are_no_recovery_codes(office: WebWorld) -> None:
    a_person(office, "Ed")
    client = enter(office, "Ed")
    assert send(client, "/me/recovery-codes").status_code == 422
    codes = codes_on(set_up(office, client))
    assert send(client, "/me/authenticator/remove").status_code == 303
    with office.store.read() as session:
        assert factors.recovery_codes_left(session, row_of(office, "Ed").id) == 0
    assert codes[0] not in client.get("/me").text


def test_secrets_are_encrypted_and_codes_are_hashed(office: WebWorld) -> None:
    a_person(office, "Ed")
    client = enter(office, "Ed")
    codes = codes_on(set_up(office, client))
    with office.store.read() as session:
        secret = office.hands.vault.get(session, f"totp:{row_of(office, 'Ed').id}")
        everything = repr([session.execute(text(f'SELECT * FROM "{name}"')).all() for name in Base.metadata.tables])
    assert secret is not None
    for hidden in (secret, codes[0], codes[0].replace("-", ""), client.cookies["session"]):
        assert hidden not in everything


# --- who decides must have one


def test_without_one_a_person_reads_and_is_led_to_set_one_up_before_deciding(tmp_path: Path) -> None:
    with an_office(tmp_path) as office:
        fill(office)
        a_person(office, "Ed")
        client = enter(office, "Ed")
        case = office.of("rosa")
        assert client.get(f"/case/{case}").status_code == 200
        assert client.post(f"/case/{case}/check", data=form(client, case, text="Words.")).status_code == 200
        referer = {"Referer": f"http://testserver/case/{case}"}
        sent = client.post(f"/case/{case}/decline", data=form(client, case, reason="tone"), headers=referer)
        assert sent.headers["location"] == f"/me?wanted=/case/{case}"
        page = client.get(sent.headers["location"]).text
        assert "A second factor is needed" in page
        assert f'href="/case/{case}"' in page

        typed = form(client, case, text="An hour of <b>work</b>")
        kept = client.post(f"/case/{case}/approve", data=typed, headers=referer)
        assert kept.status_code == 403
        assert "An hour of &lt;b&gt;work&lt;/b&gt;" in kept.text
        assert office.case(case).state == State.PROPOSED

        set_up(office, client)
        done = client.post(f"/case/{case}/decline", data=form(client, case, reason="tone"), headers=referer)
        assert done.status_code == 303
        assert office.case(case).state == State.DECLINED


def test_everybody_may_stop_without_one(office: WebWorld) -> None:
    a_person(office, "Ed")
    client = enter(office, "Ed")
    assert send(client, "/stop", reason="too fast").headers["location"] == "/stop"
    assert "Publishing is stopped" in client.get("/").text


def test_what_asks_for_a_second_factor_is_what_speaks_or_rules() -> None:
    quiet = {right for rights in RIGHTS.values() for right in rights} - NEEDS_SECOND_FACTOR
    assert {right.name for right in quiet} == {"READ", "OWN", "DRAFT", "TEND", "STOP"}


def test_an_administrator_relaxes_the_rule_on_the_record_and_requires_it_again(office: WebWorld) -> None:
    a_person(office, "Ada", Role.ADMINISTRATOR, app=True)
    a_person(office, "Ed")
    head, ed = enter(office, "Ada", app=True), enter(office, "Ed")
    case = office.propose(office.says("rosa", "@check is it so?"), "ten-percent-brain")
    page = head.get("/people").text
    assert "no second factor" in page
    assert send(head, "/people/second-factor", "/people", value="relaxed", why=" ").status_code == 422
    assert send(head, "/people/second-factor", "/people", value="relaxed", why="phones are new").status_code == 303
    assert "phones are new" in head.get("/people").text
    (line,) = record(office, "second factor relaxed")
    assert (line.who, line.detail["why"], line.detail["after"]) == ("Ada", "phones are new", "relaxed")
    assert ed.post(f"/case/{case}/edit", data=form(ed, case, text="Better words.")).status_code == 303
    assert office.case(case).draft == "Better words."
    send(head, "/people/second-factor", "/people", value="required", why="all have one")
    refused = ed.post(f"/case/{case}/edit", data=form(ed, case, text="Worse words."))
    assert refused.status_code == 403
    assert office.case(case).draft == "Better words."


def test_a_practice_office_is_usable_at_once_by_its_link(tmp_path: Path) -> None:
    with an_office(tmp_path, demo=True) as office:
        fill(office)
        client = sign_in(office)
        case = office.of("rosa")
        sent = form(client, case, text=office.case(case).draft)
        assert client.post(f"/case/{case}/approve", data=sent).status_code == 303
        assert office.case(case).state == State.APPROVED
        page = client.get("/people").text
        assert "practice office" in page
        assert "nobody needs a second factor" in page


def test_an_administrator_resets_the_factor_of_somebody_who_lost_their_phone(office: WebWorld) -> None:
    a_person(office, "Ada", Role.ADMINISTRATOR, app=True)
    number = a_person(office, "Ed", app=True)
    head, ed = enter(office, "Ada", app=True), enter(office, "Ed", app=True)
    assert send(head, "/people/reset", "/people", user=row_of(office, "Ada").id).status_code == 422
    assert send(head, "/people/reset", "/people", user=number).status_code == 303
    assert ed.get("/").status_code == 401
    assert [line.detail["name"] for line in record(office, "second factor reset")] == ["Ed"]
    assert enter(office, "Ed", password=GOOD).get("/").status_code == 200

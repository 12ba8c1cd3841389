"""Passwords: what is too weak, how guessing is slowed down, and that every refusal sounds the same."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from bot import passwords, throttle
from bot.errors import NotAllowed
from bot.store.models import Base
from bot.store.sign_in_models import SignInTryRow
from bot.throttle import FREE_BY_ACCOUNT, FREE_BY_ADDRESS, LONGEST_WAIT
from bot.web.app import create_app
from bot.web.auth.site import local
from tests.keys_world import GOOD, a_person, an_office, browser, enter, record, row_of, send, steered, try_password
from tests.web_world import WebWorld

NAMES = ("Grace Hopper", "Example Medical Society")
WEAK = {
    "password": "at least 12 characters",
    "eleven char": "at least 12 characters",
    "x" * 129: "at most 128",
    "password1234": "every list",
    "Passw0rd2024!": "every list",
    "p@ssw0rd!!!!": "every list",
    "qwertyuiop123": "every list",
    "aaaaaaaaaaaaaa": "every list",
    "abcabcabcabc": "every list",
    "123456789012": "every list",
    "lkjhgfdsapoiuytrewq": "every list",
    "iloveyouiloveyou": "every list",
    "1990199019901990": "every list",
    "correct horse battery staple": "every list",
    "Summer2024!!": "every list",
    "Elephant-2231987": "every list",
    "hopper lantern cobalt": "your name",
    "the medical lantern 71": "name of the office",
    "gracehopper-lantern-7": "your name",
}


@pytest.fixture
def office(tmp_path: Path) -> Iterator[WebWorld]:
    with an_office(tmp_path, relaxed=True) as office:
        a_person(office, "Grace Hopper")
        yield office


@pytest.mark.parametrize("weak", WEAK)
def test_a_weak_password_is_refused_with_the_reason(weak: str) -> None:
    with pytest.raises(NotAllowed, match=WEAK[weak]):
        passwords.must_be_good(weak, names=NAMES)


@pytest.mark.parametrize(
    "good",
    [
        GOOD,
        "x7!kPq9-Lw2z",
        "vier kleine Fische",
        "пароль из пяти слов",
        "829471039582",
        "e" * 3 + "normous 🦫 beaver" * 7,
    ],
)
def test_length_counts_and_no_signs_or_capitals_are_demanded(good: str) -> None:
    passwords.must_be_good(good, names=NAMES)


def test_the_shipped_list_holds_thousands_of_known_passwords() -> None:
    lines = passwords.COMMON.read_text(encoding="utf-8").splitlines()
    listed = [line for line in lines if not line.startswith("# ")]

    assert len(listed) == len(set(listed)) > 3000
    assert [word for word in listed if word != word.casefold() or not word.strip()] == []
    assert {"123456", "password", "qwerty123", "iloveyou", "1q2w3e4r5t", "passwort123", "azertyuiop"} <= set(listed)


def test_one_password_however_a_keyboard_composes_it() -> None:
    typed = "Café lantern ferry"
    stored = passwords.hash_of(unicodedata.normalize("NFD", typed))

    assert passwords.matches(stored, unicodedata.normalize("NFC", typed))
    assert not passwords.matches(stored, "Cafe lantern ferry")
    assert stored.startswith("$argon2id$")


def test_an_unknown_name_costs_as_much_as_a_known_one() -> None:
    assert not passwords.is_dated(passwords.NOBODYS)
    assert not passwords.matches("", GOOD)
    assert passwords.is_dated("$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$" + "A" * 43)


def test_name_and_password_open_the_desk(office: WebWorld) -> None:
    client = enter(office, "grace hopper ")

    assert "Grace Hopper" in client.get("/").text
    (line,) = record(office, "signed in")
    assert line.detail == {"by": "password", "second_factor": False}


def test_every_refusal_is_the_same(office: WebWorld) -> None:
    a_person(office, "Gone")
    a_person(office, "Link Only", password="")
    with office.store.write() as session:
        session.merge(row_of(office, "Gone")).disabled_at = office.clock.now()
    pages = set()
    for name, password in (
        ("Grace Hopper", "wrong wrong wrong"),
        ("Nobody", GOOD),
        ("Gone", GOOD),
        ("Link Only", ""),
        ("Link Only", GOOD),
    ):
        client = browser(office)
        answer = try_password(client, name, password or "x")
        assert answer.status_code == 422
        assert client.get("/").status_code == 401
        pages.add(answer.text.replace(name, "NAME").replace(client.cookies["door"], "TOKEN"))
    assert len(pages) == 1


def test_each_further_failure_costs_a_longer_wait(office: WebWorld) -> None:
    waits, clock = [], steered(office)
    for name in ("Grace Hopper", "Nobody At All"):
        for _ in range(FREE_BY_ACCOUNT):
            assert try_password(browser(office), name, "wrong wrong").status_code == 422
        for wait in (2, 4, 8, 16):
            assert try_password(browser(office), name, "wrong wrong").status_code == 422
            refused = try_password(browser(office), name, GOOD)  # even the right one is not looked at
            assert refused.status_code == 429
            waits.append((name, f"Wait {wait} seconds" in refused.text))
            clock.advance(timedelta(seconds=wait))
    assert waits == [(name, True) for name in ("Grace Hopper", "Nobody At All") for _ in range(4)]
    assert enter(office, "Grace Hopper").get("/").status_code == 200
    assert try_password(browser(office), "Grace Hopper", "wrong wrong").status_code == 422  # forgiven: a new count


def test_the_wait_has_an_end_and_a_quiet_day_forgives(office: WebWorld) -> None:
    clock, guess = steered(office), throttle.by_account("Grace Hopper")
    with office.store.write() as session:
        for _ in range(60):
            throttle.knock(session, (guess,), now=clock.now())
            clock.advance(LONGEST_WAIT)
        throttle.knock(session, (guess,), now=clock.now())
        assert throttle.knock(session, (guess,), now=clock.now()) == LONGEST_WAIT
    clock.advance(timedelta(days=2))
    with office.store.write() as session:
        assert throttle.knock(session, (guess,), now=clock.now()) == timedelta(0)
        assert throttle.knock(session, (guess,), now=clock.now()) == timedelta(0)


def test_guessing_at_many_names_from_one_address_is_slowed_down_too(office: WebWorld) -> None:
    for number in range(FREE_BY_ADDRESS + 1):
        with office.store.write() as session:
            guesses = (throttle.by_address("testclient"), throttle.by_account(f"name {number}"))
            assert throttle.knock(session, guesses, now=office.clock.now()) == timedelta(0)
    assert try_password(browser(office), "Grace Hopper").status_code == 429


def test_signing_in_does_not_use_up_what_an_address_may_try(office: WebWorld) -> None:
    for _ in range(3):
        enter(office, "Grace Hopper")
    with office.store.read() as session:
        assert [row.failures for row in session.query(SignInTryRow)] == [0]


def test_the_count_holds_over_several_processes(office: WebWorld) -> None:
    for _ in range(FREE_BY_ACCOUNT + 1):
        office.app = create_app(office.hands)  # nothing is remembered but in the database
        try_password(browser(office), "Grace Hopper", "wrong wrong")
    office.app = create_app(office.hands)
    assert try_password(browser(office), "Grace Hopper").status_code == 429


def test_an_office_in_which_somebody_guesses_lets_others_in(office: WebWorld) -> None:
    a_person(office, "Ed")
    for _ in range(FREE_BY_ACCOUNT + 1):
        try_password(browser(office), "Grace Hopper", "wrong wrong")
    enter(office, "Ed")


def test_a_password_is_set_and_the_other_sessions_end(office: WebWorld) -> None:
    here, elsewhere = enter(office, "Grace Hopper"), enter(office, "Grace Hopper")
    before = here.cookies["session"]
    for bad in ({"password": "short", "again": "short"}, {"password": GOOD, "again": GOOD + "x"}):
        assert send(here, "/me/password", **bad).status_code == 422
    new = "amber kettle thirty meadows"
    assert send(here, "/me/password", password=new, again=new).status_code == 303
    assert here.cookies["session"] != before
    assert here.get("/").status_code == 200
    assert elsewhere.get("/").status_code == 401
    assert try_password(browser(office), "Grace Hopper").status_code == 422
    enter(office, "Grace Hopper", password=new)
    assert len(record(office, "password changed")) == 1


def test_a_hash_of_lower_cost_is_renewed_at_the_next_sign_in(office: WebWorld) -> None:
    cheap = passwords.PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(GOOD)
    with office.store.write() as session:
        session.merge(row_of(office, "Grace Hopper")).password = cheap
    enter(office, "Grace Hopper")
    assert not passwords.is_dated(row_of(office, "Grace Hopper").password)


def test_no_table_holds_what_was_typed(office: WebWorld) -> None:
    client = enter(office, "Grace Hopper")
    try_password(browser(office), "my secret in the wrong box", "wrong wrong wrong")
    send(client, "/me/password", password="amber kettle thirty meadows", again="amber kettle thirty meadows")
    with office.store.read() as session:
        everything = repr([session.execute(text(f'SELECT * FROM "{name}"')).all() for name in Base.metadata.tables])
    for typed in (GOOD, "wrong wrong", "amber kettle", "my secret"):
        assert typed not in everything


@pytest.mark.parametrize("page", ["/case/1", "/?show=closed", "/evidence/mmr-vaccine-autism?version=1", "/log"])
def test_after_signing_in_one_is_back_on_the_page_one_wanted(office: WebWorld, page: str) -> None:
    asked = browser(office).get(page)
    assert asked.status_code == 401
    wanted = asked.text.partition('name="wanted" value="')[2].partition('"')[0]
    answer = try_password(browser(office), "Grace Hopper", wanted=wanted)
    assert answer.headers["location"] == page


@pytest.mark.parametrize(
    "trap",
    [
        *("https://evil.example/", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example"),
        *("/\t/evil.example", "/\n/evil.example", "javascript:alert(1)", "evil.example", "http:evil.example", ""),
        *("/ /evil.example", "/%0d%0a\r\nSet-Cookie:x=1", "/sign-in/x", "/sign-out", "/prove?next=/prove", "/" * 600),
    ],
)
def test_nobody_is_led_to_another_site(office: WebWorld, trap: str) -> None:
    assert local(trap) == "/"
    client = browser(office)
    page = client.get("/sign-in")
    sent = {"name": "Grace Hopper", "password": GOOD, "wanted": trap}
    csrf = page.text.partition('name="csrf" value="')[2].partition('"')[0]
    answer = client.post("/sign-in", data=sent | {"csrf": csrf})
    assert answer.headers["location"] == "/"

"""Passkeys in a real browser with a virtual authenticator: made, used, removed; and what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import CDPSession, Page, expect
from sqlalchemy import select
from starlette.testclient import TestClient

from bot.people import Role
from bot.store.sign_in_models import PasskeyRow
from bot.web.visit import PROOF_LASTS
from tests.keys_world import GOOD, a_person, an_office, browser, enter, record, row_of, send, steered
from tests.web_client import serving, token
from tests.web_world import WebWorld

DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@dataclass
class Desk:
    """A page at the desk, and the authenticator that is plugged in."""

    office: WebWorld
    page: Page
    base: str
    cdp: CDPSession
    device: str

    def go(self, path: str) -> None:
        """Open a page of the desk."""
        self.page.goto(self.base + path)

    def sign_out(self) -> None:
        """Out, and to the door."""
        self.page.get_by_role("button", name="Sign out").click()
        expect(self.page.get_by_role("heading", name="Please sign in")).to_be_visible()

    def by_password(self, name: str) -> None:
        """Type name and password."""
        self.go("/sign-in")
        self.page.get_by_label("Name").fill(name)
        self.page.get_by_label("Password").fill(GOOD)
        self.page.get_by_role("button", name="Sign in", exact=True).click()

    def add_passkey(self, name: str) -> None:
        """On the page of the account."""
        self.go("/me")
        self.page.get_by_label("Name for a new one").fill(name)
        self.page.get_by_role("button", name="Add a passkey").click()

    def with_passkey(self, name: str = "Blue key") -> None:
        """Ed comes in by password and makes a first passkey."""
        self.by_password("Ed")
        expect(self.page.get_by_role("button", name="Sign out")).to_be_visible()
        self.add_passkey(name)
        expect(self.page.get_by_role("heading", name="Your recovery codes")).to_be_visible()

    def stored(self) -> list[PasskeyRow]:
        """Every passkey, as stored."""
        with self.office.store.read() as session:
            return list(session.scalars(select(PasskeyRow).order_by(PasskeyRow.id)))

    def set(self, what: str, **more: Any) -> None:
        """Change something about the authenticator."""
        self.cdp.send(f"WebAuthn.{what}", {"authenticatorId": self.device} | more)


@pytest.fixture
def desk(tmp_path: Path, page: Page) -> Iterator[Desk]:
    with an_office(tmp_path) as office:
        a_person(office, "Ed")
        a_person(office, "Ada", Role.ADMINISTRATOR)
        cdp = page.context.new_cdp_session(page)
        cdp.send("WebAuthn.enable")
        device = cdp.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})["authenticatorId"]
        with serving(office) as base:
            yield Desk(office, page, base.replace("127.0.0.1", "localhost"), cdp, device)


def test_a_passkey_is_made_and_signs_in_with_both_factors(desk: Desk) -> None:
    heard: list[str] = []
    desk.page.on("console", lambda said: heard.append(said.text) if said.type in {"error", "warning"} else None)
    desk.with_passkey()
    desk.page.get_by_role("link", name="I have kept them").click()
    expect(desk.page.get_by_text("Blue key", exact=True).first).to_be_visible()
    (key,) = desk.stored()
    assert (key.name, key.used_at) == ("Blue key", None)

    desk.sign_out()
    heard.clear()  # the page that asks to sign in is a 401, and the browser says so
    desk.go("/sign-in?next=/evidence")
    desk.page.get_by_role("button", name="Sign in with a passkey").click()
    expect(desk.page.get_by_role("heading", name="Evidence")).to_be_visible()
    assert desk.stored()[0].sign_count > key.sign_count
    assert record(desk.office, "signed in")[-1].detail == {"by": "passkey", "second_factor": True}
    assert heard == []


def test_with_a_passkey_one_may_decide(desk: Desk) -> None:
    case = desk.office.propose(desk.office.says("rosa", "@check is it so?"), "ten-percent-brain")
    desk.by_password("Ed")
    expect(desk.page.get_by_role("button", name="Sign out")).to_be_visible()
    desk.go(f"/case/{case}")
    desk.page.get_by_role("button", name="File for statistics").click()
    expect(desk.page.get_by_text("A second factor is needed")).to_be_visible()
    desk.page.get_by_label("Name for a new one").fill("Blue key")
    desk.page.get_by_role("button", name="Add a passkey").click()
    expect(desk.page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    desk.go(f"/case/{case}")
    desk.page.get_by_role("button", name="File for statistics").click()
    expect(desk.page.get_by_text("Filed.")).to_be_visible()


def test_after_the_password_the_passkey_of_this_very_person_is_asked_for(desk: Desk) -> None:
    desk.with_passkey()
    desk.by_password("Ed")
    expect(desk.page.get_by_role("heading", name="One more step")).to_be_visible()
    desk.page.get_by_role("button", name="Use a passkey").click()
    expect(desk.page.get_by_role("heading", name="Queue")).to_be_visible()


def test_several_are_named_and_one_is_removed(desk: Desk) -> None:
    desk.with_passkey()
    desk.set("removeVirtualAuthenticator")
    desk.cdp.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE | {"transport": "usb"}})
    desk.add_passkey("")
    unnamed = f"Passkey of {desk.office.clock.now():%Y-%m-%d}"
    expect(desk.page.get_by_text(unnamed, exact=True).first).to_be_visible()
    assert [key.name for key in desk.stored()] == ["Blue key", unnamed]
    desk.page.get_by_role("button", name="Remove Blue key").click()
    expect(desk.page.get_by_text("Blue key")).to_have_count(0)
    assert [key.name for key in desk.stored()] == [unnamed]


def test_one_device_makes_one_passkey_for_one_person(desk: Desk) -> None:
    desk.with_passkey()
    desk.add_passkey("Again")
    expect(desk.page.get_by_role("alert").filter(has_text="No passkey was used")).to_be_visible()
    assert len(desk.stored()) == 1


def test_a_device_that_does_not_know_its_owner_is_refused(desk: Desk) -> None:
    desk.with_passkey()
    desk.sign_out()
    desk.set("setUserVerified", isUserVerified=False)
    desk.go("/sign-in")
    desk.page.get_by_role("button", name="Sign in with a passkey").click()
    expect(desk.page.get_by_role("alert").filter(has_text="No passkey was used")).to_be_visible()
    desk.go("/")
    expect(desk.page.get_by_role("heading", name="Please sign in")).to_be_visible()


def test_a_copied_device_is_noticed_by_its_counter(desk: Desk) -> None:
    desk.with_passkey()
    with desk.office.store.write() as session:
        session.scalars(select(PasskeyRow)).one().sign_count = 1000  # the other copy was used often
    desk.sign_out()
    desk.go("/sign-in")
    desk.page.get_by_role("button", name="Sign in with a passkey").click()
    expect(desk.page.get_by_role("alert").filter(has_text="was not accepted")).to_be_visible()


def test_a_passkey_of_a_person_who_is_disabled_opens_nothing(desk: Desk) -> None:
    desk.with_passkey()
    with desk.office.store.write() as session:
        session.merge(row_of(desk.office, "Ed")).disabled_at = desk.office.clock.now()
    desk.go("/sign-in")
    desk.page.get_by_role("button", name="Sign in with a passkey").click()
    expect(desk.page.get_by_role("alert").filter(has_text="was not accepted")).to_be_visible()


def test_a_passkey_shows_again_that_it_is_you(desk: Desk) -> None:
    desk.with_passkey()
    steered(desk.office).advance(PROOF_LASTS + timedelta(minutes=1))
    desk.go("/me")
    desk.page.get_by_role("button", name="Make ten new codes").click()
    expect(desk.page.get_by_role("heading", name="Is it you?")).to_be_visible()
    desk.page.get_by_role("button", name="Use a passkey").click()
    expect(desk.page.get_by_role("heading", name="Your account")).to_be_visible()
    desk.page.get_by_role("button", name="Make ten new codes").click()
    expect(desk.page.get_by_role("heading", name="Your recovery codes")).to_be_visible()


def test_adding_one_after_a_while_asks_first(desk: Desk) -> None:
    desk.by_password("Ed")
    expect(desk.page.get_by_role("button", name="Sign out")).to_be_visible()
    steered(desk.office).advance(PROOF_LASTS + timedelta(minutes=1))
    desk.add_passkey("Blue key")
    expect(desk.page.get_by_role("heading", name="Is it you?")).to_be_visible()
    assert desk.stored() == []


# --- without a browser: answers that no browser of ours would send


def signed(desk: Desk) -> tuple[TestClient, dict[str, Any]]:
    """A browser at the door with a challenge, and what a real passkey answered to an older one."""
    answers: list[str] = []
    desk.with_passkey()
    desk.sign_out()
    desk.go("/sign-in")
    desk.page.on("request", lambda sent: answers.append(sent.post_data or "") if sent.method == "POST" else None)
    desk.page.get_by_role("button", name="Sign in with a passkey").click()
    expect(desk.page.get_by_role("heading", name="Queue")).to_be_visible()
    (credential,) = (parse_qs(one)["credential"][0] for one in answers if "credential=" in one)
    return browser(desk.office, desk.base), json.loads(credential)


def test_an_answer_to_another_challenge_or_nonsense_opens_nothing(desk: Desk) -> None:
    client, credential = signed(desk)
    csrf = token(client.get("/sign-in").text)
    altered = credential | {"response": credential["response"] | {"signature": "AAAA"}}
    for answer in (json.dumps(credential), json.dumps(altered), "", "{}", "[]", "nonsense", "null", '{"id": 1}'):
        begun = client.post("/sign-in/passkey/begin", headers={"X-CSRF-Token": csrf})
        assert begun.json()["userVerification"] == "required"
        refused = client.post("/sign-in/passkey", data={"csrf": csrf, "credential": answer})
        assert refused.status_code == 422, answer
        csrf = token(refused.text)
    assert client.get("/").status_code == 401
    never_begun = browser(desk.office, desk.base)
    csrf = token(never_begun.get("/sign-in").text)
    sent = {"csrf": csrf, "credential": json.dumps(credential)}
    assert never_begun.post("/sign-in/passkey", data=sent).status_code == 422


def test_nobody_removes_the_passkey_of_somebody_else(desk: Desk) -> None:
    desk.with_passkey()
    ada = enter(desk.office, "Ada")
    (key,) = desk.stored()
    assert send(ada, f"/me/passkeys/{key.id}/remove").status_code == 422
    assert len(desk.stored()) == 1


@pytest.mark.parametrize(
    ("address", "possible"),
    [
        ("https://desk.example", True),
        ("http://localhost:8000", True),
        ("http://127.0.0.1:8000", False),
        ("https://192.0.2.7", False),
        ("http://desk.example", False),
    ],
)
def test_where_browsers_make_no_passkeys_none_is_offered(tmp_path: Path, address: str, possible: bool) -> None:
    with an_office(tmp_path, demo=True) as office:
        a_person(office, "Ed")
        client = browser(office, address)
        assert ("data-passkey" in client.get("/sign-in").text) == possible

"""Single sign-on, against a real OpenID Connect provider on loopback: who gets in, and every way it may lie to us."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlsplit

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import select
from starlette.testclient import TestClient

from bot.cli_open import open_office
from bot.errors import BadSettings
from bot.oidc_settings import OidcSettings
from bot.people import Role
from bot.settings import load
from bot.single_sign_on import NO, OidcSignOn
from bot.store.office_models import UserRow
from bot.store.sign_in_models import LoginRow
from bot.web.visit import PROOF_LASTS
from tests.keys_world import GOOD, a_person, an_office, browser, code_of, enter, record, row_of, send, steered
from tests.servers.oidc_provider import CLIENT, SECRET, OidcProvider, Trick, providing
from tests.web_client import token
from tests.web_world import WebWorld

TRICKS = [trick for trick in get_args(Trick) if trick]


@dataclass
class Campus:
    """An office and its provider."""

    office: WebWorld
    provider: OidcProvider

    def configure(self, **more: Any) -> None:
        """The office trusts this provider, with these settings."""
        settings = OidcSettings(
            issuer=self.provider.issuer, client_id=CLIENT, client_secret=SecretStr(SECRET), name="Campus login", **more
        )
        self.office.app.state.hands = replace(self.office.hands, sign_on=OidcSignOn(settings))

    def round_trip(self, client: TestClient, start: str = "/sign-in/sso") -> Any:
        """To the provider and back; the answer of the way back."""
        begun = client.get(start)
        assert begun.status_code == 303, begun.text
        assert begun.headers["location"].startswith(self.provider.issuer)
        answered = httpx.get(begun.headers["location"])
        assert answered.status_code == 302, answered.text
        back = urlsplit(answered.headers["location"])
        return client.get(f"{back.path}?{back.query}")

    def linked(self, name: str, role: Role = Role.EDITOR, **more: Any) -> None:
        """A person whose login this is already."""
        number = a_person(self.office, name, role, **more)
        with self.office.store.write() as session:
            row = LoginRow(
                issuer=self.provider.issuer,
                subject=self.provider.person["sub"],
                user_id=number,
                linked_at=self.office.clock.now(),
            )
            session.add(row)

    def people(self) -> list[tuple[str, str]]:
        """Everybody, with their role."""
        with self.office.store.read() as session:
            return [(user.name, user.role) for user in session.scalars(select(UserRow).order_by(UserRow.id))]


@pytest.fixture
def campus(tmp_path: Path) -> Iterator[Campus]:
    with an_office(tmp_path, relaxed=True) as office, providing(lambda: office.clock.now().timestamp()) as provider:
        campus = Campus(office, provider)
        campus.configure()
        yield campus


def test_a_known_login_opens_the_desk_on_the_page_that_was_wanted(campus: Campus) -> None:
    campus.linked("Ada")
    client = browser(campus.office)
    page = client.get("/log").text
    assert "Sign in with Campus login" in page
    assert 'href="/sign-in/sso?next=/log"' in page
    assert campus.round_trip(client, "/sign-in/sso?next=/log").headers["location"] == "/log"
    assert "Ada" in client.get("/").text
    assert record(campus.office, "signed in")[-1].detail == {"by": "sso", "second_factor": False}


def test_each_trip_has_its_own_state_nonce_and_challenge(campus: Campus) -> None:
    campus.linked("Ada")
    for _ in range(2):
        campus.round_trip(browser(campus.office))
    first, second = campus.provider.asked
    for name in ("state", "nonce", "code_challenge"):
        assert first[name] != second[name]
        assert len(first[name]) >= 20
    assert first["scope"] == "openid profile email"


@pytest.mark.parametrize("trick", TRICKS)
def test_whatever_is_wrong_is_refused_without_details(campus: Campus, trick: Trick) -> None:
    campus.linked("Ada")
    campus.provider.trick = trick
    client = browser(campus.office)
    answer = campus.round_trip(client)
    assert answer.status_code == 422
    assert NO[1:] in answer.text
    for detail in ("evil", "nonce", "signature", "<b>no", "Error"):
        assert detail not in answer.text
    assert client.get("/").status_code == 401
    assert record(campus.office, "signed in") == []

    campus.provider.trick = ""
    assert campus.round_trip(client).status_code == 303


def test_a_provider_that_calls_itself_something_else_is_not_asked(campus: Campus) -> None:
    campus.provider.calls_itself = "https://other.example"
    answer = browser(campus.office).get("/sign-in/sso")
    assert answer.status_code == 422
    assert "did not work" in answer.text


def test_an_answer_counts_once_and_only_in_the_browser_that_asked(campus: Campus) -> None:
    campus.linked("Ada")
    asking, other = browser(campus.office), browser(campus.office)
    begun = asking.get("/sign-in/sso")
    back = urlsplit(httpx.get(begun.headers["location"]).headers["location"])
    answer = f"{back.path}?{back.query}"
    assert other.get(answer).status_code == 422
    memory = asking.cookies["elsewhere"]
    assert asking.get(answer).status_code == 303
    again = browser(campus.office)
    again.cookies.set("elsewhere", memory)
    assert again.get(answer).status_code == 422
    assert browser(campus.office).get("/sign-in/sso/back").status_code == 422


def test_an_answer_after_ten_minutes_comes_too_late(campus: Campus) -> None:
    campus.linked("Ada")
    client = browser(campus.office)
    begun = client.get("/sign-in/sso")
    back = urlsplit(httpx.get(begun.headers["location"]).headers["location"])
    steered(campus.office).advance(timedelta(minutes=11))
    assert client.get(f"{back.path}?{back.query}").status_code == 422


def test_a_new_key_of_the_provider_is_fetched(campus: Campus) -> None:
    campus.linked("Ada")
    assert campus.round_trip(browser(campus.office)).status_code == 303
    campus.provider.new_key()
    assert campus.round_trip(browser(campus.office)).status_code == 303


def test_somebody_nobody_invited_is_refused(campus: Campus) -> None:
    answer = campus.round_trip(browser(campus.office))
    assert answer.status_code == 422
    assert "ask an administrator for an invitation" in answer.text
    assert campus.people() == []


def test_where_newcomers_are_let_in_they_only_read(campus: Campus) -> None:
    campus.configure(newcomers="auditor")
    a_person(campus.office, "Ada Lovelace")  # the name is taken: it is somebody else
    client = browser(campus.office)
    assert campus.round_trip(client).status_code == 303
    assert campus.people() == [("Ada Lovelace", "editor"), ("Ada Lovelace (2)", "auditor")]
    assert client.post("/stop", data={"csrf": token(client.get("/").text), "reason": "x"}).status_code == 403
    assert campus.round_trip(browser(campus.office)).status_code == 303
    assert len(campus.people()) == 2


def test_a_login_that_was_shut_out_does_not_come_back_as_a_newcomer(campus: Campus) -> None:
    campus.configure(newcomers="auditor")
    campus.linked("Ada")
    with campus.office.store.write() as session:
        session.merge(row_of(campus.office, "Ada")).disabled_at = campus.office.clock.now()
    assert campus.round_trip(browser(campus.office)).status_code == 422
    assert len(campus.people()) == 1


def test_an_invitation_is_accepted_with_the_organisations_login(campus: Campus) -> None:
    link, client = campus.office.link("Ed", Role.CLINICAL_REVIEWER), browser(campus.office)
    page = client.get(link).text
    assert "Continue with Campus login" in page
    start = page.partition('href="')[2]
    start = next(part.partition('"')[0] for part in page.split('href="') if part.startswith("/sign-in/sso"))
    assert campus.round_trip(client, start).status_code == 303
    assert campus.people() == [("Ed", "reviewer")]
    assert browser(campus.office).get(link).status_code == 410
    assert "no other way back" not in client.get("/").text
    later = browser(campus.office)
    assert campus.round_trip(later).status_code == 303
    assert "Ed" in later.get("/").text


def test_a_person_connects_their_login_and_nobody_elses(campus: Campus) -> None:
    a_person(campus.office, "Ada")
    a_person(campus.office, "Ed")
    ada = enter(campus.office, "Ada")
    assert "Connect Campus login" in ada.get("/me").text
    assert campus.round_trip(ada, "/me/sso").headers["location"] == "/me"
    assert ">connected<" in ada.get("/me").text
    refused = campus.round_trip(enter(campus.office, "Ed"), "/me/sso")
    assert refused.status_code == 422
    assert "somebody else" in refused.text


@pytest.mark.parametrize(
    ("claims", "comes_in"),
    [
        ({"email": "ada@uni.example", "email_verified": True}, True),
        ({"email": "ada@UNI.example", "email_verified": True}, True),
        ({"email": "ada@uni.example"}, False),
        ({"email": "ada@uni.example", "email_verified": False}, False),
        ({"email": "ada@uni.example", "email_verified": "true"}, False),
        ({"email": "ada@uni.example.evil.example", "email_verified": True}, False),
        ({"email": "uni.example@evil.example", "email_verified": True}, False),
        ({}, False),
    ],
)
def test_only_confirmed_addresses_of_the_named_domains_come_in(
    campus: Campus, claims: dict[str, Any], comes_in: bool
) -> None:
    campus.configure(domains=["uni.example"], newcomers="auditor")
    campus.provider.person |= claims
    assert campus.round_trip(browser(campus.office)).status_code == (303 if comes_in else 422)


def test_groups_give_a_role_and_take_it_away_again(campus: Campus) -> None:
    campus.configure(newcomers="auditor", roles=["clinic leads = reviewer", "desk = editor"])
    campus.provider.person["groups"] = ["everybody", "desk", "clinic leads"]
    campus.round_trip(browser(campus.office))
    assert campus.people() == [("Ada Lovelace", "reviewer")]
    campus.provider.person["groups"] = "desk"
    campus.round_trip(browser(campus.office))
    assert campus.people() == [("Ada Lovelace", "editor")]
    campus.provider.person["groups"] = ["everybody"]
    campus.round_trip(browser(campus.office))
    assert campus.people() == [("Ada Lovelace", "auditor")]


def test_a_role_that_was_given_here_stays_when_no_group_speaks(campus: Campus) -> None:
    campus.configure(roles=["heads = administrator"], groups_claim="memberOf")
    campus.linked("Ada", Role.EVIDENCE_CURATOR)
    campus.round_trip(browser(campus.office))
    assert campus.people() == [("Ada", "curator")]
    campus.provider.person["memberOf"] = ["heads"]
    campus.round_trip(browser(campus.office))
    assert campus.people() == [("Ada", "administrator")]
    del campus.provider.person["memberOf"]
    assert campus.round_trip(browser(campus.office)).status_code == 303
    assert campus.people() == [("Ada", "administrator")]  # the last administrator stays one


@pytest.mark.parametrize(
    ("trusted", "claims", "strong"),
    [
        ([], {"amr": ["pwd", "mfa"]}, False),
        (["mfa"], {"amr": ["pwd", "mfa"]}, True),
        (["mfa", "hwk"], {"amr": ["pwd"]}, False),
        (["https://refeds.org/profile/mfa"], {"acr": "https://refeds.org/profile/mfa"}, True),
        (["mfa"], {"amr": {"mfa": True}}, False),
        (["mfa"], {}, False),
    ],
)
def test_a_second_factor_of_the_provider_counts_only_where_it_is_trusted(
    campus: Campus, trusted: list[str], claims: dict[str, Any], strong: bool
) -> None:
    campus.configure(second_factor=trusted)
    campus.linked("Ada")
    campus.provider.person |= claims
    answer = campus.round_trip(browser(campus.office))
    if answer.status_code == 422:  # amr of an odd shape
        assert not strong
        return
    assert record(campus.office, "signed in")[-1].detail["second_factor"] is strong


def test_without_that_trust_our_own_second_factor_is_asked_for(campus: Campus) -> None:
    campus.linked("Ada", app=True)
    client = browser(campus.office)
    assert campus.round_trip(client, "/sign-in/sso?next=/log").headers["location"] == "/sign-in/second"
    assert client.get("/").status_code == 401
    page = client.get("/sign-in/second").text
    done = client.post("/sign-in/second", data={"csrf": token(page), "code": code_of(campus.office, "Ada")})
    assert done.headers["location"] == "/log"


def test_the_provider_is_asked_to_ask_again_before_keys_are_changed(campus: Campus) -> None:
    campus.linked("Ada", password="")
    client = browser(campus.office)
    campus.round_trip(client)
    steered(campus.office).advance(PROOF_LASTS + timedelta(minutes=1))
    assert send(client, "/me/password", password=GOOD, again=GOOD).headers["location"].startswith("/prove")
    assert "Show it with Campus login" in client.get("/prove?next=/me").text
    assert campus.round_trip(client, "/prove/sso?next=/me").headers["location"] == "/me"
    assert (campus.provider.asked[-1]["prompt"], campus.provider.asked[-1]["max_age"]) == ("login", "0")
    assert send(client, "/me/password", password=GOOD, again=GOOD).headers["location"] == "/me"


def test_a_provider_that_did_not_ask_again_or_names_somebody_else_proves_nothing(campus: Campus) -> None:
    campus.linked("Ada")
    client = enter(campus.office, "Ada")
    steered(campus.office).advance(PROOF_LASTS + timedelta(minutes=1))
    campus.provider.person["auth_time"] = int(campus.provider.now()) - 3600
    assert campus.round_trip(client, "/prove/sso?next=/me").status_code == 422
    del campus.provider.person["auth_time"]
    campus.provider.person["sub"] = "u-2"
    assert campus.round_trip(client, "/prove/sso?next=/me").status_code == 422
    assert send(client, "/me/password", password=GOOD, again=GOOD).headers["location"].startswith("/prove")


def test_an_office_without_single_sign_on_has_no_such_door_and_loads_no_such_library(tmp_path: Path) -> None:
    with an_office(tmp_path) as office:
        client = browser(office)
        assert client.get("/sign-in/sso").status_code == 404
        assert client.get("/sign-in/sso/back").status_code == 404
        assert "/sign-in/sso" not in client.get("/sign-in").text
    code = "import sys, bot.cli, bot.app, bot.web.app; print([n for n in sys.modules if n.startswith('authlib')])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        (['issuer = "http://login.example"', 'client_id = "x"'], "oidc.issuer"),
        (['issuer = "https://login.example"'], "oidc.client_id"),
        (['issuer = "https://login.example"', 'client_id = "x"', 'roles = ["desk = emperor"]'], "oidc.roles"),
        (['issuer = "https://login.example"', 'client_id = "x"', 'roles = ["editor"]'], "oidc.roles"),
        (['issuer = "https://login.example"', 'client_secret = "hidden-word"'], "oidc.client_id"),
    ],
)
def test_a_wrong_setting_is_named_and_no_secret_is_shown(tmp_path: Path, lines: list[str], fault: str) -> None:
    file = tmp_path / "scrutineer.toml"
    file.write_text("\n".join(["[oidc]", *lines]))
    with pytest.raises(BadSettings) as refused:
        load(file)
    assert fault in str(refused.value)
    assert "hidden-word" not in str(refused.value)


def test_the_office_is_built_with_its_single_sign_on(tmp_path: Path) -> None:
    file = tmp_path / "scrutineer.toml"
    file.write_text('[oidc]\nissuer = "https://login.example"\nclient_id = "x"\nname = "Campus login"\n')
    office = open_office(load(file, data_dir=tmp_path / "var"))
    sign_on = office.web.state.hands.sign_on
    assert (sign_on.name, sign_on.newcomers) == ("Campus login", False)
    office.store.close()

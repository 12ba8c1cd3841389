"""Who may do what: role by route by object, generated from the routes themselves."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Mount
from starlette.testclient import TestClient

from bot.life import State
from bot.model import Sensitivity
from bot.rights import RIGHTS, Right, Role, may, why_not_approve
from bot.store.models import GapRow
from bot.web.app import DOORS, PAGES
from bot.web.auth.rules import OPEN, Rule, rules_of, rules_of_route
from tests.keys_world import a_person, an_office, record, row_of, send
from tests.web_client import form, sign_in, token
from tests.web_world import WebWorld, a_world, fill

RULES = rules_of(room.router for room in (*DOORS, *PAGES))
OWN = {"/sign-out", "/prove", "/prove/passkey", "/prove/passkey/begin"}  # and everything below /me
MINE = ("/me/", "/views")  # what everybody has of their own
EVERY_ROLE = pytest.mark.parametrize("role", list(Role))


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebWorld]:
    office = fill(a_world(tmp_path_factory.mktemp("roles")))
    office.stopping.set()  # the live stream ends at once
    with office.store.write() as session:
        session.add(GapRow(source="recorded", why="an hour is missing", noticed_at=office.clock.now()))
    yield office
    office.store.close()


def concrete(rule: Rule) -> str:
    """The path with something real in it."""
    filled = {"case_id": "1", "entry_id": "mmr-vaccine-autism", "gap_id": "1", "job_id": "1", "act": "again"}
    filled |= {"passkey": "1", "token": "nothing", "number": "1", "digest": "0" * 64, "kind": "csv", "task_id": "1"}
    filled |= {"lang": "en", "name": "short_exit", "channel": "mail", "figure": "queue", "view_id": "1"}
    if rule.path == "/evidence/{entry_id}/{act}":
        filled["act"] = "retire"
    return re.sub(r"{(\w+)}", lambda found: filled[found.group(1)], rule.path)


def test_every_route_has_a_rule() -> None:
    assert [f"{rule.method} {rule.path}" for rule in RULES if not rule.open and not rule.rights] == []
    assert len(RULES) > 60


def test_the_open_routes_are_exactly_those_written_down() -> None:
    assert {(rule.method, rule.path) for rule in RULES if rule.open} == OPEN
    assert [rule.path for rule in RULES if rule.open and rule.rights] == []


def test_no_route_of_the_application_escapes_the_list(office: WebWorld) -> None:
    listed = {(rule.method, rule.path) for rule in RULES}

    def found(routes: object) -> Iterator[tuple[str, str]]:
        for route in routes:  # type: ignore[attr-defined]
            if hasattr(route, "original_router"):
                yield from found(route.original_router.routes)
            elif isinstance(route, APIRoute):
                yield from ((method, route.path) for method in route.methods or ())
            else:
                assert isinstance(route, Mount), route
                assert route.path == "/static"

    assert set(found(office.app.routes)) == listed


def test_a_route_without_a_rule_is_noticed() -> None:
    router = APIRouter()

    @router.post("/forgotten")
    def forgotten() -> None:
        """Nobody thought of a right."""

    app = FastAPI()
    app.get("/also")(forgotten)
    (rule,) = rules_of([router])
    assert not rule.open
    assert not rule.rights
    assert not any(rule.admits(role) for role in Role)
    plain = [one for route in app.routes for one in rules_of_route(route) if one.path == "/also"]
    assert [one.rights for one in plain] == [frozenset()]


def test_whatever_changes_something_asks_for_more_than_reading() -> None:
    posts = [rule for rule in RULES if rule.method == "POST" and not rule.open]

    assert [rule.path for rule in posts if rule.rights <= {Right.READ}] == []
    own = {rule.path for rule in posts if rule.rights == {Right.OWN}}
    assert {path for path in own if not path.startswith(MINE)} == OWN


@EVERY_ROLE
def test_each_role_comes_exactly_as_far_as_the_table_says(office: WebWorld, role: Role) -> None:
    wrong = []
    for rule in RULES:
        if rule.open:
            continue
        client = sign_in(office, f"A {role}", role)
        path = concrete(rule)
        if rule.method == "GET":
            answer = client.get(path)
        else:
            answer = client.post(path, data={"csrf": token(client.get("/log").text)})
        expected = {200, 303, 404, 409, 422} if rule.admits(role) else {403}
        if path in {"/me/passkeys/begin", "/prove/passkey/begin"}:
            expected = {403}  # a passkey needs localhost or https, whoever asks
        if answer.status_code not in expected:
            wrong.append(f"{rule.method} {rule.path}: {answer.status_code}")
    assert wrong == []


def test_an_auditor_reads_everything_but_people_and_changes_nothing_but_their_own() -> None:
    admitted = {(rule.method, rule.path) for rule in RULES if rule.admits(Role.AUDITOR) and not rule.open}

    assert {path for method, path in admitted if method == "POST" and not path.startswith(MINE)} == OWN
    closed = {rule.path for rule in RULES if rule.method == "GET" and not rule.admits(Role.AUDITOR)}
    assert closed == {"/people", "/changes/new", "/changes/{number}/edit", "/evidence/{entry_id}/edit"}


def test_the_roles_differ_as_promised() -> None:
    assert {role for role in Role if may(role, Right.DECIDE)} == {
        Role.ADMINISTRATOR,
        Role.EDITOR,
        Role.CLINICAL_REVIEWER,
    }
    assert RIGHTS[Role.EDITOR] < RIGHTS[Role.CLINICAL_REVIEWER]
    clinical = RIGHTS[Role.CLINICAL_REVIEWER] - RIGHTS[Role.EDITOR]
    assert clinical == {Right.SIGN_OFF, Right.DECIDE_SENSITIVE}
    assert {role for role in Role if may(role, Right.EDIT_EVIDENCE)} == {Role.ADMINISTRATOR, Role.EVIDENCE_CURATOR}
    assert {role for role in Role if may(role, Right.STOP)} == set(Role) - {Role.AUDITOR}
    for right in (Right.RESUME, Right.MANAGE_PEOPLE, Right.MANAGE_ACCOUNTS):
        assert [role for role in Role if may(role, right)] == [Role.ADMINISTRATOR]
    assert RIGHTS[Role.AUDITOR] == {Right.READ, Right.OWN}


@EVERY_ROLE
def test_a_page_shows_no_button_and_no_link_that_the_role_cannot_use(office: WebWorld, role: Role) -> None:
    client = sign_in(office, f"A {role}", role)
    paths = [concrete(rule) for rule in RULES if rule.method == "GET" and rule.admits(role) and not rule.open]
    paths += [f"/case/{number}" for number in range(1, 13)] + [f"/?show={one}" for one in ("closed", "sending")]
    useless = set()
    for path in paths:
        answer = client.get(path)
        if answer.status_code != 200 or "/events" in path:
            continue
        for method, address in addresses(answer.text):
            rule = rule_for(method, address)
            if rule is not None and not rule.admits(role):
                useless.add(f"{path}: {method} {address}")
    assert useless == set()


def addresses(page: str) -> Iterator[tuple[str, str]]:
    """Where the forms, buttons, links and scripts of a page lead."""
    for tag in re.findall(r"<[a-z][^>]*>", page):
        for name, address in re.findall(r'\b(action|formaction|href|hx-post|hx-get)="(/[^"]*)"', tag):
            plain = re.split("[?#]", html.unescape(address))[0]
            posts = name in {"formaction", "hx-post"} or (name == "action" and 'method="post"' in tag)
            yield ("POST" if posts else "GET"), plain


def rule_for(method: str, address: str) -> Rule | None:
    """The rule of the route behind an address; None for a file."""
    for rule in RULES:
        if rule.method == method and re.fullmatch(re.sub(r"{\w+}", "[^/]+", rule.path), address):
            return rule
    assert address.startswith("/static/"), (method, address)
    return None


# --- objects: not only what, but which


@pytest.mark.parametrize("sensitivity", list(Sensitivity))
@EVERY_ROLE
def test_what_needs_expert_review_is_approved_by_a_clinical_reviewer(role: Role, sensitivity: Sensitivity) -> None:
    allowed = not why_not_approve(role, sensitivity)

    if sensitivity is Sensitivity.EXPERT_REVIEW:
        assert allowed == (role is Role.CLINICAL_REVIEWER)
    else:
        assert allowed == may(role, Right.DECIDE)


@EVERY_ROLE
def test_the_desk_asks_who_may_approve_this_very_case(tmp_path: Path, role: Role) -> None:
    with an_office(tmp_path, relaxed=True) as office:
        case = office.propose(office.says("rosa", "@check is it so?"), "ten-percent-brain")
        client = sign_in(office, "Somebody", role)
        with office.store.write() as session:
            session.merge(office.case(case)).sensitivity = Sensitivity.EXPERT_REVIEW.value
        sent = {"version": str(office.case(case).version), "text": office.case(case).draft}
        answer = client.post(f"/case/{case}/approve", data=sent | {"csrf": token(client.get("/log").text)})
        if role is Role.CLINICAL_REVIEWER:
            assert office.case(case).state == State.APPROVED
        else:
            assert answer.status_code == 403
            assert office.case(case).state == State.PROPOSED
        if role in {Role.ADMINISTRATOR, Role.EDITOR}:
            assert "needs expert review" in answer.text
            declined = client.post(f"/case/{case}/decline", data=form(client, case, reason="tone"))
            assert declined.status_code == 303


def test_in_a_practice_office_everybody_who_decides_may_try_everything(tmp_path: Path) -> None:
    with an_office(tmp_path, demo=True) as office:
        case = office.propose(office.says("rosa", "@check is it so?"), "ten-percent-brain")
        with office.store.write() as session:
            session.merge(office.case(case)).sensitivity = Sensitivity.EXPERT_REVIEW.value
        client = sign_in(office, "Ed", Role.EDITOR)
        client.post(f"/case/{case}/approve", data=form(client, case, text=office.case(case).draft))
        assert office.case(case).state == State.APPROVED


# --- changing roles, shutting out


def test_a_new_role_counts_from_the_next_click_on(tmp_path: Path) -> None:
    with an_office(tmp_path, relaxed=True) as office:
        head, ed = sign_in(office), sign_in(office, "Ed", Role.EDITOR)
        number = row_of(office, "Ed").id
        assert send(head, "/people/role", "/people", user=number, role="auditor").status_code == 303
        assert ed.get("/").status_code == 200
        assert ed.post("/stop", data={"csrf": token(ed.get("/").text), "reason": "x"}).status_code == 403
        (line,) = record(office, "role changed")
        assert line.detail == {"name": "Ed", "before": "editor", "after": "auditor"}
        assert send(head, "/people/role", "/people", user=number, role="emperor").status_code == 422


def test_the_last_administrator_stays_one(tmp_path: Path) -> None:
    with an_office(tmp_path, relaxed=True) as office:
        head = sign_in(office)
        mine = row_of(office, "Grace Hopper").id
        for path, more in (("role", {"role": "editor"}), ("disable", {})):
            refused = send(head, f"/people/{path}", "/people", user=mine, **more)
            assert refused.status_code == 422
            assert "last administrator" in refused.text
        other = a_person(office, "Ada", Role.ADMINISTRATOR)
        assert send(head, "/people/disable", "/people", user=other).status_code == 303
        assert send(head, "/people/role", "/people", user=mine, role="editor").status_code == 422
        assert send(head, "/people/enable", "/people", user=other).status_code == 303
        assert send(head, "/people/role", "/people", user=mine, role="editor").status_code == 303
        assert head.get("/people").status_code == 403


def test_whoever_is_disabled_is_out_at_once_and_their_links_are_dead(tmp_path: Path) -> None:
    with an_office(tmp_path, relaxed=True) as office:
        head, ed = sign_in(office), sign_in(office, "Ed", Role.EDITOR)
        link = office.link("Ed", Role.EDITOR)
        send(head, "/people/disable", "/people", user=row_of(office, "Ed").id)
        assert ed.get("/").status_code == 401
        assert TestClient(office.app).get(link).status_code == 410
        assert send(head, "/people/link", "/people", user=row_of(office, "Ed").id).status_code == 422
        assert "disabled" in head.get("/people").text
        assert [len(record(office, what)) for what in ("user disabled", "user enabled")] == [1, 0]


def test_a_rule_knows_whom_it_admits() -> None:
    rule = next(one for one in RULES if one.path == "/resume")

    assert rule.admits(Role.ADMINISTRATOR)
    assert not rule.admits(Role.EDITOR)
    assert not replace(rule, rights=frozenset()).admits(Role.ADMINISTRATOR)

"""What a person decides about a case: approve, edit, decline, undo, and the quiet ways."""

from __future__ import annotations

import html
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from bot.life import State
from bot.model import Network
from bot.people import Role
from bot.store.models import JobRow
from bot.web import words
from tests.web_client import form, sign_in
from tests.web_world import BLUESKY, NOTE, WebWorld, a_world, fill


@pytest.fixture
def office(tmp_path: Path) -> Iterator[WebWorld]:
    office = fill(a_world(tmp_path))
    yield office
    office.store.close()


@pytest.fixture
def grace(office: WebWorld) -> TestClient:
    return sign_in(office)


@pytest.fixture
def rosa(office: WebWorld) -> int:
    """A case that may be approved as it is."""
    return office.of("rosa")


def test_approving_signs_exactly_the_shown_text_and_goes_on_to_the_next(
    office: WebWorld, grace: TestClient, rosa: int
) -> None:
    draft = office.case(rosa).draft
    answer = grace.post(f"/case/{rosa}/approve", data=form(grace, rosa, text=draft.replace("\n", "\r\n")))
    assert answer.status_code == 303
    case = office.case(rosa)
    assert (case.state, case.approved_by, case.approved_text) == (State.APPROVED, "Grace Hopper", draft)
    assert answer.headers["location"] == f"/case/{office.of('uma')}?done={rosa}"
    following = grace.get(answer.headers["location"]).text
    assert f'action="/case/{rosa}/undo"' in following
    with office.store.read() as session:
        assert session.scalar(select(JobRow).where(JobRow.unique_key.startswith(f"send:{rosa}:"))) is not None


def test_the_text_as_edited_in_the_same_form_is_what_is_approved(
    office: WebWorld, grace: TestClient, rosa: int
) -> None:
    wording = office.case(rosa).draft.replace("Children who get MMR are", "A child who got MMR is")
    grace.post(f"/case/{rosa}/approve", data=form(grace, rosa, text=wording))
    assert office.case(rosa).approved_text == wording
    assert office.case(rosa).draft == wording


def test_a_saved_wording_stays_a_draft(office: WebWorld, grace: TestClient, rosa: int) -> None:
    answer = grace.post(f"/case/{rosa}/edit", data=form(grace, rosa, text="Something else."))
    assert answer.headers["location"] == f"/case/{rosa}"
    assert office.case(rosa).draft == "Something else."
    assert office.case(rosa).state == State.PROPOSED
    assert "draft edited" in grace.get(f"/case/{rosa}").text


def test_a_wording_that_breaks_a_rule_is_refused_and_kept(office: WebWorld, grace: TestClient, rosa: int) -> None:
    wording = "You are wrong and an idiot. " + office.case(rosa).draft
    answer = grace.post(f"/case/{rosa}/approve", data=form(grace, rosa, text=wording))
    assert answer.status_code == 422
    assert "You are wrong and an idiot." in answer.text
    assert office.case(rosa).state == State.PROPOSED
    assert grace.post(f"/case/{rosa}/approve", data=form(grace, rosa, text=" \n ")).status_code == 422


def test_a_locked_case_cannot_be_approved_and_says_why(office: WebWorld, grace: TestClient) -> None:
    lena = office.of("lena.bsky.social")
    page = grace.get(f"/case/{lena}").text
    assert words.sentence(NOTE) in html.unescape(page)
    assert f"/case/{lena}/approve" not in page
    answer = grace.post(f"/case/{lena}/approve", data=form(grace, lena, text=office.case(lena).draft))
    assert answer.status_code == 422
    assert office.case(lena).state == State.PROPOSED


def test_an_unsigned_entry_is_marked_and_cannot_be_approved_for_a_public_network(
    office: WebWorld, grace: TestClient
) -> None:
    post = office.says("max.bsky.social", "@check is vitamin C a cure?", network=Network.BLUESKY)
    case = office.propose(post, "vitamin-c-prevents-colds", account=BLUESKY)
    page = grace.get(f"/case/{case}").text
    assert "no clinician has signed off this entry" in page
    assert "(our rating)" in page
    answer = grace.post(f"/case/{case}/approve", data=form(grace, case, text=office.case(case).draft))
    assert answer.status_code == 422
    signed = grace.get(f"/case/{office.of('omar@town.example')}").text
    assert "Cannot be published" not in signed


def test_of_two_editors_the_second_is_told_and_keeps_the_typed_text(
    office: WebWorld, grace: TestClient, rosa: int
) -> None:
    ed = sign_in(office, "Ed", Role.EDITOR)
    late = form(ed, rosa, text="What Ed typed for an hour.")
    late["seen"] = "0"
    grace.post(f"/case/{rosa}/edit", data=form(grace, rosa, text="What Grace saved."))
    answer = ed.post(f"/case/{rosa}/approve", data=late)
    assert answer.status_code == 409
    for wanted in ("What Ed typed for an hour.", "What Grace saved.", "Grace Hopper", "draft edited"):
        assert wanted in answer.text
    assert office.case(rosa).state == State.PROPOSED
    grace.post(f"/case/{rosa}/file", data=form(grace, rosa))
    gone = ed.post(f"/case/{rosa}/approve", data=late)
    assert gone.status_code == 409
    assert "What Ed typed for an hour." in gone.text


def test_nobody_approves_twice(office: WebWorld, grace: TestClient, rosa: int) -> None:
    same = form(grace, rosa, text=office.case(rosa).draft)
    assert grace.post(f"/case/{rosa}/approve", data=same).status_code == 303
    assert grace.post(f"/case/{rosa}/approve", data=same).status_code == 409
    with office.store.read() as session:
        sends = session.scalars(select(JobRow).where(JobRow.unique_key.startswith(f"send:{rosa}:"))).all()
    assert len(sends) == 1


def test_undo_brings_the_case_back(office: WebWorld, grace: TestClient) -> None:
    ned = office.of("ned")
    page = grace.get(f"/case/{ned}").text
    assert "goes out in" in page
    answer = grace.post(f"/case/{ned}/undo", data=form(grace, ned))
    assert answer.headers["location"] == f"/case/{ned}"
    case = office.case(ned)
    assert (case.state, case.approved_by, case.approved_text) == (State.PROPOSED, "", "")
    assert grace.post(f"/case/{ned}/undo", data=form(grace, ned)).status_code == 422


def test_declining_needs_a_reason(office: WebWorld, grace: TestClient, rosa: int) -> None:
    assert grace.post(f"/case/{rosa}/decline", data=form(grace, rosa)).status_code == 422
    assert grace.post(f"/case/{rosa}/decline", data=form(grace, rosa, reason="mood")).status_code == 422
    assert office.case(rosa).state == State.PROPOSED
    answer = grace.post(f"/case/{rosa}/decline", data=form(grace, rosa, reason="leave alone", remark="grieving"))
    assert answer.status_code == 303
    assert office.case(rosa).state == State.DECLINED
    assert office.case(rosa).reason == "leave alone: grieving"
    grace.post(f"/case/{rosa}/reopen", data=form(grace, rosa))
    assert office.case(rosa).state == State.PROPOSED


def test_handing_over_keeps_the_typed_text_to_copy(office: WebWorld, grace: TestClient) -> None:
    lena = office.of("lena.bsky.social")
    answer = grace.post(f"/case/{lena}/hand-over", data=form(grace, lena, text="My own words & more"))
    assert answer.status_code == 303
    page = grace.get(f"/case/{lena}").text
    assert office.case(lena).state == State.HANDED_OVER
    assert "My own words &amp; more" in page
    assert "https://bsky.app/intent/compose?text=My%20own%20words%20%26%20more" in page


def test_a_person_in_danger_comes_first_and_has_no_draft(office: WebWorld, grace: TestClient) -> None:
    sam = office.of("sam")
    listed = grace.get("/").text
    assert listed.index(f"/case/{sam}") < listed.index(f"/case/{office.of('rosa')}")
    page = grace.get(f"/case/{sam}").text
    assert "Needs a person" in page
    assert "/approve" not in page
    assert grace.post(f"/case/{sam}/hand-over", data=form(grace, sam)).status_code == 303
    assert office.case(sam).state == State.HANDED_OVER


def test_a_published_reply_is_taken_back_with_a_reason(office: WebWorld, grace: TestClient) -> None:
    ivy = office.of("ivy")
    assert grace.post(f"/case/{ivy}/withdraw", data=form(grace, ivy)).status_code == 422
    assert grace.post(f"/case/{ivy}/withdraw", data=form(grace, ivy, why="a typo")).status_code == 303
    with office.store.read() as session:
        assert session.scalar(select(JobRow).where(JobRow.unique_key == f"withdraw:{ivy}")) is not None

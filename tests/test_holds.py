"""Who works on a case: one person at a time, for as long as they do, and nothing that was typed is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot import cases, holds, review
from bot.errors import NotAllowed
from bot.life import State
from bot.priority import ASKED, Facts, head_starts, rank_at
from bot.review import Declined
from bot.rights import Role
from bot.store.models import CaseRow
from tests.small_office import START, SmallOffice
from tests.web_client import form, sign_in
from tests.web_world import WebWorld, a_world, fill

EDITORS = 50


@pytest.fixture
def office(tmp_path: Path) -> Iterator[WebWorld]:
    office = fill(a_world(tmp_path))
    yield office
    office.store.close()


@pytest.fixture
def rosa(office: WebWorld) -> int:
    return office.of("rosa")


def test_whoever_holds_a_case_keeps_others_from_deciding_it(office: WebWorld, rosa: int) -> None:
    grace, ada = sign_in(office), sign_in(office, "Ada Lovelace")
    grace.post(f"/case/{rosa}/take", data=form(grace, rosa))

    answer = ada.post(f"/case/{rosa}/approve", data=form(ada, rosa, text=office.case(rosa).draft))

    assert answer.status_code == 422
    assert "Grace Hopper is working on this case until" in answer.text
    assert office.case(rosa).state == State.PROPOSED
    assert grace.post(f"/case/{rosa}/approve", data=form(grace, rosa, text=office.case(rosa).draft)).status_code == 303


def test_a_hold_can_be_taken_over_in_the_open(office: WebWorld, rosa: int) -> None:
    grace, ada = sign_in(office), sign_in(office, "Ada Lovelace")
    grace.post(f"/case/{rosa}/take", data=form(grace, rosa))

    assert ada.post(f"/case/{rosa}/take", data=form(ada, rosa)).status_code == 422
    assert ada.post(f"/case/{rosa}/take", data=form(ada, rosa, over="1")).status_code == 303

    assert "You hold this case" in ada.get(f"/case/{rosa}").text
    assert "hold taken over" in grace.get(f"/case/{rosa}").text


def test_what_was_typed_outlives_the_hold_and_the_one_who_takes_over_sees_it(office: WebWorld, rosa: int) -> None:
    grace, ada = sign_in(office), sign_in(office, "Ada Lovelace")
    grace.post(f"/case/{rosa}/keep", data=form(grace, rosa, text="half a sentence that"))
    ada.post(f"/case/{rosa}/take", data=form(ada, rosa, over="1"))

    assert (
        "half a sentence that" in grace.get(f"/case/{rosa}").text.partition("<textarea")[2].partition("</textarea")[0]
    )
    seen_by_ada = ada.get(f"/case/{rosa}").text
    assert "half a sentence that" in seen_by_ada
    assert "Grace Hopper</bdi> typed something" in seen_by_ada
    assert office.case(rosa).draft != "half a sentence that"

    grace.post(f"/case/{rosa}/forget-typed", data=form(grace, rosa))
    assert "half a sentence that" not in grace.get(f"/case/{rosa}").text


def test_typing_does_not_take_a_case_from_somebody_who_holds_it(office: WebWorld, rosa: int) -> None:
    grace, ada = sign_in(office), sign_in(office, "Ada Lovelace")
    grace.post(f"/case/{rosa}/take", data=form(grace, rosa))

    bar = ada.post(f"/case/{rosa}/keep", data=form(ada, rosa, text="mine")).text

    assert "Grace Hopper</bdi> works on it" in bar


def test_n_takes_one_case_after_the_other_and_says_when_nothing_is_free(office: WebWorld) -> None:
    grace, ada = sign_in(office), sign_in(office, "Ada Lovelace")
    token = {"csrf": form(grace, office.of("rosa"))["csrf"]}
    taken = []
    while (where := grace.post("/next", data=token).headers["location"]).startswith("/case/"):
        taken.append(int(where.removeprefix("/case/")))

    assert len(taken) == len(set(taken)) > 2
    assert all(not office.case(one).lock for one in taken), "nothing can be published there"
    assert "Nothing is free to take" in ada.get(where).text
    assert f'<span class="count">{len(taken)}</span>' in grace.get("/?show=mine").text


def test_a_case_is_handed_to_a_colleague_who_finds_it_among_theirs(office: WebWorld, rosa: int) -> None:
    grace, ada = sign_in(office), sign_in(office, "Ada Lovelace", Role.EDITOR)

    assert grace.post(f"/case/{rosa}/hand", data=form(grace, rosa, to="Nobody Known")).status_code == 422
    assert grace.post(f"/case/{rosa}/hand", data=form(grace, rosa, to="Ada Lovelace")).status_code == 303

    assert f'id="case-{rosa}"' in ada.get("/?show=mine").text
    assert f'id="case-{rosa}"' not in grace.get("/?show=mine").text


def test_a_question_to_a_colleague_waits_until_they_write_something(office: WebWorld, rosa: int) -> None:
    grace, ada = sign_in(office), sign_in(office, "Ada Lovelace", Role.EDITOR)
    assert grace.post(f"/case/{rosa}/remark", data=form(grace, rosa, text="@Nobody here?")).status_code == 422
    grace.post(f"/case/{rosa}/remark", data=form(grace, rosa, text="@ada lovelace is this <b>tone</b> right?"))

    page = ada.get("/?show=mine").text
    assert f'id="case-{rosa}"' in page
    assert "waits for <bdi>Ada Lovelace" in ada.get(f"/case/{rosa}").text
    assert "&lt;b&gt;tone" in ada.get(f"/case/{rosa}").text

    ada.post(f"/case/{rosa}/remark", data=form(ada, rosa, text="It is."))
    assert f'id="case-{rosa}"' not in ada.get("/?show=mine").text


def test_what_is_laid_aside_waits_apart_with_its_reason(office: WebWorld, rosa: int) -> None:
    grace = sign_in(office)
    assert grace.post(f"/case/{rosa}/park", data=form(grace, rosa, why=" ")).status_code == 422
    grace.post(f"/case/{rosa}/park", data=form(grace, rosa, why="the trial is out on Monday"))

    assert f'id="case-{rosa}"' not in grace.get("/").text
    assert "the trial is out on Monday" in grace.get("/?show=parked").text

    grace.post(f"/case/{rosa}/unpark", data=form(grace, rosa))
    assert f'id="case-{rosa}"' in grace.get("/").text


def test_a_hold_ends_by_itself_and_by_a_decision(tmp_path: Path) -> None:
    office = SmallOffice(f"sqlite:///{tmp_path / 'office.db'}", tmp_path)
    case = office.asked()
    with office.store.write() as session:
        holds.take(session, case.id, "Grace", office.clock.now())
    office.clock.advance(holds.HOLD + timedelta(seconds=1))
    with office.store.write() as session:
        assert holds.holder(session, case.id, office.clock.now()) is None
        assert holds.take(session, case.id, "Ada", office.clock.now()).who == "Ada"
        version = cases.get(session, case.id).version
        review.decline(session, case.id, version=version, who="Ada", reason=Declined.TONE, now=office.clock.now())
        assert holds.holder(session, case.id, office.clock.now()) is None
        with pytest.raises(NotAllowed, match="does not wait"):
            holds.take(session, case.id, "Ada", office.clock.now())
    office.store.close()


@pytest.fixture(params=["sqlite", "postgres"])
def crowd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SmallOffice]:
    """An office with more cases than editors."""
    sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path / 'office.db'}" if sqlite else str(request.getfixturevalue("postgres_url"))
    office = SmallOffice(url, tmp_path)
    first = office.asked()
    with office.store.write() as session:
        row = session.get_one(CaseRow, first.id)
        values = {one.name: getattr(row, one.name) for one in CaseRow.__table__.columns if one.name != "id"}
        for number in range(EDITORS):
            session.add(CaseRow(**{**values, "uri": f"{row.uri}/{number}"}))
    yield office
    office.store.close()


@pytest.mark.timeout(240)
def test_fifty_editors_at_once_get_fifty_different_cases(crowd: SmallOffice) -> None:
    def take(number: int) -> int | None:
        with crowd.store.write() as session:
            return holds.take_next(session, f"editor {number}", crowd.clock.now())

    with ThreadPoolExecutor(EDITORS) as pool:
        taken = Counter(pool.map(take, range(EDITORS)))

    assert None not in taken
    assert set(taken.values()) == {1}


def test_the_place_in_the_queue_follows_care_reach_and_who_asked(tmp_path: Path) -> None:
    office = SmallOffice(f"sqlite:///{tmp_path / 'office.db'}", tmp_path)
    asked = office.asked()
    assert asked.rank_at == START - timedelta(hours=ASKED), "somebody waits for the answer"
    office.approve(asked)
    assert office.now(asked).rank_at is None, "it does not wait any more"
    office.store.close()

    found = Facts(
        state="proposed", lock="", parked="", basis="none", sensitivity="standard", followers=0, created_at=START
    )
    later = replace(found, created_at=START + timedelta(hours=3))
    in_order = [
        replace(later, state="escalated"),
        replace(later, basis="mention_author", sensitivity="high-care"),
        replace(later, followers=250_000),
        found,
        later,
        replace(later, basis="mention_author", lock="nobody asked"),
        replace(found, parked="waits"),
    ]
    assert sorted(in_order, key=lambda one: rank_at(one) or START) == in_order
    assert [why for _, why in head_starts(in_order[2])] == ["about 250,000 people follow the author"]

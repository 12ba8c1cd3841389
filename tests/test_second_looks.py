"""Blind second looks: somebody else judges a decided case without knowing; agreement is counted, nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from bot import second_looks
from bot.rights import Role
from bot.second_looks import APPROVE, ENOUGH, agreement, chosen
from bot.store.desk_models import SecondLookRow
from bot.web.app import create_app
from tests.small_office import START
from tests.web_client import form, sign_in, token
from tests.web_world import WebWorld, a_world, fill


@pytest.fixture
def office(tmp_path: Path) -> Iterator[WebWorld]:
    """An office that has every case looked at twice."""
    made = a_world(tmp_path)
    made.hands = replace(made.hands, second_look_share=1.0)
    made.app = create_app(made.hands)
    yield fill(made)
    made.store.close()


def declined(office: WebWorld, who: TestClient) -> int:
    rosa = office.of("rosa")
    who.post(f"/case/{rosa}/decline", data=form(who, rosa, reason="tone"))
    return rosa


def test_somebody_else_judges_the_case_without_knowing_what_was_decided(office: WebWorld) -> None:
    grace, ada = sign_in(office), sign_in(office, "Ada Lovelace", Role.EDITOR)
    rosa = declined(office, grace)

    assert "Nothing to look at" in grace.get("/second-looks").text, "not the one who decided"
    page = ada.get("/second-looks").text
    assert "my cousin swears the MMR jab" in page
    assert "declined" not in page.casefold().partition("<main")[2]
    assert "Grace" not in page
    assert "1 decided case waits" in ada.get("/").text

    answer = ada.post(f"/second-looks/{rosa}", data={"csrf": token(page), "said": "approve"})
    assert "your colleague declined it (tone), you would approve it" in answer.text
    assert office.case(rosa).state == "declined", "nothing changes for the case"
    again = ada.post(f"/second-looks/{rosa}", data={"csrf": token(page), "said": "tone"})
    assert again.status_code == 409


def test_nobody_gives_the_second_look_to_their_own_decision(office: WebWorld) -> None:
    grace = sign_in(office)
    rosa = declined(office, grace)

    answer = grace.post(f"/second-looks/{rosa}", data={"csrf": token(grace.get("/").text), "said": "tone"})

    assert answer.status_code == 409
    assert "you decided this case yourself" in answer.text.casefold()


def a_pair(first: bool, second: bool, entry: str = "e", number: int = 0) -> SecondLookRow:
    said = {True: APPROVE, False: "tone"}
    return SecondLookRow(
        case_id=number, entry_id=entry, text="", first_who="a", first_said=said[first], first_at=START,
        second_who="b", second_said=said[second], second_at=START,
    )  # fmt: skip


def test_kappa_is_the_textbook_s() -> None:
    """The example of Cohen (1960) as retold in textbooks: 20 yes/yes, 5 yes/no, 10 no/yes, 15 no/no gives 0.4."""
    pairs = [a_pair(True, True)] * 20 + [a_pair(True, False)] * 5 + [a_pair(False, True)] * 10
    pairs += [a_pair(False, False)] * 15

    found = agreement(pairs)

    assert (found.pairs, found.agreed) == (50, 35)
    assert found.kappa == pytest.approx(0.4)
    assert agreement([]).kappa is None
    assert agreement([a_pair(True, True)] * 9).kappa is None, "without variety nothing can be said"


def test_an_entry_on_which_editors_disagree_is_laid_before_the_curator_once(office: WebWorld) -> None:
    rosa = office.case(office.of("rosa"))
    with office.store.write() as session:
        numbers = [row.id for row in session.query(type(rosa)).limit(ENOUGH + 1)]
        for at, number in enumerate(numbers):
            row = a_pair(at % 2 == 0, at % 2 == 1, entry=rosa.entry_id or "", number=number)
            row.second_at, row.second_who = (None, "") if at >= ENOUGH - 2 else (START, "b")
            session.add(row)
    with office.store.write() as session:
        for number in numbers[ENOUGH - 2 :]:
            second_looks.answer(session, number, "tone", "b", START)
            found = [task.entry_id for task in second_looks.tasks(session)]
    assert found == [rosa.entry_id]

    grace = sign_in(office)
    page = grace.get("/agreement").text
    assert "read its claim again" in page.casefold()
    grace.post("/tasks/1/close", data={"csrf": token(page)})
    assert "For the curator" not in grace.get("/agreement").text
    assert grace.post("/tasks/1/close", data={"csrf": token(page)}).status_code == 422


def test_the_share_is_kept_and_cannot_be_foreseen_from_the_number() -> None:
    taken = [chosen(number, 0.1) for number in range(1, 5001)]

    assert 400 < sum(taken) < 600
    assert not any(chosen(number, 0.0) for number in range(1000))
    assert all(chosen(number, 1.0) for number in range(1000))
    runs = sum(one and other for one, other in pairwise(taken))
    assert 20 < runs < 90, "neither every tenth nor in blocks"

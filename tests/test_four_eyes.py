"""Where one yes is not enough: two people, or a clinician, for exactly the same words; asked again before sending."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot import cases, eyes, review, set_aside
from bot.errors import NotAllowed
from bot.life import State
from bot.store.models import CaseRow
from bot.store.office_models import UserRow
from tests.small_office import START, UNDO, SmallOffice

CAREFUL = "@check a high fever by itself causes brain damage in a child"
EXPERT = "@check all cephalosporins must be avoided, 10% of penicillin-allergic patients react"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[SmallOffice]:
    office = SmallOffice(f"sqlite:///{tmp_path / 'office.db'}", tmp_path, public=True)
    with office.store.write() as session:
        for name, role in (("Grace", "editor"), ("Ada", "editor"), ("Dr Curie", "reviewer")):
            session.add(UserRow(name=name, role=role, created_at=START))
    yield office
    office.store.close()


def a_case(office: SmallOffice, text: str, sensitivity: str) -> CaseRow:
    case = office.asked(text)
    assert (case.state, case.sensitivity) == (State.PROPOSED, sensitivity)
    return case


def approve(office: SmallOffice, case: CaseRow, who: str, text: str | None = None) -> CaseRow:
    with office.store.write() as session:
        return review.approve(
            session,
            case.id,
            version=cases.get(session, case.id).version,
            who=who,
            now=office.clock.now(),
            undo=UNDO,
            objections=office.judgement.objections,
            text=text,
        )


def needs(office: SmallOffice, case: CaseRow) -> eyes.Needed:
    with office.store.read() as session:
        return eyes.needed(session, case)


def test_in_practice_one_person_may_try_everything(tmp_path: Path) -> None:
    office = SmallOffice(f"sqlite:///{tmp_path / 'office.db'}", tmp_path)
    assert approve(office, a_case(office, CAREFUL, "high-care"), "Grace").state == State.APPROVED
    office.store.close()


def test_a_high_care_draft_needs_two_people(office: SmallOffice) -> None:
    case = a_case(office, CAREFUL, "high-care")

    first = approve(office, case, "Grace")
    assert first.state == State.PROPOSED
    assert first.reason.startswith("Grace said yes; a second person must say yes to the same words")
    with pytest.raises(NotAllowed, match="you said yes to this already"):
        approve(office, case, "Grace")
    assert approve(office, case, "Ada").state == State.APPROVED

    office.pass_time(UNDO + timedelta(seconds=1))
    assert office.now(case).state == State.PUBLISHED


def test_whoever_changes_a_word_starts_anew(office: SmallOffice) -> None:
    case = a_case(office, CAREFUL, "high-care")
    approve(office, case, "Grace")
    other = case.draft.replace("does not itself cause", "does not cause")
    assert other != case.draft

    assert approve(office, case, "Ada", text=other).state == State.PROPOSED
    assert approve(office, case, "Grace", text=other).state == State.APPROVED


def test_an_expert_entry_needs_a_clinician_and_one_is_enough(office: SmallOffice) -> None:
    case = a_case(office, EXPERT, "expert-review")

    waiting = approve(office, case, "Grace")
    assert waiting.state == State.PROPOSED
    assert "a clinical reviewer must say yes" in waiting.reason
    assert approve(office, case, "Dr Curie").state == State.APPROVED


def test_an_editor_can_ask_for_more_eyes_but_not_for_fewer(office: SmallOffice) -> None:
    case = office.asked()
    assert needs(office, case).people == 1
    with office.store.write() as session:
        version = cases.get(session, case.id).version
        row = set_aside.ask_for(session, case.id, version=version, who="Grace", what=eyes.SECOND, now=START)
        assert eyes.needed(session, row).people == 2
        row = set_aside.ask_for(session, case.id, version=row.version, who="Ada", what=eyes.CLINICIAN, now=START)
        assert eyes.needed(session, row).clinician
        with pytest.raises(NotAllowed, match="asked for already"):
            set_aside.ask_for(session, case.id, version=row.version, who="Ada", what=eyes.SECOND, now=START)
    assert approve(office, case, "Grace").state == State.PROPOSED
    assert approve(office, case, "Dr Curie").state == State.APPROVED


def test_an_undone_approval_takes_every_yes_back(office: SmallOffice) -> None:
    case = a_case(office, CAREFUL, "high-care")
    approve(office, case, "Grace")
    version = approve(office, case, "Ada").version
    with office.store.write() as session:
        review.undo(session, case.id, version=version, who="Ada", now=office.clock.now())

    assert approve(office, case, "Ada").state == State.PROPOSED


def test_an_approval_whose_second_yes_is_missing_is_not_sent(office: SmallOffice) -> None:
    """As if somebody had found a way around the desk."""
    case = a_case(office, CAREFUL, "high-care")
    approve(office, case, "Grace")
    approve(office, case, "Ada")
    with office.store.write() as session:
        eyes.forget(session, case.id)
        eyes.sign(session, cases.get(session, case.id), case.draft, "Grace", office.clock.now())

    office.pass_time(UNDO + timedelta(seconds=1))

    held = office.now(case)
    assert held.state == State.PROPOSED
    assert "a second person must say yes" in held.reason
    assert office.ours() == []

"""What the matcher only suggests gets no draft by itself; a person may ask for one, and every gate still stands."""

from copy import copy
from dataclasses import replace
from pathlib import Path

import pytest

from bot import audit, review
from bot.errors import NotAllowed, Stale
from bot.life import State
from bot.matchers import Matchers
from bot.matching.models import Models, shipped
from bot.model import Action, Match
from bot.store import codec
from bot.store.models import CaseRow
from bot.web import filters, lists
from bot.web.filters import View
from tests.builders import CLAIM
from tests.small_office import SmallOffice


def never_sure() -> Models:
    """The shipped models, with thresholds that make every draft a suggestion."""
    models = copy(shipped())
    models.weights = replace(models.weights, suggest=0.0, confident=1.0)
    return models


@pytest.fixture
def office(tmp_path: Path) -> SmallOffice:
    return SmallOffice(f"sqlite:///{tmp_path / 'office.db'}", tmp_path, matchers=Matchers(models=never_sure))


def take_up(office: SmallOffice, case: CaseRow, who: str = "Grace") -> None:
    with office.store.write() as session:
        review.take_up(session, case.id, version=office.now(case).version, who=who, now=office.clock.now())
    office.work()


@pytest.mark.parametrize("via", ["mention", "tag"])
def test_a_suggestion_waits_under_perhaps_without_a_draft(office: SmallOffice, via: str):
    post = office.posts(f"@check {CLAIM}" if via == "mention" else f"{CLAIM} #MedEd")
    office.hear_of(post, via)
    case = office.case_of(post)

    assert case.state == State.IGNORED
    assert case.draft == ""
    assert case.match is not None
    assert codec.load(Match, case.match).action is Action.SUGGEST
    with office.store.read() as session:
        view = View(show="perhaps")
        rows, more = filters.rows(session, view, "Grace", office.clock.now())
        assert ([row.id for row in rows], more) == ([case.id], False)
        assert filters.counts(session, view, "Grace", office.clock.now())["perhaps"] == 1
        sheet = lists.sheet(session, case)
    assert sheet.entry is not None
    assert sheet.match is not None


def test_a_person_who_takes_it_up_gets_a_draft_to_approve(office: SmallOffice):
    case = office.asked()
    take_up(office, case)

    assert office.state(case) is State.PROPOSED
    assert office.now(case).draft
    assert office.now(case).lock == ""
    with office.store.read() as session:
        assert [row.who for row in audit.of_case(session, case.id) if row.what == "suggestion taken up"] == ["Grace"]
    office.approve(case)
    office.pass_time()
    assert office.state(case) is State.PUBLISHED


def test_taking_up_what_nobody_asked_for_leaves_the_public_reply_locked(office: SmallOffice):
    post = office.posts(f"{CLAIM} #MedEd")
    office.hear_of(post, "tag")
    case = office.case_of(post)
    take_up(office, case)

    assert office.state(case) is State.PROPOSED
    assert office.now(case).lock


def test_a_post_edited_into_sorrow_meanwhile_gets_no_draft(office: SmallOffice):
    post = office.posts(f"@check {CLAIM}")
    office.hear_of(post)
    case = office.case_of(post)
    office.world.edit(post.ref.uri, f"@check {CLAIM} We buried our son on Friday.")
    take_up(office, case)

    assert office.state(case) is State.IGNORED
    assert office.now(case).match is None
    assert "leave this person alone" in office.now(case).reason


def test_nothing_is_taken_up_without_a_name_a_suggestion_or_the_newest_version(office: SmallOffice):
    case = office.asked()
    idle = office.asked("@check what lovely weather in the Cotswolds today")
    with office.store.write() as session, pytest.raises(NotAllowed, match="suggests nothing"):
        review.take_up(session, idle.id, version=idle.version, who="Grace", now=office.clock.now())
    with office.store.write() as session, pytest.raises(NotAllowed, match="name of a person"):
        review.take_up(session, case.id, version=case.version, who=" ", now=office.clock.now())
    with office.store.write() as session, pytest.raises(Stale):
        review.take_up(session, case.id, version=case.version + 7, who="Grace", now=office.clock.now())

"""A post found by its tag: drafted for the editors, locked for the public."""

from __future__ import annotations

import pytest

from bot.decisions import Escalate, Ignore, Propose
from bot.life import State
from bot.model import Action, Arrived, Basis, Stance, Via
from handlers import decide
from handlers.manners.proposing import NOBODY_ASKED
from tests.builders import CLAIM, US, a_desk, a_house, a_match, a_post, an_author, filed_as, we_said

POST = a_post(f"{CLAIM} #MedEd", tags=("meded",))
FOUND = Arrived(post=POST, via=Via.TAG)
ALLOWED = a_house(hashtag_replies=True, ruling="decided by Grace on 2026-11-30: our own students' tag")


@pytest.mark.parametrize("action", [Action.DRAFT, Action.EXPERT_REVIEW])
def test_a_found_claim_is_drafted_but_its_public_reply_is_locked(action):
    match = a_match(action=action)

    assert decide(FOUND, a_desk(match)) == Propose(
        to=POST, subject=POST, match=match, basis=Basis.NONE, proof="", lock=NOBODY_ASKED
    )


def test_a_recorded_decision_of_the_house_unlocks_it_and_is_its_proof():
    assert decide(FOUND, a_desk(a_match(), house=ALLOWED)) == Propose(
        to=POST, subject=POST, match=a_match(), basis=Basis.SERVER_CONSENT, proof=ALLOWED.ruling
    )


def test_a_decision_nobody_stands_for_unlocks_nothing():
    decision = decide(FOUND, a_desk(a_match(), house=a_house(hashtag_replies=True)))

    assert isinstance(decision, Propose)
    assert decision.lock == NOBODY_ASKED


def test_a_claim_beyond_the_limits_is_still_shown_with_the_limit_as_its_lock():
    decision = decide(FOUND, a_desk(a_match(), house=ALLOWED, said=[we_said("ada")]))

    assert isinstance(decision, Propose)
    assert decision.lock == "we answered this person on 2026-11-30: at most one reply in 7 days"


@pytest.mark.parametrize("stance", [Stance.DENIES, Stance.ASKS, Stance.REPORTS, Stance.UNRELATED])
def test_nothing_is_proposed_to_somebody_who_does_not_make_the_claim(stance):
    assert isinstance(decide(FOUND, a_desk(a_match(stance))), Ignore)


@pytest.mark.parametrize("stance", [Stance.DENIES, Stance.ASKS, Stance.REPORTS])
def test_not_even_when_the_matcher_suggests_a_draft(stance):
    assert isinstance(decide(FOUND, a_desk(a_match(stance, action=Action.DRAFT))), Ignore)


def test_when_unsure_nothing_is_proposed():
    assert decide(FOUND, a_desk(a_match(action=Action.NONE))) == Ignore(
        reason="not sure enough that they make the claim"
    )


def test_a_post_without_a_known_claim_is_ignored():
    assert decide(FOUND, a_desk()) == Ignore(reason="it makes no claim we have evidence on")


def test_an_ill_or_grieving_person_is_left_alone():
    assert decide(FOUND, a_desk(a_match(leave_alone="grief"))) == Ignore(reason="leave this person alone: grief")


def test_a_crisis_goes_to_a_person_with_no_claim_attached():
    decision = decide(FOUND, a_desk(a_match(leave_alone="crisis", crisis=True)))

    assert isinstance(decision, Escalate)
    assert decision.reason.startswith("crisis")


@pytest.mark.parametrize(
    ("author", "reason"),
    [
        (an_author(is_bot=True), "never talk to bots"),
        (an_author(US), "one of our own accounts"),
        (an_author(blocks_us=True), "they block us"),
        (an_author(bio="#nobot"), "their profile tells bots to stay away (nobot)"),
    ],
)
def test_some_accounts_are_never_addressed(author, reason):
    assert decide(Arrived(post=a_post(author=author), via=Via.TAG), a_desk(a_match())) == Ignore(reason=reason)


@pytest.mark.parametrize("state", list(State))
def test_a_post_that_has_a_case_is_not_taken_twice(state):
    assert decide(FOUND, a_desk(a_match(), filed=filed_as(state, basis=Basis.NONE))) == Ignore(
        reason="we have it already"
    )


def test_a_locked_case_is_drafted_again_once_the_house_allows_replies():
    desk = a_desk(a_match(), house=ALLOWED, filed=filed_as(basis=Basis.NONE, locked=True))

    assert isinstance(decide(FOUND, desk), Propose)

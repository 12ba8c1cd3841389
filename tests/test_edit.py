"""An edited post is read again: what still fits is proposed again, what does not is taken back."""

from __future__ import annotations

import pytest

from bot.decisions import Escalate, Ignore, Propose, Withdraw
from bot.life import IN_FLIGHT, State
from bot.model import Basis, Edited, Stance
from handlers import decide
from tests.builders import CLAIM, a_desk, a_match, a_post, filed_as

POST = a_post(f"@check {CLAIM}, surely", version="2", mentions_us=True)


@pytest.mark.parametrize("state", [State.PROPOSED, State.APPROVED])
def test_a_post_that_still_makes_the_claim_is_proposed_again(state):
    decision = decide(Edited(post=POST), a_desk(a_match(), filed=filed_as(state)))

    assert decision == Propose(
        to=POST, subject=POST, match=a_match(), basis=Basis.MENTION_AUTHOR, proof=POST.ref.uri, lock=""
    )


def test_a_tagged_post_that_still_makes_the_claim_stays_locked():
    post = a_post(version="2")

    decision = decide(Edited(post=post), a_desk(a_match(), filed=filed_as(basis=Basis.NONE, locked=True)))

    assert isinstance(decision, Propose)
    assert decision.basis is Basis.NONE
    assert decision.lock


@pytest.mark.parametrize("stance", [Stance.DENIES, Stance.REPORTS, Stance.UNRELATED])
def test_a_post_that_dropped_the_claim_has_its_draft_withdrawn(stance):
    decision = decide(Edited(post=POST), a_desk(a_match(stance), filed=filed_as()))

    assert decision == Withdraw(ref=POST.ref, reason="the author edited the post; it no longer makes this claim")


def test_a_post_that_now_tells_of_an_illness_has_its_draft_withdrawn():
    decision = decide(Edited(post=POST), a_desk(a_match(leave_alone="their own illness"), filed=filed_as()))

    assert decision == Withdraw(
        ref=POST.ref, reason="the author edited the post; leave this person alone: their own illness"
    )


def test_a_post_that_no_longer_calls_us_has_its_draft_withdrawn():
    post = a_post(CLAIM, version="2")

    assert decide(Edited(post=post), a_desk(a_match(), filed=filed_as())) == Withdraw(
        ref=post.ref, reason="the author edited the post; it no longer asks us"
    )


@pytest.mark.parametrize("state", [State.PUBLISHED, *sorted(IN_FLIGHT)])
def test_a_post_edited_after_our_reply_goes_to_a_person(state):
    decision = decide(Edited(post=POST), a_desk(a_match(), filed=filed_as(state)))

    assert decision == Escalate(post=POST, reason="the post was edited after our reply")


@pytest.mark.parametrize("state", [State.DECLINED, State.HANDED_OVER, State.FILED, State.EXPIRED, State.ESCALATED])
def test_what_a_person_decided_about_a_post_is_not_undone_by_an_edit(state):
    assert isinstance(decide(Edited(post=POST), a_desk(a_match(), filed=filed_as(state))), Ignore)


def test_an_edit_of_a_post_without_a_case_is_nothing_to_us():
    assert isinstance(decide(Edited(post=POST), a_desk(a_match())), Ignore)


def test_an_edit_that_reads_like_a_crisis_goes_to_a_person():
    assert isinstance(decide(Edited(post=POST), a_desk(a_match(crisis=True), filed=filed_as())), Escalate)

"""Somebody calls us: which post is meant, who is answered, and when we stay silent."""

from __future__ import annotations

import dataclasses

import pytest

from bot.decisions import Escalate, Ignore, Propose
from bot.desk import Desk
from bot.life import State
from bot.model import Action, Arrived, Basis, Match, Mention, Network, Post, Stance, Via, Visibility
from handlers import decide
from tests.builders import (
    CLAIM,
    US,
    a_desk,
    a_house,
    a_match,
    a_post,
    an_author,
    filed_as,
    we_said,
)

ASSERTS, ASKS, DENIES, REPORTS = a_match(), a_match(Stance.ASKS), a_match(Stance.DENIES), a_match(Stance.REPORTS)
OTHER = a_match(entry_id="aspirin-everyone")
BOBS = a_post(CLAIM, author="bob", uri="bobs post")
TRUE = "is this true?"
SUMMONS = a_post(f"@check {TRUE}", under=BOBS, mentions_us=True)
ADA = Mention(id="ada", handle="ada@home.example")


def called(post: Post, desk: Desk) -> object:
    return decide(Arrived(post=post, via=Via.MENTION), desk)


def proposed(post: Post, desk: Desk) -> Propose:
    decision = called(post, desk)
    assert isinstance(decision, Propose), decision
    return decision


def alone(text: str, **given: object) -> Post:
    return a_post(f"@check {text}", mentions_us=True, **given)


# who asked about what


def test_somebody_who_makes_a_claim_and_calls_us_is_answered():
    post = alone(CLAIM)

    assert called(post, a_desk({CLAIM: ASSERTS})) == Propose(
        to=post, subject=post, match=ASSERTS, basis=Basis.MENTION_AUTHOR, proof=post.ref.uri
    )


def test_somebody_who_asks_us_about_a_claim_is_answered():
    question = f"is it true that {CLAIM}?"

    assert proposed(alone(question), a_desk({question: ASKS})).basis is Basis.MENTION_AUTHOR


def test_a_summons_under_somebody_elses_post_is_about_that_post_and_answers_who_asked():
    assert called(SUMMONS, a_desk({CLAIM: ASSERTS}, above=[BOBS])) == Propose(
        to=SUMMONS, subject=BOBS, match=ASSERTS, basis=Basis.SUMMONER, proof=SUMMONS.ref.uri, asked_by=ADA
    )


def test_a_summons_looks_at_what_the_post_above_quotes():
    eves = a_post(CLAIM, author="eve")
    bobs = a_post("look at this", author="bob", quoting=eves)
    post = alone(TRUE, under=bobs)

    assert proposed(post, a_desk({CLAIM: ASSERTS}, above=[bobs], quoted=eves)).subject == eves


def test_a_post_that_calls_us_and_quotes_somebody_is_about_the_quoted_post():
    post = alone(TRUE, quoting=BOBS)

    propose = proposed(post, a_desk({CLAIM: ASSERTS}, quoted=BOBS))

    assert (propose.subject, propose.basis, propose.asked_by) == (BOBS, Basis.SUMMONER, ADA)


def test_a_question_under_ones_own_post_is_about_that_post():
    first = a_post(CLAIM)
    post = alone(TRUE, under=first)

    propose = proposed(post, a_desk({CLAIM: ASSERTS}, above=[first]))

    assert (propose.to, propose.subject, propose.basis) == (post, first, Basis.MENTION_AUTHOR)


def test_it_is_about_ones_own_post_also_when_the_matcher_understands_the_question_by_its_thread():
    first = a_post(CLAIM)
    post = alone(TRUE, under=first)

    assert proposed(post, a_desk({CLAIM: ASSERTS, TRUE: ASKS}, above=[first])).subject == first


def test_ones_own_claim_under_somebody_elses_small_talk_is_ones_own():
    bobs = a_post("nice weather", author="bob")
    post = alone(CLAIM, under=bobs)

    propose = proposed(post, a_desk({CLAIM: ASSERTS}, above=[bobs]))

    assert propose.subject == post
    assert propose.basis is Basis.MENTION_AUTHOR  # the author of the claim called us


def test_whoever_calls_us_about_their_own_words_asked_even_in_a_thread_that_could_not_be_read():
    assert proposed(alone(CLAIM, under=BOBS), a_desk({CLAIM: ASSERTS})).basis is Basis.MENTION_AUTHOR


def test_our_handle_is_not_part_of_what_they_say():
    seen = []

    def match(post: Post, context: object) -> Match:
        seen.append(post.text)
        return ASSERTS

    called(a_post(f"Hey @check@office.example, {CLAIM} @check", mentions_us=True), desk_with(match))

    assert seen == [f"Hey, {CLAIM}"]


def desk_with(match) -> Desk:
    return dataclasses.replace(a_desk(), match=match)


# the networks


def test_on_bluesky_a_summoner_gets_a_note_because_a_reply_would_ping_the_author():
    bobs = a_post(CLAIM, author="bob", network=Network.BLUESKY)
    post = alone(TRUE, under=bobs, network=Network.BLUESKY)
    desk = a_desk({CLAIM: ASSERTS}, above=[bobs], house=a_house(Network.BLUESKY))

    assert proposed(post, desk).note is True


@pytest.mark.parametrize("network", [Network.MASTODON, Network.FAKE])
def test_elsewhere_a_summoner_is_answered_in_the_thread(network):
    propose = proposed(SUMMONS, a_desk({CLAIM: ASSERTS}, above=[BOBS], house=a_house(network)))

    assert (propose.note, propose.lock) == (False, "")


def test_on_bluesky_an_author_is_answered_in_their_own_thread():
    propose = proposed(alone(CLAIM), a_desk({CLAIM: ASSERTS}, house=a_house(Network.BLUESKY)))

    assert (propose.note, propose.lock) == (False, "")


# never correct somebody who is right


@pytest.mark.parametrize("match", [DENIES, REPORTS, a_match(Stance.UNRELATED), a_match(action=Action.NONE)])
def test_a_subject_that_does_not_surely_make_the_claim_gets_no_draft(match):
    assert isinstance(called(SUMMONS, a_desk({CLAIM: match}, above=[BOBS])), Ignore)
    assert isinstance(called(alone(CLAIM), a_desk({CLAIM: match})), Ignore)


def test_a_question_under_a_debunkers_post_follows_the_debunker():
    fine = a_post("vaccines do not cause autism", author="bob")
    question = f"is it true that {CLAIM}?"
    desk = a_desk({question: ASKS, fine.text: DENIES}, above=[fine])

    assert called(alone(question, under=fine), desk) == Ignore(
        reason="they reject the claim: never correct somebody who is right"
    )


def test_a_debunker_who_quotes_the_claim_is_not_corrected_by_way_of_the_quote():
    eves = a_post(CLAIM, author="eve")
    bobs = a_post("this is false", author="bob", quoting=eves)
    desk = a_desk({CLAIM: ASSERTS, "this is false": DENIES}, above=[bobs], quoted=eves)

    assert isinstance(called(alone(TRUE, under=bobs), desk), Ignore)


def test_a_question_about_another_claim_than_the_debunked_one_is_answered():
    fine = a_post("vaccines do not cause autism", author="bob")
    question = "should everybody take aspirin?"
    desk = a_desk({question: dataclasses.replace(OTHER, stance=Stance.ASKS), fine.text: DENIES}, above=[fine])

    assert proposed(alone(question, under=fine), desk).match.entry_id == "aspirin-everyone"


def test_somebody_who_makes_the_claim_under_a_debunkers_post_and_calls_us_is_answered():
    fine = a_post("vaccines do not cause autism", author="bob")
    post = alone(CLAIM, under=fine)

    assert proposed(post, a_desk({CLAIM: ASSERTS, fine.text: DENIES}, above=[fine])).subject == post


def test_somebody_who_takes_the_claim_back_is_not_corrected_for_it():
    first = a_post(CLAIM)
    post = alone("I was wrong", under=first)

    assert isinstance(called(post, a_desk({CLAIM: ASSERTS, "I was wrong": DENIES}, above=[first])), Ignore)


def test_a_call_without_a_claim_is_ignored():
    assert called(alone("hello"), a_desk()) == Ignore(reason="it makes no claim we have evidence on")


# people to leave alone


@pytest.mark.parametrize("where", [CLAIM, TRUE])
def test_an_ill_or_grieving_person_is_left_alone_whether_they_called_or_were_asked_about(where):
    table = {CLAIM: ASSERTS} | {where: a_match(leave_alone="grief")}

    assert called(SUMMONS, a_desk(table, above=[BOBS])) == Ignore(reason="leave this person alone: grief")


@pytest.mark.parametrize("where", [CLAIM, TRUE])
def test_a_crisis_anywhere_goes_to_a_person_with_no_claim_attached(where):
    table = {CLAIM: ASSERTS} | {where: a_match(leave_alone="crisis", crisis=True)}
    decision = called(SUMMONS, a_desk(table, above=[BOBS]))

    assert isinstance(decision, Escalate)
    assert decision.post == SUMMONS


@pytest.mark.parametrize(
    ("bob", "reason"),
    [
        (an_author("bob", is_bot=True), "never talk to bots"),
        (an_author("bob", bio="no bots"), "their profile tells bots to stay away (no bots)"),
        (an_author("bob", blocks_us=True), "they block us"),
    ],
)
def test_nobody_is_summoned_against_people_who_keep_away_from_bots(bob, reason):
    bobs = a_post(CLAIM, author=bob)

    assert called(alone(TRUE, under=bobs), a_desk({CLAIM: ASSERTS}, above=[bobs])) == Ignore(reason=reason)


def test_nobody_is_summoned_against_somebody_who_opted_out():
    assert called(SUMMONS, a_desk({CLAIM: ASSERTS}, above=[BOBS], opted_out={"bob"})) == Ignore(
        reason="the author of the post they asked about opted out"
    )


def test_nobody_is_summoned_against_a_second_account_of_ours():
    desk = a_desk({CLAIM: ASSERTS}, quoted=a_post(CLAIM, author="twin"), house=a_house(ours=frozenset({US, "twin"})))

    assert not isinstance(called(alone(TRUE), desk), Propose)


def test_bots_and_our_own_accounts_call_in_vain():
    bot = an_author("bot", is_bot=True)

    assert called(alone(CLAIM, author=bot), a_desk(ASSERTS)) == Ignore(reason="never talk to bots")
    assert called(alone(CLAIM, author=US), a_desk(ASSERTS)) == Ignore(reason="one of our own accounts")


# locks: shown to an editor, never dropped


@pytest.mark.parametrize(
    ("desk", "words"),
    [
        (a_desk(ASSERTS, said=[we_said("ada")]), "one reply in 7 days"),
        (a_desk(ASSERTS, said=[we_said("bob", thread=f"ada: @check {CLAIM}", uri="elsewhere")]), "this thread"),
    ],
)
def test_beyond_the_limits_the_case_is_queued_and_locked_with_the_limit_named(desk, words):
    propose = proposed(alone(CLAIM), desk)

    assert propose.basis is Basis.MENTION_AUTHOR
    assert words in propose.lock


@pytest.mark.parametrize("visibility", [Visibility.PRIVATE, Visibility.DIRECT])
def test_a_question_among_few_is_queued_and_locked(visibility):
    assert "not written for everybody" in proposed(alone(CLAIM, visibility=visibility), a_desk(ASSERTS)).lock


# a post that reaches us twice


def test_a_locked_draft_found_by_tag_is_unlocked_when_its_author_calls_us():
    desk = a_desk(ASSERTS, filed=filed_as(State.PROPOSED, basis=Basis.NONE, locked=True))

    assert proposed(alone(CLAIM), desk).lock == ""


def test_a_post_we_let_pass_is_read_again_when_its_author_calls_us():
    assert proposed(alone(CLAIM), a_desk(ASSERTS, filed=filed_as(State.IGNORED, basis=Basis.NONE)))


@pytest.mark.parametrize("state", [state for state in State if state is not State.IGNORED])
def test_any_other_post_we_have_is_not_taken_twice(state):
    assert called(alone(CLAIM), a_desk(ASSERTS, filed=filed_as(state))) == Ignore(reason="we have it already")

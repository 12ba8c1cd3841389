"""Somebody answers us: a person reads it, and nothing is ever answered by itself."""

from __future__ import annotations

import pytest

from bot.decisions import Escalate, Ignore
from bot.life import State
from bot.model import Arrived, Via
from handlers import decide
from tests.builders import US, a_desk, a_house, a_match, a_post, an_author, filed_as, we_said

OUR_REPLY = a_post("Children who get MMR …", author=US, uri="our reply")
THANKS = a_post("@check thanks, where does this come from?", under=OUR_REPLY, mentions_us=True)
TO_A_PERSON = "an answer to our reply: thanks, question, objection or new source; a person should read it"


@pytest.mark.parametrize("via", [Via.ANSWER, Via.MENTION])
def test_an_answer_goes_to_a_person_even_when_it_names_us_and_makes_a_claim(via):
    decision = decide(Arrived(post=THANKS, via=via), a_desk(a_match(), above=[OUR_REPLY]))

    assert decision == Escalate(post=THANKS, reason=TO_A_PERSON)


def test_an_answer_is_known_by_our_reply_when_the_thread_could_not_be_read():
    decision = decide(Arrived(post=THANKS, via=Via.MENTION), a_desk(a_match(), said=[we_said(uri="our reply")]))

    assert decision == Escalate(post=THANKS, reason=TO_A_PERSON)


def test_a_post_that_quotes_us_is_an_answer():
    post = a_post("@check lol", quoting=OUR_REPLY, mentions_us=True)

    assert isinstance(decide(Arrived(post=post, via=Via.MENTION), a_desk(quoted=OUR_REPLY)), Escalate)


def test_an_answer_that_reads_like_a_crisis_says_so():
    decision = decide(Arrived(post=THANKS, via=Via.ANSWER), a_desk(a_match(crisis=True), above=[OUR_REPLY]))

    assert isinstance(decision, Escalate)
    assert decision.reason.startswith("crisis")


def test_a_bot_that_answers_everything_gets_nothing():
    post = a_post("I am a helpful bot", author=an_author("bot", is_bot=True), under=OUR_REPLY)

    assert decide(Arrived(post=post, via=Via.ANSWER), a_desk(above=[OUR_REPLY])) == Ignore(reason="never talk to bots")


def test_two_offices_of_ours_never_talk_to_each_other():
    post = a_post("@check Children who get MMR …", author="twin", under=OUR_REPLY, mentions_us=True)
    desk = a_desk(a_match(), above=[OUR_REPLY], house=a_house(ours=frozenset({US, "twin"})))

    assert decide(Arrived(post=post, via=Via.ANSWER), desk) == Ignore(reason="one of our own accounts")


def test_an_answer_we_have_is_not_put_before_a_person_twice():
    desk = a_desk(above=[OUR_REPLY], filed=filed_as(State.ESCALATED))

    assert decide(Arrived(post=THANKS, via=Via.ANSWER), desk) == Ignore(reason="we have it already")

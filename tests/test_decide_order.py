"""The order of the handlers is the policy: leaving beats everything, being asked beats being found."""

from __future__ import annotations

from bot.decisions import Escalate, Forget, Ignore, Propose
from bot.model import Arrived, Basis, Via
from handlers import HANDLERS, decide
from tests.builders import CLAIM, US, a_desk, a_match, a_post

OUR_REPLY = a_post("Children who get MMR …", author=US, uri="our reply")


def test_the_line_reads_aloud():
    assert [handler.__name__ for handler in HANDLERS] == [
        "opt_out",
        "deletion",
        "edit",
        "answer",
        "take_up",
        "mention",
        "hashtag",
    ]


def test_the_first_answer_wins():
    first, second = Ignore(reason="first"), Ignore(reason="second")
    line = (lambda event, desk: None, lambda event, desk: first, lambda event, desk: second)

    assert decide(Arrived(post=a_post(), via=Via.TAG), a_desk(), line) == first


def test_nothing_to_say_is_an_answer_too():
    assert decide(Arrived(post=a_post(), via="rumour"), a_desk(a_match())) == Ignore(reason="nothing here concerns us")


def test_leaving_beats_answering():
    post = a_post("@check STOP", under=OUR_REPLY, mentions_us=True)

    assert isinstance(decide(Arrived(post=post, via=Via.ANSWER), a_desk(above=[OUR_REPLY])), Forget)


def test_answering_us_beats_calling_us():
    post = a_post(f"@check {CLAIM}", under=OUR_REPLY, mentions_us=True)

    assert isinstance(decide(Arrived(post=post, via=Via.MENTION), a_desk(a_match(), above=[OUR_REPLY])), Escalate)


def test_being_asked_beats_being_found():
    post = a_post(f"@check {CLAIM} #MedEd", tags=("meded",), mentions_us=True)

    decision = decide(Arrived(post=post, via=Via.MENTION), a_desk(a_match()))

    assert isinstance(decision, Propose)
    assert decision.basis is Basis.MENTION_AUTHOR

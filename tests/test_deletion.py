"""A post is gone: so is everything we said or were going to say about it."""

from __future__ import annotations

from bot.decisions import Withdraw
from bot.model import Vanished
from handlers import decide
from tests.builders import a_desk, a_match, a_post, filed_as

GONE = a_post().ref


def test_our_reply_goes_with_the_post():
    decision = decide(Vanished(ref=GONE), a_desk(a_match(), filed=filed_as()))

    assert decision == Withdraw(ref=GONE, reason="the author deleted the post")


def test_it_goes_although_the_author_opted_out():
    assert decide(Vanished(ref=GONE), a_desk(opted_out={"ada"})) == Withdraw(
        ref=GONE, reason="the author deleted the post"
    )

"""Somebody answers a post of ours: a person reads it. Never an automatic second round."""

from __future__ import annotations

from bot.decisions import Decision, Escalate, Ignore
from bot.desk import Desk
from bot.life import State
from bot.model import Arrived, Event, Via
from handlers.subjects import ALREADY, CRISIS, answers_us, is_ours

TO_A_PERSON = "an answer to our reply: thanks, question, objection or new source; a person should read it"


def answer(event: Event, desk: Desk) -> Decision | None:
    """Hand it to a person. On some networks every answer also names us, so a mention under our post counts."""
    match event:
        case Arrived(post=post, via=via) if via == Via.ANSWER or (via == Via.MENTION and answers_us(post, desk)):
            if is_ours(post.author, desk):
                return Ignore(reason="one of our own accounts")
            if post.author.is_bot:
                return Ignore(reason="never talk to bots")
            if desk.filed and desk.filed.state is not State.IGNORED:
                return Ignore(reason=ALREADY)
            crisis = desk.match(post, desk.context).crisis
            return Escalate(post=post, reason=CRISIS if crisis else TO_A_PERSON)
    return None

"""A post found by its tag: nobody asked us, so its draft is locked, unless the house decided otherwise."""

from __future__ import annotations

from dataclasses import replace

from bot.decisions import Decision, Escalate, Ignore, Propose
from bot.desk import Desk
from bot.life import State
from bot.model import Arrived, Basis, Event, Post, Stance, Via
from handlers.manners.proposing import why_locked, why_silent
from handlers.subjects import ALREADY, CRISIS, LEFT_ALONE, is_ours, perhaps, why_not


def hashtag(event: Event, desk: Desk) -> Decision | None:
    """Propose about every post that surely makes a known claim; locked unless a recorded decision allows replies."""
    match event:
        case Arrived(post=post, via=Via.TAG):
            return Ignore(reason=ALREADY) if _settled(desk) else read_hashtag(post, desk)
    return None


def read_hashtag(post: Post, desk: Desk) -> Propose | Escalate | Ignore:
    """What a post that nobody showed us leads to, whether or not it was seen before."""
    if is_ours(post.author, desk):
        return Ignore(reason="one of our own accounts")
    found = desk.match(post, desk.context)
    if found.crisis:
        return Escalate(post=post, reason=CRISIS)
    if found.leave_alone:
        return Ignore(reason=f"{LEFT_ALONE}: {found.leave_alone}")
    if found.stance is not Stance.ASSERTS or not found.drafts:
        return Ignore(reason=why_not(found), perhaps=perhaps(found))
    allowed = desk.house.hashtag_replies and bool(desk.house.ruling)
    propose = Propose(
        to=post,
        subject=post,
        match=found,
        basis=Basis.SERVER_CONSENT if allowed else Basis.NONE,
        proof=desk.house.ruling if allowed else "",
    )
    if silent := why_silent(propose, desk):
        return Ignore(reason=silent)
    return replace(propose, lock=why_locked(propose, desk))


def _settled(desk: Desk) -> bool:
    """Is there a case that finding the post again does not change? Only a new decision of the house unlocks one."""
    filed = desk.filed
    if filed is None:
        return False
    waits_for_leave = filed.state is State.PROPOSED and filed.locked and filed.basis is Basis.NONE
    return not (waits_for_leave and desk.house.hashtag_replies)

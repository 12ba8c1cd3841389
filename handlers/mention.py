"""Somebody calls us: find the post that is meant, and answer the one who asked. It never corrects a debunker."""

from __future__ import annotations

from dataclasses import replace

from bot.decisions import Decision, Escalate, Ignore, Propose
from bot.desk import Desk
from bot.life import State
from bot.model import Arrived, Basis, Event, Match, Mention, Network, Post, Via
from handlers.manners.proposing import why_locked, why_silent
from handlers.subjects import ALREADY, CRISIS, LEFT_ALONE, Finding, findings, is_ours, perhaps, why_not


def mention(event: Event, desk: Desk) -> Decision | None:
    """Propose a reply to whoever called us, unless the case exists already."""
    match event:
        case Arrived(post=post, via=Via.MENTION):
            return Ignore(reason=ALREADY) if _settled(desk) else read_mention(post, desk)
    return None


def read_mention(post: Post, desk: Desk) -> Propose | Escalate | Ignore:
    """What a post that calls us leads to, whether or not it was seen before."""
    if is_ours(post.author, desk):
        return Ignore(reason="one of our own accounts")
    found = findings(post, desk)
    if any(one.match.crisis for one in found):
        return Escalate(post=post, reason=CRISIS)
    if leave := next((one.match.leave_alone for one in found if one.match.leave_alone), ""):
        return Ignore(reason=f"{LEFT_ALONE}: {leave}")
    chosen = _choose(post, found)
    if chosen is None:
        return Ignore(reason=_nothing_chosen(found), perhaps=_perhaps(found))
    propose = _propose(post, chosen, desk)
    if silent := why_silent(propose, desk):
        return Ignore(reason=silent)
    return replace(propose, lock=why_locked(propose, desk))


def _settled(desk: Desk) -> bool:
    """Is there a case that being asked does not change? A locked draft, or a post we let pass, it does change."""
    filed = desk.filed
    if filed is None or filed.state is State.IGNORED:
        return False
    return not (filed.state is State.PROPOSED and filed.locked)


def _choose(post: Post, found: tuple[Finding, ...]) -> Finding | None:
    """The first post that makes or asks about a claim, unless one before it in the line rejects that claim.

    So a question under a debunker's post follows the debunker, while somebody who calls us and makes the claim
    themself is answered. A question about one's own earlier post is about that post.
    """
    rejected: set[str | None] = set()
    wanted: list[Finding] = []
    for one in found:
        themself = one.asserts and one.post is post
        if one.is_rebuttal:
            rejected.add(one.match.entry_id)
        elif themself or ((one.asserts or one.asks) and one.match.entry_id not in rejected):
            wanted.append(one)
    if not wanted:
        return None
    first = wanted[0]
    same = (one for one in wanted if first.asks and one.asserts and one.match.entry_id == first.match.entry_id)
    return next(same, first)


def _nothing_chosen(found: tuple[Finding, ...]) -> str:
    """The reason of the post that says most about a claim we know: a rebuttal before doubt before nothing."""
    telling = sorted(found, key=lambda one: (not one.is_rebuttal, one.match.entry_id is None))
    return why_not(telling[0].match)


def _perhaps(found: tuple[Finding, ...]) -> Match | None:
    """The first suggestion, unless somebody in the line rejects a claim: a person must not be led there."""
    if any(one.is_rebuttal for one in found):
        return None
    return next((match for one in found if (match := perhaps(one.match))), None)


def _propose(post: Post, chosen: Finding, desk: Desk) -> Propose:
    summoned = chosen.basis is Basis.SUMMONER
    return Propose(
        to=post,
        subject=chosen.post,
        match=chosen.match,
        basis=chosen.basis,
        proof=post.ref.uri,
        asked_by=Mention(id=post.author.id, handle=post.author.handle) if summoned else None,
        # a reply on Bluesky notifies everyone above it, so there the one who asked gets a note instead
        note=summoned and desk.house.network is Network.BLUESKY,
    )

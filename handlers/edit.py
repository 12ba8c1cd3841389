"""A post we hold was edited: read it again, and take back what no longer fits. It never edits our reply by itself."""

from __future__ import annotations

from bot.decisions import Decision, Escalate, Ignore, Propose, Withdraw
from bot.desk import Desk, Filed
from bot.life import IN_FLIGHT, State
from bot.model import Edited, Event, Post
from handlers.hashtag import read_hashtag
from handlers.manners.consent import ASKED
from handlers.mention import read_mention
from handlers.subjects import LEFT_ALONE

AFTER_OUR_REPLY = "the post was edited after our reply"
NO_LONGER_CLAIMS = "the author edited the post; it no longer makes this claim"
NO_LONGER_ASKS = "the author edited the post; it no longer asks us"

STILL_OURS_TO_CHANGE = frozenset({State.RECEIVED, State.PROPOSED, State.APPROVED, State.FAILED})


def edit(event: Event, desk: Desk) -> Decision | None:
    """Read an edited post afresh; what a person already decided about it stays decided."""
    match event:
        case Edited(post=post):
            if desk.filed is None:
                return Ignore(reason="no case stands on the post that was edited")
            return _edited(post, desk.filed, desk)
    return None


def _edited(post: Post, filed: Filed, desk: Desk) -> Decision:
    if filed.state is State.PUBLISHED or filed.state in IN_FLIGHT:
        return Escalate(post=post, reason=AFTER_OUR_REPLY)
    if filed.state not in STILL_OURS_TO_CHANGE:
        return Ignore(reason=f"the post was edited, but its case is {filed.state}")
    if filed.basis in ASKED and not post.mentions_us:
        return Withdraw(ref=post.ref, reason=NO_LONGER_ASKS)
    decision = _read_again(post, filed, desk)
    if not isinstance(decision, Ignore):
        return decision
    left_alone = decision.reason.startswith(LEFT_ALONE)
    reason = f"the author edited the post; {decision.reason}" if left_alone else NO_LONGER_CLAIMS
    return Withdraw(ref=post.ref, reason=reason)


def _read_again(post: Post, filed: Filed, desk: Desk) -> Propose | Escalate | Ignore:
    asked = post.mentions_us or filed.basis in ASKED
    return read_mention(post, desk) if asked else read_hashtag(post, desk)

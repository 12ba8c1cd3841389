"""The gates that can be asked before anything is drafted, put to what lies on the desk. It proposes nothing itself."""

from __future__ import annotations

from bot.decisions import Propose
from bot.desk import Desk, Occasion
from bot.model import Basis
from handlers.manners.gates import GATES, closed

SILENCING = frozenset(
    {
        "author not opted out",
        "subject's author not opted out",
        "no opt-out word in the profile",
        "not a bot",
        "not one of ours",
        "not blocking us",
        "not to be left alone",
    }
)
"""Closed before drafting: there is no case at all, for nobody should address this person."""

LOCKING = frozenset(
    {
        "consent",
        "post public",
        "replies allowed",
        "account not locked",
        "limit per author",
        "limit per thread",
        "post not too old",
    }
)
"""Closed before drafting: the case is queued with its public reply locked, so that an editor can hand it over."""

PROPOSING = SILENCING | LOCKING
"""Everything that is knowable before anything is drafted; all gates are asked again at the moment of sending."""

NOBODY_ASKED = "nobody asked us, and replies to hashtag posts are off for this account"  # seen by editors


def why_silent(propose: Propose, desk: Desk) -> str:
    """Why nobody should address these people at all; "" if one may."""
    return _reasons(propose, desk, SILENCING)


def why_locked(propose: Propose, desk: Desk) -> str:
    """Why a public reply is not allowed, in words for the editor; "" if it is."""
    if propose.basis is Basis.NONE:
        reasons = _reasons(propose, desk, LOCKING - {"consent"})
        return f"{NOBODY_ASKED}; {reasons}" if reasons else NOBODY_ASKED
    return _reasons(propose, desk, LOCKING)


def _reasons(propose: Propose, desk: Desk, names: frozenset[str]) -> str:
    gates = [(name, gate) for name, gate in GATES if name in names]
    return "; ".join(reason for _, reason in closed(_occasion(propose, desk), gates))


def _occasion(propose: Propose, desk: Desk) -> Occasion:
    """The occasion as far as it is known now: no draft, no approval, no fresh reading of the posts."""
    return Occasion(
        now=desk.now,
        house=desk.house,
        basis=propose.basis,
        proof=propose.proof,
        note=propose.note,
        lock="",
        post=propose.to,
        now_post=propose.to,
        author=propose.to.author,
        subject=propose.subject,
        now_subject=propose.subject,
        subject_author=propose.subject.author,
        opted_out=desk.opted_out,
        said=desk.said,
        evidence=None,
        drafted_from=propose.match.entry_version,
        public=True,
        sending=False,
        stopped="",
        paused="",
        expires_at=None,
        approved_by="",
        match=propose.match,
    )

"""What a handler may decide. Values only: `turn.py` carries them out."""

from __future__ import annotations

from dataclasses import dataclass

from bot.model import Author, Basis, Match, Mention, Post, Ref


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignore:
    """Do nothing, and remember why; `perhaps` is a match that was not sure enough, for a person to look at."""

    reason: str
    perhaps: Match | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Propose:
    """Draft a reply to `to` about `match`, found in `subject` (the same post, or the one somebody asked about).

    `lock` is why a public reply is not allowed ("" when it is): the case is queued, approval is refused.
    `note` asks for a note on our own timeline instead of a reply in the thread.
    """

    to: Post
    subject: Post
    match: Match
    basis: Basis
    proof: str  # the uri that shows the consent basis
    asked_by: Mention | None = None
    lock: str = ""
    note: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdraw:
    """Take back whatever we said, or were going to say, about this post."""

    ref: Ref
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Forget:
    """Never address this account again, and withdraw what is still waiting for it."""

    author: Author
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalate:
    """A human should look; no draft, no claim attached (crisis, objections, answers to us)."""

    post: Post
    reason: str


Decision = Ignore | Propose | Withdraw | Forget | Escalate

"""All that a handler may look at: one frozen view of the office around one event. No I/O, no clock of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.life import State
from bot.model import Author, Basis, Context, Evidence, Match, Network, Post


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One reply of ours that stands or is on its way: to whom, in which thread, when."""

    author_id: str
    thread_uri: str
    at: datetime
    entry_id: str
    remote_uri: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """The case that already exists for a post, if one does."""

    case_id: int
    state: State
    basis: Basis
    locked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """The rules of the account that heard the event, as recorded by its administrator."""

    network: Network
    account_id: str  # our own id on the network
    hashtag_replies: bool = False  # an administrator's recorded decision
    ruling: str = ""  # who decided that, when and why: the proof of `server_consent`
    ours: frozenset[str] = frozenset()  # ids of all our own accounts: we never talk to ourselves
    days_between: int = 7  # at most one reply per author in this many days
    per_thread: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What lies on the desk when an event is decided.

    `match` reads a post (with context) against the evidence table; it is pure.
    `opted_out` holds the ids (of this network) among the people involved who must not be addressed.
    `said` are our replies to the people and threads involved, newest first.
    """

    now: datetime
    house: House
    match: Callable[[Post, Context], Match]
    context: Context = Context()  # noqa: RUF009  a frozen value
    opted_out: frozenset[str] = frozenset()
    said: tuple[Said, ...] = ()
    filed: Filed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """Everything a gate may ask, both when proposing and again at the moment of sending.

    `post` is what the draft answers, as it was read for the draft; `now_post` is the same post read afresh
    (None: it is gone). `author` and `subject_author` carry freshly read profiles; `known` False closes the gate.
    `opted_out` and `said` cover everybody and every thread involved; `said` never counts this very case. `evidence` is
    the entry as it stands now. `match` is what the draft was made from; None closes the gate.
    """

    now: datetime
    house: House
    basis: Basis
    proof: str
    note: bool
    lock: str
    post: Post
    now_post: Post | None
    author: Author
    subject: Post
    now_subject: Post | None
    subject_author: Author
    opted_out: frozenset[str]
    said: tuple[Said, ...]
    evidence: Evidence | None
    drafted_from: int  # evidence version of the draft
    public: bool  # False on the fake network, where an unsigned entry may be tried out
    sending: bool  # an administrator switched sending on for this account
    stopped: str  # why publishing is stopped ("" = it is not)
    paused: str  # why this account is paused ("" = it is not)
    expires_at: datetime | None
    approved_by: str
    missing_yes: str = ""  # whose yes the approval still lacks, where one person's is not enough
    match: Match | None = None

    @property
    def gone(self) -> tuple[Post, ...]:
        """Which of the posts is not there any more."""
        both = ((self.post, self.now_post), (self.subject, self.now_subject))
        return tuple(then for then, now in both if now is None)

    @property
    def outdated(self) -> bool:
        """Was the draft made from a text, or from evidence, that is another one by now?"""
        both = ((self.post, self.now_post), (self.subject, self.now_subject))
        changed = any(now and (now.ref.version, now.text) != (then.ref.version, then.text) for then, now in both)
        return changed or (self.evidence is not None and self.evidence.version != self.drafted_from)


Gate = Callable[[Occasion], str]
"""A gate answers "" when it is open, else one sentence saying why it is closed. An error counts as closed."""

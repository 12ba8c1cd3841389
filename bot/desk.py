"""All that a handler may look at: one frozen view of the office around one event. No I/O, no clock of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.life import State
from bot.model import Basis, Context, Match, Network, Post


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

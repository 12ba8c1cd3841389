"""What we need from outside, each with few verbs. Adapters in `platforms/` fulfil these; nothing here does I/O."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from bot.model import Author, Context, Event, Mention, Network, Post, Ref, Visibility


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One live counter of a text on one network, e.g. 'graphemes', 212 of 300."""

    unit: str
    used: int
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A reply as a named person approved it, with everything needed to send it once.

    `key` is the idempotency key, derived from case and approved text. `slot` is the record key chosen before
    sending where the network lets us choose one (a TID on Bluesky, "" elsewhere). `parent` None means a note on
    our own timeline. `mention` is the only account that may be notified by name.
    """

    key: str
    slot: str
    text: str
    created_at: datetime
    parent: Ref | None
    root: Ref | None = None
    mention: Mention | None = None
    lang: str = "en"
    visibility: Visibility = Visibility.UNLISTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One thing a source told us, with the cursor that stands *after* it.

    `event` None means only the cursor moved. `cursor` None means the source has no position to keep.
    `gap` tells that something may be missing before this point, and why ("" when nothing is).
    `skipped` counts malformed items that were left out since the last `Heard` of this source.
    """

    source: str
    cursor: str | None
    event: Event | None = None
    gap: str = ""
    skipped: int = 0


class Concern(Protocol):
    """Which posts of a stream concern us. Given to `Listener.listen`; pure and fast (every post passes it)."""

    def post(self, text: str, tags: Collection[str], people: Collection[str], parents: Collection[str]) -> str:
        """How this post concerns us (a `Via` word), or "" when it does not.

        `tags` case-folded without '#', `people` ids mentioned, `parents` uris it replies to or quotes.
        """
        ...

    def known(self, uri: str) -> bool:
        """Do we hold this post (so that its edit or deletion matters)?"""
        ...


class Listener(Protocol):
    """A place where posts come from. Supervised by `worker.py`: a return or an error means 'start me again'."""

    name: str

    def listen(self, cursors: Mapping[str, str], concern: Concern) -> AsyncIterator[Heard]:
        """Everything new after `cursors` (source → cursor). Never raises for one malformed item."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A post as it is now, with what stands around it."""

    post: Post
    context: Context


class Reader(Protocol):
    """Look at one thing, now."""

    async def look(self, ref: Ref) -> Look | None:
        """The post as it stands, its author's profile filled in (`author.known`), and its context; None if gone."""
        ...

    async def author(self, author: Author) -> Author:
        """The same author with the profile read afresh."""
        ...

    def skew(self) -> float | None:
        """Seconds by which our clock is ahead of the network's, as its last answer said; None: it did not say."""
        ...


class Writer(Protocol):
    """Say something, once. Only `outbox.py` calls `publish`."""

    async def publish(self, outgoing: Outgoing) -> Ref:
        """Create the post, or return the one that an earlier try with the same key created.

        Raises Unreachable/SlowDown (surely not accepted), Unclear (read back first), Refused, LoggedOut.
        """
        ...

    async def find(self, outgoing: Outgoing) -> Ref | None:
        """Read back: the post that an earlier try of this very `outgoing` created, or None if it is not there."""
        ...

    async def withdraw(self, ref: Ref) -> None:
        """Delete a post of ours. What is already gone is fine."""
        ...


class Ruler(Protocol):
    """Ask the network's own way of counting; never calculate for it."""

    def fits(self, text: str) -> bool:
        """May this exact text be published?"""
        ...

    def measure(self, text: str) -> tuple[Measure, ...]:
        """The live counters for this text."""
        ...

    def address(self, author: Author, *, note: bool) -> str:
        """What must stand before a reply so that `author` hears of it ("" where a reply alone does that)."""
        ...

    def new_slot(self, at: datetime, key: str) -> str:
        """The record key to store before sending (a TID on Bluesky), or "" where the server chooses."""
        ...


class Platform(Listener, Reader, Writer, Ruler, Protocol):
    """One of our accounts on one network: everything above."""

    network: Network

    @property
    def account(self) -> str:
        """Our own id there (DID, actor URL)."""
        ...

    async def close(self) -> None:
        """Give back connections; persist nothing."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """One account with its adapter. `remote_id` is our own id on its network, as read when it was connected."""

    id: str
    remote_id: str
    platform: Platform


class Clock(Protocol):
    """The only source of time for everything that decides."""

    def now(self) -> datetime:
        """An aware datetime in UTC."""
        ...


class ServerMemory(Protocol):
    """Keeps how the server of one account counts, so that every process of an office counts alike. Short, blocking."""

    def load(self) -> Mapping[str, str | int]:
        """What was last kept; empty before the server was ever asked."""
        ...

    def save(self, facts: Mapping[str, str | int]) -> None:
        """Keep it: the server just said so."""
        ...


class SessionKeeper(Protocol):
    """Keeps one account's session (secret: encrypted at rest) and counts its logins. Plain, short, blocking calls."""

    def load(self) -> str | None:
        """The session as last saved, or None."""
        ...

    def save(self, session: str) -> None:
        """Keep the session: it was just rotated, and the one before is worth nothing now."""
        ...

    def may_log_in(self, now: datetime) -> bool:
        """Is a login with the password still allowed (three in 24 hours)?"""
        ...

    def logged_in(self, now: datetime) -> None:
        """Count a login. Called before the attempt, so that failures count too."""
        ...


class NoticeKind(StrEnum):
    """What was said about a source after it appeared, the gravest first."""

    RETRACTION = "retraction"
    CONCERN = "expression of concern"
    CORRECTION = "correction"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One notice about a source. `where` is the DOI, PubMed id or place of the notice itself."""

    kind: NoticeKind
    where: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A source as a catalogue knows it. Everything in it is foreign text."""

    catalogue: str  # Crossref, PubMed
    title: str
    authors: tuple[str, ...] = ()  # family name first, as in "Hviid A"
    journal: str = ""
    year: int | None = None
    doi: str = ""
    pmid: str = ""
    notices: tuple[Notice, ...] = ()


class Lookup(Protocol):
    """Look a source up in a catalogue. Plain, short, blocking calls.

    Both raise Gone (no such source there: check the number), SlowDown, Unreachable (try again later), or Refused.
    """

    def by_doi(self, doi: str) -> Found:
        """The source with this DOI (bare, as 10.1000/abc)."""
        ...

    def by_pmid(self, pmid: str) -> Found:
        """The source with this PubMed id."""
        ...

"""What the web pages are given by `app.py`: the store and plain functions. It knows no platform, handler or reply."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event as Flag

from bot.drafted import Drafted
from bot.logins import SignOn
from bot.model import Evidence, Match, Post
from bot.notices.wishes import Wishes
from bot.ports import Clock, Lookup, Measure
from bot.review import Objections
from bot.store.engine import Store
from bot.store.models import CaseRow
from bot.trial import Workshop
from bot.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One finding about a draft: `blocks` forbids approval; `start`/`end` mark the words (0, 0: the whole text)."""

    rule: str
    message: str
    suggestion: str
    blocks: bool
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """An entry a post may be about. `likeness` 0..1; `nearest` is the claim or exemplar that came nearest."""

    id: str
    claim: str
    likeness: float = 0.0
    nearest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """One sentence of a draft and the key of the citation that carries it. See `replies.support.Carrier`."""

    text: str
    carrier: str
    citation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Is the office able to work? `reasons` says why not, one sentence each."""

    ready: bool
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A stored post that a changed entry would treat otherwise: how it is read now, and how it would be."""

    case_id: int
    state: str
    text: str
    at: datetime
    before: Match
    after: Match


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest:
    """What a changed entry would have done to the stored posts of the last days. Only what concerns it is listed."""

    days: int
    stored: int  # posts of those days, at most as many as are read
    read: int  # fewer where the time was up; the newest come first
    degraded: str  # why only words were compared ("" while the models are there)
    gained: tuple[Shift, ...]
    lost: tuple[Shift, ...]
    changed: tuple[Shift, ...]  # matched before and after, with another stance or outcome
    kept: int  # matched as before


@dataclass(frozen=True, slots=True, kw_only=True)
class Hands:
    """Everything a page may use."""

    store: Store
    clock: Clock
    organisation: str
    demo: bool  # True: nothing can reach the public; say so on every page
    vault: Vault  # for the secrets of authenticator apps
    public_url: str = ""  # where people reach the desk; "": wherever the browser says it is
    sign_on: SignOn | None = None  # the organisation's single sign-on, if it has one
    undo: timedelta
    stop_flag: Path
    secure_cookies: bool  # True behind TLS: `__Host-` cookies
    stopping: Flag  # set when the office shuts down: live streams end
    remarks: Callable[[CaseRow, str], tuple[Remark, ...]]  # about a draft text (without the address)
    objections: Objections
    measure: Callable[[CaseRow, str], tuple[Measure, ...]]  # live counters of address + draft
    gates: Callable[[CaseRow], tuple[tuple[str, str], ...]]  # closed gates as known now: (name, reason)
    fake_threads: Callable[[], tuple[tuple[Post, ...], ...]]  # the fake network, newest thread first; () without one
    practice_again: Callable[[str], None]  # by whom: empty the practice office and play its feed from the beginning
    sources: Callable[[], tuple[tuple[str, str], ...]]  # what this process listens to: (name, why it is not heard)
    health: Callable[[], Health]
    metrics: Callable[[], str]  # Prometheus text
    second_look_share: float  # share of decided cases that somebody else judges again, blind
    other_entries: Callable[[CaseRow], tuple[Other, ...]]  # the entries nearest to the post
    search_entries: Callable[[str], tuple[Other, ...]]  # entries in which all of these words stand
    draft_from: Callable[[CaseRow, Evidence], Drafted | None]  # the words of another entry for this case
    wordings: Callable[[CaseRow], Mapping[str, str]]  # by style: full, short, answering, soft
    carried: Callable[[CaseRow, str], tuple[Carried, ...]]  # each sentence of a draft with what carries it
    reading_level: Callable[[str], str]
    wishes: Wishes  # what people want to be told, and how
    workshop: Workshop  # where words of the office are tried out
    live: Callable[[], str]  # "off", "on", or why the live stream cannot be read; "" when there is none to switch
    set_live: Callable[[bool], None]
    lookup: Lookup | None = None  # catalogues of sources; None without a contact address
    backtest: Callable[[str, Evidence | None], Backtest] | None = None  # the entry of this id as it would be

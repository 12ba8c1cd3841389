"""What the web pages are given by `app.py`: the store and plain functions. It knows no platform, handler or reply."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from threading import Event as Flag

from bot.model import Post
from bot.notices.wishes import Wishes
from bot.ports import Clock, Measure
from bot.review import Objections
from bot.store.engine import Store
from bot.store.models import CaseRow


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
class Health:
    """Is the office able to work? `reasons` says why not, one sentence each."""

    ready: bool
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hands:
    """Everything a page may use."""

    store: Store
    clock: Clock
    organisation: str
    demo: bool  # True: nothing can reach the public; say so on every page
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
    wishes: Wishes  # what people want to be told, and how
    live: Callable[[], str]  # "off", "on", or why the live stream cannot be read; "" when there is none to switch
    set_live: Callable[[bool], None]

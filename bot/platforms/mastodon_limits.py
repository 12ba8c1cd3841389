"""How much a server lets us ask and say: paging budget, pauses it names, limits, its way of counting. No I/O."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import regex
from mastodon._url_regex import url_regex  # the servers' own definition of a link; exported nowhere else

PAGED_PER_MINUTE = 20  # a server allows 300 requests with min_id per 15 minutes, for all timelines together
BURST = 20  # a fresh start may use one minute's share at once
NO_HINT = 60.0  # seconds to wait after a 429 that names no time
SOONEST = 5.0  # seconds; a reset time in the past means "soon", not "now"
AN_EPOCH = 1_000_000_000  # a bare number above this is a date in unix seconds, below it a number of seconds
MAX_CHARACTERS = 500
PER_URL = 23
_MENTION = re.compile(r"(?<![/\w])@(\w+(?:[\w.-]+\w+)?)@[\w.-]*\w(?::\d+)?")


class Budget:
    """Paged requests we may still make to one server, spread over time. Never compare it with a wall clock."""

    def __init__(self, per_minute: float = PAGED_PER_MINUTE, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_minute = per_minute
        self._clock = clock
        self._spent: deque[float] = deque()
        self._closed_until = 0.0

    def wait(self) -> float:
        """Seconds until the next paged request is allowed; 0 when it is allowed now."""
        now = self._clock()
        while self._spent and self._spent[0] <= now - 60:
            self._spent.popleft()
        full = len(self._spent) >= self.per_minute
        return max(self._closed_until - now, self._spent[0] + 60 - now if full else 0.0, 0.0)

    def spend(self) -> None:
        """One paged request goes out."""
        self._spent.append(self._clock())

    def pause(self, seconds: float) -> None:
        """The server asked for quiet: nothing for so long."""
        self._closed_until = max(self._closed_until, self._clock() + seconds)


def named_pause(headers: Mapping[str, str], now: datetime) -> float:
    """How long a 429 asks us to wait. Dates, seconds, nothing, the past and the far future have all been seen."""
    server_now = _date(headers.get("Date", "")) or now
    for name in ("Retry-After", "X-RateLimit-Reset"):
        value = headers.get(name, "").strip()
        if re.fullmatch(r"\d{1,15}(\.\d+)?", value):
            number = float(value)
            return max(number - server_now.timestamp() if number > AN_EPOCH else number, SOONEST)
        if (moment := _date(value)) is not None:
            return max((moment - server_now).total_seconds(), SOONEST)
    return NO_HINT


def exhausted_for(headers: Mapping[str, str], now: datetime) -> float:
    """Seconds to keep quiet because an answer says that nothing remains; 0 when something does."""
    remaining = headers.get("X-RateLimit-Remaining", "").strip()
    return named_pause(headers, now) if remaining == "0" else 0.0


def _date(value: str) -> datetime | None:
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(value)
        except (ValueError, TypeError, OverflowError):
            continue
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """What a server says about itself. Servers that say less get the defaults of Mastodon."""

    domain: str
    version: str = ""
    max_characters: int = MAX_CHARACTERS
    per_url: int = PER_URL
    streaming: str = ""  # http(s) address of the streaming server
    tag_access: tuple[str, str] = ("", "")  # who may read tags: local posts, remote posts
    rules: tuple[str, ...] = ()

    @property
    def counting(self) -> dict[str, str | int]:
        """What is needed to count as this server does."""
        return {"domain": self.domain, "max_characters": self.max_characters, "per_url": self.per_url}

    def blind(self, *, signed_in: bool) -> bool:
        """Does this server close its tag timelines to us, though it answers with an empty list?"""
        closed = {"disabled"} if signed_in else {"disabled", "authenticated"}
        return all(word in closed for word in self.tag_access)


def counts_like(kept: Mapping[str, object], host: str) -> Instance:
    """A server of which only `Instance.counting` is known; without even that, the defaults of Mastodon."""
    return Instance(
        domain=_word(kept, "domain") or host,
        max_characters=_number(kept, "max_characters") or MAX_CHARACTERS,
        per_url=_number(kept, "per_url") or PER_URL,
    )


def read_instance(raw: object, base: str) -> Instance:
    """`/api/v2/instance` (or v1): every field may be missing."""
    host = base.split("://", 1)[-1]
    configuration = _at(raw, "configuration")
    statuses = _at(configuration, "statuses")
    feeds = _at(_at(configuration, "timelines_access"), "hashtag_feeds")
    streaming = _word(_at(configuration, "urls"), "streaming") or _word(_at(raw, "urls"), "streaming_api")
    rules = raw.get("rules") if isinstance(raw, Mapping) else None
    return Instance(
        domain=_word(raw, "domain") or _word(raw, "uri").split("://")[-1] or host,  # version 1 calls it uri
        version=_word(raw, "version"),
        max_characters=_number(statuses, "max_characters") or _number(raw, "max_toot_chars") or MAX_CHARACTERS,
        per_url=_number(statuses, "characters_reserved_per_url") or PER_URL,
        streaming=re.sub(r"^ws", "http", streaming.rstrip("/")) or base,
        tag_access=(_word(feeds, "local"), _word(feeds, "remote")),
        rules=tuple(_word(rule, "text") for rule in rules) if isinstance(rules, list) else (),
    )


def count(text: str, per_url: int = PER_URL) -> int:
    """Characters as the server counts them: a link has a fixed price, a name costs only its first part."""
    priced = url_regex.sub(lambda found: found.group(2) + "x" * per_url, text)
    return len(regex.findall(r"\X", _MENTION.sub(r"@\1", priced)))


def names_in(text: str) -> tuple[str, ...]:
    """The handles that posting this text would notify, as written, without '@'."""
    without_links = url_regex.sub(" ", text)
    return tuple(re.findall(r"(?<![/\w])@(\w+(?:[\w.-]+\w+)?(?:@[\w.-]*\w(?::\d+)?)?)", without_links))


def _at(raw: object, key: str) -> object:
    return raw.get(key) if isinstance(raw, Mapping) else None


def _word(raw: object, key: str) -> str:
    value = _at(raw, key)
    return value if isinstance(value, str) else ""


def _number(raw: object, key: str) -> int:
    value = _at(raw, key)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0

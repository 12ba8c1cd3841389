"""What notifications are made of: channels, topics, things to tell, letters to send. Values only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Channel(StrEnum):
    """A way to a person."""

    MAIL = "mail"
    WEBHOOK = "webhook"
    CHAT = "chat"


class Kind(StrEnum):
    """Why a message is sent."""

    DIGEST = "digest"
    CRISIS = "crisis"
    TEST = "test"


class Topic(StrEnum):
    """What a thing is about, in the order in which people should read it."""

    CRISIS = "crisis"
    ON_YOU = "on_you"
    EXPIRING = "expiring"
    NEW = "new"
    TROUBLE = "trouble"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who works here, as far as notifications need to know them."""

    user_id: int
    name: str
    is_admin: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """One thing to know. `key` names it for good; `words` hold nothing that a stranger wrote."""

    key: str
    topic: Topic
    words: str
    path: str  # of the page to open
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a person wants to hear of, and when."""

    new_cases: bool = True
    on_you: bool = True
    expiring: bool = True
    trouble: bool = True
    every_minutes: int = 15
    quiet_from: str = ""
    quiet_to: str = ""
    zone: str = "UTC"
    wake_in_crisis: bool = True

    def wants(self, topic: Topic) -> bool:
        """Does this topic belong into their digests?"""
        wanted = {
            Topic.NEW: self.new_cases,
            Topic.ON_YOU: self.on_you,
            Topic.EXPIRING: self.expiring,
            Topic.TROUBLE: self.trouble,
        }
        return wanted.get(topic, False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message, ready to be sent. Its `name` stays the same however often it is tried."""

    number: int
    kind: Kind
    address: str
    secret: str = ""  # signs webhooks
    subject: str
    text: str
    things: tuple[Thing, ...] = ()
    made_at: datetime

    @property
    def name(self) -> str:
        """What receivers know it by. The time is in it because a database may use a number again, much later."""
        return f"scrutineer-{self.number}-{int(self.made_at.timestamp())}"


Send = Callable[[Letter], Awaitable[None]]
"""Sends a letter, once. Raises a `PlatformError` whose message says what went wrong, without any secret."""

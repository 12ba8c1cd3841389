"""The duties of telling: collect what is new, and send one message. The channels do the sending; the store remembers.

A channel that fails is tried again, later each time. After many failures in a row it is switched off, and its owner
sees why on their page.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from bot import audit
from bot.audit import OFFICE
from bot.errors import BadSettings, PlatformError
from bot.jobs import Job
from bot.notices import digests, words
from bot.notices.things import Scene, all_things
from bot.notices.values import Channel, Kind, Letter, Person, Send
from bot.notices.wishes import Wishes
from bot.people import Role
from bot.ports import Clock
from bot.settle import Later
from bot.store.codec import clean_text
from bot.store.engine import Store
from bot.store.notice_models import NoticeChannelRow, NoticeMessageRow
from bot.store.office_models import UserRow

log = structlog.get_logger("notices")

FIRST_RETRY, LONGEST_RETRY = timedelta(minutes=1), timedelta(hours=1)
URGENT_RETRY = timedelta(minutes=1)
MOST_FAILURES = 12  # in a row, about six hours; then the channel is switched off
LONGEST_TROUBLE = 300  # characters
SILENT = timedelta(minutes=5)  # how long a source must be silent before somebody is told: reconnecting is no trouble

Troubles = Callable[[], tuple[tuple[str, str], ...] | None]
"""What this process listens to: (name, why it is not heard). None if it listens to nothing."""


class Messenger:
    """One instance per office."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        wishes: Wishes,
        ways: Mapping[Channel, Send],
        scene: Scene,
        organisation: str,
        base: str,
        troubles: Troubles = lambda: None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._wishes = wishes
        self._ways = ways
        self._scene = scene
        self._organisation = organisation
        self._base = base
        self._troubles = troubles
        self._silent_since: dict[str, datetime] = {}

    async def collect(self, job: Job) -> Later | None:
        """Make the messages that are due."""
        made = await asyncio.to_thread(self._collect)
        if made:
            log.info("messages made", messages=made)
        return None

    async def tell(self, job: Job) -> Later | None:
        """Send one message, or say when to try again."""
        found = await asyncio.to_thread(self._open, job.payload["message"])
        if not isinstance(found, tuple):
            return found
        channel, letter = found
        trouble = ""
        try:
            await self._ways[channel](letter)
        except (PlatformError, BadSettings) as error:
            trouble = clean_text(words.one_line(str(error)))[:LONGEST_TROUBLE] or type(error).__name__
            log.warning("message not sent", message=letter.number, channel=channel.value, trouble=trouble)
        return await asyncio.to_thread(self._settle, letter.number, trouble)

    def _collect(self) -> int:
        with self._store.write() as session:
            return digests.collect(session, self._wishes, self._now())

    def _now(self) -> Scene:
        now, troubles = self._clock.now(), self._troubles()
        if troubles is None:
            return replace(self._scene, now=now, unheard=None)
        silent = {name for name, why in troubles if why}
        self._silent_since = {name: self._silent_since.get(name, now) for name in sorted(silent)}
        return replace(self._scene, now=now, unheard=_long_enough(self._silent_since.items(), now))

    def _open(self, number: int) -> tuple[Channel, Letter] | Later | None:
        """The letter as it should be sent now; None if there is nothing (left) to send."""
        scene = self._now()
        now = scene.now
        with self._store.write() as session:
            message = session.get(NoticeMessageRow, number)
            if message is None or message.settled_at is not None:
                return None
            kind, channel = Kind(message.kind), Channel(message.channel)
            row = session.get(NoticeChannelRow, (message.user_id, message.channel))
            user = session.get(UserRow, message.user_id)
            gone = user is None or user.disabled_at is not None or row is None or channel not in self._ways
            if user is None or row is None or gone or (not row.on and kind is not Kind.TEST):
                digests.drop(session, message, now=now)
                return None
            wish = self._wishes.of(session, user.id)
            if (until := digests.may_be_told(wish, kind, now)) is not None:
                return Later(at=until, why="quiet hours")
            if kind is Kind.DIGEST and row.retry_at is not None and now < row.retry_at:
                return Later(at=row.retry_at, why="the channel failed a moment ago")
            person = Person(user_id=user.id, name=user.name, is_admin=user.role == Role.ADMINISTRATOR.value)
            wanted = set(message.things)
            things = tuple(one for one in all_things(session, person, scene) if one.key in wanted)
            if not things and kind is not Kind.TEST:  # somebody was faster
                _close(message, "moot", now)
                return None
            try:
                address, secret = self._wishes.address(session, user.id, channel)
            except BadSettings as error:
                return self._failed(session, message, row, str(error), now)
        letter = Letter(
            number=number,
            kind=kind,
            address=address,
            secret=secret,
            subject=words.subject(kind, things, self._organisation),
            text=words.text(kind, things, self._base, now),
            things=things,
            made_at=message.made_at,
        )
        return channel, letter

    def _settle(self, number: int, trouble: str) -> Later | None:
        now = self._clock.now()
        with self._store.write() as session:
            message = session.get(NoticeMessageRow, number)
            row = session.get(NoticeChannelRow, (message.user_id, message.channel)) if message else None
            if message is None or row is None:
                return None
            if trouble:
                return self._failed(session, message, row, trouble, now)
            row.failures, row.trouble, row.retry_at, row.sent_at = 0, "", None, now
            _close(message, "sent", now)
            return None

    def _failed(
        self, session: Session, message: NoticeMessageRow, row: NoticeChannelRow, trouble: str, now: datetime
    ) -> Later | None:
        row.trouble = trouble
        if message.kind == Kind.TEST:
            digests.drop(session, message, now=now)
            return None
        if row.retry_at is None or now >= row.retry_at:  # a crisis in between is no further sign
            row.failures += 1
            row.retry_at = now + min(FIRST_RETRY * 2 ** (row.failures - 1), LONGEST_RETRY)
        if row.failures >= MOST_FAILURES:
            row.on, row.given_up_at = False, now
            audit.note(
                session,
                who=OFFICE,
                what=f"notifications by {row.channel} gave up",
                now=now,
                user=row.user_id,
                failures=row.failures,
            )
            digests.drop(session, message, now=now)
            return None
        at = now + URGENT_RETRY if message.kind == Kind.CRISIS else row.retry_at
        return Later(at=at, why=trouble)


def _close(message: NoticeMessageRow, outcome: str, now: datetime) -> None:
    message.settled_at, message.outcome = now, outcome


def _long_enough(silent: Iterable[tuple[str, datetime]], now: datetime) -> tuple[str, ...]:
    return tuple(name for name, since in silent if now - since >= SILENT)

"""An office whose people are told things: real store, wishes, messenger; a steered clock; channels that keep letters.

It holds no assertion.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bot import cases, jobs, people
from bot.clock import SteeredClock
from bot.errors import PlatformError
from bot.evidence import registry
from bot.evidence.pack import starter_pack
from bot.life import State
from bot.notices.messenger import Messenger
from bot.notices.things import Scene
from bot.notices.values import Channel, Letter, Send, Wish
from bot.notices.wishes import Ways, Wishes
from bot.people import Role
from bot.store import codec
from bot.store.engine import Store
from bot.store.models import AccountRow, CaseRow
from bot.store.notice_models import NoticeChannelRow, NoticeMessageRow, NoticeToldRow
from bot.store.office_models import AuditRow
from bot.vault import open_vault
from tests.builders import NOW, a_post

BASE = "https://desk.example"
CRISIS = "crisis: a person should look now"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass
class Way:
    """A channel that keeps what it is given; with `trouble` it fails instead."""

    letters: list[Letter] = field(default_factory=list)
    trouble: PlatformError | None = None
    tries: int = 0

    async def send(self, letter: Letter) -> None:
        """Keep it."""
        self.tries += 1
        if self.trouble is not None:
            raise self.trouble
        self.letters.append(letter)


class NoticeWorld:
    """`minute()` lets time pass as the office would."""

    def __init__(
        self, url: str, folder: Path, *, at: datetime = NOW, ways: Mapping[Channel, Send] | None = None
    ) -> None:
        self.clock = SteeredClock(at)
        self.store = Store(url)
        self.store.migrate()
        self.way = {channel: Way() for channel in Channel}
        self.unheard: list[tuple[str, str]] = [("s:tag", "")]
        self.stop_flag = folder / "STOP"
        self.wishes = Wishes(vault=cache(lambda: open_vault(None, folder)), ways=Ways(mail=True, chat=True))
        self.messenger = Messenger(
            store=self.store,
            clock=self.clock,
            wishes=self.wishes,
            ways={channel: way.send for channel, way in self.way.items()} | dict(ways or {}),
            scene=Scene(now=at, crisis=CRISIS, stop_flag=self.stop_flag),
            organisation="Example Medical School",
            base=BASE,
            troubles=lambda: tuple(self.unheard) or None,
        )
        self._cases = 0
        with self.store.write() as session:
            registry.store_pack(session, starter_pack(), name="starter", by="the test", now=at)
            session.add(AccountRow(id="fake/us", network="fake", remote_id="us", handle="us", server="here"))

    # --- people

    def person(self, name: str, *, role: Role = Role.EDITOR, channel: Channel = Channel.MAIL, **wish: Any) -> int:
        """Somebody who works here and can be reached."""
        with self.store.write() as session:
            user = people.ensure_user(session, name, role, by="the test", now=self.clock.now())
        self.reach(user.id, channel)
        self.wish(user.id, **wish)
        return user.id

    def reach(self, user: int, channel: Channel, *, on: bool = True) -> None:
        """Over this channel, too."""
        address = {Channel.MAIL: f"u{user}@home.example", Channel.WEBHOOK: "https://hook.example/x"}
        with self.store.write() as session:
            self.wishes.set_channel(
                session,
                user,
                channel,
                address=address.get(channel, "slack://A/B/C"),
                on=on,
                by="x",
                now=self.clock.now(),
            )

    def wish(self, user: int, **wish: Any) -> None:
        """What they want."""
        with self.store.write() as session:
            self.wishes.save(session, user, replace(Wish(), **wish), by="x", now=self.clock.now())

    def channel(self, user: int, channel: Channel = Channel.MAIL) -> NoticeChannelRow:
        """How a channel stands."""
        with self.store.read() as session:
            return session.get_one(NoticeChannelRow, (user, channel.value))

    # --- what happens

    def case(self, state: State = State.PROPOSED, *, reason: str = "a draft is waiting", **more: Any) -> int:
        """A new case in this state, about tea with vaccines; what its author wrote says canary."""
        self._cases += 1
        uri, now = f"u{self._cases}", self.clock.now()
        post = codec.dump(a_post("canary wrote this", author="canary", uri=uri))
        row = CaseRow(
            account="fake/us", network="fake", uri=uri, subject_uri=uri, thread_uri=uri, author_id="canary",
            subject_author_id="canary", via="mention", post=post, subject=post, context={}, state=State.RECEIVED.value,
            created_at=now, updated_at=now, draft="canary draft", address="@canary ", **more,
        )  # fmt: skip
        with self.store.write() as session:
            session.add(row)
            session.flush()
            cases.change(session, row, state, who="the office", why=reason, now=now)
        return row.id

    def draft(self, **more: Any) -> int:
        """A draft about an entry of the table."""
        return self.case(entry_id="mmr-vaccine-autism", entry_version=1, **more)

    def move(self, case: int, *steps: State, who: str = "Grace", why: str = "why", **values: Any) -> None:
        """A case goes on."""
        with self.store.write() as session:
            row = cases.get(session, case)
            for to in steps:
                cases.change(session, row, to, who=who, why=why, now=self.clock.now())
            for name, value in values.items():
                setattr(row, name, value)

    # --- the office works

    def minute(self, passed: timedelta = MINUTE) -> None:
        """Time passes; the tick puts its job, and what is due is done."""
        self.clock.advance(passed)
        with self.store.write() as session:
            key = f"notices:{self.clock.now().timestamp()}"
            jobs.put(session, "notices", key, due_at=self.clock.now(), payload={})
        self.work()

    def work(self) -> None:
        """Do every job of ours that is due, as the workers would."""
        duties = {"notices": self.messenger.collect, "tell": self.messenger.tell}
        while True:
            with self.store.write() as session:
                claimed = jobs.claim(session, worker="t", now=self.clock.now(), limit=10, kinds=list(duties))
            if not claimed:
                return
            for job in claimed:
                later = asyncio.run(_do(duties[job.kind](job)))
                with self.store.write() as session:
                    if later is None:
                        jobs.finish(session, job, now=self.clock.now())
                    else:
                        at = max(later.at, self.clock.now() + timedelta(microseconds=1))
                        jobs.again(session, job, due_at=at, note=later.why)

    # --- what is there

    @property
    def mails(self) -> list[Letter]:
        """What was mailed so far."""
        return self.way[Channel.MAIL].letters

    def to(self, user: int) -> list[Letter]:
        """What one person was mailed."""
        return [one for one in self.mails if one.address == f"u{user}@home.example"]

    def told(self) -> set[str]:
        """Every slot that is taken."""
        with self.store.read() as session:
            return set(session.scalars(select(NoticeToldRow.thing)))

    def outcomes(self) -> list[str]:
        """How every message ended, oldest first."""
        with self.store.read() as session:
            return list(session.scalars(select(NoticeMessageRow.outcome).order_by(NoticeMessageRow.id)))

    def record(self) -> list[tuple[str, str]]:
        """Who did what about notifications."""
        with self.store.read() as session:
            lines = session.scalars(select(AuditRow).where(AuditRow.what.like("%notifications%")).order_by(AuditRow.id))
            return [(line.who, line.what) for line in lines]


async def _do(duty: Any) -> Any:
    return await duty

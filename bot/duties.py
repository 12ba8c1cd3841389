"""What each kind of job does. Each duty is short: read, ask, save; the rules live elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta

import structlog
from sqlalchemy import delete, select

from bot import audit_chain, cases, holds, jobs, second_reader, steps, throttle, turn
from bot.audit import OFFICE
from bot.decisions import Escalate
from bot.errors import LoggedOut, SlowDown, Unreachable
from bot.evidence.recheck import Recheck
from bot.jobs import Job
from bot.life import State
from bot.look_back import LookBack
from bot.matching.second import Answer, Question
from bot.model import Post
from bot.notices import digests
from bot.notices.messenger import Messenger
from bot.notices.wishes import TELL
from bot.outbox import Outbox
from bot.ports import Clock, Look, Platform
from bot.second_reader import SecondReader
from bot.settle import Later
from bot.store.engine import Store
from bot.store.models import CaseRow, EventRow
from bot.store.office_models import SignInLinkRow, WebSessionRow
from bot.turn import Tools
from bot.worker import SETTLED, Do, Settled

log = structlog.get_logger("duties")

LONGEST_LOOK = 60.0  # seconds
LOOK_AGAIN = timedelta(seconds=30)  # while a network is down; it may take days, and the event may be a STOP
MOST_STEPS = 5  # looks and readings before an event is decided
EXPIRING = (State.PROPOSED, State.ESCALATED)


class Duties:
    """The duties of this office, given the parts they need."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        platforms: Mapping[str, Platform],
        tools: Tools,
        outbox: Outbox,
        second: SecondReader | None = None,
        recheck: Recheck | None = None,
        messenger: Messenger | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._platforms = platforms
        self._tools = tools
        self._outbox = outbox
        self._second = second
        self._recheck = recheck
        self._messenger = messenger
        self._look_back = LookBack(store=store, clock=clock, platforms=platforms)

    @property
    def thinking(self) -> dict[str, Do]:
        """Work that needs the processor; done one after the other."""
        ours: dict[str, Do] = {"turn": self.turn, "expire": self.expire, "sweep": self.sweep, "seal": self.seal}
        return ours | ({"notices": self._messenger.collect} if self._messenger else {})

    @property
    def speaking(self) -> dict[str, Do]:
        """Work that waits for a network; several at a time."""
        return {
            "send": self.send,
            "withdraw": self.withdraw,
            "look back": self.look_back,
            "check citations": self.check_citations,
        }

    @property
    def telling(self) -> dict[str, Do]:
        """Messages to our own people; a mail server that hangs must not hold up a reply."""
        return {TELL: self._messenger.tell} if self._messenger else {}

    async def turn(self, job: Job) -> Later | Settled:
        """Decide one event; look at the post on its network first where that matters. An outage only delays it."""
        event_id = job.payload["event"]
        for _ in range(MOST_STEPS):
            needed = await asyncio.to_thread(self._decide_or_say_what_is_needed, job, event_id)
            if needed is None:
                return SETTLED
            later = await (self._look(event_id, needed) if isinstance(needed, Post) else self._ask(needed))
            if later is not None:
                return later
        return Later(at=self._clock.now() + LOOK_AGAIN, why="the post changes faster than it can be read")

    async def _look(self, event_id: int, post: Post) -> Later | None:
        """See the post on its network, and keep what was seen."""
        account = await asyncio.to_thread(self._account_of, event_id)
        try:
            async with asyncio.timeout(LONGEST_LOOK):
                look = await self._platforms[account].look(post.ref)
        except (Unreachable, SlowDown, LoggedOut, TimeoutError) as error:
            wait = timedelta(seconds=error.seconds) if isinstance(error, SlowDown) else LOOK_AGAIN
            return Later(at=self._clock.now() + wait, why=f"could not look at the post: {error or 'time-out'}")
        await asyncio.to_thread(self._remember_look, event_id, look)
        return None

    async def _ask(self, questions: tuple[Question, ...]) -> None:
        """Put questions to the second reader, and keep its answers."""
        for question in questions:
            if self._second is not None:
                answer = await self._second.ask(question)
                await asyncio.to_thread(self._remember_answer, self._second.model, question, answer)

    async def send(self, job: Job) -> Later | None:
        """Send an approved reply."""
        return await self._outbox.send(job.payload["case"])

    async def withdraw(self, job: Job) -> Later | None:
        """Take a published reply back."""
        return await self._outbox.withdraw(job.payload["case"], why=job.payload["why"], who=job.payload["who"])

    async def look_back(self, job: Job) -> Later | None:
        """Look again at the posts that open and lately published cases hold."""
        if noticed := await self._look_back.tick():
            log.info("looked back", noticed=noticed)
        return None

    async def check_citations(self, job: Job) -> Later | None:
        """Ask the catalogues about the sources that are due; nobody, while there is no contact address."""
        if self._recheck is not None:
            done = await asyncio.to_thread(self._recheck.round)
            log.info("citations checked", asked=done.asked, left=done.left, flagged=len(done.flagged), why=done.stopped)
        return None

    async def expire(self, job: Job) -> Later | None:
        """Close what came too late to be useful."""
        await asyncio.to_thread(self._expire)
        return None

    async def sweep(self, job: Job) -> Later | None:
        """Delete finished jobs, ended sessions and used links."""
        await asyncio.to_thread(self._sweep)
        return None

    async def seal(self, job: Job) -> Later | None:
        """Seal the newest lines of the record."""
        await asyncio.to_thread(self._seal)
        return None

    def _decide_or_say_what_is_needed(self, job: Job, event_id: int) -> Post | tuple[Question, ...] | None:
        """Decide if all is known; else the post to look at, or what the second reader must read."""
        now = self._clock.now()
        with self._store.write() as session:
            post = turn.needs_look(session, event_id, self._tools, now=now)
            if post is not None:
                return post
            if self._second is not None and (questions := turn.unread(session, event_id, self._tools, now=now)):
                return questions
            decision = turn.take_turn(session, event_id, self._tools, now=now)
            if self._messenger and isinstance(decision, Escalate):  # perhaps a crisis: people hear of it at once
                jobs.put(session, "notices", f"notices:event:{event_id}", due_at=now, payload={})
            jobs.finish(session, job, now=now)
            return None

    def _seal(self) -> None:
        with self._store.write() as session:
            audit_chain.seal(session)

    def _remember_look(self, event_id: int, look: Look | None) -> None:
        with self._store.write() as session:
            turn.remember_look(session, event_id, look)

    def _remember_answer(self, model: str, question: Question, answer: Answer | str) -> None:
        with self._store.write() as session:
            second_reader.keep(session, model, question, answer, now=self._clock.now())

    def _account_of(self, event_id: int) -> str:
        with self._store.read() as session:
            return session.scalars(select(EventRow.account).where(EventRow.id == event_id)).one()

    def _expire(self) -> None:
        now = self._clock.now()
        with self._store.write() as session:
            late = session.scalars(
                select(CaseRow).where(CaseRow.state.in_([s.value for s in EXPIRING]), CaseRow.expires_at <= now)
            )
            for case in late:
                cases.change(session, case, State.EXPIRED, who=OFFICE, why="nobody decided in time", now=now)

    def _sweep(self) -> None:
        now = self._clock.now()
        with self._store.write() as session:
            gone = jobs.sweep(session, now=now)
            digests.sweep(session, now=now)
            session.execute(delete(WebSessionRow).where(WebSessionRow.expires_at < now))
            session.execute(delete(SignInLinkRow).where(SignInLinkRow.expires_at < now))
            holds.sweep(session, now)
            steps.sweep(session, now=now)
            throttle.sweep(session, now=now)
        log.info("swept", jobs=gone)

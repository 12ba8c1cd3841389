"""A whole office on a network in memory with a steered clock: real store, judgement and outbox, no web, no loops."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from bot import cases, inbox, jobs, practice, review, switch
from bot.clock import SteeredClock
from bot.duties import Duties
from bot.evidence import registry
from bot.evidence.pack import starter_pack
from bot.judgement import Judgement
from bot.lay_desk import Limits
from bot.life import State
from bot.matchers import Matchers
from bot.model import SIGNED_OFF, Arrived, Edited, Event, Evidence, Post, Vanished
from bot.notices.messenger import Messenger
from bot.outbox import Outbox
from bot.platforms.fake import FakePlatform
from bot.platforms.fake_network import FakeNetwork, a_person
from bot.ports import Heard
from bot.second_reader import SecondReader
from bot.settle import Pace
from bot.store.engine import Store
from bot.store.models import AccountRow, CaseRow, EventRow
from bot.watch import Watch
from handlers.manners.gates import closed
from replies.compose import OfficeVoice

START = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
UNDO = timedelta(seconds=60)
CLAIM = "The MMR vaccine causes autism, everybody knows it"


def signed_table() -> list[Evidence]:
    """The starter table as it would stand after a clinician signed every entry off."""
    return [replace(entry, status=SIGNED_OFF, signed_off_by="Dr Test") for entry in starter_pack()]


class SmallOffice:
    """Everything between the networks and the desk. `hear`, `work` and `pass_time` drive it."""

    def __init__(
        self,
        url: str,
        folder: Path,
        *,
        public: bool = False,
        matchers: Matchers | None = None,
        second: SecondReader | None = None,
        messenger: Callable[[Store, SteeredClock], Messenger] | None = None,
    ) -> None:
        self.clock = SteeredClock(START)
        self.store = Store(url)
        self.store.migrate()
        self.world = FakeNetwork()
        self.platform = FakePlatform(self.world)
        self.stop_flag = folder / "STOP"
        self.watch = Watch(tags=["MedEd"], ourselves=[self.platform.account])
        self._numbers = itertools.count(1)
        self.platforms = platforms = {practice.ACCOUNT: self.platform}
        self.judgement = Judgement(
            store=self.store,
            clock=self.clock,
            voice=OfficeVoice(name="Test School"),
            limits=Limits(),
            stop_flag=self.stop_flag,
            rulers=platforms,
            matchers=matchers,
            second_model=second.model if second else "",
        )
        self.outbox = Outbox(
            store=self.store,
            clock=self.clock,
            platforms=platforms,
            closed=closed,
            stop_flag=self.stop_flag,
            pace=Pace(),
        )
        self.duties = Duties(
            store=self.store,
            clock=self.clock,
            platforms=platforms,
            tools=self.judgement.tools,
            outbox=self.outbox,
            second=second,
            messenger=messenger(self.store, self.clock) if messenger else None,
        )
        with self.store.write() as session:
            practice.ensure_account(session, self.platform)
            registry.store_pack(session, signed_table(), name="test", by="tests", now=START)
        with self.store.write() as session:
            account = session.get(AccountRow, practice.ACCOUNT)
            assert account is not None
            account.public = public

    # --- the world

    def posts(self, text: str = f"@check {CLAIM}", *, by: str = "", under: Post | None = None) -> Post:
        """Somebody posts; nobody has heard it yet."""
        author = replace(a_person(by or f"person{next(self._numbers)}"), created_at=START - timedelta(days=900))
        return self.world.write(author, text, reply_to=under.ref if under else None, at=self.clock.now())

    # --- the office

    def hear(self, event: Event) -> int:
        """One event arrives in the inbox. Returns how many were new."""
        with self.store.write() as session:
            heard = Heard(source="test", cursor=None, event=event)
            return inbox.take(session, [heard], account=practice.ACCOUNT, now=self.clock.now())

    def asked(self, text: str = f"@check {CLAIM}", *, by: str = "", under: Post | None = None) -> CaseRow:
        """Somebody asks us about a claim, and the case is decided."""
        post = self.posts(text, by=by, under=under)
        self.hear_of(post)
        return self.case_of(post)

    def hear_of(self, post: Post, via: str = "mention") -> None:
        """A post reaches us, and is decided."""
        self.hear(Arrived(post=self.platform.as_seen(post), via=via))
        self.work()

    def edited(self, post: Post, text: str) -> None:
        """The author edits a post, and we hear of it."""
        self.hear(Edited(post=self.platform.as_seen(self.world.edit(post.ref.uri, text))))

    def vanished(self, post: Post) -> None:
        """The author deletes a post, and we hear of it."""
        self.world.delete(post.ref.uri)
        self.hear(Vanished(ref=post.ref))

    def work(self) -> int:
        """Do every job that is due, as the workers would. Returns how many were done."""
        done = 0
        while True:
            with self.store.write() as session:
                claimed = jobs.claim(session, worker="test", now=self.clock.now(), limit=10)
            if not claimed:
                return done
            for job in claimed:
                asyncio.run(self._do(job))
                done += 1

    async def _do(self, job: jobs.Job) -> None:
        duties = self.duties.thinking | self.duties.speaking | self.duties.telling
        later = await duties[job.kind](job)
        if job.kind == "turn":
            return
        with self.store.write() as session:
            if later is None:
                jobs.finish(session, job, now=self.clock.now())
            else:
                at = max(later.at, self.clock.now() + timedelta(microseconds=1))
                jobs.again(session, job, due_at=at, note=later.why)

    def pass_time(self, by: timedelta = UNDO) -> None:
        """Time passes, and what became due is done."""
        self.clock.advance(by)
        self.work()

    # --- the editor

    def approve(self, case: CaseRow, *, who: str = "Grace", text: str | None = None) -> CaseRow:
        """An editor approves the case as it stands now."""
        with self.store.write() as session:
            return review.approve(
                session,
                case.id,
                version=cases.get(session, case.id).version,
                who=who,
                now=self.clock.now(),
                undo=UNDO,
                objections=self.judgement.objections,
                text=text,
            )

    def stop(self) -> None:
        """The kill switch."""
        with self.store.write() as session:
            switch.stop(session, by="Grace", reason="test", now=self.clock.now())

    def resume(self) -> None:
        """Lift the kill switch."""
        with self.store.write() as session:
            switch.resume(session, by="Grace", reason="test", now=self.clock.now())

    # --- what is there

    def case_of(self, post: Post) -> CaseRow:
        """The case in which this post would be answered."""
        with self.store.read() as session:
            case = cases.of_post(session, post.ref.network, post.ref.uri)
        assert case is not None
        return case

    def now(self, case: CaseRow) -> CaseRow:
        """The case as it stands."""
        with self.store.read() as session:
            return cases.get(session, case.id)

    def state(self, case: CaseRow) -> State:
        """Its state."""
        return State(self.now(case).state)

    def all_cases(self) -> list[CaseRow]:
        """Every case."""
        with self.store.read() as session:
            return list(session.scalars(select(CaseRow).order_by(CaseRow.id)))

    def events(self) -> list[EventRow]:
        """Everything in the inbox."""
        with self.store.read() as session:
            return list(session.scalars(select(EventRow).order_by(EventRow.id)))

    def ours(self) -> list[Post]:
        """Our posts that stand on the network."""
        return [post for post in self.world.posts.values() if post.author.id == self.platform.account]

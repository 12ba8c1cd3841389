"""The practice feed, once more: empty the practice office and play from the beginning. Nothing public is touched."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from bot import audit
from bot.model import Author, Network
from bot.platforms.fake_network import FakeNetwork
from bot.platforms.recorded import RecordedFeed
from bot.ports import Clock, Concern, Heard
from bot.practice import ACCOUNT
from bot.schedule import TICKS
from bot.store.desk_models import HoldRow, JottingRow, RemarkRow, SecondLookRow, SignatureRow
from bot.store.engine import Store
from bot.store.models import CaseRow, CursorRow, DeliveryRow, EventRow, GapRow, JobRow, OptOutRow
from bot.store.notice_models import NoticeMessageRow, NoticeToldRow
from bot.store.office_models import AuditRow


class Encore(RecordedFeed):
    """A recorded feed that ends when somebody wants it again; its supervisor then listens anew, from the first line.

    The office is emptied at that moment, when nothing of the old performance is on its way to the inbox any more.
    """

    def __init__(
        self, lines: Sequence[str], stage: FakeNetwork, *, me: Author, clock: Clock, speed: float, store: Store
    ) -> None:
        super().__init__(lines, stage, me=me, clock=clock, speed=speed)
        self._world, self._ourselves, self._time, self._store = stage, me, clock, store
        self._wanted_by = ""
        self._curtain: Callable[[], object] = lambda: None

    def again(self, who: str) -> None:
        """From the beginning, please. Safe from any thread."""
        self._wanted_by = who
        self._curtain()

    async def listen(self, cursors: Mapping[str, str], concern: Concern) -> AsyncIterator[Heard]:
        """The feed, until somebody wants it again."""
        loop, fallen = asyncio.get_running_loop(), asyncio.Event()
        self._curtain = lambda: loop.call_soon_threadsafe(fallen.set)
        if self._wanted_by:
            await asyncio.to_thread(self._sweep_the_stage)
            cursors = {}
        feed = super().listen(cursors, concern)
        curtain = asyncio.create_task(fallen.wait())
        line: asyncio.Task[Heard] | None = None
        try:
            while not fallen.is_set():
                line = asyncio.create_task(_next(feed))
                await asyncio.wait({line, curtain}, return_when=asyncio.FIRST_COMPLETED)
                if not line.done():
                    break
                yield line.result()
        finally:
            self._curtain = lambda: None
            curtain.cancel()
            if line is not None:
                line.cancel()
                with suppress(asyncio.CancelledError):
                    await line

    def _sweep_the_stage(self) -> None:
        with self._store.write() as session:
            now = self._time.now()
            wipe(session, self.name, now=now)
            audit.note(session, who=self._wanted_by, what="practice feed started again", now=now)
        self._world.start_afresh()
        self._world.join(self._ourselves)
        self._wanted_by = ""


def wipe(session: Session, source: str, *, now: datetime) -> None:
    """Everything the practice account holds. The log stays, but speaks of no case that will be numbered anew."""
    unsettled = NoticeMessageRow.settled_at.is_(None)  # the jobs that would send them go, too
    mine = select(CaseRow.id).where(CaseRow.account == ACCOUNT)
    session.execute(update(AuditRow).where(AuditRow.case_id.in_(mine)).values(case_id=None))
    for paper in (HoldRow, JottingRow, RemarkRow, SignatureRow, SecondLookRow):
        session.execute(delete(paper).where(paper.case_id.in_(mine)))
    for table in (DeliveryRow, CaseRow, EventRow):
        session.execute(delete(table).where(table.account == ACCOUNT))
    session.execute(delete(JobRow).where(JobRow.kind.not_in([tick.kind for tick in TICKS])))
    session.execute(delete(NoticeToldRow))
    session.execute(update(NoticeMessageRow).where(unsettled).values(settled_at=now, outcome="dropped"))
    session.execute(delete(OptOutRow).where(OptOutRow.network == Network.FAKE.value))
    session.execute(delete(CursorRow).where(CursorRow.source == source))
    session.execute(delete(GapRow).where(GapRow.source == source))


async def _next(feed: AsyncIterator[Heard]) -> Heard:
    return await anext(feed)

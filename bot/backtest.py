"""What would a changed entry have matched? Stored posts are read with the table now and with the change, and compared.

It writes nothing, and it says only what the matcher would do: manners and people come after it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from bot.errors import NotAllowed
from bot.matchers import AnyMatcher, Matchers
from bot.matching.matcher import CANDIDATES
from bot.model import Evidence, Match, Stance
from bot.ports import Clock
from bot.simulate import texts_of
from bot.store.engine import Store
from bot.store.models import CaseRow
from bot.web.hands import Backtest, Shift

DAYS = 30
MOST = 500  # posts, the newest
SECONDS = 20.0  # a person waits for it


class Backtester:
    """One at a time: it needs the processor that new posts need, too."""

    def __init__(
        self, *, store: Store, clock: Clock, matchers: Matchers, most: int = MOST, seconds: float = SECONDS
    ) -> None:
        self._store = store
        self._clock = clock
        self._matchers = matchers
        self._most = most
        self._seconds = seconds
        self._turn = threading.Lock()

    def run(self, entry_id: str, proposed: Evidence | None) -> Backtest:
        """Read the posts of the last 30 days as if the entry were `proposed` (None: retired). Raises `NotAllowed`."""
        if not self._turn.acquire(blocking=False):
            raise NotAllowed("somebody else is trying a change on the stored posts; try again in half a minute")
        try:
            return self._run(entry_id, proposed)
        finally:
            self._turn.release()

    def _run(self, entry_id: str, proposed: Evidence | None) -> Backtest:
        now = self._clock.now()
        with self._store.read() as session:
            query = select(CaseRow).where(CaseRow.created_at >= now - timedelta(days=DAYS))
            rows = session.scalars(query.order_by(CaseRow.id.desc()).limit(self._most)).all()
            before, after = self._matchers.trying(session, entry_id, proposed)
        ends = time.monotonic() + self._seconds  # a large table takes its time to build, and that is not the posts'
        read = kept = 0
        gained: list[Shift] = []
        lost: list[Shift] = []
        changed: list[Shift] = []
        for row in rows:
            if time.monotonic() > ends:
                break
            read += 1
            shift = _shift(row, before, after, entry_id, now)
            if shift is None:
                continue
            was, would = _matches(shift.before, entry_id), _matches(shift.after, entry_id)
            if was and would:
                same = (shift.before.stance, shift.before.action) == (shift.after.stance, shift.after.action)
                kept += same
                changed += [] if same else [shift]
            elif would:
                gained.append(shift)
            elif was:
                lost.append(shift)
        return Backtest(
            days=DAYS,
            stored=len(rows),
            read=read,
            degraded=self._matchers.trouble,
            gained=_surest(gained),
            lost=_surest(lost),
            changed=_surest(changed),
            kept=kept,
        )


def _shift(row: CaseRow, before: AnyMatcher, after: AnyMatcher, entry_id: str, now: datetime) -> Shift | None:
    """How one post is read, both ways; None when the entry is not among the nearest either way."""
    text, around = texts_of(row)
    if not text:
        return None
    near = [text, *around[-1:]]
    if not any(_near(matcher, one, entry_id) for matcher in (before, after) for one in near):
        return None
    was, would = (matcher.match(text, around, (), now.date()) for matcher in (before, after))
    return Shift(case_id=row.id, state=row.state, text=text, at=row.created_at, before=was, after=would)


def _near(matcher: AnyMatcher, text: str, entry_id: str) -> bool:
    return any(name == entry_id for name, _, _ in matcher.candidates(text, CANDIDATES))


def _matches(match: Match, entry_id: str) -> bool:
    return match.entry_id == entry_id and match.stance is not Stance.UNRELATED


def _surest(shifts: Sequence[Shift]) -> tuple[Shift, ...]:
    """The surest first."""
    return tuple(sorted(shifts, key=lambda one: -max(one.before.score, one.after.score)))

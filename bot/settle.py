"""How a send ends, saved in one transaction each. It calls no network and decides nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot import cases, ledger
from bot.audit import OFFICE
from bot.life import State
from bot.model import Ref
from bot.ports import Clock
from bot.store.engine import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How patient the outbox is. Tests shorten it; the order of things stays."""

    longest_call: timedelta = timedelta(seconds=30)  # a call to a network that takes longer counts as unclear
    retry: timedelta = timedelta(seconds=30)  # nothing was sent: try again
    look_again: timedelta = timedelta(seconds=10)  # between read-backs of an unclear send
    believe_absent: timedelta = timedelta(seconds=45)  # longer than any call: only then "not there" counts
    looks_before_resend: int = 2  # how often it must not be there before anything is sent again


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """Run this job again at `at`."""

    at: datetime
    why: str


class Settlement:
    """Writes case and ledger together."""

    def __init__(self, *, store: Store, clock: Clock, pace: Pace, published: Callable[[str], None]) -> None:
        self._store = store
        self._clock = clock
        self._pace = pace
        self._published = published

    def confirmed(self, case_id: int, ref: Ref) -> None:
        """The reply stands."""
        now = self._clock.now()
        with self._store.write() as session:
            case = cases.get(session, case_id)
            ledger.settle(session, case, "confirmed", now=now, remote=ref)
            case.remote_uri = ref.uri
            why = f"published; approved by {case.approved_by}"
            cases.change(session, case, State.PUBLISHED, who=OFFICE, why=why, now=now, uri=ref.uri)
        self._published(ref.uri)

    def not_sent(self, case_id: int, why: str, wait: timedelta) -> Later:
        """The network surely took nothing: back to APPROVED, every gate is asked again."""
        now = self._clock.now()
        with self._store.write() as session:
            case = cases.get(session, case_id)
            ledger.settle(session, case, "absent", now=now, error=why)
            cases.change(session, case, State.APPROVED, who=OFFICE, why=f"not sent yet: {why}", now=now)
        return Later(at=now + wait, why=why)

    def failed(self, case_id: int, why: str) -> None:
        """The network said no for good."""
        now = self._clock.now()
        with self._store.write() as session:
            case = cases.get(session, case_id)
            ledger.settle(session, case, "refused", now=now, error=why)
            cases.change(session, case, State.FAILED, who=OFFICE, why=f"the network refused it: {why}", now=now)

    def lost(self, case_id: int, why: str) -> None:
        """Nobody could find out in time whether it arrived: a person has to look; the ledger keeps the doubt."""
        now = self._clock.now()
        with self._store.write() as session:
            case = cases.get(session, case_id)
            ledger.settle(session, case, "unknown", now=now, error=why)
            cases.change(session, case, State.FAILED, who=OFFICE, why=why, now=now)

    def unclear(self, case_id: int, why: str) -> Later:
        """Nobody knows whether it arrived: read back next."""
        now = self._clock.now()
        with self._store.write() as session:
            case = cases.get(session, case_id)
            ledger.settle(session, case, "unknown", now=now, error=why)
            if case.state == State.SENDING:
                cases.change(session, case, State.UNKNOWN, who=OFFICE, why=f"unclear: {why}; reading back", now=now)
        return Later(at=now + self._pace.look_again, why=why)

    def looked(self, case_id: int) -> int:
        """Count a read-back that found nothing; returns how many there were since the last attempt."""
        with self._store.write() as session:
            return ledger.looked(session, case_id)

    def withdrawn(self, case_id: int, why: str, who: str) -> None:
        """Our reply is gone from the network."""
        now = self._clock.now()
        with self._store.write() as session:
            case = cases.get(session, case_id)
            ledger.settle(session, case, "withdrawn", now=now)
            cases.change(session, case, State.WITHDRAWN, who=who, why=why, now=now)

    def pause(self, case_id: int, why: str) -> Later:
        """Our credentials are refused: nothing leaves this account until an administrator looked."""
        now = self._clock.now()
        with self._store.write() as session:
            ledger.pause(session, cases.get(session, case_id).account, why, now=now)
        return Later(at=now + self._pace.retry, why=why)

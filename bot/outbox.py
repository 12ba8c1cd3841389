"""Publish what a human approved, once. Every gate is asked again here; an unclear end is read back, never resent."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from bot import cases, inbox, ledger, review, vanish
from bot.audit import OFFICE
from bot.clock import why_wrong
from bot.desk import Occasion
from bot.errors import (
    Gone,
    LoggedOut,
    PlatformError,
    Refused,
    SlowDown,
    Unclear,
    Unreachable,
)
from bot.lay_desk import Limits, account, occasion
from bot.life import OPEN, State
from bot.model import Post, Ref
from bot.ports import Clock, Look, Outgoing, Platform
from bot.settle import Later, Pace, Settlement
from bot.store import codec
from bot.store.engine import Store
from bot.store.models import CaseRow
from bot.switch import file_stops, why_stopped

Closed = Callable[[Occasion], tuple[tuple[str, str], ...]]
"""Ask every gate: (name, reason) of each one that is closed. It fails closed itself."""

LOOK_AT_THE_SWITCH = 1.0  # seconds; a stop must reach within five what is under way
LONGEST_UNKNOWN = timedelta(hours=6)  # then a person has to look


class Outbox:
    """Sends approved replies. One instance per process; safe if several processes run it."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        platforms: Mapping[str, Platform],
        closed: Closed,
        stop_flag: Path,
        limits: Limits = Limits(),
        pace: Pace = Pace(),
        published: Callable[[str], None] = lambda _uri: None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._platforms = platforms
        self._closed = closed
        self._stop_flag = stop_flag
        self._limits = limits
        self._pace = pace
        self._settle = Settlement(store=store, clock=clock, pace=pace, published=published)

    async def send(self, case_id: int) -> Later | None:
        """Send one approved case, or say when to come back. None: nothing more to do here."""
        start = await asyncio.to_thread(self._start, case_id)
        if isinstance(start, Later) or start is None:
            return start
        case, posts = start
        if case.account not in self._platforms:
            return self._not_connected(case.account)
        if case.state in (State.SENDING, State.UNKNOWN):
            return await self._reconcile(case)
        platform = self._platforms[case.account]
        try:
            async with asyncio.timeout(self._pace.longest_call.total_seconds()):
                fresh = await platform.look(posts[0].ref)
                same = posts[0].ref.key == posts[1].ref.key
                fresh_subject = fresh if same else await platform.look(posts[1].ref)
        except LoggedOut as error:
            return await asyncio.to_thread(self._settle.pause, case.id, str(error))
        except (PlatformError, TimeoutError) as error:
            return self._later(f"could not look at the post before sending: {error or 'time-out'}", error)
        if why := why_wrong(platform.skew()):
            return Later(at=self._clock.now() + self._pace.retry, why=f"held back: {why}")
        outgoing = await asyncio.to_thread(self._commit_intent, case_id, fresh, fresh_subject)
        if isinstance(outgoing, Later) or outgoing is None:
            return outgoing
        return await self._call(case_id, platform, outgoing)

    async def withdraw(self, case_id: int, *, why: str, who: str) -> Later | None:
        """Take a published reply back, or stop it if it is still on its way."""
        found = await asyncio.to_thread(self._published_ref, case_id, why, who)
        if isinstance(found, Later) or found is None:
            return found
        account, ref = found
        if account not in self._platforms:
            return self._not_connected(account)
        try:
            async with asyncio.timeout(self._pace.longest_call.total_seconds()):
                await self._platforms[account].withdraw(ref)
        except Refused as error:
            return self._later(f"the network refused to delete our reply: {error}", error)
        except (PlatformError, TimeoutError) as error:
            return self._later(f"could not delete our reply: {error or 'time-out'}", error)
        await asyncio.to_thread(self._settle.withdrawn, case_id, why, who)
        return None

    # --- sending -------------------------------------------------------------------------------------------

    def _start(self, case_id: int) -> tuple[CaseRow, tuple[Post, Post]] | Later | None:
        now = self._clock.now()
        with self._store.read() as session:
            case = cases.get(session, case_id)
            if case.state in (State.SENDING, State.UNKNOWN):
                return case, self._posts(case)
            if case.state != State.APPROVED or case.send_after is None:
                return None
            if case.send_after > now:
                return Later(at=case.send_after, why="the undo delay runs")
            if (held := self._held(session, case)) and (case.expires_at is None or case.expires_at > now):
                return Later(at=now + self._pace.retry, why=held)  # without a word to the network
            return case, self._posts(case)

    def _held(self, session: Session, case: CaseRow) -> str:
        """Why nothing leaves this account at all right now ("" if it may)."""
        row = account(session, case.account)
        off = "sending is off for this account" if row.public and not row.sending else ""
        stopped = why_stopped(session, self._stop_flag)
        return (stopped and f"publishing is stopped: {stopped}") or row.paused or off

    def _posts(self, case: CaseRow) -> tuple[Post, Post]:
        return codec.load(Post, case.post), codec.load(Post, case.subject)

    def _commit_intent(self, case_id: int, fresh: Look | None, fresh_subject: Look | None) -> Outgoing | Later | None:
        """Ask every gate, then write the delivery row and SENDING in one transaction, before the network call."""
        now = self._clock.now()
        with self._store.write() as session:
            case = cases.get(session, case_id)
            if case.state != State.APPROVED:
                return None
            ledger.lock_account(session, case.account)  # limits are counted by one sender at a time
            seen = occasion(
                session,
                case,
                limits=self._limits,
                stop_flag=self._stop_flag,
                now=now,
                fresh=fresh,
                fresh_subject=fresh_subject,
            )
            if closed := self._closed(seen):
                return self._held_back(session, case, seen, closed, now)
            outgoing = ledger.intend(session, case, self._outgoing(case, now, fresh), now=now)
            cases.change(session, case, State.SENDING, who=OFFICE, why="sending", now=now, key=outgoing.key)
            return outgoing

    def _held_back(
        self,
        session: Session,
        case: CaseRow,
        seen: Occasion,
        closed: tuple[tuple[str, str], ...],
        now: datetime,
    ) -> Later | None:
        """A gate is closed: wait while we must not send at all, withdraw if the post is gone, else ask a person."""
        why = " · ".join(reason for _, reason in closed)
        gates = [name for name, _ in closed]
        expired = case.expires_at is not None and case.expires_at <= now
        held = seen.stopped or seen.paused or (seen.public and not seen.sending)
        if held and not expired:
            return Later(at=now + self._pace.retry, why=why)
        if expired:
            to = State.EXPIRED
        elif seen.gone:
            to = State.WITHDRAWN
        else:
            to = State.PROPOSED
            review.unapprove(session, case)
        cases.change(session, case, to, who=OFFICE, why=f"not sent: {why}", now=now, gates=gates)
        for post in seen.gone:
            vanish.forget_words(session, case.network, post.ref.uri)
        if to == State.PROPOSED and seen.now_post and seen.outdated:  # else no approval could ever get through
            inbox.read_again(session, seen.now_post, account=case.account, mark=f"{case.id}.{case.version}", now=now)
        return None

    def _outgoing(self, case: CaseRow, now: datetime, fresh: Look | None) -> Outgoing:
        key = key_of(case.id, case.approved_text)
        post = fresh.post if fresh else codec.load(Post, case.post)
        return Outgoing(
            key=key,
            slot=self._platforms[case.account].new_slot(now, key),
            text=case.approved_text,
            created_at=now,
            parent=None if case.note else post.ref,
            root=None if case.note else post.root,
            mention=ledger.mention_of(post.author) if case.address else None,
            lang=case.lang,
        )

    async def _call(self, case_id: int, platform: Platform, outgoing: Outgoing) -> Later | None:
        if file_stops(self._stop_flag):  # a stop that came while the intent was written
            return await asyncio.to_thread(self._settle.not_sent, case_id, "publishing was stopped", self._pace.retry)
        try:
            ref = await self._publish(platform, outgoing)
        except SlowDown as error:
            return await asyncio.to_thread(self._settle.not_sent, case_id, str(error), timedelta(seconds=error.seconds))
        except Unreachable as error:
            return await asyncio.to_thread(self._settle.not_sent, case_id, str(error), self._pace.retry)
        except Gone as error:
            return await asyncio.to_thread(self._settle.failed, case_id, f"the post is gone: {error}")
        except Refused as error:
            return await asyncio.to_thread(self._settle.failed, case_id, str(error))
        except LoggedOut as error:
            await asyncio.to_thread(self._settle.not_sent, case_id, str(error), self._pace.retry)
            return await asyncio.to_thread(self._settle.pause, case_id, str(error))
        except (Unclear, TimeoutError) as error:
            return await asyncio.to_thread(self._settle.unclear, case_id, str(error) or "time-out")
        return await asyncio.to_thread(self._settle.confirmed, case_id, ref)

    async def _publish(self, platform: Platform, outgoing: Outgoing) -> Ref:
        """Call the network, and give up the moment somebody stops publishing: a slow call may not have spoken yet."""
        call = asyncio.ensure_future(platform.publish(outgoing))
        try:
            async with asyncio.timeout(self._pace.longest_call.total_seconds()):
                while not (await asyncio.wait({call}, timeout=LOOK_AT_THE_SWITCH))[0]:
                    if why := await asyncio.to_thread(self._why_stopped):
                        raise Unclear(f"publishing was stopped while it was on its way: {why}")
            return call.result()
        finally:
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)

    def _why_stopped(self) -> str:
        with self._store.read() as session:
            return why_stopped(session, self._stop_flag)

    # --- reading back ------------------------------------------------------------------------------------------

    async def _reconcile(self, case: CaseRow) -> Later | None:
        """A send that was cut off: look whether it arrived. Only a repeated, patient 'no' allows another attempt."""
        now = self._clock.now()
        with self._store.read() as session:
            delivery = ledger.open_of(session, case.id)
        if delivery is None:
            return await asyncio.to_thread(self._settle.not_sent, case.id, "nothing had left us", timedelta(0))
        if case.state == State.SENDING:
            await asyncio.to_thread(self._settle.unclear, case.id, "this office was interrupted while sending")
        settled_for = now - delivery.intent_at
        if settled_for < self._pace.look_again:
            return Later(at=delivery.intent_at + self._pace.look_again, why="too early to read back")
        try:
            async with asyncio.timeout(self._pace.longest_call.total_seconds()):
                ref = await self._platforms[case.account].find(codec.load(Outgoing, delivery.outgoing))
        except LoggedOut as error:
            return await asyncio.to_thread(self._settle.pause, case.id, str(error))
        except (PlatformError, TimeoutError) as error:
            if settled_for > LONGEST_UNKNOWN:
                return await asyncio.to_thread(self._settle.lost, case.id, f"nobody can tell if it was sent: {error}")
            return self._later(f"could not read back: {error or 'time-out'}", error)
        if ref is not None:
            return await asyncio.to_thread(self._settle.confirmed, case.id, ref)
        if settled_for < self._pace.believe_absent:
            return Later(at=now + self._pace.look_again, why="not there yet, and too early to believe it")
        if await asyncio.to_thread(self._settle.looked, case.id) < self._pace.looks_before_resend:
            return Later(at=now + self._pace.look_again, why="not there yet; looking once more")
        return await asyncio.to_thread(self._settle.not_sent, case.id, "read back: it did not arrive", timedelta(0))

    # --- withdrawing, pausing ------------------------------------------------------------------------------

    def _published_ref(self, case_id: int, why: str, who: str) -> tuple[str, Ref] | Later | None:
        now = self._clock.now()
        with self._store.write() as session:
            case = cases.get(session, case_id)
            if case.state in (State.SENDING, State.UNKNOWN):
                return Later(at=now + self._pace.look_again, why="waiting until the send is settled")
            if State(case.state) in OPEN:  # it was not sent after all, and must not be now
                cases.change(session, case, State.WITHDRAWN, who=who, why=why, now=now)
            if case.state != State.PUBLISHED:
                return None
            ref = ledger.remote_of(session, case.id)
            return (case.account, ref) if ref else None

    def _not_connected(self, account: str) -> Later:
        why = f"{account} is not connected in this office; connect it with `scrutineer init`"
        return Later(at=self._clock.now() + self._pace.retry, why=why)

    def _later(self, why: str, error: Exception) -> Later:
        wait = timedelta(seconds=error.seconds) if isinstance(error, SlowDown) else self._pace.retry
        return Later(at=self._clock.now() + wait, why=why)


def key_of(case_id: int, text: str) -> str:
    """The idempotency key: the same case and approved text always give the same key, another text another one."""
    return hashlib.sha256(f"{case_id}\n{text}".encode("utf-8", "surrogatepass")).hexdigest()[:40]

"""The delivery ledger: what left us, when, under which key, and how it ended. It never calls a network."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import audit
from bot.audit import OFFICE
from bot.errors import NotAllowed
from bot.lay_desk import account
from bot.model import Author, Mention, Ref
from bot.ports import Outgoing
from bot.store import codec
from bot.store.models import AccountRow, CaseRow, DeliveryRow

UNSETTLED = ("intent", "unknown")


def intend(session: Session, case: CaseRow, outgoing: Outgoing, *, now: datetime) -> Outgoing:
    """Write down what is about to leave us, and return it. A further attempt of the same text sends the very
    same thing again: same key, same slot, same time, so that a network that knows them makes no second post."""
    row = session.get(DeliveryRow, outgoing.key)
    if row is None:
        session.add(
            DeliveryRow(
                key=outgoing.key,
                case_id=case.id,
                account=case.account,
                state="intent",
                outgoing=codec.dump(outgoing),
                attempts=1,
                basis=case.basis,
                proof=case.proof,
                entry_id=case.entry_id or "",
                entry_version=case.entry_version or 0,
                approved_by=case.approved_by,
                author_id=case.author_id,
                thread_uri=case.thread_uri,
                intent_at=now,
            )
        )
        return outgoing
    if row.state == "confirmed":
        raise NotAllowed(f"case {case.id}: this very reply was published already")
    row.state, row.looked, row.settled_at, row.error = "intent", 0, None, ""
    row.attempts += 1
    row.intent_at = now
    return codec.load(Outgoing, row.outgoing)


def lock_account(session: Session, account_id: str) -> None:
    """Hold the account until the end of this transaction (SQLite writers are alone anyway)."""
    session.execute(select(AccountRow.id).where(AccountRow.id == account_id).with_for_update())


def settle(
    session: Session, case: CaseRow, state: str, *, now: datetime, remote: Ref | None = None, error: str = ""
) -> None:
    """Write down how the last attempt ended."""
    row = _last(session, case.id)
    if row is None:
        return
    row.state, row.settled_at, row.error = state, now, error[:500]
    if remote is not None:
        row.remote = codec.dump(remote)


def open_of(session: Session, case_id: int) -> DeliveryRow | None:
    """The delivery of this case that left us and was not settled, if there is one."""
    row = _last(session, case_id)
    return row if row is not None and row.state in UNSETTLED else None


def in_doubt(session: Session, case_id: int) -> bool:
    """May something that this case said stand on the network, though nobody could tell?"""
    return open_of(session, case_id) is not None


def looked(session: Session, case_id: int) -> int:
    """Count one read-back that found nothing; returns how many there were since the last attempt."""
    row = _last(session, case_id)
    if row is None:
        return 0
    row.looked += 1
    return row.looked


def remote_of(session: Session, case_id: int) -> Ref | None:
    """Where the reply of this case stands, if it was confirmed."""
    row = _last(session, case_id)
    return codec.load(Ref, row.remote) if row is not None and row.remote else None


def mention_of(author: Author) -> Mention:
    """The only account that a reply may notify by name."""
    return Mention(id=author.id, handle=author.handle)


def pause(session: Session, account_id: str, why: str, *, now: datetime) -> None:
    """Nothing leaves this account until an administrator looked."""
    row = account(session, account_id)
    if row.paused != why:
        row.paused = why
        audit.note(session, who=OFFICE, what="account paused", now=now, account=account_id, why=why)


def _last(session: Session, case_id: int) -> DeliveryRow | None:
    return session.scalar(
        select(DeliveryRow).where(DeliveryRow.case_id == case_id).order_by(DeliveryRow.intent_at.desc()).limit(1)
    )

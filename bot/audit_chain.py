"""The record as a chain: every line is sealed together with the seal before it, so that no line changes unnoticed.

Lines are written as things happen and sealed within a minute, in the order in which they are found. Who keeps the
newest seal elsewhere (`scrutineer audit verify` prints it) notices also when the end is cut off or all is sealed anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.store.office_models import AuditRow

START = "0" * 64  # the seal before the first
AT_ONCE = 1000  # lines read or sealed in one go
ERASED = "person erased"  # the line that names those from which words were taken
MOST_TOLD = 20  # troubles named one by one


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a check of the whole record found."""

    sealed: int
    unsealed: int  # the newest lines, until the next minute
    erased: int  # lines from which a person's words were erased; later lines vouch for that, and their seals stand
    newest: str  # the last seal, worth keeping elsewhere
    troubles: tuple[str, ...]


def seal(session: Session) -> int:
    """Seal every line that is not sealed yet; returns how many. Two at once: the second fails and may try again."""
    last = session.execute(
        select(AuditRow.place, AuditRow.seal)
        .where(AuditRow.place.is_not(None))
        .order_by(AuditRow.place.desc())
        .limit(1)
    ).first()
    place, before = (last[0] or 0, last[1] or START) if last else (0, START)
    count = 0
    while rows := session.scalars(
        select(AuditRow).where(AuditRow.place.is_(None)).order_by(AuditRow.id).limit(AT_ONCE)
    ).all():
        for row in rows:
            place += 1
            row.place, row.content = place, digest(row)
            row.seal = before = seal_of(before, place, row.content)
        count += len(rows)
        session.flush()
    return count


def digest(row: AuditRow) -> str:
    """What a line says, in 64 letters."""
    said = [row.id, row.at.isoformat(), row.who, row.what, row.case_id, row.detail]
    return hashlib.sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def seal_of(before: str, place: int, content: str) -> str:
    """The seal of one line, from the seal before it."""
    return hashlib.sha256(f"{before}\n{place}\n{content}".encode()).hexdigest()


def verify(session: Session, known: str = "") -> Verdict:
    """Compute every seal again. `known` is a seal that was kept elsewhere and must still be in the chain."""
    before, expected, met = START, 0, not known
    erased: set[int] = set()
    vouched: set[int] = set()
    troubles: list[str] = []
    for row in session.scalars(
        select(AuditRow)
        .where(AuditRow.place.is_not(None))
        .order_by(AuditRow.place)
        .execution_options(yield_per=AT_ONCE)
    ):
        expected += 1
        if row.place != expected:
            troubles.append(f"lines {expected} to {(row.place or 0) - 1} of the chain are missing")
            expected = row.place or expected
        if row.erased:
            erased.add(row.id)
        elif digest(row) != row.content:
            troubles.append(f"line {expected} (number {row.id}) was changed after it was sealed")
        elif row.what == ERASED:
            vouched.update(row.detail.get("lines", ()))
        if row.seal != seal_of(before, expected, row.content or ""):
            troubles.append(f"the seal of line {expected} (number {row.id}) does not follow from the one before it")
        before = row.seal or ""
        met = met or before == known
    troubles += [f"words were taken from number {number}, and no line says why" for number in sorted(erased - vouched)]
    if not met:
        troubles.append("the seal that was kept elsewhere is not in the chain: lines were cut off or sealed anew")
    unsealed = session.scalar(select(func.count()).select_from(AuditRow).where(AuditRow.place.is_(None))) or 0
    more = len(troubles) - MOST_TOLD
    told = (*troubles[:MOST_TOLD], *((f"… and {more} more",) if more > 0 else ()))
    return Verdict(sealed=expected, unsealed=unsealed, erased=len(erased), newest=before, troubles=told)


def lines(session: Session) -> Iterator[dict[str, Any]]:
    """Every line, oldest first, with its seal."""
    for row in session.scalars(select(AuditRow).order_by(AuditRow.id).execution_options(yield_per=AT_ONCE)):
        yield {
            "number": row.id,
            "at": row.at.isoformat(),
            "who": row.who,
            "what": row.what,
            "case": row.case_id,
            "detail": row.detail,
            "erased": row.erased,
            "place": row.place,
            "content": row.content,
            "seal": row.seal,
        }

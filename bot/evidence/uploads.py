"""A pack that comes in through the browser: kept as it is, previewed, and taken in exactly as it was previewed.

Its digest names its very bytes. Two people see it, as with every change of the table.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot import audit
from bot.errors import NotAllowed, Stale
from bot.evidence import registry
from bot.evidence.pack import Kind, read_pack
from bot.evidence.proposals import Who
from bot.model import SIGNED_OFF, Evidence
from bot.store.codec import clean_text
from bot.store.evidence_models import PackUploadRow
from bot.store.office_models import EntryRow, EntryVersionRow

LARGEST = 8 * 1024 * 1024  # bytes, about three thousand entries; the command line takes larger ones
KEPT = timedelta(days=7)
AT_ONCE = 500  # ids in one query


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What taking the pack in would do to the table as it is now."""

    table: str  # the version of the table it was compared with
    new: Sequence[Evidence]
    changed: Sequence[tuple[Evidence, Evidence]]  # as it is, as it would be
    revived: Sequence[Evidence]  # retired here, and unchanged in the pack: in force again
    unchanged: int
    missing: Sequence[str]  # in force here, not in the pack: they stay as they are
    signed: int  # new and changed entries that say a clinician has signed them
    unsigned: int  # changed entries that lose their signature


def keep(session: Session, data: bytes, *, name: str, who: Who, now: datetime) -> PackUploadRow:
    """Keep the bytes of a pack that can be read. Raises `BadPack` with every row to mend."""
    name = clean_text(name).strip()[-200:] or "pack.jsonl"
    kind: Kind = "csv" if name.lower().endswith((".csv", ".tsv")) else "jsonl"
    read_pack(data, kind=kind, name=name)
    session.execute(delete(PackUploadRow).where(PackUploadRow.at < now - KEPT))
    digest = hashlib.sha256(data).hexdigest()
    row = session.get(PackUploadRow, digest)
    if row is None:
        row = PackUploadRow(digest=digest, name=name, kind=kind, data=data, by=who.name, by_user=who.user, at=now)
        session.add(row)
        audit.note(session, who=who.name, what="pack uploaded", now=now, pack=name, digest=digest)
    return row


def waiting(session: Session) -> Sequence[PackUploadRow]:
    """Every pack that nobody has taken in or put away."""
    return session.scalars(select(PackUploadRow).order_by(PackUploadRow.at.desc())).all()


def preview(session: Session, row: PackUploadRow) -> Preview:
    """What the pack would do."""
    pack = _read(row)
    here = _newest(session, [entry.id for entry in pack])
    new: list[Evidence] = []
    changed: list[tuple[Evidence, Evidence]] = []
    revived: list[Evidence] = []
    unchanged = 0
    for entry in pack:
        known = here.get(entry.id)
        if known is None:
            new.append(entry)
        elif registry.digest(known[0]) != registry.digest(entry):
            changed.append((known[0], entry))
        elif known[1]:
            revived.append(entry)
        else:
            unchanged += 1
    in_force = set(session.scalars(select(EntryRow.id).where(EntryRow.retired_at.is_(None))))
    return Preview(
        table=registry.table_version(session),
        new=new,
        changed=changed,
        revived=revived,
        unchanged=unchanged,
        missing=sorted(in_force - {entry.id for entry in pack}),
        signed=sum(_signed(entry) for entry in (*new, *(after for _, after in changed))),
        unsigned=sum(_signed(before) and not _signed(after) for before, after in changed),
    )


def take_in(session: Session, digest: str, *, table: str, alone: bool, who: Who, now: datetime) -> tuple[int, int, int]:
    """Take in the bytes of this digest, if the table is still the one of the preview: (new, changed, unchanged)."""
    row = session.get(PackUploadRow, digest, with_for_update=True)
    if row is None:
        raise NotAllowed("this pack is not here (any more): upload it again")
    if row.by_user == who.user and not alone:
        raise NotAllowed("who uploaded a pack cannot take it in: ask a second person")
    if registry.table_version(session) != table:
        raise Stale("the table changed since the preview, and nothing was taken in; look at the preview again")
    counts = registry.store_pack(session, _read(row), name=row.name, by=who.name, now=now)
    audit.note(
        session, who=who.name, what="pack taken in", now=now, pack=row.name, digest=digest, uploaded_by=row.by,
        before=table, after=registry.table_version(session), alone=row.by_user == who.user,
    )  # fmt: skip
    session.delete(row)
    return counts


def put_away(session: Session, digest: str, *, who: Who, now: datetime) -> None:
    """Nobody takes it in."""
    row = session.get(PackUploadRow, digest)
    if row is not None:
        audit.note(session, who=who.name, what="pack put away", now=now, pack=row.name, digest=digest)
        session.delete(row)


def _read(row: PackUploadRow) -> tuple[Evidence, ...]:
    kind: Kind = "csv" if row.kind == "csv" else "jsonl"
    return read_pack(row.data, kind=kind, name=row.name)


def _newest(session: Session, ids: Sequence[str]) -> dict[str, tuple[Evidence, bool]]:
    """The newest version of each of these entries, and whether it is retired."""
    found: dict[str, tuple[Evidence, bool]] = {}
    for some in _portions(ids):
        query = (
            select(EntryVersionRow, EntryRow.retired_at)
            .join(EntryRow, (EntryRow.id == EntryVersionRow.entry_id) & (EntryRow.version == EntryVersionRow.version))
            .where(EntryRow.id.in_(some))
        )
        for row, retired in session.execute(query):
            found[row.entry_id] = (registry.read(row), retired is not None)
    return found


def _portions(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    return (ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE))


def _signed(entry: Evidence) -> bool:
    return entry.status == SIGNED_OFF and bool(entry.signed_off_by)

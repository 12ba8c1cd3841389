"""The evidence table in the store: every version kept, one version in force. It validates nothing (see `pack`)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import audit
from bot.errors import NotAllowed, Stale
from bot.model import SIGNED_OFF, Evidence
from bot.store import codec
from bot.store.office_models import EntryRow, EntryVersionRow, PackRow


def digest(entry: Evidence) -> str:
    """A fingerprint of the content of an entry, whatever its version number."""
    return hashlib.sha256(_canonical(codec.dump(replace(entry, version=0))).encode()).hexdigest()


def table_version(session: Session) -> str:
    """A fingerprint of everything in force: the matcher's index is built for exactly one of these."""
    rows = session.execute(
        select(EntryRow.id, EntryRow.version).where(EntryRow.retired_at.is_(None)).order_by(EntryRow.id)
    )
    return hashlib.sha256(_canonical([list(row) for row in rows]).encode()).hexdigest()[:16]


def store_pack(
    session: Session, entries: Sequence[Evidence], *, name: str, by: str, now: datetime
) -> tuple[int, int, int]:
    """Take a validated pack in: (new, changed, unchanged). Entries missing from the pack are left as they are."""
    new = changed = same = 0
    pack = PackRow(name=name, table_version="", imported_by=by, imported_at=now, entries=len(entries))
    session.add(pack)
    session.flush()
    for entry in entries:
        row = session.get(EntryRow, entry.id)
        if row is None:
            _add_version(session, replace(entry, version=1), pack_id=pack.id, by=by, now=now)
            new += 1
        elif _digest_of(session, row) == digest(entry):
            row.retired_at = None
            same += 1
        else:
            _add_version(session, replace(entry, version=row.version + 1), pack_id=pack.id, by=by, now=now)
            changed += 1
    session.flush()
    pack.table_version = table_version(session)
    audit.note(session, who=by, what="evidence imported", now=now, pack=name, new=new, changed=changed, unchanged=same)
    return new, changed, same


def sign_off(session: Session, entry_id: str, *, by: str, now: datetime) -> Evidence:
    """A clinician takes responsibility for the entry as it stands: a new version that says so."""
    entry = current(session, entry_id)
    if entry is None:
        raise NotAllowed(f"there is no entry {entry_id!r} in force; `scrutineer evidence export` lists them")
    signed = replace(entry, status=SIGNED_OFF, signed_off_by=by, version=entry.version + 1)
    _add_version(session, signed, pack_id=None, by=by, now=now)
    audit.note(session, who=by, what="entry signed off", now=now, entry=entry_id, version=signed.version)
    return signed


def unsigned(session: Session) -> list[Evidence]:
    """Every entry in force that no clinician has signed off."""
    return [entry for entry in in_force(session) if entry.status != SIGNED_OFF or not entry.signed_off_by]


def sign_off_all(session: Session, *, read: str, by: str, now: datetime) -> list[Evidence]:
    """Sign off whatever is unsigned, each entry with a version of its own. `read`: the table version they have read."""
    if table_version(session) != read:
        raise Stale("the table changed meanwhile, and nothing was signed; read it again, then sign")
    return [sign_off(session, entry.id, by=by, now=now) for entry in unsigned(session)]


def current(session: Session, entry_id: str) -> Evidence | None:
    """The version of an entry that is in force, or None if there is none."""
    row = session.get(EntryRow, entry_id)
    if row is None or row.retired_at is not None:
        return None
    return version_of(session, entry_id, row.version)


def version_of(session: Session, entry_id: str, version: int) -> Evidence | None:
    """One version, as it was."""
    row = session.get(EntryVersionRow, (entry_id, version))
    return codec.load(Evidence, row.data) if row else None


def in_force(session: Session) -> list[Evidence]:
    """Every entry in force, in the order of their ids."""
    rows = session.scalars(
        select(EntryVersionRow)
        .join(EntryRow, (EntryRow.id == EntryVersionRow.entry_id) & (EntryRow.version == EntryVersionRow.version))
        .where(EntryRow.retired_at.is_(None))
        .order_by(EntryRow.id)
    )
    return [codec.load(Evidence, row.data) for row in rows]


def _add_version(session: Session, entry: Evidence, *, pack_id: int | None, by: str, now: datetime) -> None:
    row = session.get(EntryRow, entry.id)
    if row is None:
        session.add(EntryRow(id=entry.id, version=entry.version))
    else:
        row.version, row.retired_at = entry.version, None
    session.flush()
    session.add(
        EntryVersionRow(
            entry_id=entry.id,
            version=entry.version,
            data=codec.dump(entry),
            digest=digest(entry),
            pack_id=pack_id,
            created_at=now,
            created_by=by,
        )
    )


def _digest_of(session: Session, row: EntryRow) -> str:
    version = session.get(EntryVersionRow, (row.id, row.version))
    return version.digest if version else ""


def _canonical(data: Any) -> str:
    return json.dumps(data, sort_keys=True, ensure_ascii=True, separators=(",", ":"))

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
from bot.evidence import answers, cards
from bot.model import SIGNED_OFF, Citation, Evidence
from bot.store import codec
from bot.store.evidence_models import EntryCardRow
from bot.store.office_models import EntryRow, EntryVersionRow, PackRow


def digest(entry: Evidence) -> str:
    """A fingerprint of the content of an entry, whatever its version number."""
    content = codec.dump(replace(entry, version=0))
    if content["signed_off_on"] is None:
        del content["signed_off_on"]  # entries without a date keep the fingerprint that they had before there was one
    return hashlib.sha256(_canonical(content).encode()).hexdigest()


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
            first = replace(entry, version=1)
            add_version(session, first, pack_id=pack.id, by=by, now=now, note=f"from the pack {name}")
            new += 1
        elif _digest_of(session, row) == digest(entry):
            if row.retired_at is not None:
                _bring_back(session, row)
            same += 1
        else:
            following = replace(entry, version=row.version + 1)
            add_version(session, following, pack_id=pack.id, by=by, now=now, note=f"from the pack {name}")
            changed += 1
    session.flush()
    pack.table_version = table_version(session)
    audit.note(session, who=by, what="evidence imported", now=now, pack=name, new=new, changed=changed, unchanged=same)
    return new, changed, same


def sign_off(session: Session, entry_id: str, *, by: str, now: datetime, read: int | None = None) -> Evidence:
    """A clinician takes responsibility for the entry as it stands: a new version that says so, with name and date.

    `read`: the version they have read; any other in force is `Stale`.
    """
    entry = current(session, entry_id)
    if entry is None:
        raise NotAllowed(f"there is no entry {entry_id!r} in force; `scrutineer evidence export` lists them")
    if read is not None and entry.version != read:
        raise Stale(
            f"the entry is version {entry.version} now, not {read}, and was not signed; read it again, then sign"
        )
    signed = replace(entry, status=SIGNED_OFF, signed_off_by=by, signed_off_on=now.date(), version=entry.version + 1)
    add_version(session, signed, by=by, now=now, note="signed off")
    audit.note(session, who=by, what="entry signed off", now=now, entry=entry_id, version=signed.version)
    return signed


def retire(session: Session, entry_id: str, *, by: str, now: datetime, why: str) -> None:
    """Nothing is matched with it or drafted from it any more; its versions stay."""
    row = session.get(EntryRow, entry_id, with_for_update=True)
    if row is None or row.retired_at is not None:
        raise NotAllowed(f"there is no entry {entry_id!r} in force")
    row.retired_at = now
    session.get_one(EntryCardRow, entry_id).retired = True
    audit.note(session, who=by, what="entry retired", now=now, entry=entry_id, version=row.version, why=why)


def revive(session: Session, entry_id: str, *, by: str, now: datetime, why: str) -> None:
    """A retired entry comes into force again, as it was."""
    row = session.get(EntryRow, entry_id, with_for_update=True)
    if row is None or row.retired_at is None:
        raise NotAllowed(f"there is no retired entry {entry_id!r}")
    _bring_back(session, row)
    audit.note(session, who=by, what="entry revived", now=now, entry=entry_id, version=row.version, why=why)


def flag(session: Session, key: str, why: str, *, by: str, now: datetime) -> list[Evidence]:
    """Hold something against a source (see `answers.keys`) in every entry in force that stands on it.

    Each gets a new version, from which nothing can be published; open drafts rest on the old one and are held too.
    """
    flagged = []
    for entry in unflagged(session, key):
        citations = tuple(replace(one, flagged=why) if _is_clean(one, key) else one for one in entry.citations)
        marked = replace(entry, citations=citations, version=entry.version + 1)
        add_version(session, marked, by=by, now=now, note=f"source flagged: {why}")
        audit.note(
            session, who=by, what="source flagged", now=now, entry=entry.id, version=marked.version, source=key, why=why
        )
        flagged.append(marked)
    return flagged


def unflagged(session: Session, key: str) -> list[Evidence]:
    """The entries in force that stand on this source and hold nothing against it."""
    found = (current(session, entry_id) for entry_id in cards.citing(session, key))
    return [entry for entry in found if entry and any(_is_clean(one, key) for one in entry.citations)]


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


def read(row: EntryVersionRow) -> Evidence:
    """The entry that a row holds."""
    return codec.load(Evidence, row.data)


def in_force(session: Session) -> list[Evidence]:
    """Every entry in force, in the order of their ids."""
    rows = session.scalars(
        select(EntryVersionRow)
        .join(EntryRow, (EntryRow.id == EntryVersionRow.entry_id) & (EntryRow.version == EntryVersionRow.version))
        .where(EntryRow.retired_at.is_(None))
        .order_by(EntryRow.id)
    )
    return [codec.load(Evidence, row.data) for row in rows]


def add_version(
    session: Session, entry: Evidence, *, by: str, now: datetime, note: str, pack_id: int | None = None
) -> None:
    """Keep a version and bring it into force. It must follow the newest one."""
    row = session.get(EntryRow, entry.id, with_for_update=True)
    if row is None:
        session.add(EntryRow(id=entry.id, version=entry.version))
    elif entry.version != row.version + 1:
        raise Stale(f"the entry {entry.id} changed meanwhile; look at it again")
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
            note=codec.clean_text(note),
        )
    )
    cards.write(session, entry, retired=False, now=now)


def _is_clean(citation: Citation, key: str) -> bool:
    return not citation.flagged and key in answers.keys(citation)


def _bring_back(session: Session, row: EntryRow) -> None:
    row.retired_at = None
    session.get_one(EntryCardRow, row.id).retired = False


def _digest_of(session: Session, row: EntryRow) -> str:
    version = session.get(EntryVersionRow, (row.id, row.version))
    return version.digest if version else ""


def _canonical(data: Any) -> str:
    return json.dumps(data, sort_keys=True, ensure_ascii=True, separators=(",", ":"))

"""Changes of the evidence table, as one person proposes them and another publishes them. No web framework.

A proposal is kept as typed, so that half a thought can be saved; only what is whole may wait for publication.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot import audit
from bot.errors import NotAllowed, Stale
from bot.evidence import registry
from bot.evidence.checks import checked
from bot.evidence.diff import changed_fields
from bot.evidence.lint import Finding
from bot.evidence.pack import read_row
from bot.evidence.readers import Trouble
from bot.model import Evidence
from bot.store.codec import clean_text
from bot.store.evidence_models import ProposalRow
from bot.store.office_models import EntryRow

UNSIGNED = "draft-needs-clinician-signoff"
FREE = frozenset({"paraphrases", "negations", "questions", "topics", "audience"})  # finding posts, not answering them
SIGNATURE = frozenset({"status", "signed_off_by", "signed_off_on"})
LONGEST_NOTE = 500  # characters
MOST_SHOWN = 200


class Kind(StrEnum):
    """What a proposal would do."""

    NEW = "new"
    EDIT = "edit"
    RETIRE = "retire"
    REVIVE = "revive"


class Standing(StrEnum):
    """Where a proposal stands. Only the first two are open."""

    DRAFT = "draft"
    WAITING = "waiting"
    PUBLISHED = "published"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


OPEN = (Standing.DRAFT.value, Standing.WAITING.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """A named person. A name may change, the number does not."""

    name: str
    user: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """A proposal beside the table as it is now."""

    row: ProposalRow
    base: Evidence | None  # the version it was made from
    now: Evidence | None  # the newest version, in force or retired
    retired: bool
    proposed: Evidence | None  # what would be published; None while something is to be mended
    troubles: tuple[Trouble, ...]
    findings: tuple[Finding, ...]

    @property
    def moved(self) -> bool:
        """Has the entry changed since the proposal was made?"""
        if self.row.kind == Kind.REVIVE:
            return not self.retired or self.base != self.now
        return self.base != self.now or (self.retired and self.now is not None)

    @property
    def blocked(self) -> tuple[str, ...]:
        """Why it cannot be published as it is, whoever tries."""
        return (*(str(one) for one in self.troubles), *(one.message for one in self.findings if one.blocks))


def get(session: Session, number: int, *, lock: bool = False) -> ProposalRow | None:
    """The proposal of this number. `lock`: nobody else changes it before this transaction ends."""
    return session.get(ProposalRow, number, with_for_update=lock)


def newest(session: Session, entry_id: str) -> tuple[Evidence | None, bool]:
    """The newest version of an entry, and whether it is retired."""
    row = session.get(EntryRow, entry_id)
    if row is None:
        return None, False
    return registry.version_of(session, entry_id, row.version), row.retired_at is not None


def listed(session: Session, *, open_ones: bool, entry_id: str = "") -> Sequence[ProposalRow]:
    """Proposals, the newest first."""
    condition = ProposalRow.state.in_(OPEN)
    query = select(ProposalRow).where(condition if open_ones else ~condition)
    if entry_id:
        query = query.where(ProposalRow.entry_id == entry_id)
    return session.scalars(query.order_by(ProposalRow.updated_at.desc(), ProposalRow.id.desc()).limit(MOST_SHOWN)).all()


def waiting(session: Session) -> int:
    """How many proposals wait for somebody to publish them."""
    return session.scalar(select(func.count()).where(ProposalRow.state == Standing.WAITING.value)) or 0


def settle(before: Evidence | None, after: Evidence) -> Evidence:
    """The version that would be published: numbered, and signed off only if nothing that was signed changed."""
    if before is None:
        return replace(after, version=1, status=UNSIGNED, signed_off_by="", signed_off_on=None)
    kept = replace(
        after,
        id=before.id,
        version=before.version + 1,
        status=before.status,
        signed_off_by=before.signed_off_by,
        signed_off_on=before.signed_off_on,
    )
    if set(changed_fields(before, kept)) <= FREE:
        return kept
    return replace(kept, status=UNSIGNED, signed_off_by="", signed_off_on=None)


def situation(session: Session, row: ProposalRow, today: date) -> Situation:
    """Everything that somebody who decides must see."""
    now, retired = newest(session, row.entry_id)
    base = registry.version_of(session, row.entry_id, row.base) if row.base else None
    proposed: Evidence | None = None
    troubles: tuple[Trouble, ...] = ()
    findings: tuple[Finding, ...] = ()
    if row.kind in (Kind.NEW, Kind.EDIT):
        read = read_row({**row.data, "id": row.entry_id})
        if isinstance(read, Evidence):
            proposed = settle(base, read)
            findings = tuple(checked(session, proposed, today))
        else:
            troubles = tuple(read)
    return Situation(
        row=row, base=base, now=now, retired=retired, proposed=proposed, troubles=troubles, findings=findings
    )


def save(
    session: Session,
    *,
    row: ProposalRow | None,
    kind: Kind,
    entry_id: str,
    base: int,
    data: dict[str, Any],
    note: str,
    submit: bool,
    who: Who,
    now: datetime,
    seen: int = 0,
) -> ProposalRow:
    """Keep a proposal, as a draft or (`submit`) waiting for a second person. `seen`: the version of it they edited."""
    if row is not None:
        _open(row, seen)
        if row.by_user != who.user:
            raise NotAllowed(f"only {row.by} can edit this proposal; reject it with a reason, or make one of your own")
        row.data, row.note, row.base, row.entry_id = data, clean_text(note), base, entry_id
        row.updated_at = now
    else:
        row = ProposalRow(
            entry_id=entry_id,
            kind=kind.value,
            base=base,
            data=data,
            note=clean_text(note),
            state=Standing.DRAFT.value,
            by=who.name,
            by_user=who.user,
            created_at=now,
            updated_at=now,
        )
        session.add(row)
    session.flush()
    if submit:
        state = situation(session, row, now.date())
        if state.blocked:
            raise NotAllowed(f"this cannot be proposed yet: {'; '.join(state.blocked)}")
        if kind is Kind.NEW and state.now is not None:
            raise NotAllowed(f"there is an entry {entry_id} already: edit that one, or choose another id")
        if state.moved:
            raise Stale("the entry changed since you began; compare both versions, then propose again")
        if state.proposed is not None and not changed_fields(state.base, state.proposed):
            raise NotAllowed("nothing was changed, so there is nothing to propose")
    was, row.state = row.state, (Standing.WAITING if submit else Standing.DRAFT).value
    session.flush()
    if row.state != was or submit:
        audit.note(
            session, who=who.name, what="change proposed" if submit else "change put aside", now=now,
            proposal=row.id, entry=entry_id, kind=row.kind, base=base, note=row.note,
        )  # fmt: skip
    return row


def put_in_force(session: Session, number: int, *, seen: int, alone: bool, who: Who, now: datetime) -> ProposalRow:
    """A second person brings it into force. `alone`: a recorded decision allows the same person to do so."""
    row = _waiting(session, number, seen)
    if row.by_user == who.user and not alone:
        raise NotAllowed("who proposed a change cannot publish it: ask a second person")
    state = situation(session, row, now.date())
    if state.moved:
        raise Stale("the entry changed since this was proposed; nothing was published. Compare both versions")
    if state.blocked:
        raise NotAllowed(f"this cannot be published: {'; '.join(state.blocked)}")
    if row.kind == Kind.RETIRE:
        registry.retire(session, row.entry_id, by=who.name, now=now, why=row.note)
    elif row.kind == Kind.REVIVE:
        registry.revive(session, row.entry_id, by=who.name, now=now, why=row.note)
    elif state.proposed is not None:
        registry.add_version(session, state.proposed, by=row.by, now=now, note=row.note)
        row.became = state.proposed.version
    _decide(row, Standing.PUBLISHED, who, now, why="")
    audit.note(
        session, who=who.name, what="change published", now=now, proposal=row.id, entry=row.entry_id, kind=row.kind,
        proposed_by=row.by, before=row.base, after=row.became, fields=list(changed_fields(state.base, state.proposed)),
        signed_off_by=state.proposed.signed_off_by if state.proposed else "", alone=row.by_user == who.user,
    )  # fmt: skip
    return row


def reject(session: Session, number: int, *, seen: int, why: str, who: Who, now: datetime) -> ProposalRow:
    """Somebody says no, and why."""
    row = _waiting(session, number, seen)
    if not why.strip():
        raise NotAllowed("say in a few words why this change is not published")
    return _end(session, row, Standing.REJECTED, "change rejected", who, now, why=why)


def withdraw(session: Session, number: int, *, seen: int, who: Who, now: datetime) -> ProposalRow:
    """Who proposed it takes it back."""
    row = get(session, number, lock=True)
    if row is None:
        raise NotAllowed("there is no such proposal")
    _open(row, seen)
    if row.by_user != who.user:
        raise NotAllowed(f"only {row.by} can take this proposal back; you may reject it, with a reason")
    return _end(session, row, Standing.WITHDRAWN, "change withdrawn", who, now, why="")


def _waiting(session: Session, number: int, seen: int) -> ProposalRow:
    row = get(session, number, lock=True)
    if row is None:
        raise NotAllowed("there is no such proposal")
    _open(row, seen)
    if row.state != Standing.WAITING:
        raise NotAllowed(f"{row.by} has not proposed this yet: it is a draft")
    return row


def _open(row: ProposalRow, seen: int) -> None:
    if row.state not in OPEN:
        raise Stale(f"this proposal was {row.state} by {row.decided_by} meanwhile")
    if row.version != seen:
        raise Stale("this proposal changed meanwhile; look at it again, then decide")


def _decide(row: ProposalRow, standing: Standing, who: Who, now: datetime, *, why: str) -> None:
    row.state, row.decided_by, row.decided_at, row.updated_at = standing.value, who.name, now, now
    row.why = clean_text(why).strip()[:LONGEST_NOTE]


def _end(
    session: Session, row: ProposalRow, standing: Standing, what: str, who: Who, now: datetime, *, why: str
) -> ProposalRow:
    _decide(row, standing, who, now, why=why)
    audit.note(
        session, who=who.name, what=what, now=now, proposal=row.id, entry=row.entry_id, proposed_by=row.by, why=row.why
    )
    return row

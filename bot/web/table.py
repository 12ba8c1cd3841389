"""What the evidence pages read from the store: what rests on an entry, and its history. It writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.evidence import proposals
from bot.life import State
from bot.store.evidence_models import ProposalRow
from bot.store.models import CaseRow
from bot.store.office_models import AuditRow, EntryVersionRow

UNDER_WAY = (State.PROPOSED, State.APPROVED, State.SENDING, State.UNKNOWN, State.FAILED)
LIFE = ("entry retired", "entry revived")
MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Resting:
    """Cases that rest on an entry: drafts that are not out yet, and published replies, with the version of each."""

    drafts: tuple[tuple[int, int], ...]  # (version, how many), the newest first
    published: tuple[tuple[int, int], ...]

    @property
    def open(self) -> int:
        """Drafts that a new version holds back."""
        return sum(many for _, many in self.drafts)

    @property
    def out(self) -> int:
        """Replies that people have read."""
        return sum(many for _, many in self.published)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One version with what is known of it: who wrote it, and who published it."""

    row: EntryVersionRow
    proposal: ProposalRow | None


def resting(session: Session, entry_id: str) -> Resting:
    """What rests on an entry."""
    query = (
        select(CaseRow.state, CaseRow.entry_version, func.count())
        .where(CaseRow.entry_id == entry_id, CaseRow.state.in_([one.value for one in (*UNDER_WAY, State.PUBLISHED)]))
        .group_by(CaseRow.state, CaseRow.entry_version)
    )
    drafts: dict[int, int] = {}
    published: dict[int, int] = {}
    for state, version, many in session.execute(query):
        side = published if state == State.PUBLISHED else drafts
        side[version or 0] = side.get(version or 0, 0) + many
    return Resting(drafts=_newest(drafts), published=_newest(published))


def history(session: Session, entry_id: str) -> list[Line]:
    """Every version, newest first."""
    query = select(EntryVersionRow).where(EntryVersionRow.entry_id == entry_id)
    rows = session.scalars(query.order_by(EntryVersionRow.version.desc())).all()
    made = select(ProposalRow).where(ProposalRow.entry_id == entry_id, ProposalRow.became.is_not(None))
    origins = {one.became: one for one in session.scalars(made)}
    return [Line(row=row, proposal=origins.get(row.version)) for row in rows]


def comings(session: Session, entry_id: str) -> Sequence[AuditRow]:
    """When it was retired and came back, newest first."""
    query = select(AuditRow).where(AuditRow.what.in_(LIFE), AuditRow.detail["entry"].as_string() == entry_id)
    return session.scalars(query.order_by(AuditRow.id.desc()).limit(MOST)).all()


def open_for(session: Session, entry_id: str) -> Sequence[ProposalRow]:
    """Changes of this entry that nobody has decided yet."""
    return proposals.listed(session, open_ones=True, entry_id=entry_id)


def _newest(counts: dict[int, int]) -> tuple[tuple[int, int], ...]:
    return tuple(sorted(counts.items(), reverse=True))

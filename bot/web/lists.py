"""What the pages read from the store: lists, counts and one case with everything around it. It writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from bot import audit
from bot.evidence import registry
from bot.model import Basis, Context, Evidence, Match, Mention, Post
from bot.store import codec
from bot.store.desk_models import HoldRow, SignatureRow
from bot.store.models import AccountRow, CaseRow, DeliveryRow
from bot.store.office_models import AuditRow, EntryVersionRow

SOON = timedelta(hours=1)  # a draft that expires within this is marked


WAITS = CaseRow.rank_at.is_not(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row of the list."""

    case: CaseRow
    post: Post
    claim: str
    asker: str  # who asked about somebody else's post ("" when the author themselves asked, or nobody did)
    holder: str = ""  # who works on it just now
    signed: int = 0  # how many said yes to it so far
    expires_soon: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One case, with everything an editor looks at."""

    case: CaseRow
    account: AccountRow
    post: Post
    subject: Post
    context: Context
    match: Match | None
    asked_by: Mention | None
    entry: Evidence | None  # the version the draft was made from
    entry_now: Evidence | None  # the version in force
    history: list[AuditRow]
    delivery: DeliveryRow | None


def find(session: Session, case_id: int) -> CaseRow | None:
    """The case of this number, or None."""
    return session.get(CaseRow, case_id) if case_id else None


def count_waiting(session: Session) -> int:
    """How many cases wait for an editor."""
    return session.scalar(select(func.count()).select_from(CaseRow).where(WAITS)) or 0


def newest(session: Session) -> int:
    """The number of the newest case: what is above it was not there when the page was made."""
    return session.scalar(select(func.max(CaseRow.id))) or 0


def newer(session: Session, case_id: int) -> int:
    """How many waiting cases came after that one."""
    return session.scalar(select(func.count()).where(WAITS, CaseRow.id > case_id)) or 0


def lines(session: Session, rows: Sequence[CaseRow], now: datetime) -> list[Line]:
    """The same cases with what a row of the list shows of each."""
    claims = _claims(session, rows)
    ids = [row.id for row in rows]
    held = select(HoldRow.case_id, HoldRow.who).where(HoldRow.case_id.in_(ids), HoldRow.until > now)
    holders = {row.case_id: row.who for row in session.execute(held)}
    signed = select(SignatureRow.case_id, func.count()).where(SignatureRow.case_id.in_(ids))
    yeses = {row[0]: row[1] for row in session.execute(signed.group_by(SignatureRow.case_id))}
    return [
        Line(
            case=row,
            post=codec.load(Post, row.subject),
            claim=claims.get((row.entry_id, row.entry_version), ""),
            asker=_asker(row),
            holder=holders.get(row.id, ""),
            signed=yeses.get(row.id, 0),
            expires_soon=row.rank_at is not None and row.expires_at is not None and row.expires_at < now + SOON,
        )
        for row in rows
    ]


def neighbours(session: Session, case_id: int) -> tuple[int | None, int | None]:
    """The waiting cases before and after this one, in reading order."""
    here = session.execute(select(CaseRow.rank_at, CaseRow.id).where(CaseRow.id == case_id, WAITS)).first()
    if here is None:
        return None, next_waiting(session, after=None)
    place, mine = tuple_(CaseRow.rank_at, CaseRow.id), tuple_(here.rank_at, here.id)
    before = select(CaseRow.id).where(WAITS, place < mine).order_by(CaseRow.rank_at.desc(), CaseRow.id.desc())
    after = select(CaseRow.id).where(WAITS, place > mine).order_by(CaseRow.rank_at, CaseRow.id)
    return session.scalar(before.limit(1)), session.scalar(after.limit(1))


def next_waiting(session: Session, *, after: int | None, who: str = "", now: datetime | None = None) -> int | None:
    """The case an editor should read next: the one that came after in their list if it still waits, else the first.

    What others hold just now, and what was laid aside, is passed over.
    """
    free = [WAITS, CaseRow.parked == ""]
    if now is not None:
        held = select(HoldRow.case_id).where(HoldRow.who != who, HoldRow.until > now)
        free.append(CaseRow.id.not_in(held))
    if after is not None and session.scalar(select(CaseRow.id).where(CaseRow.id == after, *free)):
        return after
    first = select(CaseRow.id).where(*free).order_by(CaseRow.rank_at, CaseRow.id)
    found: int | None = session.scalar(first.limit(1))
    return found


def sheet(session: Session, row: CaseRow) -> Sheet:
    """The case with all that stands around it."""
    account = session.get_one(AccountRow, row.account)
    match = codec.load(Match, row.match) if row.match else None
    entry_id, version = row.entry_id, row.entry_version or 0
    if entry_id is None and match is not None and match.entry_id:  # suggested, and not taken up so far
        entry_id, version = match.entry_id, match.entry_version
    entry = registry.version_of(session, entry_id, version) if entry_id else None
    delivery = session.scalar(
        select(DeliveryRow).where(DeliveryRow.case_id == row.id).order_by(DeliveryRow.intent_at.desc()).limit(1)
    )
    return Sheet(
        case=row,
        account=account,
        post=codec.load(Post, row.post),
        subject=codec.load(Post, row.subject),
        context=codec.load(Context, row.context) if row.context else Context(),
        match=match,
        asked_by=codec.load(Mention, row.asked_by) if row.asked_by else None,
        entry=entry,
        entry_now=registry.current(session, entry_id) if entry_id else None,
        history=audit.of_case(session, row.id),
        delivery=delivery,
    )


def versions(session: Session, entry_id: str) -> list[EntryVersionRow]:
    """Every version of an entry, newest first."""
    query = select(EntryVersionRow).where(EntryVersionRow.entry_id == entry_id)
    return list(session.scalars(query.order_by(EntryVersionRow.version.desc())))


def log(session: Session, most: int) -> list[AuditRow]:
    """The newest lines of the record, newest first."""
    return list(session.scalars(select(AuditRow).order_by(AuditRow.id.desc()).limit(most)))


def _asker(row: CaseRow) -> str:
    if row.basis != Basis.SUMMONER:
        return ""
    author = codec.load(Post, row.post).author
    return author.display_name or author.handle or "somebody"


def _claims(session: Session, rows: Sequence[CaseRow]) -> dict[tuple[str | None, int | None], str]:
    wanted = {(row.entry_id, row.entry_version) for row in rows if row.entry_id}
    entries = select(EntryVersionRow).where(EntryVersionRow.entry_id.in_({entry for entry, _ in wanted}))
    return {
        (one.entry_id, one.version): str(one.data["claim"])
        for one in session.scalars(entries)
        if (one.entry_id, one.version) in wanted
    }

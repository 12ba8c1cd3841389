"""What there is to tell one person now. It reads the store, and nothing that a stranger wrote leaves it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from bot import switch
from bot.life import WAITING, State
from bot.notices.values import Person, Thing, Topic
from bot.store.models import AccountRow, CaseRow, GapRow, JobRow
from bot.store.office_models import AuditRow, EntryVersionRow

SOON = timedelta(hours=1)  # before a draft expires: time enough to read it
LONGEST_TITLE = 120  # characters of a claim
APPROVED = f"case {State.PROPOSED} → {State.APPROVED}"  # as the record writes it, see `bot.cases.change`
HELD = (f"case {State.APPROVED} → {State.PROPOSED}",)
FAILED = (f"case {State.SENDING} → {State.FAILED}", f"case {State.UNKNOWN} → {State.FAILED}")
NOBODY_KNOWS = "trouble/unheard/"  # only a process that listens knows which sources are silent


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What is known outside the store."""

    now: datetime
    crisis: str  # the reason that a case of crisis carries
    stop_flag: Path
    unheard: tuple[str, ...] | None = (
        None  # sources that were not heard for a while; None: this process listens to none
    )


Look = Callable[[Session, Person, Scene], Iterator[Thing]]


def crisis(session: Session, person: Person, scene: Scene) -> Iterator[Thing]:
    """Posts that may come from somebody in danger. Everybody who may decide hears of them."""
    query = select(CaseRow.id, CaseRow.updated_at).where(
        CaseRow.state == State.ESCALATED.value, CaseRow.reason == scene.crisis
    )
    for case, since in session.execute(query.order_by(CaseRow.id)):
        yield Thing(
            key=f"crisis/{case}",
            topic=Topic.CRISIS,
            words="Somebody may be in danger. Please look now.",
            path=f"/case/{case}",
            since=since,
        )


def on_you(session: Session, person: Person, scene: Scene) -> Iterator[Thing]:
    """Cases that wait for this person more than for others."""
    for look in ON_YOU:
        yield from look(session, person, scene)


def came_back(session: Session, person: Person, scene: Scene) -> Iterator[Thing]:
    """Replies that this person approved and that were not sent: refused by the network, or held back by a rule."""
    failed = select(CaseRow).where(CaseRow.state == State.FAILED.value, CaseRow.approved_by == person.name)
    yield from _returned(session, failed, FAILED, "A reply you approved could not be sent")
    approved = (AuditRow.case_id == CaseRow.id) & (AuditRow.what == APPROVED) & (AuditRow.who == person.name)
    held = select(CaseRow).where(CaseRow.state == State.PROPOSED.value, CaseRow.reason.like("not sent: %"))
    held = held.where(select(AuditRow.id).where(approved).exists())
    yield from _returned(session, held, HELD, "A reply you approved was held back by a rule and waits again")


def _returned(session: Session, query: Select[CaseRow], moves: tuple[str, ...], words: str) -> Iterator[Thing]:
    """Each return is a thing of its own, named by the line of the record that tells of it."""
    for case, title in _titled(session, query):
        line = session.scalar(
            select(func.max(AuditRow.id)).where(AuditRow.case_id == case.id, AuditRow.what.in_(moves))
        )
        yield Thing(
            key=f"returned/{case.id}/{line}",
            topic=Topic.ON_YOU,
            words=f"{words}{title}.",
            path=f"/case/{case.id}",
            since=case.updated_at,
        )


ON_YOU: tuple[Look, ...] = (came_back,)


def expiring(session: Session, person: Person, scene: Scene) -> Iterator[Thing]:
    """Drafts that nobody decided on and that expire soon."""
    query = select(CaseRow).where(_waiting(), CaseRow.expires_at > scene.now, CaseRow.expires_at <= scene.now + SOON)
    for case, title in _titled(session, query):
        yield Thing(
            key=f"expiring/{case.id}/{case.expires_at:%Y-%m-%dT%H:%M:%S}",
            topic=Topic.EXPIRING,
            words=f"A draft expires at {case.expires_at:%H:%M} UTC{title}.",
            path=f"/case/{case.id}",
            since=case.created_at,
        )


def new_cases(session: Session, person: Person, scene: Scene) -> Iterator[Thing]:
    """Cases that wait for anybody."""
    for case, title in _titled(session, select(CaseRow).where(_waiting(), CaseRow.reason != scene.crisis)):
        what = "A post needs a person" if case.state == State.ESCALATED.value else "A draft waits"
        yield Thing(
            key=f"new/{case.id}",
            topic=Topic.NEW,
            words=f"{what}{title}.",
            path=f"/case/{case.id}",
            since=case.created_at,
        )


def trouble(session: Session, person: Person, scene: Scene) -> Iterator[Thing]:
    """What administrators should mend."""
    if not person.is_admin:
        return
    if switch.why_stopped(session, scene.stop_flag):
        yield _trouble("stopped", "Publishing is stopped.", "/stop")
    for account in session.scalars(select(AccountRow.id).where(AccountRow.paused != "").order_by(AccountRow.id)):
        yield _trouble(f"paused/{account}", f"The account {account} is paused: nothing is sent from it.", "/accounts")
    for source in scene.unheard or ():
        yield _trouble(f"unheard/{source}", f"The source {source} is not heard.", "/sources")
    gaps = select(GapRow.id, GapRow.source, GapRow.noticed_at).where(GapRow.closed_at.is_(None)).order_by(GapRow.id)
    for number, source, since in session.execute(gaps):
        yield _trouble(f"gap/{number}", f"Posts of {source} may have been missed.", "/sources", since)
    dead = select(JobRow.id, JobRow.kind).where(JobRow.dead, JobRow.finished_at.is_(None)).order_by(JobRow.id)
    for number, kind in session.execute(dead):
        yield _trouble(f"job/{number}", f"Work gave up ({kind}) and needs a person.", "/sources")


TELLING: tuple[Look, ...] = (crisis, on_you, expiring, new_cases, trouble)


def all_things(session: Session, person: Person, scene: Scene) -> tuple[Thing, ...]:
    """Everything, each thing once, in the order in which it should be read."""
    found = {thing.key: thing for look in TELLING for thing in look(session, person, scene)}
    return tuple(found.values())


def _trouble(key: str, words: str, path: str, since: datetime | None = None) -> Thing:
    return Thing(key=f"trouble/{key}", topic=Topic.TROUBLE, words=words, path=path, since=since)


def _waiting() -> ColumnElement[bool]:
    return CaseRow.state.in_([state.value for state in WAITING])


def _titled(session: Session, query: Select[CaseRow]) -> Iterator[tuple[CaseRow, str]]:
    """The cases, each with the claim it is about, ready to stand behind a few words; "" without an entry."""
    rows = list(session.scalars(query.order_by(CaseRow.id)))
    wanted = {row.entry_id for row in rows if row.entry_id}
    versions = select(EntryVersionRow).where(EntryVersionRow.entry_id.in_(wanted))
    claims = {(one.entry_id, one.version): str(one.data["claim"]) for one in session.scalars(versions)}
    for row in rows:
        claim = " ".join(claims.get((row.entry_id or "", row.entry_version or 0), "").split()).rstrip(".")
        short = claim if len(claim) <= LONGEST_TITLE else claim[: LONGEST_TITLE - 1] + "…"
        yield row, f", about “{short}”" if short else ""

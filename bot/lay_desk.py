"""Lay the desk: read from the store what a handler or a gate may look at. It reads; it decides and writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import cases, eyes, switch
from bot.desk import Desk, Filed, House, Occasion, Said
from bot.errors import NotAllowed
from bot.evidence import registry
from bot.life import State
from bot.model import Arrived, Author, Basis, Blocked, Context, Edited, Event, Match, Network, Post, Vanished
from bot.ports import Look
from bot.store import codec
from bot.store.models import AccountRow, CaseRow, OptOutRow
from bot.store.office_models import RulingRow

MEMORY = timedelta(days=90)  # how far back earlier replies to a person count
ON_ITS_WAY = (State.APPROVED, State.SENDING, State.UNKNOWN, State.PUBLISHED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The numbers of manners that an organisation may tighten."""

    days_between: int = 7
    per_thread: int = 1


def account(session: Session, account_id: str) -> AccountRow:
    """Our account, or `NotAllowed` naming the remedy."""
    row = session.get(AccountRow, account_id)
    if row is None:
        raise NotAllowed(f"there is no account {account_id!r}; connect it with `scrutineer init`")
    return row


def house(session: Session, row: AccountRow, limits: Limits) -> House:
    """The rules of one account as recorded."""
    ruling = session.scalar(
        select(RulingRow)
        .where(RulingRow.account == row.id, RulingRow.setting == "hashtag_replies")
        .order_by(RulingRow.id.desc())
        .limit(1)
    )
    allowed = row.hashtag_replies == "allowed" and ruling is not None and ruling.value == "allowed"
    return House(
        network=Network(row.network),
        account_id=row.remote_id,
        hashtag_replies=allowed,
        ruling=f"decided by {ruling.by} on {ruling.at:%Y-%m-%d}: {ruling.why}" if allowed and ruling else "",
        ours=frozenset(session.scalars(select(AccountRow.remote_id))),
        days_between=limits.days_between,
        per_thread=limits.per_thread,
    )


def desk(
    session: Session,
    event: Event,
    context: Context,
    row: AccountRow,
    *,
    limits: Limits,
    match: Callable[[Post, Context], Match],
    now: datetime,
) -> Desk:
    """Everything around one event."""
    posts = _posts(event, context)
    network, uri = _where(event)
    filed = cases.of_post(session, network, uri)
    return Desk(
        now=now,
        house=house(session, row, limits),
        match=match,
        context=context,
        opted_out=opted_out(session, network, [post.author for post in posts]),
        said=said(session, network, posts, now=now, but=filed),
        filed=_filed(filed) if filed else None,
    )


def opted_out(session: Session, network: str, people: Iterable[Author]) -> frozenset[str]:
    """The ids of those who must not be addressed. Who left before we ever met them is known by handle only."""
    names = {(author.id, name) for author in people for name in (author.id, f"@{author.handle.casefold()}")}
    left = set(
        session.scalars(
            select(OptOutRow.author_id).where(
                OptOutRow.network == network,
                OptOutRow.author_id.in_({name for _, name in names}),
                OptOutRow.lifted_at.is_(None),
            )
        )
    )
    return frozenset(author for author, name in names if name in left)


def said(
    session: Session, network: str, posts: Iterable[Post], *, now: datetime, but: CaseRow | None = None
) -> tuple[Said, ...]:
    """Our replies to these authors or in these threads, newest first: on their way, standing, or taken back.

    Who was answered was disturbed, whatever became of the reply.
    `but`: leave out this case, and what was approved after it and has not left us yet.
    """
    posts = list(posts)
    people = {post.author.id for post in posts}
    threads = {thread_uri(post) for post in posts}
    rows = session.scalars(
        select(CaseRow)
        .where(
            CaseRow.network == network,
            CaseRow.state.in_([state.value for state in ON_ITS_WAY]) | (CaseRow.remote_uri != ""),
            CaseRow.author_id.in_(people) | CaseRow.thread_uri.in_(threads),
            CaseRow.approved_at > now - MEMORY,
        )
        .order_by(CaseRow.approved_at.desc())
    )
    return tuple(
        Said(
            author_id=row.author_id,
            thread_uri=row.thread_uri,
            at=row.approved_at or row.updated_at,
            entry_id=row.entry_id or "",
            remote_uri=row.remote_uri,
        )
        for row in rows
        if but is None or not _later_than(row, but)
    )


def _later_than(row: CaseRow, case: CaseRow) -> bool:
    """Is `row` this very case, or one that still waits behind it?"""
    if row.id == case.id:
        return True
    order = (row.approved_at or row.updated_at, row.id), (case.approved_at or case.updated_at, case.id)
    return row.state == State.APPROVED and order[0] > order[1]


def thread_uri(post: Post) -> str:
    """What names the thread a post stands in: its root, else itself."""
    return (post.root or post.ref).uri


def occasion(
    session: Session,
    case: CaseRow,
    *,
    limits: Limits,
    stop_flag: Path,
    now: datetime,
    fresh: Look | None,
    fresh_subject: Look | None,
) -> Occasion:
    """Everything a gate may ask about sending this case, with the posts as they are now."""
    row = account(session, case.account)
    post, subject = codec.load(Post, case.post), codec.load(Post, case.subject)
    fresh = _as_kept(fresh)
    now_subject = fresh if case.uri == case.subject_uri else _as_kept(fresh_subject)
    people = (_profile(fresh, post), _profile(now_subject, subject), post.author, subject.author)
    return Occasion(
        now=now,
        house=house(session, row, limits),
        basis=Basis(case.basis),
        proof=case.proof,
        note=case.note,
        lock=case.lock,
        post=post,
        now_post=fresh.post if fresh else None,
        author=_profile(fresh, post),
        subject=subject,
        now_subject=now_subject.post if now_subject else None,
        subject_author=_profile(now_subject, subject),
        opted_out=opted_out(session, case.network, people),
        said=said(session, case.network, [post], now=now, but=case),
        evidence=registry.current(session, case.entry_id) if case.entry_id else None,
        drafted_from=case.entry_version or 0,
        public=row.public,
        sending=row.sending,
        stopped=switch.why_stopped(session, stop_flag),
        paused=row.paused,
        expires_at=case.expires_at,
        approved_by=case.approved_by,
        missing_yes=eyes.before_sending(session, case),
        match=codec.load(Match, case.match) if case.match else None,
    )


def _as_kept(look: Look | None) -> Look | None:
    """As the store would give it back: what no database holds as it was written is no edit."""
    return look and replace(look, post=codec.load(Post, codec.dump(look.post)))


def _profile(look: Look | None, post: Post) -> Author:
    return look.post.author if look else post.author


def _filed(case: CaseRow) -> Filed:
    return Filed(case_id=case.id, state=State(case.state), basis=Basis(case.basis), locked=bool(case.lock))


def _where(event: Event) -> tuple[str, str]:
    match event:
        case Vanished(ref=ref):
            return ref.network, ref.uri
        case Blocked(author=author):
            return author.network, ""
        case Arrived(post=post) | Edited(post=post):
            return post.ref.network, post.ref.uri


def _posts(event: Event, context: Context) -> list[Post]:
    around = [*context.above, *([context.quoted] if context.quoted else [])]
    return [event.post, *around] if isinstance(event, Arrived | Edited) else around

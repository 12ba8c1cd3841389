"""Take what was heard into the office, once, with its cursor, in one transaction. It judges nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from bot import jobs
from bot.model import Arrived, Blocked, Edited, Event, Post, Vanished, Via
from bot.ports import Heard
from bot.store import codec
from bot.store.models import CursorRow, EventRow, GapRow

LONGEST_ADDRESS = 2_000  # bytes; an index of PostgreSQL takes 2,700, and nobody's address is nearly so long


def take(session: Session, batch: Sequence[Heard], *, account: str, now: datetime) -> int:
    """Store new events, their turn jobs, gaps and the newest cursors. A repeat is dropped. Returns new events."""
    taken, absurd = 0, Counter[str]()
    for heard in batch:
        if heard.event is not None and _is_absurd(heard.event):
            absurd[heard.source] += 1  # no database would keep it: one such event must not stop all others
        elif heard.event is not None:
            taken += _event(session, heard.source, heard.event, account=account, now=now)
        if heard.gap:
            why, cursor = codec.clean_text(heard.gap), codec.clean_text(heard.cursor or "")
            session.add(GapRow(source=heard.source, why=why, before_cursor=cursor, noticed_at=now))
    for source in dict.fromkeys(heard.source for heard in batch):
        _cursor(session, source, [h for h in batch if h.source == source], absurd[source], now=now)
    return taken


def cursors(session: Session) -> dict[str, str]:
    """Where every source stands; "" for one that was heard and has no position yet."""
    return {row.source: row.value for row in session.scalars(select(CursorRow))}


def notice(session: Session, event: Event, *, account: str, now: datetime) -> int:
    """Take in what no source told, but what we saw ourselves. A repeat is dropped. Returns new events."""
    return _event(session, "looked back", event, account=account, now=now)


def read_again(session: Session, post: Post, *, account: str, mark: str, now: datetime) -> None:
    """Have a post decided anew, as if its author had edited it. `mark` tells this reading from earlier ones."""
    _event(session, "read again", Edited(post=post), account=account, now=now, mark=f"~{mark}")


def take_up(session: Session, post: Post, *, account: str, now: datetime) -> None:
    """Have a post decided anew because a person took the matcher's suggestion up."""
    _event(
        session, "taken up", Arrived(post=post, via=Via.TAKEN_UP), account=account, now=now, mark=f"~{now.timestamp()}"
    )


def _event(session: Session, source: str, event: Event, *, account: str, now: datetime, mark: str = "") -> int:
    uri, version, network = _identity(event)
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    statement = (
        dialect.insert(EventRow)
        .values(
            kind=codec.kind_of(event),
            network=network,
            uri=codec.clean_text(uri),
            version=codec.clean_text(version) + mark,
            source=source,
            account=account,
            payload=codec.dump(event),
            received_at=now,
            decision="",
        )
        .on_conflict_do_nothing(index_elements=["kind", "network", "uri", "version"])
        .returning(EventRow.id)
    )
    event_id = session.scalar(statement)
    if event_id is None:
        return 0
    jobs.put(session, "turn", f"turn:{event_id}", due_at=now, payload={"event": event_id})
    return 1


def _identity(event: Event) -> tuple[str, str, str]:
    if isinstance(event, Vanished):
        return event.ref.uri, "", event.ref.network
    if isinstance(event, Blocked):
        return event.author.id, "", event.author.network
    return event.post.ref.uri, event.post.ref.version, event.post.ref.network


def _is_absurd(event: Event) -> bool:
    if isinstance(event, Vanished):
        names = [event.ref.uri]
    elif isinstance(event, Blocked):
        names = [event.author.id]
    else:
        post = event.post
        around = [ref.uri for ref in (post.reply_to, post.root, post.quotes) if ref]
        names = [post.ref.uri + post.ref.version, post.author.id, *around]
    return any(len(name.encode("utf-8", "surrogatepass")) > LONGEST_ADDRESS for name in names)


def _cursor(session: Session, source: str, batch: Sequence[Heard], absurd: int, *, now: datetime) -> None:
    newest = next((codec.clean_text(heard.cursor) for heard in reversed(batch) if heard.cursor is not None), None)
    skipped = sum(heard.skipped for heard in batch) + absurd
    row = session.get(CursorRow, source)
    if row is None:
        row = CursorRow(source=source, value="", updated_at=now, heard_at=now, skipped=0)
        session.add(row)
    if newest is not None and newest != row.value:
        row.value, row.updated_at = newest, now
    row.heard_at = now
    row.skipped += skipped

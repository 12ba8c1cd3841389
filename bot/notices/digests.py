"""Decide who is told what now: at most one digest per interval, never in quiet hours, nothing twice. It sends nothing.

A thing is told once over each channel; its slot is written in the transaction that makes the message. Trouble that is
over loses its slot, so that the next time it is told again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot.notices.quiet import quiet_until
from bot.notices.things import NOBODY_KNOWS, Scene, all_things
from bot.notices.values import Channel, Kind, Person, Thing, Topic, Wish
from bot.notices.wishes import Wishes, put_message
from bot.people import Role
from bot.store.notice_models import NoticeChannelRow, NoticeMessageRow, NoticeToldRow
from bot.store.office_models import UserRow

BETWEEN_CRISES = timedelta(minutes=1)
LONGEST_WAY = timedelta(days=1)  # more than retries and quiet hours take
KEEP_MESSAGES = timedelta(days=30)
KEEP_TOLD = timedelta(days=90)  # longer than anything waits
TROUBLE = "trouble/"
MAY_DECIDE = frozenset({Role.ADMINISTRATOR.value, Role.EDITOR.value})  # who hears of a crisis


def collect(session: Session, wishes: Wishes, scene: Scene) -> int:
    """Make every message that is due, with its job; returns how many."""
    made = 0
    for person, user_role, wish, channels in _listening(session, wishes):
        things = all_things(session, person, scene)
        for row in channels:
            told = _told(session, row, things, scene)
            fresh = [thing for thing in things if thing.key not in told]
            if user_role in MAY_DECIDE:
                urgent = [thing for thing in fresh if thing.topic is Topic.CRISIS]
                made += _crisis(session, row, wish, urgent, scene.now)
            made += _digest(session, row, wish, [one for one in fresh if wish.wants(one.topic)], scene.now)
    return made


def may_be_told(wish: Wish, kind: Kind, now: datetime) -> datetime | None:
    """None if this person may be told now; else when their quiet hours are over."""
    if kind is Kind.TEST or (kind is Kind.CRISIS and wish.wake_in_crisis):
        return None
    return quiet_until(now, wish.quiet_from, wish.quiet_to, wish.zone)


def drop(session: Session, message: NoticeMessageRow, *, now: datetime) -> None:
    """Give a message up. What it would have told has its slots back, for when the channel works again."""
    message.settled_at, message.outcome = now, "dropped"
    mine = (NoticeToldRow.user_id == message.user_id) & (NoticeToldRow.channel == message.channel)
    session.execute(delete(NoticeToldRow).where(mine, NoticeToldRow.thing.in_(message.things)))


def sweep(session: Session, *, now: datetime) -> None:
    """Forget what was told long ago."""
    session.execute(delete(NoticeMessageRow).where(NoticeMessageRow.settled_at < now - KEEP_MESSAGES))
    session.execute(delete(NoticeToldRow).where(NoticeToldRow.at < now - KEEP_TOLD))


def _listening(session: Session, wishes: Wishes) -> Iterator[tuple[Person, str, Wish, list[NoticeChannelRow]]]:
    """Everybody who works here and can be reached. Their rows are held, so that two workers never tell twice."""
    query = (
        select(NoticeChannelRow, UserRow)
        .join(UserRow, UserRow.id == NoticeChannelRow.user_id)
        .where(NoticeChannelRow.on, UserRow.disabled_at.is_(None))
        .order_by(NoticeChannelRow.user_id, NoticeChannelRow.channel)
        .with_for_update(of=NoticeChannelRow)
    )
    found: dict[int, tuple[UserRow, list[NoticeChannelRow]]] = {}
    for row, user in session.execute(query):
        if wishes.ways.has(Channel(row.channel)):
            found.setdefault(user.id, (user, []))[1].append(row)
    for user, channels in found.values():
        is_admin = user.role == Role.ADMINISTRATOR.value
        yield (
            Person(user_id=user.id, name=user.name, is_admin=is_admin),
            user.role,
            wishes.of(session, user.id),
            channels,
        )


def _told(session: Session, row: NoticeChannelRow, things: Iterable[Thing], scene: Scene) -> set[str]:
    """What was told over this channel; trouble that is over is taken out."""
    mine = (NoticeToldRow.user_id == row.user_id) & (NoticeToldRow.channel == row.channel)
    told = set(session.scalars(select(NoticeToldRow.thing).where(mine)))
    current = {thing.key for thing in things}
    over = {key for key in told - current if key.startswith(TROUBLE)}
    if scene.unheard is None:
        over = {key for key in over if not key.startswith(NOBODY_KNOWS)}
    if over:
        session.execute(delete(NoticeToldRow).where(mine, NoticeToldRow.thing.in_(over)))
    return told - over


def _crisis(session: Session, row: NoticeChannelRow, wish: Wish, things: list[Thing], now: datetime) -> int:
    too_soon = row.urgent_at is not None and now < row.urgent_at + BETWEEN_CRISES
    if not things or too_soon or may_be_told(wish, Kind.CRISIS, now) is not None:
        return 0
    row.urgent_at = now
    _tell(session, row, Kind.CRISIS, things, now)
    return 1


def _digest(session: Session, row: NoticeChannelRow, wish: Wish, things: list[Thing], now: datetime) -> int:
    too_soon = row.digest_at is not None and now < row.digest_at + timedelta(minutes=wish.every_minutes)
    if not things or too_soon or may_be_told(wish, Kind.DIGEST, now) is not None or _under_way(session, row, now):
        return 0
    row.digest_at = now
    _tell(session, row, Kind.DIGEST, things, now)
    return 1


def _under_way(session: Session, row: NoticeChannelRow, now: datetime) -> bool:
    """Is an earlier digest still trying to arrive? Then what is new waits for the next one."""
    query = select(NoticeMessageRow.id).where(
        NoticeMessageRow.user_id == row.user_id,
        NoticeMessageRow.channel == row.channel,
        NoticeMessageRow.kind == Kind.DIGEST.value,
        NoticeMessageRow.settled_at.is_(None),
        NoticeMessageRow.made_at > now - LONGEST_WAY,  # whatever happened to an older one, it must not silence us
    )
    return session.scalar(query.limit(1)) is not None


def _tell(session: Session, row: NoticeChannelRow, kind: Kind, things: list[Thing], now: datetime) -> None:
    keys = tuple(thing.key for thing in things)
    session.add_all(NoticeToldRow(user_id=row.user_id, channel=row.channel, thing=key, at=now) for key in keys)
    put_message(session, row.user_id, Channel(row.channel), kind, keys, now=now)

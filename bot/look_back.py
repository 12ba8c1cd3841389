"""Look again at posts we hold: what was deleted, edited or blocked while nobody listened becomes the event it was.

It decides nothing: what it notices goes into the inbox, as if the stream had told it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bot import inbox
from bot.errors import LoggedOut, Refused, SlowDown, Unreachable
from bot.life import OPEN, State
from bot.model import Blocked, Edited, Event, Post, Ref, Vanished
from bot.ports import Clock, Look, Platform
from bot.store import codec
from bot.store.engine import Store
from bot.store.models import AccountRow, CaseRow

log = structlog.get_logger("look_back")

AT_ONCE = 20  # posts per tick: a small part of what any network lets us read
FRESH = timedelta(minutes=10)  # who was looked at so lately is not looked at again
REMEMBERED = timedelta(days=7)  # how long a published reply follows what becomes of the post
LONGEST_LOOK = 30.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """One case, and the posts it holds."""

    case_id: int
    account: str
    posts: tuple[Post, ...]


class LookBack:
    """One instance per office."""

    def __init__(self, *, store: Store, clock: Clock, platforms: Mapping[str, Platform]) -> None:
        self._store = store
        self._clock = clock
        self._platforms = platforms

    async def tick(self) -> int:
        """Look at the posts that were not looked at for longest. Returns how many events came of it."""
        noticed = 0
        for held in await asyncio.to_thread(self._oldest):
            events: list[Event] = []
            if (platform := self._platforms.get(held.account)) is not None:
                try:
                    for post in held.posts:
                        events += _events(post, await _look(platform, post.ref))
                except (Unreachable, SlowDown, LoggedOut, TimeoutError) as error:
                    log.warning("could not look back", account=held.account, error=str(error) or "time-out")
                    return noticed  # the next tick begins here
            noticed += await asyncio.to_thread(self._remember, held, events)
        return noticed

    def _oldest(self) -> list[_Held]:
        with self._store.read() as session:
            held = list(_due(session, self._clock.now()))
        chosen, posts = [], 0
        for one in held:
            if posts + len(one.posts) > AT_ONCE:
                break
            chosen.append(one)
            posts += len(one.posts)
        return chosen

    def _remember(self, held: _Held, events: list[Event]) -> int:
        now = self._clock.now()
        with self._store.write() as session:
            # Not through the row: a look is no change of the case, and must not make an editor's page stale.
            session.execute(
                update(CaseRow)
                .where(CaseRow.id == held.case_id)
                .values(looked_at=now)
                .execution_options(synchronize_session=False)
            )
            return sum(inbox.notice(session, event, account=held.account, now=now) for event in events)


def _due(session: Session, now: datetime) -> Iterator[_Held]:
    """Not on a network in memory: it tells everything by itself, and is empty for a moment after every start."""
    last = func.coalesce(CaseRow.looked_at, CaseRow.created_at)
    open_now = CaseRow.state.in_([state.value for state in OPEN])
    lately_published = (CaseRow.state == State.PUBLISHED.value) & (CaseRow.updated_at > now - REMEMBERED)
    query = select(CaseRow).join(AccountRow).where(AccountRow.public, open_now | lately_published, last <= now - FRESH)
    for case in session.scalars(query.order_by(last, CaseRow.id).limit(AT_ONCE)):
        post, subject = codec.load(Post, case.post), codec.load(Post, case.subject)
        posts = (post,) if post.ref.key == subject.ref.key else (post, subject)
        yield _Held(case_id=case.id, account=case.account, posts=posts)


async def _look(platform: Platform, ref: Ref) -> Look | None:
    """The post as it stands; a plain refusal means that it is nothing for us any more."""
    try:
        async with asyncio.timeout(LONGEST_LOOK):
            return await platform.look(ref)
    except Refused:
        return None


def _events(kept: Post, look: Look | None) -> Iterator[Event]:
    """What became of a post since we kept it."""
    if look is None:
        yield Vanished(ref=kept.ref)
        return
    if look.post.ref.version != kept.ref.version:
        now = look.post
        mentions_us, tags = now.mentions_us or kept.mentions_us, now.tags or kept.tags
        yield Edited(post=replace(now, mentions_us=mentions_us, tags=tags))
    if look.post.author.blocks_us and not kept.author.blocks_us:
        yield Blocked(author=look.post.author)

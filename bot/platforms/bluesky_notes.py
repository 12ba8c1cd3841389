"""Who speaks to our account: mentions, answers and quotes, asked for by the minute. It reads and never answers.

Notifications are sorted by the time that the *author's* client wrote, if that is earlier than its arrival. One with
a slow clock lands behind newer ones, so every round looks back past the cursor.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from bot.errors import SlowDown, Unreachable
from bot.model import Arrived, Post, Via
from bot.platforms.bluesky_posts import (
    Json,
    Malformed,
    as_object,
    as_text,
    as_time,
    at_parts,
    author_from,
    post_from,
)
from bot.platforms.bluesky_session import BlueskySession
from bot.ports import Clock, Concern, Heard

_REASONS = ["mention", "reply", "quote"]
_PAGE = 100  # the most the server gives
_MOST_PAGES = 50  # 5,000 notifications behind: more is a gap, and is said
_LOOK_BACK = timedelta(hours=1)  # clocks of clients go wrong by minutes, and posts written offline arrive late
_AT_FIRST = timedelta(hours=24)  # without a cursor: what is still worth a reply
_PATIENCE = 5  # failures in a row before the supervisor hears of it


class BlueskyNotifications:
    """A `Listener` for what is said to us."""

    def __init__(self, session: BlueskySession, *, name: str, clock: Clock, every: float = 10.0) -> None:
        self.name = name
        self._session, self._clock, self._every = session, clock, every
        self.page = _PAGE
        self._told: dict[str, datetime] = {}  # uris handed over, as long as a round looks back to them

    async def listen(self, cursors: Mapping[str, str], concern: Concern) -> AsyncIterator[Heard]:
        """Everything said to us after the cursor, oldest first; then asks again every few seconds.

        `concern` is not asked: the server chose these for us.
        """
        since = as_time(cursors.get(self.name))
        failures = 0
        while True:
            pause = self._every
            try:
                heard, since = await self._round(since)
                failures = 0
            except (Unreachable, SlowDown) as fault:
                failures += 1
                if failures >= _PATIENCE:
                    raise
                heard, pause = [], max(pause, fault.seconds if isinstance(fault, SlowDown) else 0.0)
            for one in heard:
                yield one
            await asyncio.sleep(pause)

    async def _round(self, since: datetime | None) -> tuple[list[Heard], datetime]:
        """One look: what is new, and the time to look back from next."""
        floor = (since or self._clock.now() - _AT_FIRST) - (_LOOK_BACK if since else timedelta())
        items, gap = await self._items_after(floor)
        heard: list[Heard] = []
        skipped, newest = 0, since or floor
        for moment, item in reversed(items):
            newest = max(newest, moment)
            uri = as_text(item.get("uri")) or f"nameless, {moment.isoformat()}"
            if uri in self._told:
                continue
            self._told[uri] = moment
            try:
                event = self._event(item)
            except Malformed:
                skipped += 1
                continue
            if event is not None:
                cursor = newest.isoformat()
                heard.append(Heard(source=self.name, cursor=cursor, event=event, gap=gap, skipped=skipped))
                gap, skipped = "", 0
        if gap or skipped or newest != since:
            heard.append(Heard(source=self.name, cursor=newest.isoformat(), gap=gap, skipped=skipped))
        self._told = {uri: moment for uri, moment in self._told.items() if moment > newest - 2 * _LOOK_BACK}
        return heard, newest

    async def _items_after(self, floor: datetime) -> tuple[list[tuple[datetime, Json]], str]:
        """All notifications above `floor`, newest first, over as many pages as it takes."""
        found: list[tuple[datetime, Json]] = []
        page: str | None = None
        for _ in range(_MOST_PAGES):
            answer = await self._session.query(
                "app.bsky.notification.listNotifications", reasons=_REASONS, limit=self.page, cursor=page
            )
            items = answer.get("notifications")
            for item in items if isinstance(items, list) else []:
                moment = as_time(as_object(item).get("indexedAt")) or floor
                if moment < floor:
                    return found, ""
                found.append((moment, as_object(item)))
            page = as_text(answer.get("cursor"))
            if not page or not items:
                return found, ""
        return found, f"more than {_PAGE * _MOST_PAGES} notifications since {floor.isoformat()}"

    def _event(self, item: Json) -> Arrived | None:
        """The post in this notification, if it speaks to us."""
        if item.get("reason") not in _REASONS:
            return None
        uri, us = as_text(item.get("uri")), self._session.account
        author = author_from(item.get("author"))
        if at_parts(uri) is None or not author.id:
            raise Malformed("a notification without uri or author")
        post = post_from(
            uri,
            as_text(item.get("cid")),
            item.get("record"),
            author,
            us=us,
            seen_at=as_time(item.get("indexedAt")),
        )
        via = _how(post, us)
        return Arrived(post=replace(post, mentions_us=True), via=via) if via else None


def _how(post: Post, us: str) -> str:
    """Bluesky also tells us of replies further down, which speak to somebody else: those are none of our business."""
    if post.mentions_us:
        return Via.MENTION
    ours = (ref is not None and ref.uri.startswith(f"at://{us}/") for ref in (post.reply_to, post.quotes))
    return Via.ANSWER if any(ours) else ""

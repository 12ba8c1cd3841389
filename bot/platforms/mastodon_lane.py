"""Polling one server: all its timelines in turn, forward from each cursor, within the budget. It loses nothing."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote, unquote

import requests

from bot.errors import Gone, LoggedOut, PlatformError, Refused, SlowDown, Unreachable
from bot.model import Event, Post, Via
from bot.platforms.mastodon_again import Memory
from bot.platforms.mastodon_http import Answer, MastodonHttp
from bot.platforms.mastodon_limits import PAGED_PER_MINUTE, Budget, Instance, exhausted_for, read_instance
from bot.platforms.mastodon_wire import Malformed, Raw, Viewpoint, in_thread, number_of, read_many, read_status
from bot.ports import Concern, Heard

PAGE = "40"  # the most a server gives at once
SPARE = 1.5  # a third of the budget is kept for full pages and for what a stream tells us
PATIENCE = 3  # failures to read a thread before a post goes on without it


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often we ask. All times in seconds."""

    every: float = 5.0  # a source is not polled more often, unless a stream wakes us
    per_minute: float = PAGED_PER_MINUTE  # for all sources of one server together
    again: float = 120.0  # posts we hold are read again, for edits and deletions
    blind: float = 600.0  # a closed source is tried again
    longest: float = 300.0  # between tries while a server is down


class Ear:
    """Where everything heard comes together. `digested` keeps the queue short: who is slow must not drown."""

    def __init__(self, concern: Concern) -> None:
        self.concern, self.memory = concern, Memory()
        self.heard: asyncio.Queue[Heard | BaseException] = asyncio.Queue()

    def tell(self, heard: Heard) -> None:
        """Put it where `listen` takes it."""
        self.heard.put_nowait(heard)

    async def digested(self) -> None:
        """Wait until everything told was taken in."""
        await self.heard.join()


@dataclass(slots=True, kw_only=True)
class Source:
    """One timeline, and how far we read it."""

    name: str
    path: str
    tag: str = ""  # "" for notifications
    cursor: str | None = None
    due: float = 0.0
    failures: int = 0
    skipped: int = 0
    blind: str = ""
    plain: bool = False  # the server does not know our filter words
    begun: bool = False  # it was read once: whatever it holds now and did not hold then is new
    told: str | None = field(default=None)

    def fields(self) -> list[tuple[str, str]]:
        """Without a cursor, the newest page; with one, the page right after it."""
        types = [] if self.tag or self.plain else [("types[]", "mention"), ("types[]", "quote")]
        return [("limit", PAGE), *types, *([("min_id", self.cursor)] if self.cursor else [])]


class Lane:
    """All sources on one server, in turn, within its budget."""

    def __init__(
        self,
        http: MastodonHttp,
        at: Viewpoint,
        instance: Instance | None,
        tags: Sequence[str],
        cursors: Mapping[str, str],
        *,
        pace: Pace,
    ) -> None:
        self.http, self.at, self.instance, self.pace = http, at, instance, pace
        self.budget = Budget(pace.per_minute)
        start = f"mastodon/{http.host}"
        self.sources = [Source(name=f"{start}/notifications", path="/api/v1/notifications")] if at.me else []
        self.sources += [
            Source(name=f"{start}/tag/{tag}", path=f"/api/v1/timelines/tag/{quote(tag, safe='')}", tag=tag)
            for tag in tags
        ]
        for source in self.sources:
            source.cursor = source.told = cursors.get(source.name) or None
            source.begun = source.name in cursors
        self.interval = max(pace.every, SPARE * len(self.sources) * 60 / pace.per_minute)
        self._bell = asyncio.Event()

    def wake(self, tag: str) -> None:
        """A stream says that this source ("" = notifications) has something new."""
        for source in self.sources:
            if source.tag == tag and not source.blind and not source.failures:
                source.due = min(source.due, asyncio.get_running_loop().time())
                self._bell.set()

    async def run(self, ear: Ear) -> None:
        """Poll for ever, the source that waits longest first."""
        if self.instance is None:
            self.instance = await self._introduce()
        while self.sources:
            now = asyncio.get_running_loop().time()
            source = min(self.sources, key=lambda one: one.due)
            pause = max(self.budget.wait(), source.due - now)
            if pause <= 0:
                source.due = now + self.interval
                await self._poll(source, ear)
                continue
            self._bell.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._bell.wait()

    async def _introduce(self) -> Instance:
        try:
            return read_instance(self.http.checked(await self.http.get("/api/v2/instance")), self.http.base)
        except PlatformError:
            return Instance(domain=self.http.host)

    async def _poll(self, source: Source, ear: Ear) -> None:
        """One page of one source."""
        self.budget.spend()
        try:
            answer = await self.http.get(source.path, source.fields())
            page = self._page(source, answer)
            if isinstance(page, list) and source.begun and not source.cursor:
                page = await self._back_to_the_beginning(source, page)
        except SlowDown as error:
            self.budget.pause(error.seconds * _jitter())
            return
        except Unreachable:
            self._stumble(source)
            return
        self.budget.pause(exhausted_for(answer.headers, datetime.now(UTC)))
        if isinstance(page, str):
            self._close(source, page, ear)
            return
        source.blind, first = "", not source.begun
        source.begun = True
        before, whole = source.cursor, await self._take(source, page, ear)
        if whole and page:
            source.cursor = _newest(answer.headers) or source.cursor
        if first or source.cursor != source.told or source.skipped:
            self._tell(source, None, ear)
        await ear.digested()
        if whole:
            source.failures = 0
            if source.cursor != before:
                # walk on until a page is empty; who was due before has their turn first
                source.due = asyncio.get_running_loop().time()
        else:
            self._stumble(source)

    def _page(self, source: Source, answer: Answer) -> list[object] | str:
        """The items, or why this source is closed to us."""
        if answer.status == 401 and self.at.me:
            self.http.checked(answer)
        if answer.status == 404 and source.tag:
            return []  # GoToSocial's way to say that nobody used this tag yet
        if answer.status in (400, 422) and self.at.me and not source.tag and not source.plain:
            source.plain = True
            raise Unreachable("this server does not know our filter: asking without it")
        if 400 <= answer.status < 500 and answer.status not in (408, 425, 429):
            who = "us" if self.at.me else "strangers"
            return f"source blind: {self.http.host} does not show it to {who} ({answer.status})"
        page = self.http.checked(answer)
        if not isinstance(page, list):
            raise Unreachable(f"{self.http.host} answered without a list")
        if not page and source.tag and self.instance and self.instance.blind(signed_in=bool(self.at.me)):
            return f"source blind: {self.http.host} keeps its tag timelines closed and answers with an empty list"
        return page

    async def _back_to_the_beginning(self, source: Source, page: list[object]) -> list[object]:
        """A source that was empty holds more than a page: without a cursor there is only the way back."""
        last = page
        while len(last) >= int(PAGE) and (number := number_of(last[-1])):
            self.budget.spend()
            answer = await self.http.get(source.path, [*source.fields(), ("max_id", number)])
            older = self.http.checked(answer)
            last = older if isinstance(older, list) else []
            page = [*page, *last]
        return page

    async def _take(self, source: Source, page: list[object], ear: Ear) -> bool:
        """Hand over a page, oldest first. False when we had to stop: the cursor then stands before that item."""
        for raw in reversed(page):
            number = number_of(raw)
            try:
                event = await self._event(source, raw, ear)
            except Malformed:
                source.skipped += 1
                event = None
            except (Unreachable, SlowDown, Refused):
                return False
            source.cursor = number or source.cursor
            if event is not None:
                self._tell(source, event, ear)
        return True

    async def _event(self, source: Source, raw: object, ear: Ear) -> Event | None:
        """What this item is to us. Who answers us names us too on Mastodon: being an answer then counts first."""
        status = raw.get("status") if isinstance(raw, Mapping) and not source.tag else raw
        if isinstance(raw, Mapping) and (status is None or (isinstance(status, Mapping) and status.get("reblog"))):
            return None
        post = read_status(status, self.at)
        if post.author.id == self.at.account:
            return None
        people = {mention.id for mention in post.mentions if mention.id}
        parents = {post.quotes.uri} if post.quotes else set()
        via = ""
        if isinstance(status, Mapping) and self.at.me and number_of(status, "in_reply_to_account_id") == self.at.me:
            post = await self._placed(source, post, status)
            above = parents | ({post.reply_to.uri} if post.reply_to else set())
            via = ear.concern.post(post.text, post.tags, people - {self.at.account}, above)
        if via != Via.ANSWER:
            via = ear.concern.post(post.text, post.tags, people, parents)
            if via and post.root is None and isinstance(status, Mapping):
                post = await self._placed(source, post, status)
        return ear.memory.news(post, via, ear.concern) if via else None

    async def _placed(self, source: Source, post: Post, raw: Raw) -> Post:
        """The post with its true parent and root: one reading of the thread."""
        if post.reply_to is None:
            return post
        try:
            answer = await self.http.get(f"/api/v1/statuses/{quote(number_of(raw), safe='')}/context")
            thread = self.http.checked(answer)
        except (Gone, LoggedOut):
            thread = {}
        except (Unreachable, SlowDown, Refused):
            if source.failures < PATIENCE:
                raise
            thread = {}
        return in_thread(post, read_many(thread.get("ancestors") if isinstance(thread, Mapping) else None, self.at))

    def _tell(self, source: Source, event: Event | None, ear: Ear) -> None:
        cursor = source.cursor or ""  # "": read, and empty so far
        ear.tell(Heard(source=source.name, cursor=cursor, event=event, skipped=source.skipped))
        source.told, source.skipped = source.cursor, 0

    def _close(self, source: Source, why: str, ear: Ear) -> None:
        """A closed source is a visible gap, told once, and looked at again later."""
        source.due = asyncio.get_running_loop().time() + self.pace.blind * _jitter()
        if source.blind != why:
            source.blind = why
            ear.tell(Heard(source=source.name, cursor=source.cursor, gap=why))

    def _stumble(self, source: Source) -> None:
        source.failures += 1
        wait = min(self.interval * 2 ** min(source.failures, 10), max(self.pace.longest, self.interval))
        source.due = asyncio.get_running_loop().time() + wait * _jitter()


def _newest(headers: Mapping[str, str]) -> str:
    """The `min_id` with which the server itself would go on."""
    for link in requests.utils.parse_header_links(headers.get("Link", "")):
        if link.get("rel") == "prev":
            found = re.search(r"[?&]min_id=([^&]+)", link.get("url", ""))
            return unquote(found.group(1)) if found else ""
    return ""


def _jitter() -> float:
    return random.uniform(1.0, 1.25)  # noqa: S311  spreads retries, keeps no secret

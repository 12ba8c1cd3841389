"""One of our Bluesky accounts: listens, looks, and says once what a person approved. It decides nothing.

The parts live beside it: text, posts, wire, session, reading, notes, frames, stream.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from typing import Any

from bot.errors import Gone, PlatformError, Refused, Unclear
from bot.model import Arrived, Author, Network, Ref
from bot.platforms import bluesky_text
from bot.platforms.bluesky_notes import BlueskyNotifications
from bot.platforms.bluesky_posts import POST, Json, Malformed, as_object, as_text, at_parts, only_id, post_from_view
from bot.platforms.bluesky_reading import BlueskyReading
from bot.platforms.bluesky_session import BlueskySession
from bot.platforms.bluesky_stream import AT_FIRST, PUBLIC_HOST, BlueskyStream
from bot.platforms.bluesky_wire import Answered
from bot.ports import Clock, Concern, Heard, Look, Measure, Outgoing, SessionKeeper

_SEARCH_PAGES = 10  # of 100 posts per tag, when a gap is filled
_SAME = ("$type", "text", "createdAt", "reply")  # what makes two records the same reply


class BlueskyPlatform:
    """Fulfils `Platform`. `account` is our DID; give it if it is known, else `connect` first."""

    network = Network.BLUESKY

    def __init__(
        self,
        *,
        handle: str,
        password: str,
        keeper: SessionKeeper,
        clock: Clock,
        pds: str = "https://bsky.social",
        account: str = "",
        jetstream: str = PUBLIC_HOST,
        tags: Collection[str] = (),
        begin: datetime | None = None,
        poll_every: float = 10.0,
    ) -> None:
        """`jetstream` "" leaves the public stream out; `begin` is where it starts without a cursor.

        `tags` are searched for after a gap; nothing else uses them.
        """
        self.name = f"bluesky/{handle}"
        self._session = BlueskySession(
            handle=handle, password=password, pds=pds, keeper=keeper, clock=clock, account=account
        )
        self._reading = BlueskyReading(self._session, clock=clock)
        self._notifications = BlueskyNotifications(
            self._session, name=f"{self.name}:notifications", clock=clock, every=poll_every
        )
        self._jetstream, self._tags = jetstream, tuple(tags)
        self._begin = begin or clock.now() - AT_FIRST

    @property
    def account(self) -> str:
        """Our DID; "" before the first login of an account whose DID was not given."""
        return self._session.account

    async def open(self) -> Author:
        """Have a session; says who we are. Everything else opens by itself."""
        return only_id(await self._session.connect())

    async def close(self) -> None:
        """Give back connections."""
        await self._session.close()

    # --- Listener

    async def listen(self, cursors: Mapping[str, str], concern: Concern) -> AsyncIterator[Heard]:
        """What is said to us, and what the public stream carries; each with its own cursor."""
        await self._session.connect()
        sources = [self._notifications.listen(cursors, concern)]
        if self._jetstream:
            stream = BlueskyStream(
                self._jetstream,
                name=f"{self.name}:jetstream",
                account=self.account,
                begin=self._begin,
                backfill=lambda since: self._backfill(since, concern),
            )
            sources.append(stream.listen(cursors, concern))
        async with aclosing(_merged(sources)) as merged:
            async for heard in merged:
                yield heard

    async def _backfill(self, since: datetime | None, concern: Concern) -> AsyncIterator[Heard]:
        """After a gap: what the search still finds for our tags. It may not find all; the gap stays recorded."""
        window = {"since": since.astimezone(UTC).isoformat().replace("+00:00", "Z")} if since else {}
        for tag in self._tags:
            page: str | None = None
            for _ in range(_SEARCH_PAGES):
                try:
                    answer = await self._session.query(
                        "app.bsky.feed.searchPosts", q=f"#{tag}", sort="latest", limit=100, cursor=page, **window
                    )
                except PlatformError:
                    return  # searching is a kindness; the live stream must go on without it
                for view in answer.get("posts") or []:
                    if heard := self._found(view, concern):
                        yield heard
                page = as_text(answer.get("cursor"))
                if not page:
                    break

    def _found(self, view: object, concern: Concern) -> Heard | None:
        try:
            post = post_from_view(view, us=self.account)
        except Malformed:
            return None
        parents = [ref.uri for ref in (post.reply_to, post.quotes) if ref]
        via = concern.post(post.text, post.tags, [one.id for one in post.mentions], parents)
        if not via or post.author.id == self.account:
            return None
        return Heard(source=f"{self.name}:search", cursor=None, event=Arrived(post=post, via=via))

    # --- Reader

    async def look(self, ref: Ref) -> Look | None:
        """The post as it stands now, or None if it is gone."""
        return await self._reading.look(ref)

    async def author(self, author: Author) -> Author:
        """The profile afresh, with who blocks whom."""
        return await self._reading.author(author)

    def skew(self) -> float | None:
        """Seconds by which our clock is ahead of our server's."""
        return self._session.skew()

    # --- Writer

    async def publish(self, outgoing: Outgoing) -> Ref:
        """Put the reply at its own key, if nothing is there; if it is there already, that is success."""
        if not self.fits(outgoing.text):
            raise Refused("the text does not fit into a Bluesky post")
        if not outgoing.slot:
            raise Refused("a Bluesky reply needs the record key chosen before sending (`new_slot`)")
        did, record = await self._session.connect(), record_for(outgoing)
        data = {"repo": did, "collection": POST, "rkey": outgoing.slot, "record": record, "swapRecord": None}
        if outgoing.parent is not None:
            # The server takes replies to what is not there, and to who blocked us: ask first. What stands, stands.
            try:
                await self._reading.may_be_answered(outgoing.parent)
            except Gone:
                if found := await self.find(outgoing):
                    return found
                raise
        try:
            answer = await self._session.procedure("com.atproto.repo.putRecord", data)
        except Answered as refusal:
            if refusal.name != "InvalidSwap":
                raise
            found = await self.find(outgoing)
            if found is None:
                raise Refused(f"another record stands at our key {outgoing.slot}") from refusal
            return found
        uri, cid = as_text(answer.get("uri")), as_text(answer.get("cid"))
        if not uri or not cid:
            raise Unclear("the server took the reply, or something else: its answer names no record")
        return Ref(network=Network.BLUESKY, uri=uri, version=cid)

    async def find(self, outgoing: Outgoing) -> Ref | None:
        """The record at our key, if it is this reply."""
        if not outgoing.slot:
            return None
        did = await self._session.connect()
        try:
            answer = await self._session.query(
                "com.atproto.repo.getRecord", repo=did, collection=POST, rkey=outgoing.slot
            )
        except Gone:
            return None
        there, ours = as_object(answer.get("value")), record_for(outgoing)
        if any(there.get(field) != ours.get(field) for field in _SAME):
            return None
        return Ref(
            network=Network.BLUESKY,
            uri=f"at://{did}/{POST}/{outgoing.slot}",
            version=as_text(answer.get("cid")),
        )

    async def withdraw(self, ref: Ref) -> None:
        """Delete a post of ours. Deleting what is gone changes nothing, and the server says so."""
        did, parts = await self._session.connect(), at_parts(ref.uri)
        if parts is None or parts[0] != did or parts[1] != POST:
            raise Refused(f"{ref.uri} is no post of ours")
        with suppress(Gone):
            await self._session.procedure(
                "com.atproto.repo.deleteRecord", {"repo": did, "collection": POST, "rkey": parts[2]}
            )

    # --- Ruler

    def fits(self, text: str) -> bool:
        """At most 300 graphemes and 3,000 bytes, and something to see."""
        return bluesky_text.fits(text)

    def measure(self, text: str) -> tuple[Measure, ...]:
        """Graphemes and bytes."""
        return bluesky_text.measure(text)

    def address(self, author: Author, *, note: bool) -> str:
        """A reply notifies by itself; a note on our own timeline must name the person."""
        return f"@{author.handle} " if note and author.handle else ""

    def new_slot(self, at: datetime, key: str) -> str:
        """A TID made from time and key only."""
        return bluesky_text.record_key(at, key)


def record_for(outgoing: Outgoing) -> Json:
    """The record, made from `outgoing` alone: a second try makes exactly the same one."""
    moment = outgoing.created_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    record: dict[str, Any] = {"$type": POST, "text": outgoing.text, "createdAt": moment, "langs": [outgoing.lang]}
    if facets := bluesky_text.facets(outgoing.text, outgoing.mention):
        record["facets"] = facets
    if outgoing.parent is not None:
        record["reply"] = {
            "root": _strong(outgoing.root or outgoing.parent),
            "parent": _strong(outgoing.parent),
        }
    return record


def _strong(ref: Ref) -> Json:
    return {"uri": ref.uri, "cid": ref.version}


async def _merged(sources: Collection[AsyncIterator[Heard]]) -> AsyncGenerator[Heard, None]:
    """All sources as one, as they come. The first that fails ends it: the supervisor starts all again."""
    taken: asyncio.Queue[Heard] = asyncio.Queue(1)

    async def carry(source: AsyncIterator[Heard]) -> None:
        try:
            async for heard in source:
                await taken.put(heard)
        finally:
            await source.aclose()  # type: ignore[attr-defined]  # both are generators

    tasks = [asyncio.create_task(carry(source)) for source in sources]
    taking: asyncio.Task[Heard] | None = None
    try:
        while True:
            taking = taking or asyncio.create_task(taken.get())
            await asyncio.wait((taking, *tasks), return_when=asyncio.FIRST_COMPLETED)
            if taking.done():
                heard, taking = taking.result(), None
                yield heard
                continue
            for task in tasks:
                if task.done():
                    task.result()
                    return
    finally:
        if taking is not None:
            taking.cancel()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

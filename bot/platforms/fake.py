"""Our account on a network in memory: tests, demo, dry run. It must never open a connection."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import datetime

import regex

from bot.errors import Gone, LoggedOut, Refused, SlowDown, Unclear, Unreachable
from bot.model import Arrived, Author, Blocked, Context, Edited, Event, Network, Post, Ref, Vanished
from bot.platforms.fake_network import FakeNetwork, a_person
from bot.ports import Concern, Heard, Look, Measure, Outgoing

GRAPHEMES = 300  # as on Bluesky, the tighter of the two networks we imitate
OURSELVES = a_person("check", display_name="Check (bot)", is_bot=True)


class FakePlatform:
    """Our account on a `FakeNetwork`; fulfils `ports.Platform`."""

    network = Network.FAKE
    name = "fake"

    def __init__(self, world: FakeNetwork | None = None, *, me: Author = OURSELVES, limit: int = GRAPHEMES) -> None:
        self.world = world or FakeNetwork()
        self.me = self.world.join(me)
        self.account = me.id
        self.limit = limit
        self.ahead: float | None = 0.0  # seconds by which our clock is ahead of this network's

    async def listen(self, cursors: Mapping[str, str], concern: Concern) -> AsyncIterator[Heard]:
        """Everything on the network that concerns us; without a cursor, from its first day."""
        cursor = cursors.get(self.name)
        bell = self.world.bell()
        try:
            while True:
                bell.clear()
                position, news = self.world.heard_since(cursor)
                for position, what in enumerate(news, start=position + 1):  # noqa: B020  the start is read once
                    if (event := self._judge(what, concern)) is not None:
                        yield Heard(source=self.name, cursor=self.world.cursor_at(position), event=event)
                cursor = self.world.cursor_at(position)
                await bell.wait()
        finally:
            self.world.hush(bell)

    def _judge(self, what: Event | Post, concern: Concern) -> Event | None:
        match what:
            case Post() as post if post.author.id != self.account:
                people = {mention.id for mention in post.mentions}
                parents = {ref.uri for ref in (post.reply_to, post.quotes) if ref}
                via = concern.post(post.text, post.tags, people, parents)
                return Arrived(post=self.as_seen(post), via=via) if via else None
            case Edited(post=post) if concern.known(post.ref.uri):
                return Edited(post=self.as_seen(post))
            case Vanished(ref=ref) if concern.known(ref.uri):
                return what
            case Blocked():
                return what
        return None

    def as_seen(self, post: Post) -> Post:
        """The post as our account sees it: profile of today, and whether it names us."""
        author = self.world.accounts.get(post.author.id, post.author)
        author = replace(author, blocks_us=author.id in self.world.blockers, known=True)
        return replace(post, author=author, mentions_us=any(m.id == self.account for m in post.mentions))

    async def look(self, ref: Ref) -> Look | None:
        """The post as it stands, with its thread; None if it is gone."""
        if (post := self.world.posts.get(ref.uri)) is None:
            return None
        above = tuple(self.as_seen(one) for one in self.world.above(ref.uri))
        quotes = post.quotes or (above[-1].quotes if above else None)
        quoted = self.world.posts.get(quotes.uri) if quotes else None
        return Look(post=self.as_seen(post), context=Context(above=above, quoted=quoted and self.as_seen(quoted)))

    async def author(self, author: Author) -> Author:
        """The profile of today."""
        found = self.world.accounts.get(author.id)
        if found is None:
            raise Gone(f"there is no account {author.id} on the fake network")
        return replace(found, blocks_us=found.id in self.world.blockers, known=True)

    def skew(self) -> float | None:
        """What tests set; it has no clock of its own."""
        return self.ahead

    async def publish(self, outgoing: Outgoing) -> Ref:
        """Create the post once: a second call with the same key returns the first post."""
        fault, self.world.next_publish = self.world.next_publish, ""
        match fault:
            case "unreachable":
                raise Unreachable("the fake network is down: try again later")
            case "slow_down":
                raise SlowDown("the fake network asks for a pause", seconds=30)
            case "refused":
                raise Refused("the fake network refuses this post")
            case "gone":
                raise Gone("the post we answer is gone")
            case "logged_out":
                raise LoggedOut("the fake network does not know us any more")
            case "lost_before":
                raise Unclear("the fake network did not answer")
        ref = self._create(outgoing)
        if fault == "lost_after":
            raise Unclear("the fake network accepted the post, and its answer was lost")
        return ref

    def _create(self, outgoing: Outgoing) -> Ref:
        uri = self._uri(outgoing.key)
        if uri in self.world.posts:
            return self.world.posts[uri].ref
        if not self.fits(outgoing.text):
            raise Refused(f"the text has {self._count(outgoing.text)} graphemes, {self.limit} are allowed")
        if outgoing.parent is not None:
            parent = self.world.posts.get(outgoing.parent.uri)
            if parent is None or parent.author.id in self.world.blockers:
                raise Gone("the post we answer is gone, or its author does not want to hear from us")
        post = self.world.write(self.me, outgoing.text, reply_to=outgoing.parent, at=outgoing.created_at, uri=uri)
        self.world.published.append(post.ref)
        return post.ref

    async def find(self, outgoing: Outgoing) -> Ref | None:
        """The post this key created, if it stands."""
        post = self.world.posts.get(self._uri(outgoing.key))
        return post.ref if post else None

    async def withdraw(self, ref: Ref) -> None:
        """Delete a post of ours; twice is fine."""
        self.world.delete(ref.uri)

    def fits(self, text: str) -> bool:
        """May this exact text be published?"""
        return bool(text.strip()) and self._count(text) <= self.limit

    def measure(self, text: str) -> tuple[Measure, ...]:
        """Graphemes used, of those allowed."""
        return (Measure(unit="graphemes", used=self._count(text), limit=self.limit),)

    def address(self, author: Author, *, note: bool) -> str:
        """A reply reaches its author by itself; a note has to name them."""
        return f"@{author.handle} " if note else ""

    def new_slot(self, at: datetime, key: str) -> str:
        """The key alone makes a post unique here."""
        return ""

    async def close(self) -> None:
        """Nothing is open."""

    def _count(self, text: str) -> int:
        return len(regex.findall(r"\X", text))

    def _uri(self, key: str) -> str:
        """The same key gives the same uri, even after the network was started afresh."""
        return f"fake://posts/ours-{hashlib.sha256(f'{self.account} {key}'.encode()).hexdigest()[:20]}"

"""Posts we handed over are read again now and then: polling forward shows no edit, no deletion, and no block."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from urllib.parse import quote

from bot.errors import PlatformError, Refused
from bot.model import Arrived, Author, Blocked, Edited, Event, Post, Ref, Vanished
from bot.platforms.mastodon_http import MastodonHttp
from bot.platforms.mastodon_wire import Malformed, Viewpoint, moved_in, number_of, read_status
from bot.ports import Concern, Heard

REMEMBERED = 5_000  # posts; older ones are looked at again only when something is about to be sent
WATCHED = 200  # the latest of them are read again regularly
AT_ONCE = 20  # the most a server lets us read by number in one request


class Memory:
    """What we handed over since we began to listen, the latest last."""

    def __init__(self) -> None:
        self._posts: OrderedDict[str, Post] = OrderedDict()  # by uri
        self._uris: dict[str, str] = {}  # our server's number -> uri
        self._ways: set[tuple[str, str, str]] = set()

    def news(self, post: Post, via: str, concern: Concern) -> Event | None:
        """An arrival, an edit, or nothing when another source told us before."""
        way = (post.ref.uri, post.ref.version, via)
        if way in self._ways:
            return None
        before = self._posts.get(post.ref.uri)
        self._ways.add(way)
        self._keep(post)
        if before is not None and before.ref.version != post.ref.version and concern.known(post.ref.uri):
            return Edited(post=post)
        return Arrived(post=post, via=via)

    def changed(self, post: Post) -> bool:
        """Is this another version than the one we handed over? Then it is the one from now on."""
        before = self._posts.get(post.ref.uri)
        if before is not None and before.ref.version == post.ref.version:
            return False
        self._keep(post)
        return True

    def forget(self, number: str, concern: Concern) -> Event | None:
        """The post with this number is gone."""
        post = self._posts.pop(self._uris.pop(number, ""), None)
        return Vanished(ref=post.ref) if post is not None and concern.known(post.ref.uri) else None

    def watched(self, concern: Concern) -> list[Post]:
        """The latest posts that our server can show us by number."""
        latest = [post for post in reversed(self._posts.values()) if post.ref.local_id and concern.known(post.ref.uri)]
        return latest[:WATCHED]

    def _keep(self, post: Post) -> None:
        self._posts[post.ref.uri] = post
        self._posts.move_to_end(post.ref.uri)
        if post.ref.local_id:
            self._uris[post.ref.local_id] = post.ref.uri
        if len(self._posts) > REMEMBERED:
            _, oldest = self._posts.popitem(last=False)
            self._uris.pop(oldest.ref.local_id, None)
            self._ways = {way for way in self._ways if way[0] in self._posts}


class Again:
    """Reads the posts we hold again, twenty at a time. Costs nothing of the paging budget."""

    def __init__(
        self,
        http: MastodonHttp,
        at: Viewpoint,
        memory: Memory,
        concern: Concern,
        tell: Callable[[Heard], None],
        *,
        every: float,
    ) -> None:
        self._http, self._at, self._memory, self._concern, self._tell = http, at, memory, concern, tell
        self._every = every
        self._blockers: set[str] = set()  # told already
        self._source = f"mastodon/{http.host}/again"

    async def run(self) -> None:
        """For ever; a way of reading that the server does not know is left out from then on."""
        ways = [self._read, self._relations]
        while ways:
            await asyncio.sleep(self._every)
            posts = self._memory.watched(self._concern)
            for way in tuple(ways):
                try:
                    for start in range(0, len(posts), AT_ONCE):
                        await way(posts[start : start + AT_ONCE])
                except Refused:
                    ways.remove(way)
                except PlatformError:
                    continue  # the next round comes

    async def _read(self, posts: list[Post]) -> None:
        fields = [("id[]", post.ref.local_id) for post in posts]
        found = self._http.checked(await self._http.get("/api/v1/statuses", fields))
        there = {}
        for raw in found if isinstance(found, list) else ():
            try:
                post = read_status(raw, self._at)
            except Malformed:
                continue
            there[post.ref.uri] = post
        for old in posts:
            new = there.get(old.ref.uri)
            if new is None:
                await self._missing(old.ref)
            elif self._memory.changed(new):
                edited = Edited(post=moved_in(new, old))
                self._tell(Heard(source=self._source, cursor=None, event=edited))

    async def _relations(self, posts: list[Post]) -> None:
        """Who blocks us does not tell us; their server does, when asked."""
        people: dict[str, Author] = {post.author.local_id: post.author for post in posts if post.author.local_id}
        fields = [("id[]", number) for number in people if number not in self._blockers]
        if not fields:
            return
        found = self._http.checked(await self._http.get("/api/v1/accounts/relationships", fields))
        for raw in found if isinstance(found, list) else ():
            number = number_of(raw)
            if number in people and isinstance(raw, Mapping) and raw.get("blocked_by") is True:
                self._blockers.add(number)
                author = replace(people[number], blocks_us=True)
                self._tell(Heard(source=self._source, cursor=None, event=Blocked(author=author)))

    async def _missing(self, ref: Ref) -> None:
        """Left out of the answer: only a plain 404 for this one post means that it is gone."""
        answer = await self._http.get(f"/api/v1/statuses/{quote(ref.local_id, safe='')}")
        if answer.status in (404, 410) and (event := self._memory.forget(ref.local_id, self._concern)) is not None:
            self._tell(Heard(source=self._source, cursor=None, event=event))

"""The network in memory: posts, people and threads, and everything that happens there. It opens no connection."""

from __future__ import annotations

import asyncio
import re
import threading
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from bot.model import Author, Blocked, Edited, Event, Mention, Network, Post, Ref, Vanished

DEEPEST = 200  # posts above one post; a longer chain is a loop made by a test

_NAME = re.compile(r"(?<![\w@])@([\w.-]*\w(?:@[\w.-]*\w)?)")
_TAG = re.compile(r"(?<!\w)[#＃](\w+)")
_LINK = re.compile(r"https?://\S+")


def a_person(handle: str, **more: object) -> Author:
    """An account of the network in memory."""
    return replace(Author(network=Network.FAKE, id=f"fake://people/{handle}", handle=handle), **more)  # type: ignore[arg-type]


class FakeNetwork:
    """Everything that is on the network. Safe to use from several threads.

    `next_publish` makes the next `publish` fail, once: "unreachable", "slow_down", "refused", "gone",
    "logged_out", "lost_before" (not accepted, but nobody can know), "lost_after" (accepted, answer lost).
    """

    def __init__(self) -> None:
        self.posts: dict[str, Post] = {}
        self.accounts: dict[str, Author] = {}
        self.blockers: set[str] = set()  # ids of accounts that blocked us
        self.published: list[Ref] = []  # what we said, oldest first; withdrawn ones stay listed
        self.next_publish = ""
        self._log: list[Event | Post] = []  # a bare Post is an arrival: each listener judges how it concerns it
        self._replies: dict[str, list[str]] = {}  # parent uri -> uris, in the order of writing
        self._born = uuid.uuid4().hex[:8]  # a cursor of an earlier life of this network means nothing here
        self._lock = threading.RLock()
        self._bells: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    def start_afresh(self) -> None:
        """An empty network: nobody is there, and nothing was ever said."""
        with self._lock:
            for kept in (self.posts, self.accounts, self.blockers, self.published, self._log, self._replies):
                kept.clear()
            self._born = uuid.uuid4().hex[:8]

    # what people do

    def join(self, author: Author) -> Author:
        """Somebody opens an account, or changes their profile."""
        with self._lock:
            self.accounts[author.id] = author
        return author

    def add(self, post: Post) -> Post:
        """A post appears, and everybody who listens hears it. The same uri again changes nothing."""
        with self._lock:
            if post.ref.uri in self.posts:
                return self.posts[post.ref.uri]
            self.accounts.setdefault(post.author.id, post.author)
            self.posts[post.ref.uri] = post
            if post.reply_to:
                self._replies.setdefault(post.reply_to.uri, []).append(post.ref.uri)
            self._tell(post)
        return post

    def write(
        self,
        author: Author,
        text: str,
        *,
        reply_to: Ref | None = None,
        quotes: Ref | None = None,
        at: datetime | None = None,
        uri: str = "",
    ) -> Post:
        """Somebody posts `text`; names of accounts, tags and links in it work as on a real network."""
        with self._lock:
            self.accounts.setdefault(author.id, author)
            uri = uri or f"fake://posts/{len(self._log) + 1}"
            parent = self.posts.get(reply_to.uri) if reply_to else None
            by_handle = {person.handle.casefold(): person for person in self.accounts.values()}
            named = [by_handle[name] for found in _NAME.findall(text) if (name := found.casefold()) in by_handle]
            return self.add(
                Post(
                    ref=Ref(network=Network.FAKE, uri=uri, version="1", local_id=uri),
                    author=author,
                    text=text,
                    created_at=at or datetime.now(UTC),
                    langs=("en",),
                    tags=tuple(dict.fromkeys(tag.casefold() for tag in _TAG.findall(text))),
                    mentions=tuple(Mention(id=person.id, handle=person.handle) for person in dict.fromkeys(named)),
                    links=tuple(_LINK.findall(text)),
                    reply_to=reply_to,
                    root=(parent.root or parent.ref) if parent else reply_to,
                    quotes=quotes,
                    url=uri,
                )
            )

    def edit(self, uri: str, text: str) -> Post:
        """The author changes a post."""
        with self._lock:
            old = self.posts[uri]
            tags = tuple(dict.fromkeys(tag.casefold() for tag in _TAG.findall(text)))
            version = str(int(old.ref.version or "1") + 1)
            post = replace(old, text=text, tags=tags, ref=replace(old.ref, version=version))
            self.posts[uri] = post
            self._tell(Edited(post=post))
        return post

    def delete(self, uri: str) -> None:
        """The author takes a post away. Its replies stay, as on real networks."""
        with self._lock:
            if (post := self.posts.pop(uri, None)) is not None:
                self._tell(Vanished(ref=post.ref))

    def block(self, author: Author) -> None:
        """Somebody blocks our account."""
        with self._lock:
            self.blockers.add(author.id)
            self._tell(Blocked(author=replace(author, blocks_us=True)))

    # what can be seen

    @property
    def head(self) -> str:
        """The cursor of a listener that heard everything so far."""
        return f"{self._born}:{len(self._log)}"

    def thread(self, uri: str) -> tuple[Post, ...]:
        """The whole thread a post stands in, root first, each reply below what it answers."""
        with self._lock:
            top = (self.above(uri) or ((self.posts[uri],) if uri in self.posts else ()))[:1]
            return tuple(self._down(top[0].ref.uri)) if top else ()

    def above(self, uri: str) -> tuple[Post, ...]:
        """The posts over this one, root first, as far as they are still there."""
        chain: list[Post] = []
        post = self.posts.get(uri)
        while post and post.reply_to and len(chain) < DEEPEST and (post := self.posts.get(post.reply_to.uri)):
            chain.append(post)
        return tuple(reversed(chain))

    def _down(self, uri: str) -> Iterator[Post]:
        todo, seen = [uri], set()
        while todo:
            here = todo.pop()
            if here not in seen:
                seen.add(here)
                if here in self.posts:
                    yield self.posts[here]
                todo.extend(reversed(self._replies.get(here, ())))

    def heard_since(self, cursor: str | None) -> tuple[int, list[Event | Post]]:
        """The position and what happened after it; a cursor of another life starts at the beginning."""
        born, _, count = (cursor or "").partition(":")
        start = int(count) if born == self._born and count.isdigit() else 0
        return start, self._log[start:]

    def cursor_at(self, position: int) -> str:
        """The cursor that stands after the first `position` happenings."""
        return f"{self._born}:{position}"

    def bell(self) -> asyncio.Event:
        """Rings in the caller's loop whenever something happens."""
        event = asyncio.Event()
        with self._lock:
            self._bells = [(loop, old) for loop, old in self._bells if not loop.is_closed()]
            self._bells.append((asyncio.get_running_loop(), event))
        return event

    def hush(self, bell: asyncio.Event) -> None:
        """This bell is not needed any more."""
        with self._lock:
            self._bells = [pair for pair in self._bells if pair[1] is not bell]

    def _tell(self, what: Event | Post) -> None:
        self._log.append(what)
        for loop, event in self._bells:
            if not loop.is_closed():
                loop.call_soon_threadsafe(event.set)

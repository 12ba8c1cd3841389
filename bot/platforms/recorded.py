"""A recorded feed that plays onto a network in memory, as if its people were posting now. It opens no connection."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from bot.model import Arrived, Author, Blocked, Edited, Event, Mention, Network, Post, Ref, Vanished, Via
from bot.platforms.recorded_lines import FARTHEST, LINK, NAME, TAG, BadLine, Kind, Line, parse
from bot.ports import Clock, Concern, Heard

NAP = 0  # how a feed at full speed lets others run between two lines


class Stage(Protocol):
    """The network in memory on which the feed plays."""

    def join(self, author: Author) -> Author: ...

    def add(self, post: Post) -> Post: ...

    def edit(self, uri: str, text: str) -> Post: ...

    def delete(self, uri: str) -> None: ...

    def block(self, author: Author) -> None: ...

    def thread(self, uri: str) -> tuple[Post, ...]: ...

    def bell(self) -> asyncio.Event: ...

    def hush(self, bell: asyncio.Event) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    """Somebody who answers once our reply stands below a post; `due` is set when it does."""

    line: Line
    due: float | None = None


class RecordedFeed:
    """Fulfils `ports.Listener`. The cursor is the number of the last line played.

    A stage in memory is empty after a restart. So the lines up to the cursor are put back on it in silence, and the
    feed goes on behind them. `speed` 1 is real time, `math.inf` as fast as possible. `finished` turns true once every
    line was played; the feed then stays open, because people may still answer our replies.
    """

    def __init__(
        self,
        lines: Sequence[str],
        stage: Stage,
        *,
        me: Author,
        clock: Clock,
        speed: float = 1.0,
        name: str = "recorded",
    ) -> None:
        if not speed > 0:
            raise ValueError(f"speed is {speed}; use 1 for real time, math.inf for full speed")
        self.name = name
        self.finished = False
        self.skipped = 0  # malformed lines so far
        self._lines = lines
        self._stage = stage
        self._me = me
        self._clock = clock
        self._speed = speed
        self._cast: dict[str, Author] = {me.handle.casefold(): me}
        self._posts: dict[str, Post] = {}  # id of the feed -> the post as it stands
        self._offered: set[str] = (
            set()
        )  # uris we handed over: their edits concern the office, whatever `known` says yet
        self._waiting: list[_Waiting] = []
        self._zero = 0.0  # loop time of the feed's first moment

    @property
    def length(self) -> int:
        """How many lines there are: the cursor of a feed that was played to its end."""
        return len(self._lines)

    async def listen(self, cursors: Mapping[str, str], concern: Concern) -> AsyncIterator[Heard]:
        """Play on behind the cursor, each line at its time."""
        self._forget()
        bell = self._stage.bell()
        try:
            done, at_s = self._put_back(_count(cursors.get(self.name)), concern)
            # The moment the feed began, had it run without a break: "now" is where the cursor stands.
            began = self._clock.now() - timedelta(seconds=max(at_s, 0.0))
            self._zero = asyncio.get_running_loop().time() - max(at_s, 0.0) / self._speed
            skipped = 0
            for number in range(done + 1, len(self._lines) + 1):
                try:
                    if (line := parse(self._lines[number - 1], number)) is None:
                        continue
                    while (answer := await self._until(_moment(line), bell)) is not None:
                        yield self._heard(None, self._arrives(self._write(answer, began), concern))
                    event = self._play(line, began, concern)
                except BadLine:
                    skipped, self.skipped = skipped + 1, self.skipped + 1
                    continue
                yield self._heard(number, event, skipped)
                skipped = 0
            self.finished = True
            yield self._heard(len(self._lines), None, skipped)
            while (answer := await self._until(math.inf, bell)) is not None:
                yield self._heard(None, self._arrives(self._write(answer, began), concern))
        finally:
            self._stage.hush(bell)

    def _forget(self) -> None:
        self.finished, self.skipped = False, 0
        self._cast = {self._me.handle.casefold(): self._me}
        self._posts, self._offered, self._waiting = {}, set(), []

    def _heard(self, number: int | None, event: Event | None, skipped: int = 0) -> Heard:
        cursor = None if number is None else str(number)
        return Heard(source=self.name, cursor=cursor, event=event, skipped=skipped)

    def _put_back(self, cursor: int, concern: Concern) -> tuple[int, float]:
        """Play every line up to the cursor without a word. Returns the last line and its time."""
        done = min(cursor, len(self._lines))
        lines = []
        for number in range(1, done + 1):
            with suppress(BadLine):  # counted when it was first read
                lines.append(parse(self._lines[number - 1], number))
        known = [line for line in lines if line is not None]
        at_s = max((line.after_s for line in known if line.kind is not Kind.ANSWER), default=0.0)
        began = self._clock.now() - timedelta(seconds=max(at_s, 0.0))
        for line in known:
            with suppress(BadLine):
                self._play(line, began, concern)
        return done, at_s

    # time

    async def _until(self, after_s: float, bell: asyncio.Event) -> Line | None:
        """Wait for the moment of the next line; an answer that is due before it comes back instead."""
        loop = asyncio.get_running_loop()
        if math.isinf(self._speed) and not math.isinf(after_s):
            await asyncio.sleep(NAP)
            return self._answer_due(loop.time())
        moment = self._zero + after_s / self._speed if math.isfinite(after_s) else math.inf
        while True:
            bell.clear()
            if (answer := self._answer_due(loop.time())) is not None:
                return answer
            if loop.time() >= moment:
                return None
            soonest = min([moment, *(one.due for one in self._waiting if one.due is not None)])
            try:
                async with asyncio.timeout_at(soonest if math.isfinite(soonest) else None):
                    await bell.wait()
            except TimeoutError:
                continue  # a moment has come: look again which one

    def _answer_due(self, now: float) -> Line | None:
        for place, one in enumerate(self._waiting):
            if one.due is None and self._our_reply(one.line) is not None:
                one = replace(one, due=now + max(one.line.after_s, 0.0) / self._speed)  # noqa: PLW2901  the same, dated
                self._waiting[place] = one
            if one.due is not None and one.due <= now:
                del self._waiting[place]
                return one.line
        return None

    def _our_reply(self, line: Line) -> Post | None:
        if (below := self._posts.get(line.reply_to)) is None:
            return None
        for post in self._stage.thread(below.ref.uri):
            if post.author.id == self._me.id and post.reply_to is not None and post.reply_to.uri == below.ref.uri:
                return post
        return None

    # what happens

    def _play(self, line: Line, began: datetime, concern: Concern) -> Event | None:
        """Let it happen on the stage; the event it is for the office, if it is one. Raises `BadLine`."""
        match line.kind:
            case Kind.PERSON:
                self._cast[line.by.casefold()] = self._stage.join(self._person(line, began))
                return None
            case Kind.POST | Kind.LABELLED:
                return self._arrives(self._write(line, began), concern, asked=line.kind is Kind.LABELLED)
            case Kind.ANSWER:
                self._waiting.append(_Waiting(line=line))
                return None
            case Kind.BLOCK:
                author = replace(self._who(line.by), blocks_us=True)
                self._stage.block(author)
                return Blocked(author=author)
        uri = self._post(line.id).ref.uri
        mine = concern.known(uri) or uri in self._offered
        if line.kind is Kind.DELETE:
            ref = self._posts.pop(line.id).ref
            self._stage.delete(uri)
            return Vanished(ref=ref) if mine else None
        post = self._seen(self._stage.edit(uri, line.text))
        self._posts[line.id] = post
        return Edited(post=post) if mine else None

    def _arrives(self, post: Post, concern: Concern, *, asked: bool = False) -> Event | None:
        people = {mention.id for mention in post.mentions}
        parents = {ref.uri for ref in (post.reply_to, post.quotes) if ref}
        via = Via.MENTION if asked else concern.post(post.text, post.tags, people, parents)
        if not via or post.author.id == self._me.id:
            return None
        self._offered.add(post.ref.uri)
        return Arrived(post=post, via=via)

    def _write(self, line: Line, began: datetime) -> Post:
        if line.id in self._posts:
            raise BadLine(f"there is a post {line.id!r} above this line; give each post its own id")
        author = self._asker(line, began) if line.kind is Kind.LABELLED else self._who(line.by)
        parent = self._parent(line)
        quoted = self._post(line.quotes).ref if line.quotes else None
        named = [self._cast[name] for found in NAME.findall(line.text) if (name := found.casefold()) in self._cast]
        if line.kind is Kind.LABELLED:
            named.append(self._me)
        uri = f"fake://posts/{self.name}-{line.id}"
        post = Post(
            ref=Ref(network=Network.FAKE, uri=uri, version="1", local_id=uri),
            author=author,
            text=line.text,
            created_at=min(began + timedelta(seconds=line.after_s), self._clock.now()),
            langs=(line.lang,) if line.lang else (),
            visibility=line.visibility,
            tags=tuple(dict.fromkeys(tag.casefold() for tag in TAG.findall(line.text))),
            mentions=tuple(Mention(id=one.id, handle=one.handle) for one in dict.fromkeys(named)),
            links=tuple(LINK.findall(line.text)),
            media_alts=line.alts,
            reply_to=parent.ref if parent else None,
            root=(parent.root or parent.ref) if parent else None,
            quotes=quoted,
            url=uri,
        )
        self._posts[line.id] = self._seen(self._stage.add(post))
        return self._posts[line.id]

    def _parent(self, line: Line) -> Post | None:
        """What a line replies to; for an answer that is our own reply, which has no id in the feed."""
        if not line.reply_to:
            return None
        return self._our_reply(line) if line.kind is Kind.ANSWER else self._post(line.reply_to)

    def _seen(self, post: Post) -> Post:
        return replace(post, mentions_us=any(one.id == self._me.id for one in post.mentions))

    def _person(self, line: Line, began: datetime) -> Author:
        return Author(
            network=Network.FAKE,
            id=f"fake://people/{line.by}",
            handle=line.by,
            display_name=line.name,
            bio=line.bio,
            is_bot=line.bot,
            is_locked=line.locked,
            created_at=began - timedelta(days=line.days_old),
            url=f"fake://people/{line.by}",
        )

    def _asker(self, line: Line, began: datetime) -> Author:
        """A labelled post has an author of its own, so that no limit per person touches another post."""
        handle = f"reader-{line.id}"
        asker = Line(kind=Kind.PERSON, by=handle, name=f"Reader {line.id}", days_old=400)
        return self._stage.join(self._person(asker, began))

    def _who(self, handle: str) -> Author:
        if (author := self._cast.get(handle.casefold())) is None:
            raise BadLine(f"nobody is called {handle!r}; add a person line above")
        return author

    def _post(self, name: str) -> Post:
        if (post := self._posts.get(name)) is None:
            raise BadLine(f"there is no post {name!r} above this line")
        return post


def _moment(line: Line) -> float:
    """When a line is due, in seconds of the feed. An answer waits from its place on, and holds up nobody."""
    return -FARTHEST if line.kind is Kind.ANSWER else line.after_s


def _count(cursor: str | None) -> int:
    return int(cursor) if cursor and cursor.isascii() and cursor.isdigit() else 0

"""Listening on Mastodon: polling is the truth, a stream only wakes it, and posts we hold are read again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Sequence
from contextlib import suppress
from typing import Any

from bot.model import Edited
from bot.platforms.mastodon_again import Again
from bot.platforms.mastodon_lane import Ear, Lane, Pace
from bot.platforms.mastodon_stream import Hints
from bot.platforms.mastodon_wire import Malformed, read_status
from bot.ports import Concern, Heard


class Listening:
    """Everything we hear on all servers, as one stream. The first lane is our own server."""

    def __init__(self, lanes: Sequence[Lane], concern: Concern, *, streaming: bool, pace: Pace) -> None:
        self._lanes, self._home = lanes, lanes[0]
        self._streaming, self._pace = streaming, pace
        self._ear = Ear(concern)
        self._source = f"mastodon/{self._home.http.host}/stream"

    async def run(self) -> AsyncGenerator[Heard, None]:
        """Until somebody stops us, or our account is refused."""
        tasks = [asyncio.create_task(one) for one in self._work()]
        for task in tasks:
            task.add_done_callback(self._ended)
        try:
            while True:
                heard = await self._ear.heard.get()
                if isinstance(heard, BaseException):
                    raise heard
                yield heard
                self._ear.heard.task_done()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _work(self) -> list[Coroutine[Any, Any, None]]:
        home, ear = self._home, self._ear
        again = Again(home.http, home.at, ear.memory, ear.concern, ear.tell, every=self._pace.again)
        work = [*(lane.run(ear) for lane in self._lanes), again.run()]
        if self._streaming and home.instance is not None:
            tags = [source.tag for source in home.sources if source.tag]
            work += Hints(home.http, home.instance.streaming, tags, home.wake, self._edited, self._deleted).work()
        return work

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._ear.heard.put_nowait(error)

    def _edited(self, raw: object) -> None:
        """The stream brought the new state of a post."""
        ear = self._ear
        with suppress(Malformed):
            post = read_status(raw, self._home.at)
            if ear.concern.known(post.ref.uri) and ear.memory.changed(post):
                ear.tell(Heard(source=self._source, cursor=None, event=Edited(post=post)))

    def _deleted(self, number: str) -> None:
        """The stream says that a post is gone; we are told its number only."""
        if (event := self._ear.memory.forget(number, self._ear.concern)) is not None:
            self._ear.tell(Heard(source=self._source, cursor=None, event=event))

"""What a network must offer so that the platform contract can be tried on it: our account, and another person there.

Each network brings one `World`. The promises themselves are in test_platform_contract.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from bot.model import Arrived, Edited, Mention, Ref, Vanished, Via
from bot.ports import Heard, Outgoing, Platform
from bot.watch import Watch

LONG_ENOUGH = 20.0  # seconds for a post to reach our listener; nothing waits that long unless it is broken
TAG = "meded"


class World(Protocol):
    """A network with our account (`platform`) and another person, called alice here, whom we do not control."""

    platform: Platform
    alice: str  # her account id, as `Author.id` has it

    async def post(self, text: str, *, reply_to: Ref | None = None) -> Ref:
        """Alice writes. ``{us}`` in the text becomes our name, as a real mention. Returns once it is readable."""
        ...

    async def edit(self, ref: Ref, text: str) -> None:
        """Alice changes a post of hers."""
        ...

    async def delete(self, ref: Ref) -> None:
        """Alice deletes a post of hers."""
        ...

    async def block_us(self) -> None:
        """Alice blocks our account."""
        ...

    async def describe(self, *, bio: str, bot: bool) -> None:
        """Alice changes her profile."""
        ...

    async def thread(self, ref: Ref) -> list[str]:
        """The texts of the thread below and with this post, as alice sees them."""
        ...

    async def another_listener(self) -> Platform:
        """Our account as a fresh process would open it."""
        ...

    async def close(self) -> None:
        """Give everything back."""
        ...


@dataclass
class Listening:
    """A running listener: take what comes, one by one."""

    stream: AsyncIterator[Heard]
    cursors: dict[str, str]

    async def until(self, wanted: Callable[[Heard], bool]) -> Heard:
        """The next thing heard that is `wanted`; cursors are kept on the way, as the inbox does."""
        async with asyncio.timeout(LONG_ENOUGH):
            async for heard in self.stream:
                if heard.cursor is not None:
                    self.cursors[heard.source] = heard.cursor
                if wanted(heard):
                    return heard
        raise AssertionError("the listener ended")

    async def post(self, ref: Ref) -> Arrived:
        """The arrival of this post."""
        heard = await self.until(lambda one: isinstance(one.event, Arrived) and one.event.post.ref.uri == ref.uri)
        assert isinstance(heard.event, Arrived)
        return heard.event


def listening(platform: Platform, watch: Watch, cursors: Mapping[str, str]) -> aclosing[AsyncIterator[Heard]]:
    """`async with listening(...) as stream` closes the listener at the end."""
    return aclosing(platform.listen(cursors, watch))  # type: ignore[type-var]


def a_watch(platform: Platform) -> Watch:
    """What concerns us in these tests: the tag, and our own name."""
    return Watch(tags=[TAG], ourselves=[platform.account])


def a_reply(
    text: str,
    to: Ref | None,
    *,
    key: str,
    platform: Platform,
    root: Ref | None = None,
    mention: Mention | None = None,
) -> Outgoing:
    """What the outbox hands over, slot and all. `root` is given where `to` does not begin its thread."""
    now = datetime.now(UTC)
    return Outgoing(
        key=key,
        slot=platform.new_slot(now, key),
        text=text,
        created_at=now,
        parent=to,
        root=root or to,
        mention=mention,
    )


__all__ = [
    "TAG",
    "Arrived",
    "Edited",
    "Listening",
    "Vanished",
    "Via",
    "World",
    "a_reply",
    "a_watch",
    "listening",
]

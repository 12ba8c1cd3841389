"""Our Bluesky adapter on the real network, for tests: an account, a keeper in memory, and ways to wait for things."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.clock import SystemClock
from bot.model import Mention, Network, Outgoing, Ref, Via
from bot.platforms.bluesky import BlueskyPlatform
from bot.ports import Clock, Heard, Listener
from tests.servers.bluesky import Account, BlueskyNet

PATIENCE = 30.0  # seconds; what is waited for comes within one on an idle machine


@dataclass
class MemoryKeeper:
    """Fulfils `SessionKeeper`: at most three logins in 24 hours, as the one in the database."""

    session: str | None = None
    logins: list[datetime] = field(default_factory=list)
    saves: int = 0

    def load(self) -> str | None:
        return self.session

    def save(self, session: str) -> None:
        self.session = session
        self.saves += 1

    def may_log_in(self, now: datetime) -> bool:
        return sum(1 for login in self.logins if now - login < timedelta(hours=24)) < 3

    def logged_in(self, now: datetime) -> None:
        self.logins.append(now)


@dataclass
class Tagged:
    """A concern: one tag, ourselves, and the posts we hold."""

    tag: str
    us: str = ""
    held: set[str] = field(default_factory=set)

    def post(self, text: str, tags: Collection[str], people: Collection[str], parents: Collection[str]) -> str:
        if self.us and self.us in people:
            return Via.MENTION
        return Via.TAG if self.tag in tags else ""

    def known(self, uri: str) -> bool:
        return uri in self.held


def a_platform(
    net: BlueskyNet, who: Account, *, keeper: MemoryKeeper | None = None, clock: Clock | None = None, **given: Any
) -> BlueskyPlatform:
    """An adapter for this account. It has no stream unless `jetstream` is given."""
    values: dict[str, Any] = {"pds": net.pds, "jetstream": "", "poll_every": 0.1}
    return BlueskyPlatform(
        handle=who.handle,
        password=who.password,
        keeper=keeper or MemoryKeeper(),
        clock=clock or SystemClock(),
        **values | given,
    )


def a_reply(platform: BlueskyPlatform, text: str, **given: Any) -> Outgoing:
    """What an editor approved, with its place chosen."""
    at = given.setdefault("created_at", datetime.now(UTC))
    key = given.pop("key", text)
    values: dict[str, Any] = {"key": key, "slot": platform.new_slot(at, key), "text": text, "parent": None}
    return Outgoing(**values | given)


def ref(made: dict[str, str]) -> Ref:
    """The reference of a post the network just took."""
    return Ref(network=Network.BLUESKY, uri=made["uri"], version=made["cid"])


def strong(made: dict[str, str] | Ref) -> dict[str, str]:
    """The same as Bluesky writes it."""
    return {"uri": made.uri, "cid": made.version} if isinstance(made, Ref) else made


def naming(account: Account, text: str) -> dict[str, Any]:
    """The fields of a post whose text begins by naming this account."""
    end = len(f"@{account.handle}".encode())
    assert text.startswith(f"@{account.handle}")
    feature = {"$type": "app.bsky.richtext.facet#mention", "did": account.did}
    return {"facets": [{"index": {"byteStart": 0, "byteEnd": end}, "features": [feature]}]}


def mention_of(account: Account) -> Mention:
    """The person as an outgoing reply names them."""
    return Mention(id=account.did, handle=account.handle)


@asynccontextmanager
async def hearing(
    listener: Listener, concern: Any, cursors: dict[str, str] | None = None
) -> AsyncIterator[Callable[[Callable[[Heard], bool]], Any]]:
    """Listen for the length of a block. Yields `until(what)`, which waits for one thing heard and returns all so far."""
    heard: list[Heard] = []
    changed = asyncio.Condition()
    listening = listener.listen(cursors or {}, concern)

    async def collect() -> None:
        async for one in listening:
            async with changed:
                heard.append(one)
                changed.notify_all()

    async def until(what: Callable[[Heard], bool]) -> list[Heard]:
        async with asyncio.timeout(PATIENCE), changed:
            await changed.wait_for(lambda: task.done() or any(what(one) for one in heard))
        if task.done():
            task.result()
        return heard

    task = asyncio.create_task(collect())
    try:
        yield until
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await listening.aclose()  # type: ignore[attr-defined]

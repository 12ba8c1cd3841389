"""Our Bluesky adapter on the real network, for tests: an account, a keeper in memory, and ways to wait for things."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.clock import SystemClock
from bot.model import Arrived, Mention, Network, Ref, Via
from bot.platforms.bluesky import BlueskyPlatform
from bot.ports import Clock, Heard, Listener, Outgoing, Platform
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


def posts_of(net: BlueskyNet, who: Account) -> list[dict[str, Any]]:
    """The records of all posts of this account, newest first."""
    listed = net.call(who, "GET", "com.atproto.repo.listRecords", repo=who.did, collection="app.bsky.feed.post")
    return list(listed["records"])


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
    """Listen for the length of a block. Yields `until(what)`: waits for one thing, returns all heard so far."""
    heard: list[Heard] = []
    changed, ended = asyncio.Condition(), asyncio.Event()
    listening = listener.listen(cursors or {}, concern)

    async def collect() -> None:
        try:
            async for one in listening:
                async with changed:
                    heard.append(one)
                    changed.notify_all()
        finally:
            ended.set()
            async with changed:
                changed.notify_all()

    async def until(what: Callable[[Heard], bool]) -> list[Heard]:
        async with asyncio.timeout(PATIENCE), changed:
            await changed.wait_for(lambda: ended.is_set() or any(what(one) for one in heard))
        if ended.is_set():
            await task  # raises what ended it
        return heard

    task = asyncio.create_task(collect())
    try:
        yield until
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await listening.aclose()  # type: ignore[attr-defined]


def arrived(uri: str) -> Callable[[Heard], bool]:
    """Is this the arrival of that post?"""
    return lambda one: isinstance(one.event, Arrived) and one.event.post.ref.uri == uri


def texts(heard: list[Heard]) -> list[str]:
    """The words of all posts that arrived."""
    return [one.event.post.text for one in heard if isinstance(one.event, Arrived)]


class BlueskyWorld:
    """The real network with a new account of ours and a new alice: nobody else's posts concern them."""

    def __init__(self, net: BlueskyNet) -> None:
        self.net = net
        self._us, self._alice = net.new_account("checker"), net.new_account("alice")
        self._keeper = MemoryKeeper()
        self._began = datetime.now(UTC)
        self._opened: list[BlueskyPlatform] = []
        self.platform: Platform = self._connect()
        self.alice = self._alice.did

    def _connect(self) -> BlueskyPlatform:
        platform = a_platform(
            self.net,
            self._us,
            keeper=self._keeper,
            account=self._us.did,
            jetstream=self.net.jetstream,
            begin=self._began,
        )
        self._opened.append(platform)
        return platform

    async def _call(self, method: str, nsid: str, **data: Any) -> Any:
        answer = await asyncio.to_thread(self.net.call, self._alice, method, nsid, **data)
        await asyncio.to_thread(self.net.process_all)
        return answer

    async def post(self, text: str, *, reply_to: Ref | None = None) -> Ref:
        text = text.format(us=f"@{self._us.handle}")
        fields = naming(self._us, text) if text.startswith(f"@{self._us.handle}") else {}
        if reply_to is not None:
            above = await self._call("GET", "com.atproto.repo.getRecord", **_at(reply_to))
            parent = {"uri": above["uri"], "cid": above["cid"]}
            root = above["value"].get("reply", {}).get("root", parent)
            fields["reply"] = {"root": root, "parent": parent}
        made = await asyncio.to_thread(self.net.post_as, self._alice, text, **fields)
        await asyncio.to_thread(self.net.process_all)
        return ref(made)

    async def edit(self, ref: Ref, text: str) -> None:
        there = await self._call("GET", "com.atproto.repo.getRecord", **_at(ref))
        await self._call("POST", "com.atproto.repo.putRecord", **_at(ref), record=there["value"] | {"text": text})

    async def delete(self, ref: Ref) -> None:
        await self._call("POST", "com.atproto.repo.deleteRecord", **_at(ref))

    async def block_us(self) -> None:
        kind = "app.bsky.graph.block"
        record = {"$type": kind, "subject": self._us.did, "createdAt": datetime.now(UTC).isoformat()}
        await self._call("POST", "com.atproto.repo.createRecord", repo=self.alice, collection=kind, record=record)

    async def describe(self, *, bio: str, bot: bool) -> None:
        kind = "app.bsky.actor.profile"
        record: dict[str, Any] = {"$type": kind, "description": bio}
        if bot:
            record["labels"] = {"$type": "com.atproto.label.defs#selfLabels", "values": [{"val": "bot"}]}
        await self._call(
            "POST", "com.atproto.repo.putRecord", repo=self.alice, collection=kind, rkey="self", record=record
        )

    async def thread(self, ref: Ref) -> list[str]:
        await asyncio.to_thread(self.net.process_all)
        answer = await self._call("GET", "app.bsky.feed.getPostThread", uri=ref.uri)
        return _texts(answer["thread"])

    async def another_listener(self) -> Platform:
        return self._connect()

    async def close(self) -> None:
        for one in self._opened:
            await one.close()


async def bluesky_world(net: BlueskyNet) -> BlueskyWorld:
    """A world of its own on the shared network."""
    _ = net.jetstream  # started here and now: a process started by a thread ends with that thread
    return await asyncio.to_thread(BlueskyWorld, net)


def _at(ref: Ref) -> dict[str, str]:
    repo, collection, rkey = ref.uri.removeprefix("at://").split("/")
    return {"repo": repo, "collection": collection, "rkey": rkey}


def _texts(node: dict[str, Any]) -> list[str]:
    below = [text for reply in node.get("replies", []) for text in _texts(reply)]
    return [node["post"]["record"]["text"], *below]

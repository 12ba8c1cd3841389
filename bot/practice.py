"""The practice office: a recorded feed on a network in memory, so that nothing can reach the public."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from datetime import datetime
from importlib import resources
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.errors import BadSettings
from bot.model import Arrived, Network, Post, Ref
from bot.platforms.fake import FakePlatform
from bot.platforms.fake_network import FakeNetwork
from bot.platforms.recorded_lines import read_lines
from bot.ports import Concern, Heard, Listener, Outgoing
from bot.store import codec
from bot.store.models import AccountRow, CaseRow, DeliveryRow

ACCOUNT = "fake/check"


def ensure_account(session: Session, platform: FakePlatform) -> None:
    """Our account on the network in memory. It is not public, so sending may be on."""
    if session.get(AccountRow, ACCOUNT) is None:
        session.add(
            AccountRow(
                id=ACCOUNT,
                network=Network.FAKE.value,
                remote_id=platform.account,
                handle=platform.me.handle,
                server="in memory",
                public=False,
                sending=True,
            )
        )


def feed_lines(path: Path | None) -> list[str]:
    """The lines of a recorded feed; the built-in one without a path. Raises `BadSettings`."""
    try:
        source = resources.files("bot.demo").joinpath("feed.jsonl") if path is None else path
        return read_lines(source.read_bytes())
    except OSError as error:
        raise BadSettings(f"feed: {path} cannot be read ({error.strerror}); name a JSONL file that exists") from error


def restore(session: Session, world: FakeNetwork, platform: FakePlatform) -> None:
    """Put back what a restart took from memory: live posts that cases hold, and our own standing replies."""
    for case in session.scalars(select(CaseRow).where(CaseRow.account == ACCOUNT)):
        for data in (case.subject, case.post):
            post = codec.load(Post, data)
            if post.ref.network != Network.FAKE and post.text:
                world.add(post)
    standing = select(DeliveryRow).where(DeliveryRow.account == ACCOUNT, DeliveryRow.state == "confirmed")
    for row in session.scalars(standing.order_by(DeliveryRow.intent_at)):
        outgoing, ref = codec.load(Outgoing, row.outgoing), codec.load(Ref, row.remote)
        world.write(platform.me, outgoing.text, reply_to=outgoing.parent, at=outgoing.created_at, uri=ref.uri)


def threads(world: FakeNetwork, me: str) -> tuple[tuple[Post, ...], ...]:
    """Every conversation in which we spoke, the newest of our replies first."""
    seen: dict[str, tuple[Post, ...]] = {}
    latest: dict[str, datetime] = {}
    for ours in [post for post in list(world.posts.values()) if post.author.id == me]:
        thread = world.thread(ours.ref.uri) or (ours,)
        top = thread[0].ref.uri
        seen[top] = thread
        latest[top] = max(latest.get(top, ours.created_at), ours.created_at)
    return tuple(seen[top] for top in sorted(seen, key=lambda top: latest[top], reverse=True))


class OnStage:
    """A read-only public source whose posts are put on the network in memory, so that replies go there."""

    name = "public stream"

    def __init__(self, open_source: Callable[[], Listener], world: FakeNetwork) -> None:
        self._open_source = open_source  # loads a heavy library, so only when somebody wants to listen
        self._world = world

    async def listen(self, cursors: Mapping[str, str], concern: Concern) -> AsyncIterator[Heard]:
        """What the source hears; posts also appear in memory."""
        source = await asyncio.to_thread(self._open_source)
        async for heard in source.listen(cursors, concern):
            if isinstance(heard.event, Arrived):
                post = replace(heard.event.post, author=replace(heard.event.post.author, known=True))
                self._world.add(post)
                yield replace(heard, event=replace(heard.event, post=post))
            else:
                yield heard

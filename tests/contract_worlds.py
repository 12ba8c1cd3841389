"""The worlds of the platform contract that need only Python: the network in memory, and a Mastodon-API server."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from bot.model import Network, Ref
from bot.platforms.fake import FakeNetwork, FakePlatform, a_person
from bot.platforms.mastodon import MastodonPlatform
from bot.platforms.mastodon_lane import Pace
from bot.platforms.mastodon_text import read_html
from bot.ports import Platform
from tests.contract import TAG
from tests.servers.mastodon import MastodonServer

FAST = Pace(every=0.05, per_minute=6000, again=0.3, blind=0.3, longest=0.3)


class FakeWorld:
    """A fresh network in memory."""

    def __init__(self) -> None:
        self.net = FakeNetwork()
        self.platform: Platform = FakePlatform(self.net)
        self._alice = self.net.join(a_person("alice"))
        self.alice = self._alice.id

    async def post(self, text: str, *, reply_to: Ref | None = None) -> Ref:
        return self.net.write(self._alice, text.format(us="@check"), reply_to=reply_to).ref

    async def edit(self, ref: Ref, text: str) -> None:
        self.net.edit(ref.uri, text)

    async def delete(self, ref: Ref) -> None:
        self.net.delete(ref.uri)

    async def block_us(self) -> None:
        self.net.block(self._alice)

    async def describe(self, *, bio: str, bot: bool) -> None:
        self.net.join(a_person("alice", bio=bio, is_bot=bot))

    async def thread(self, ref: Ref) -> list[str]:
        return [post.text for post in self.net.thread(ref.uri)]

    async def another_listener(self) -> Platform:
        return FakePlatform(self.net)

    async def close(self) -> None:
        await self.platform.close()


class MastodonWorld:
    """A Mastodon-API server with our account and alice."""

    def __init__(self, server: MastodonServer) -> None:
        self.server = server
        self.mastodon = self._connect()
        self.platform: Platform = self.mastodon
        self.alice = ""
        self._opened = [self.mastodon]

    def _connect(self) -> MastodonPlatform:
        return MastodonPlatform(self.server.url, self.server.tokens["bot"], tags=[TAG], pace=FAST, timeout=5)

    async def begin(self) -> MastodonWorld:
        """Sign in."""
        await self.mastodon.open()
        self.alice = (await self._call("GET", "/api/v1/accounts/verify_credentials"))["uri"]
        return self

    async def _call(self, method: str, path: str, **data: Any) -> Any:
        return await asyncio.to_thread(self.server.call, "alice", method, path, **data)

    async def post(self, text: str, *, reply_to: Ref | None = None) -> Ref:
        fields = {"in_reply_to_id": reply_to.local_id} if reply_to else {}
        if reply_to and reply_to.uri.split("@")[1].startswith("bot") and "{us}" not in text:
            text = "{us} " + text  # every client of Mastodon puts the name of the person answered in front
        raw = await self._call("POST", "/api/v1/statuses", status=text.format(us="@bot"), **fields)
        return Ref(network=Network.MASTODON, uri=raw["uri"], local_id=raw["id"])

    async def edit(self, ref: Ref, text: str) -> None:
        await self._call("PUT", f"/api/v1/statuses/{ref.local_id}", status=text)

    async def delete(self, ref: Ref) -> None:
        await self._call("DELETE", f"/api/v1/statuses/{ref.local_id}")

    async def block_us(self) -> None:
        me = self.mastodon.me
        assert me is not None
        await self._call("POST", f"/api/v1/accounts/{me.local_id}/block")

    async def describe(self, *, bio: str, bot: bool) -> None:
        headers = {"Authorization": f"Bearer {self.server.tokens['alice']}"}
        fields = {"note": bio, "bot": str(bot).lower()}  # this server reads profiles from forms only
        async with httpx.AsyncClient(base_url=self.server.url, headers=headers, trust_env=False) as client:
            (await client.patch("/api/v1/accounts/update_credentials", data=fields)).raise_for_status()

    async def thread(self, ref: Ref) -> list[str]:
        here = await self._call("GET", f"/api/v1/statuses/{ref.local_id}")
        around = await self._call("GET", f"/api/v1/statuses/{ref.local_id}/context")
        return [read_html(one["content"]).full for one in (*around["ancestors"], here, *around["descendants"])]

    async def another_listener(self) -> Platform:
        fresh = self._connect()
        self._opened.append(fresh)
        await fresh.open()
        return fresh

    async def close(self) -> None:
        for one in self._opened:
            await one.close()

"""Look at one thing on a Mastodon-like server, now: who we are, a post, an account. It changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote as quoted

from bot.errors import Gone, PlatformError, Refused, Unreachable
from bot.model import Author, Context, Ref
from bot.platforms.mastodon_http import MastodonHttp
from bot.platforms.mastodon_limits import Instance, counts_like, read_instance
from bot.platforms.mastodon_wire import (
    Malformed,
    Viewpoint,
    in_thread,
    read_account,
    read_many,
    read_quoted,
    read_status,
    with_relation,
)
from bot.ports import Look, ServerMemory


class MastodonReader:
    """What our account can see."""

    def __init__(self, http: MastodonHttp, memory: ServerMemory | None = None) -> None:
        self._http = http
        self._memory = memory
        self.account = ""  # our actor URL, once `open` asked for it
        self._asked: Instance | None = None
        self.me: Author | None = None
        self._at = Viewpoint(base=http.base, domain=http.host)

    @property
    def instance(self) -> Instance:
        """What the server told us; before we asked, what it told another process of this office."""
        if self._asked is not None:
            return self._asked
        return counts_like(self._memory.load() if self._memory else {}, self._http.host)

    async def open(self) -> Author:
        """Learn who we are and what the server allows. Safe to call again: limits may have changed."""
        raw = self._http.checked(await self._http.get("/api/v1/accounts/verify_credentials"))
        if not isinstance(raw, Mapping) or not raw.get("id"):
            raise Unreachable(f"{self._http.host} does not say who we are: is this a Mastodon server?")
        self._asked = await self._read_instance()
        if self._memory and self._memory.load() != self._asked.counting:
            await asyncio.to_thread(self._memory.save, self._asked.counting)
        at = Viewpoint(base=self._http.base, domain=self.instance.domain, me=str(raw["id"]))
        try:
            self.me = read_account(raw, at)
        except Malformed as error:
            raise Unreachable(f"{self._http.host} shows our account in a way we cannot read: {error}") from error
        self.account = self.me.id
        self._at = replace(at, account=self.me.id, url=self.me.url, handle=self.me.handle, me=self.me.local_id)
        return self.me

    async def _read_instance(self) -> Instance:
        """Version 2, else version 1, else the defaults: a server that says little must not stop us."""
        for path in ("/api/v2/instance", "/api/v1/instance"):
            try:
                return read_instance(self._http.checked(await self._http.get(path)), self._http.base)
            except PlatformError:
                continue
        return self.instance

    async def _ready(self) -> Viewpoint:
        if not self._at.me:
            await self.open()
        return self._at

    async def look(self, ref: Ref) -> Look | None:
        """The post as it stands, with thread, quoted post and the author's relation to us; None if it is gone."""
        at = await self._ready()
        try:
            raw, number = await self._status(ref)
            thread = self._http.checked(await self._http.get(f"/api/v1/statuses/{quoted(number, '')}/context"))
            post = read_status(raw, at)
        except Gone:
            return None
        except Malformed as error:
            raise Unreachable(f"{self._http.host} shows this post in a way we cannot read: {error}") from error
        above = read_many(thread.get("ancestors") if isinstance(thread, Mapping) else None, at)
        author = await self._relation(post.author)
        context = Context(above=above, quoted=read_quoted(raw, at))
        return Look(post=in_thread(replace(post, author=author), above), context=context)

    async def author(self, author: Author) -> Author:
        """The profile as it stands, and whether this person blocks or follows us."""
        at = await self._ready()
        if author.local_id:
            raw = self._http.checked(await self._http.get(f"/api/v1/accounts/{quoted(author.local_id, '')}"))
        else:
            raw = await self._account(author.handle)
        try:
            return await self._relation(read_account(raw, at))
        except Malformed as error:
            raise Unreachable(f"{self._http.host} shows this account in a way we cannot read: {error}") from error

    def skew(self) -> float | None:
        """Seconds by which our clock is ahead of our server's, as its last answer said."""
        return self._http.skew

    async def _relation(self, author: Author) -> Author:
        """The author with what stands between us; where the server will not say, they stay unknown."""
        answer = await self._http.get("/api/v1/accounts/relationships", [("id[]", author.local_id)])
        try:
            return with_relation(author, self._http.checked(answer))
        except Refused:
            return with_relation(author, None)

    async def _account(self, handle: str) -> Mapping[str, Any]:
        acct = handle.removesuffix(f"@{self.instance.domain}")
        found = self._http.checked(await self._http.get("/api/v1/accounts/lookup", [("acct", acct)]))
        return found if isinstance(found, Mapping) else {}

    async def _status(self, ref: Ref) -> tuple[Mapping[str, Any], str]:
        """The raw status and its number on our server; a post seen elsewhere is fetched by its identity."""
        if ref.local_id:
            raw = self._http.checked(await self._http.get(f"/api/v1/statuses/{quoted(ref.local_id, '')}"))
            if isinstance(raw, Mapping) and raw.get("id"):
                return raw, ref.local_id
            raise Unreachable(f"{self._http.host} answered without a post: try again later")
        fields = [("q", ref.uri), ("resolve", "true"), ("type", "statuses")]
        found = self._http.checked(await self._http.get("/api/v2/search", fields))
        for raw in (found.get("statuses") if isinstance(found, Mapping) else None) or ():
            if isinstance(raw, Mapping) and ref.uri in (raw.get("uri"), raw.get("url")) and raw.get("id"):
                return raw, str(raw["id"])
        raise Gone(f"{self._http.host} cannot see the post {ref.uri}")

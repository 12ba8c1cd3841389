"""Our login on a Bluesky server: kept, renewed, and made anew at most three times a day. It speaks for no post.

One owner per account: two processes that share a session revoke each other's tokens.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from atproto_client import AsyncClient, Session, SessionEvent
from atproto_client.models.dot_dict import DotDict
from atproto_core.exceptions import AtProtocolError

from bot.errors import LoggedOut, Refused, Unclear, Unreachable
from bot.platforms.bluesky_posts import Json, as_object
from bot.platforms.bluesky_wire import SessionRefused, Wire
from bot.ports import Clock, SessionKeeper

T = TypeVar("T")

_ENTRYWAYS = frozenset({"bsky.social"})  # they name the server that really holds the account; all others are it


class BlueskySession:
    """Ask and tell our server, signed in. Every failure is one of `bot.errors`."""

    def __init__(
        self, *, handle: str, password: str, pds: str, keeper: SessionKeeper, clock: Clock, account: str = ""
    ) -> None:
        self._handle, self._password, self._pds = handle, password, pds.rstrip("/")
        self._keeper, self._clock = keeper, clock
        self._client: AsyncClient | None = None
        self._wires: list[Wire] = []  # one per login: the SDK ties the session's headers to it
        self._one_at_a_time = asyncio.Lock()
        self.account = account  # our DID; "" until the first login if it was not given

    async def connect(self) -> str:
        """Have a session, from the keeper or by login; returns our DID."""
        await self._ready()
        return self.account

    async def query(self, nsid: str, **params: Any) -> Json:
        """Read."""
        asked = DotDict({key: value for key, value in params.items() if value is not None})
        try:
            return await self._signed_in(lambda client: client.invoke_query(nsid, params=asked))
        except Unclear as fault:  # a renewal on the way was cut off; reading has no unclear end
            raise Unreachable(str(fault)) from fault

    async def procedure(self, nsid: str, data: Json) -> Json:
        """Write. The data goes out as it is, `None` as null: the SDK's models would drop it."""
        body, kind = json.dumps(data).encode(), {"Content-Type": "application/json"}
        return await self._signed_in(lambda client: client.invoke_procedure(nsid, content=body, headers=kind))

    def skew(self) -> float | None:
        """Seconds by which our clock is ahead of our server's, as its last answer said."""
        return self._wires[-1].skew if self._wires else None

    async def close(self) -> None:
        """Give back the connections; the session stays as it was saved."""
        for wire in self._wires:
            await wire.close()

    async def _signed_in(self, send: Callable[[AsyncClient], Awaitable[Any]]) -> Json:
        client = await self._ready()
        try:
            return await _content(send(client))
        except SessionRefused:
            # Refused before anything was done, so the same request may go out again, once.
            client = await self._renew(client)
        return await _content(send(client))

    async def _ready(self) -> AsyncClient:
        async with self._one_at_a_time:
            if self._client is None:
                kept = await asyncio.to_thread(self._keeper.load)
                self._client = (await self._from_string(kept) if kept else None) or await self._log_in()
            return self._client

    async def _renew(self, refused: AsyncClient) -> AsyncClient:
        """Another session for one that was refused: by its refresh token, else by the password."""
        async with self._one_at_a_time:
            still_in_use = self._client is refused  # else another task has renewed it meanwhile
            if still_in_use:
                try:
                    await _plainly(refused._refresh_and_set_session())
                except Unclear as fault:
                    raise Unreachable(str(fault)) from fault
                except (LoggedOut, Refused):
                    self._client = None
                    self._client = await self._renewed_elsewhere(refused) or await self._log_in()
            if self._client is None:
                self._client = await self._log_in()
            return self._client

    async def _renewed_elsewhere(self, refused: AsyncClient) -> AsyncClient | None:
        """Another process of this office may have rotated the session: ours is worth nothing then, theirs is good."""
        kept = await asyncio.to_thread(self._keeper.load)
        if not kept or kept == refused.export_session_string():
            return None
        try:
            return await self._from_string(kept)
        except (LoggedOut, Refused, SessionRefused):
            return None

    async def _from_string(self, kept: str) -> AsyncClient | None:
        """A client on the kept session; None if that text is no session, or one of another account."""
        try:
            session = Session.decode(kept)
        except ValueError:
            return None
        whole = session.did.startswith("did:") and session.access_jwt and session.refresh_jwt
        if not whole or self.account not in ("", session.did):
            return None
        client = self._new_client()
        await _plainly(client.login(session_string=kept, fetch_bsky_profile=False))
        return client

    async def _log_in(self) -> AsyncClient:
        now = self._clock.now()
        if not await asyncio.to_thread(self._keeper.may_log_in, now):
            raise LoggedOut(
                f"{self._handle} has logged in three times within a day; Bluesky blocks accounts that go on."
                " Check the app password, or wait until tomorrow."
            )
        await asyncio.to_thread(self._keeper.logged_in, now)
        client = self._new_client()  # a fresh one: a refused session leaves its traces in the old one
        try:
            await _plainly(client.login(self._handle, self._password, fetch_bsky_profile=False))
        except (SessionRefused, Refused) as refusal:
            raise LoggedOut(
                f"Bluesky refuses handle or app password of {self._handle} ({refusal}). Run `scrutineer init`."
            ) from refusal
        except Unclear as fault:  # a login is no post: it can be tried again
            raise Unreachable(str(fault)) from fault
        return client

    def _new_client(self) -> AsyncClient:
        wire = Wire()
        self._wires.append(wire)
        client = AsyncClient(self._pds, wire)

        async def changed(event: SessionEvent, session: Session) -> None:
            if self.account not in ("", session.did):
                raise LoggedOut(f"{self._handle} is now {session.did}, not {self.account}. Run `scrutineer init`.")
            self.account = session.did
            if urlsplit(self._pds).hostname not in _ENTRYWAYS:
                client.update_base_url(self._pds)  # stay where the operator sent us
            if event is not SessionEvent.IMPORT:
                await asyncio.to_thread(self._keeper.save, session.export())

        client.on_session_change(changed)
        return client


async def _content(sending: Awaitable[Any]) -> Json:
    return as_object((await _plainly(sending)).content)


async def _plainly(work: Awaitable[T]) -> T:
    """The SDK's own complaints, all about sessions it cannot read, in our words."""
    try:
        return await work
    except AtProtocolError as fault:
        raise SessionRefused(f"the session cannot be used: {fault}"[:300]) from fault

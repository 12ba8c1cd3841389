"""One of our accounts on a Mastodon-like server; fulfils `ports.Platform`. It never sends anything twice by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote as quoted

from bot.errors import Gone, Refused, Unclear
from bot.model import Author, Network, Post, Ref, Visibility
from bot.platforms.mastodon_http import TIMEOUT, Fields, MastodonHttp
from bot.platforms.mastodon_lane import Lane, Pace
from bot.platforms.mastodon_limits import count, names_in
from bot.platforms.mastodon_listen import Listening
from bot.platforms.mastodon_read import MastodonReader
from bot.platforms.mastodon_text import same_text
from bot.platforms.mastodon_wire import Malformed, Viewpoint, plain_full, read_account, read_ref, read_status
from bot.ports import Concern, Heard, Measure, Outgoing, ServerMemory

VISIBLE = (Visibility.PUBLIC, Visibility.UNLISTED)
OWN_LATEST = 40  # our latest posts that `find` reads; the thread itself covers older ones
CLOCK_SKEW = timedelta(minutes=10)  # a post older than this is another one of ours, though the words are the same


class MastodonPlatform(MastodonReader):
    """Our account on `server`, and strangers' eyes on the tag timelines of the servers in `vantage`.

    Call `open` before anything else: it says who we are and what the server allows.
    """

    network = Network.MASTODON

    def __init__(
        self,
        server: str,
        access_token: str,
        *,
        tags: Sequence[str] = (),
        vantage: Sequence[str] = (),
        contact: str = "",
        streaming: bool = True,
        pace: Pace | None = None,
        timeout: float = TIMEOUT,
        memory: ServerMemory | None = None,
    ) -> None:
        agent = (
            f"Scrutineer (+{contact})"
            if contact
            else "Scrutineer (fact-checking bot, every reply approved by a person)"
        )
        super().__init__(MastodonHttp(_address(server), access_token, user_agent=agent, timeout=timeout), memory)
        self._others = [MastodonHttp(_address(one), "", user_agent=agent, timeout=timeout) for one in vantage]
        self._tags = tuple(tags)
        self._streaming = streaming
        self._pace = pace or Pace()
        self.name = f"mastodon/{self._http.host}"

    # listening

    async def listen(self, cursors: Mapping[str, str], concern: Concern) -> AsyncIterator[Heard]:
        """Our notifications and the tag timelines of all vantage points, each source with its own cursor."""
        await self.open()  # again at every start: limits and our profile may have changed
        at = self._at
        lanes = [Lane(self._http, at, self.instance, self._tags, cursors, pace=self._pace)]
        for http in self._others:
            stranger = Viewpoint(base=http.base, domain=http.host, account=at.account, url=at.url, handle=at.handle)
            lanes.append(Lane(http, stranger, None, self._tags, cursors, pace=self._pace))
        async with aclosing(Listening(lanes, concern, streaming=self._streaming, pace=self._pace).run()) as all_heard:
            async for heard in all_heard:
                yield heard

    # writing

    async def publish(self, outgoing: Outgoing) -> Ref:
        """Create the post, unless an earlier try with this key already did. One request, never repeated here."""
        await self._ready()
        self._refuse_other_names(outgoing)
        if not self.fits(outgoing.text):
            raise Refused(f"the text has {self._count(outgoing.text)} characters, {self.instance.max_characters} fit")
        allowed, number = "", ""
        if outgoing.parent is not None:
            raw, number = await self._answerable(outgoing.parent)
            allowed = await self._mentioned(outgoing, raw)
        elif outgoing.mention is not None:
            allowed = str((await self._account(outgoing.mention.handle)).get("id") or "")
        if (found := await self._find(outgoing, number)) is not None:
            return found
        fields = [
            ("status", outgoing.text),
            ("visibility", outgoing.visibility),
            ("language", outgoing.lang),
            ("allowed_mentions[]", allowed),  # an empty entry means: nobody
            ("content_type", "text/plain"),  # servers with markup must not read any into an approved text
        ]
        if number:
            fields.append(("in_reply_to_id", number))
        return await self._write("POST", "/api/v1/statuses", fields, {"Idempotency-Key": outgoing.key})

    async def _write(self, method: str, path: str, fields: Fields, headers: Mapping[str, str]) -> Ref:
        raw = self._http.checked(await self._http.write(method, path, fields, headers), writing=True)
        try:
            return read_ref(raw, self._at)
        except (Malformed, AttributeError) as error:
            raise Unclear(f"{self._http.host} accepted the post and told us nothing about it") from error

    def _refuse_other_names(self, outgoing: Outgoing) -> None:
        """Servers that do not know `allowed_mentions` would notify anybody the text names."""
        wanted = outgoing.mention.handle.casefold() if outgoing.mention else ""
        short = wanted.removesuffix(f"@{self.instance.domain.casefold()}")
        for name in names_in(outgoing.text):
            if name.casefold() not in (wanted, short):
                raise Refused(f"this text would also notify @{name}: only the person we answer may be named")

    async def _answerable(self, parent: Ref) -> tuple[Mapping[str, Any], str]:
        """The parent, if it is there, public, and its author lets us speak. Some servers check less than that."""
        raw, number = await self._status(parent)
        try:
            post = read_status(raw, self._at)
        except Malformed as error:
            raise Refused(f"the post we answer cannot be read: {error}") from error
        if post.visibility not in VISIBLE and not post.mentions_us:
            raise Gone("the post we answer is not meant for us")
        if (await self._relation(post.author)).blocks_us:
            raise Gone("the author of the post we answer blocks us")
        return raw, number

    async def _mentioned(self, outgoing: Outgoing, parent: Mapping[str, Any]) -> str:
        """Our server's number for the one account that may be named."""
        if outgoing.mention is None:
            return ""
        author = read_account(parent.get("account"), self._at)
        if outgoing.mention.id == author.id or outgoing.mention.handle.casefold() == author.handle.casefold():
            return author.local_id
        return str((await self._account(outgoing.mention.handle)).get("id") or "")

    async def find(self, outgoing: Outgoing) -> Ref | None:
        """Look for this very reply among our latest posts, then below its parent."""
        await self._ready()
        number = ""
        if outgoing.parent is not None:
            try:
                number = outgoing.parent.local_id or (await self._status(outgoing.parent))[1]
            except Gone:
                number = ""  # the parent went away meanwhile; our latest posts still tell
        return await self._find(outgoing, number)

    async def _find(self, outgoing: Outgoing, number: str) -> Ref | None:
        path = f"/api/v1/accounts/{quoted(self._at.me, '')}/statuses"
        fields = [("limit", str(OWN_LATEST)), ("exclude_reblogs", "true")]
        latest = self._http.checked(await self._http.get(path, fields))
        if (ref := self._same(latest, outgoing, number)) is not None or not number:
            return ref
        answer = await self._http.get(f"/api/v1/statuses/{quoted(number, '')}/context")
        if answer.status in (404, 410):
            return None
        thread = self._http.checked(answer)
        return self._same(thread.get("descendants") if isinstance(thread, Mapping) else None, outgoing, number)

    def _same(self, statuses: object, outgoing: Outgoing, number: str) -> Ref | None:
        """The one among these that we wrote, below the same post, in the same words."""
        for raw in statuses if isinstance(statuses, list) else ():
            try:
                post: Post = read_status(raw, self._at)
            except Malformed:
                continue
            below = post.reply_to.local_id if post.reply_to else ""
            if post.author.id != self.account or not same_text(outgoing.text, plain_full(raw)):
                continue
            recent = post.created_at > outgoing.created_at - CLOCK_SKEW
            orphan = not below or (outgoing.parent is not None and not number)  # the parent went away meanwhile
            if (number and below == number) or (orphan and recent):
                return post.ref
        return None

    async def withdraw(self, ref: Ref) -> None:
        """Delete a post of ours. What is already gone is fine."""
        await self._ready()
        try:
            number = ref.local_id or (await self._status(ref))[1]
            answer = await self._http.write("DELETE", f"/api/v1/statuses/{quoted(number, '')}")
            self._http.checked(answer, writing=True)
        except Gone:
            return

    async def amend(self, ref: Ref, text: str) -> Ref:
        """Correct a post of ours in place; the server keeps the history for everyone to see."""
        await self._ready()
        number = ref.local_id or (await self._status(ref))[1]
        return await self._write("PUT", f"/api/v1/statuses/{quoted(number, '')}", [("status", text)], {})

    # the server's own way of counting

    def fits(self, text: str) -> bool:
        """May this exact text be published?"""
        return bool(text.strip()) and self._count(text) <= self.instance.max_characters

    def measure(self, text: str) -> tuple[Measure, ...]:
        """Characters as this server counts them."""
        return (Measure(unit="characters", used=self._count(text), limit=self.instance.max_characters),)

    def _count(self, text: str) -> int:
        return count(text, self.instance.per_url)

    def address(self, author: Author, *, note: bool) -> str:
        """Only a name in the text notifies on Mastodon, below a post as well as on its own."""
        handle = author.handle.removesuffix(f"@{self.instance.domain}")
        return f"@{handle} " if handle else ""

    def new_slot(self, at: datetime, key: str) -> str:
        """The server chooses."""
        return ""

    async def close(self) -> None:
        """Give back connections."""
        for http in (self._http, *self._others):
            http.close()


def _address(server: str) -> str:
    return (server if "://" in server else f"https://{server}").rstrip("/")

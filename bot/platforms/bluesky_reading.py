"""Look at one post or one person on Bluesky, now: through AppView where there is one, else in the repositories.

It reads only. "Gone" is said only when a server that must know says so.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.errors import Gone, Refused, Unreachable
from bot.model import Author, Context, Post, Ref
from bot.platforms.bluesky_posts import (
    Json,
    Malformed,
    as_object,
    as_text,
    at_parts,
    author_from,
    only_id,
    post_from,
    post_from_view,
)
from bot.platforms.bluesky_session import BlueskySession
from bot.platforms.bluesky_text import written_at
from bot.platforms.bluesky_wire import NotServed
from bot.ports import Clock, Look

_ABOVE = 80  # posts of the thread above; AppView gives no more
_INDEXING = timedelta(seconds=60)  # AppView learns of a new post a little later than we do
_DEFS = "app.bsky.feed.defs"


class BlueskyReading:
    """Fulfils `Reader`."""

    def __init__(self, session: BlueskySession, *, clock: Clock) -> None:
        self._session, self._clock = session, clock

    async def look(self, ref: Ref) -> Look | None:
        """The post as it stands, its author, its thread, and what it quotes; None if it is gone."""
        try:
            answer = await self._session.query("app.bsky.feed.getPostThread", uri=ref.uri, depth=0, parentHeight=_ABOVE)
            node = as_object(answer.get("thread"))
        except (Gone, NotServed):
            node = {}
        except Refused as refusal:
            if getattr(refusal, "name", "") not in ("NotFound", "InvalidRequest"):
                raise
            node = {}
        try:
            # The record itself is the truth: AppView hears of deletions a little later, and of edits never.
            record = await self._record(ref)
            if node.get("$type") == f"{_DEFS}#threadViewPost":
                return await self._from_thread(record, node)
            return await self._from_repository(record)
        except (Gone, Malformed):
            return None

    async def author(self, author: Author) -> Author:
        """The profile afresh. `Gone` if the account is no more."""
        try:
            profile = await self._session.query("app.bsky.actor.getProfile", actor=author.id)
        except NotServed:
            return await self._profile_record(author)
        except Refused as refusal:
            raise Gone(f"the account {author.id} is not there: {refusal}") from refusal
        return replace(author_from(profile), known=True)

    async def may_be_answered(self, ref: Ref) -> None:
        """Raises `Gone` if this post is surely gone, or if its author and we block each other."""
        try:
            post = await self._record(ref)
        except Malformed as fault:
            raise Gone(f"{ref.uri} is no post") from fault
        except Unreachable:
            return  # too new to be known here: somebody looked at it a moment ago
        if post.author.id != self._session.account and (await self.author(post.author)).blocks_us:
            raise Gone(f"{post.author.id} and we block each other")

    async def _from_thread(self, post: Post, node: Json) -> Look:
        view = as_object(node.get("post"))
        closed = as_object(view.get("viewer")).get("replyDisabled") is True
        post = replace(post, author=await self.author(post.author), replies_allowed=not closed)
        above: list[Post] = []
        while node := as_object(node.get("parent")):
            try:
                above.append(post_from_view(node.get("post"), us=self._session.account))
            except Malformed:
                break  # deleted, or blocked: what stands above it cannot be seen either
        return Look(post=post, context=Context(above=tuple(reversed(above)), quoted=self._quoted(view)))

    def _quoted(self, view: Json) -> Post | None:
        embed = as_object(view.get("embed"))
        quoted = as_object(embed.get("record"))
        if embed.get("$type") == "app.bsky.embed.recordWithMedia#view":
            quoted = as_object(quoted.get("record"))
        try:
            return post_from_view(quoted, us=self._session.account)
        except Malformed:
            return None  # nothing quoted, or what cannot be shown: detached, blocked, deleted, no post

    async def _from_repository(self, post: Post) -> Look:
        """Without AppView's help: walk from record to record."""
        author = await self.author(post.author)
        above: list[Post] = []
        while (parent := (above[-1] if above else post).reply_to) and len(above) < _ABOVE:
            try:
                above.append(await self._record(parent))
            except (Refused, Malformed):
                break
        quoted = None
        if post.quotes:
            try:
                quoted = await self._record(post.quotes)
            except (Refused, Malformed):
                quoted = None
        post = replace(post, author=author, replies_allowed=await self._gate_open(post.root or post.ref))
        return Look(post=post, context=Context(above=tuple(reversed(above)), quoted=quoted))

    async def _record(self, ref: Ref) -> Post:
        did, collection, rkey = at_parts(ref.uri) or ("", "", "")
        try:
            answer = await self._session.query("com.atproto.repo.getRecord", repo=did, collection=collection, rkey=rkey)
        except Refused as refusal:
            await self._must_know(did, rkey)
            raise Gone(f"{ref.uri} is not there: {refusal}") from refusal
        cid, record = as_text(answer.get("cid")), answer.get("value")
        return post_from(ref.uri, cid, record, only_id(did), us=self._session.account)

    async def _must_know(self, did: str, rkey: str) -> None:
        """A new post of another server may be unknown here for a while: then say "later", not "gone"."""
        written, now = written_at(rkey), self._clock.now().timestamp()
        if written is None or now - written > _INDEXING.total_seconds():
            return
        try:
            await self._session.query("com.atproto.repo.describeRepo", repo=did)
        except Refused as refusal:
            raise Unreachable(f"a post by {did} is too new to be found here") from refusal

    async def _profile_record(self, author: Author) -> Author:
        """A server without AppView: the profile as its owner wrote it. Blocks cannot be seen there."""
        try:
            home = await self._session.query("com.atproto.repo.describeRepo", repo=author.id)
        except Refused as refusal:
            raise Gone(f"the account {author.id} is not there: {refusal}") from refusal
        try:
            answer = await self._session.query(
                "com.atproto.repo.getRecord", repo=author.id, collection="app.bsky.actor.profile", rkey="self"
            )
        except Refused:
            answer = {}  # a new account has written none
        profile = as_object(answer.get("value"))
        labels = as_object(profile.get("labels")).get("values")
        view = {**profile, "did": author.id, "handle": home.get("handle"), "labels": labels}
        return replace(author_from(view), known=True)

    async def _gate_open(self, root: Ref) -> bool:
        """Does the thread's owner let everybody reply? Rules that only AppView can judge count as no."""
        did, _, rkey = at_parts(root.uri) or ("", "", "")
        try:
            answer = await self._session.query(
                "com.atproto.repo.getRecord", repo=did, collection="app.bsky.feed.threadgate", rkey=rkey
            )
        except Refused:
            return True
        return "allow" not in as_object(answer.get("value"))

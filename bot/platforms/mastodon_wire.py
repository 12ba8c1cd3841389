"""JSON of a Mastodon-like server to our nouns. What is missing degrades; what makes no sense is `Malformed`. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from bot.model import Author, Mention, Network, Post, Ref, Visibility
from bot.platforms.mastodon_text import Words, clean, is_web, read_html

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)  # a post without a date counts as too old to answer
_VISIBILITY = {
    "public": Visibility.PUBLIC,
    "unlisted": Visibility.UNLISTED,
    "direct": Visibility.DIRECT,
}  # every other word ("private", "mutuals_only", "local" …) is private: we must not answer in public

Raw = Mapping[str, object]


class Malformed(ValueError):
    """One item of the wire that cannot be read: skip it and count it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewpoint:
    """From which server we read, and who we are there. `me` is our local id, "" where we have no account."""

    base: str  # https://server, no slash at the end
    domain: str  # what stands behind the second @ of its people
    account: str = ""  # our actor URL
    url: str = ""  # our profile page
    handle: str = ""  # user@domain
    me: str = ""


def read_account(raw: object, at: Viewpoint) -> Author:
    """An account with its profile."""
    raw = _mapping(raw)
    acct = clean(raw.get("acct")) or clean(raw.get("username"))
    url = _url(raw.get("url"))
    identity = _url(raw.get("uri")) or url
    if not identity or not acct:
        raise Malformed("an account without address or name")
    fields = [_mapping(field) for field in _items(raw.get("fields")) if isinstance(field, Mapping)]
    bio = [read_html(raw.get("note")).text]
    bio += [f"{read_html(field.get('name')).text}: {read_html(field.get('value')).text}" for field in fields]
    return Author(
        network=Network.MASTODON,
        id=identity,
        handle=_handle(acct, at),
        display_name=clean(raw.get("display_name")),
        bio="\n".join(line for line in bio if line.strip(": ")),
        is_bot=raw.get("bot") is True,
        is_locked=raw.get("locked") is True,
        created_at=_when(raw.get("created_at")),
        followers=_count(raw.get("followers_count")),
        url=url,
        local_id=_id(raw.get("id")) if at.me else "",
    )


def read_status(raw: object, at: Viewpoint) -> Post:
    """A status. `reply_to` names the parent by its number on this server until `in_thread` knows better."""
    raw = _mapping(raw)
    author = read_account(raw.get("account"), at)
    quoted = read_quoted(raw, at)
    words = read_html(raw.get("content"), without_quote=raw.get("quote") is not None)
    mentions = tuple(_mention(one, at) for one in _items(raw.get("mentions")) if isinstance(one, Mapping))
    tags = [clean(_mapping(tag).get("name")) for tag in _items(raw.get("tags")) if isinstance(tag, Mapping)]
    language = clean(raw.get("language"))
    mentions_us = bool(at.account) and any(one.id == at.account for one in mentions)
    return Post(
        ref=read_ref(raw, at),
        author=author,
        text=_text(raw, words),
        created_at=_when(raw.get("created_at")) or LONG_AGO,
        langs=(language,) if language else (),
        visibility=_VISIBILITY.get(clean(raw.get("visibility")), Visibility.PRIVATE),
        tags=tuple(dict.fromkeys(tag.casefold().lstrip("#") for tag in (*tags, *words.tags) if tag)),
        mentions=mentions,
        links=words.links,
        media_alts=tuple(
            clean(_mapping(one).get("description"))
            for one in _items(raw.get("media_attachments"))
            if isinstance(one, Mapping)
        ),
        reply_to=_by_number(raw.get("in_reply_to_id"), at),
        quotes=quoted.ref if quoted else _by_number(_quote(raw).get("quoted_status_id"), at),
        url=_url(raw.get("url")) or _url(raw.get("uri")),
        mentions_us=mentions_us,
        replies_allowed=_replies_allowed(raw, mentions_us=mentions_us),
    )


def read_ref(raw: Raw, at: Viewpoint) -> Ref:
    """Where a status lives: its ActivityPub id is its identity, the edit time its version."""
    number = _id(raw.get("id"))
    uri = clean(raw.get("uri")) or _url(raw.get("url"))
    if not number or not uri:
        raise Malformed("a status without id or uri")
    return Ref(
        network=Network.MASTODON,
        uri=uri,
        version=_version(raw.get("edited_at")),
        local_id=number if at.me else "",
    )


def read_quoted(raw: Raw, at: Viewpoint) -> Post | None:
    """The post this one quotes, if the server shows it. Mastodon nests it once more than Pleroma does."""
    quote = _quote(raw)
    inner = quote.get("quoted_status") or (quote if "content" in quote else None)
    try:
        return read_status({**_mapping(inner), "quote": None}, at) if inner else None
    except Malformed:
        return None


def read_many(raw: object, at: Viewpoint) -> tuple[Post, ...]:
    """Every status of a list that can be read."""
    posts = []
    for one in _items(raw):
        try:
            posts.append(read_status(one, at))
        except Malformed:
            continue  # a hole in a thread; the item itself is counted where it arrives
    return tuple(posts)


def in_thread(post: Post, above: tuple[Post, ...]) -> Post:
    """The same post with parent and root named by their real identities."""
    if post.reply_to is None or not above:
        return replace(post, root=post.reply_to)
    return replace(post, reply_to=above[-1].ref, root=above[0].ref)


def with_relation(author: Author, raw: object) -> Author:
    """The author, with what stands between them and us. Nothing known leaves `known` False: gates then close."""
    relation = next((one for one in _items(raw) if isinstance(one, Mapping)), None)
    if relation is None:
        return replace(author, known=False)
    return replace(
        author,
        blocks_us=relation.get("blocked_by") is True,
        follows_us=relation.get("followed_by") is True,
        known=True,
    )


def plain_full(raw: Raw) -> str:
    """The text of a status with every URL spelled out, as it was sent."""
    return read_html(raw.get("content"), without_quote=raw.get("quote") is not None).full


def _text(raw: Raw, words: Words) -> str:
    """Warning, body and poll in one text. A warning that was only inherited from above ("re: …") says nothing new."""
    warning = clean(raw.get("spoiler_text")).strip()
    if warning.lower().startswith("re:"):
        warning = ""
    poll = raw.get("poll")
    options = _items(poll.get("options")) if isinstance(poll, Mapping) else ()
    choices = "\n".join(f"- {clean(one.get('title'))}" for one in options if isinstance(one, Mapping))
    return "\n\n".join(part for part in (warning, words.text, choices) if part)


def _mention(raw: Raw, at: Viewpoint) -> Mention:
    """Somebody named. Servers give only the profile page here; our own account we know by its real identity."""
    url, handle = _url(raw.get("url")), _handle(clean(raw.get("acct")) or clean(raw.get("username")), at)
    number = _id(raw.get("id"))
    ours = (at.me and number == at.me) or (url and url in (at.url, at.account)) or (handle and handle == at.handle)
    return Mention(id=at.account if ours else url, handle=handle)


def _replies_allowed(raw: Raw, *, mentions_us: bool) -> bool:
    """GoToSocial's interaction policy: without our name on the list a reply is dropped, or waits for approval."""
    policy = raw.get("interaction_policy")
    can_reply = policy.get("can_reply") if isinstance(policy, Mapping) else None
    if not isinstance(can_reply, Mapping):
        return True
    allowed = {word for name in ("always", "automatic_approval") for word in _items(can_reply.get(name))}
    return "public" in allowed or "me" in allowed or (mentions_us and "mentioned" in allowed)


def number_of(raw: object, field: str = "id") -> str:
    """The id of an item, "" where there is none."""
    return _id(raw.get(field)) if isinstance(raw, Mapping) else ""


def moved_in(post: Post, old: Post) -> Post:
    """A later version of a post stands where the earlier one stood."""
    return replace(post, reply_to=old.reply_to, root=old.root)


def _version(edited_at: object) -> str:
    """The time of the last edit in whole seconds: that is all other servers are told of it."""
    moment = _when(edited_at)
    return moment.replace(microsecond=0).isoformat() if moment else clean(edited_at)


def _by_number(number: object, at: Viewpoint) -> Ref | None:
    """A post of which we know only the number it has on this server."""
    text = _id(number)
    if not text:
        return None
    return Ref(network=Network.MASTODON, uri=f"{at.base}/statuses/{text}", local_id=text if at.me else "")


def _quote(raw: Raw) -> Raw:
    quote = raw.get("quote")
    return quote if isinstance(quote, Mapping) else {}


def _handle(acct: str, at: Viewpoint) -> str:
    return acct if "@" in acct or not acct else f"{acct}@{at.domain}"


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53 else 0


def _mapping(raw: object) -> Raw:
    if not isinstance(raw, Mapping):
        raise Malformed(f"an object was expected, {type(raw).__name__} came")
    return raw


def _items(raw: object) -> Iterable[object]:
    return raw if isinstance(raw, list) else ()


def _id(raw: object) -> str:
    """Ids are opaque: digits, ULIDs, anything. Some servers send bare numbers."""
    if isinstance(raw, int) and not isinstance(raw, bool):
        return str(raw)
    return clean(raw)


def _url(raw: object) -> str:
    text = clean(raw).strip()
    return text if is_web(text) else ""


def _when(raw: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(clean(raw))
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)

"""From Bluesky's JSON to our nouns. Pure and forgiving: what is missing or absurd becomes empty, never an error.

Only a record that is no post at all is refused (`Malformed`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from bot.model import Author, Mention, Network, Post, Ref
from bot.platforms.bluesky_text import clean, hashtags

Json = dict[str, Any]

POST = "app.bsky.feed.post"
_FACET = "app.bsky.richtext.facet"
_MOST_FACETS = 500  # a 300 grapheme post cannot hold more; a hostile record can
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


class Malformed(ValueError):
    """This item cannot be understood. It is skipped and counted; the stream goes on."""


class Marks:
    """What the markup of one record names: tags, people, links, and posts it points to. Cheap: no objects inside."""

    __slots__ = ("links", "parent", "people", "quoted", "root", "tags", "text")

    def __init__(self, record: Json) -> None:
        text = record.get("text", "")
        if not isinstance(text, str):
            raise Malformed("a post whose text is no text")
        self.text: str = text
        self.tags: set[str] = hashtags(text)
        self.people: list[tuple[str, str]] = []  # (DID, the text that stands for it)
        self.links: list[str] = []
        if facets := record.get("facets"):
            self._read_facets(facets)
        if isinstance(tags := record.get("tags"), list):
            self.tags.update(_tag(tag) for tag in tags if isinstance(tag, str))
        reply = as_object(record.get("reply"))
        self.parent = _ref(reply.get("parent"))
        self.root = _ref(reply.get("root"))
        self.quoted = _ref(_quoted(record)) if "embed" in record else None

    def parents(self) -> tuple[str, ...]:
        """Uris of what this post replies to and quotes."""
        return tuple(ref.uri for ref in (self.parent, self.quoted) if ref is not None)

    def dids(self) -> tuple[str, ...]:
        """Everybody it mentions."""
        return tuple(did for did, _ in self.people)

    def _read_facets(self, facets: object) -> None:
        if not isinstance(facets, list):
            return
        raw = b""
        for facet in facets[:_MOST_FACETS]:
            if not isinstance(facet, dict) or not isinstance(features := facet.get("features"), list):
                continue
            for feature in features[:_MOST_FACETS]:
                if not isinstance(feature, dict):
                    continue
                kind = feature.get("$type")
                if kind == f"{_FACET}#tag" and isinstance(tag := feature.get("tag"), str):
                    self.tags.add(_tag(tag))
                elif kind == f"{_FACET}#link" and isinstance(uri := feature.get("uri"), str):
                    self.links.append(clean(uri))
                elif kind == f"{_FACET}#mention" and isinstance(did := feature.get("did"), str):
                    raw = raw or self.text.encode("utf-8", "surrogatepass")
                    self.people.append((clean(did), _slice(raw, facet.get("index"))))


def post_from(
    uri: str, cid: str, record: object, author: Author, *, us: str = "", seen_at: datetime | None = None
) -> Post:
    """A post record as a `Post`. `us` is our DID; `seen_at` stands in where the author's own date is absurd."""
    if not isinstance(record, dict):
        raise Malformed("a post without a record")
    return build(uri, cid, record, Marks(record), author, us=us, seen_at=seen_at)


def build(
    uri: str, cid: str, record: Json, marks: Marks, author: Author, *, us: str = "", seen_at: datetime | None = None
) -> Post:
    """The same, where the marks were read before."""
    links = [*marks.links, *_card(record)]
    langs = record.get("langs")
    return Post(
        ref=Ref(network=Network.BLUESKY, uri=clean(uri), version=clean(cid)),
        author=author,
        text=clean(marks.text),
        created_at=as_time(record.get("createdAt")) or seen_at or _EARLIEST,
        langs=tuple(clean(lang) for lang in langs if isinstance(lang, str)) if isinstance(langs, list) else (),
        tags=tuple(sorted(tag for tag in marks.tags if tag)),
        mentions=tuple(Mention(id=did, handle=handle) for did, handle in dict(marks.people).items()),
        links=tuple(dict.fromkeys(links)),
        media_alts=tuple(_alts(record)),
        reply_to=marks.parent,
        root=marks.root or marks.parent,
        quotes=marks.quoted,
        url=web_address(uri),
        mentions_us=bool(us) and us in marks.dids(),
    )


def author_from(profile: object) -> Author:
    """An author from any of the three profile views. `known` only if the full profile was read."""
    profile = as_object(profile)
    did = as_text(profile.get("did"))
    viewer = as_object(profile.get("viewer"))
    labels = profile.get("labels")
    values = [as_object(label) for label in labels] if isinstance(labels, list) else []
    handle = as_text(profile.get("handle"))
    return Author(
        network=Network.BLUESKY,
        id=did,
        handle="" if handle == "handle.invalid" else handle,
        display_name=as_text(profile.get("displayName")),
        bio=as_text(profile.get("description")),
        is_bot=any(label.get("val") == "bot" and label.get("neg") is not True for label in values),
        # Whoever blocks whom: neither may address the other.
        blocks_us=any(viewer.get(key) for key in ("blockedBy", "blocking", "blockingByList")),
        follows_us=bool(viewer.get("followedBy")),
        created_at=as_time(profile.get("createdAt")),
        followers=as_count(profile.get("followersCount")),
        url=f"https://bsky.app/profile/{did}",
        # Only the detailed view counts followers; without it there was no bio to read.
        known="followersCount" in profile or "description" in profile,
    )


def only_id(did: str) -> Author:
    """An author of whom an event told nothing but the DID."""
    return Author(network=Network.BLUESKY, id=did, url=f"https://bsky.app/profile/{did}", known=False)


def post_from_view(view: object, *, us: str = "") -> Post:
    """A post as AppView shows it (`postView`, or a quoted `viewRecord`)."""
    view = as_object(view)
    uri, record = as_text(view.get("uri")), view.get("record", view.get("value"))
    author = author_from(view.get("author"))
    if not author.id or at_parts(uri) is None:
        raise Malformed("a post view without uri or author")
    return post_from(uri, as_text(view.get("cid")), record, author, us=us, seen_at=as_time(view.get("indexedAt")))


def at_parts(uri: str) -> tuple[str, str, str] | None:
    """DID, collection and key of an at-uri, or None if it is none."""
    parts = uri.removeprefix("at://").split("/")
    if uri.startswith("at://did:") and len(parts) == 3 and all(parts):
        return parts[0], parts[1], parts[2]
    return None


def web_address(uri: str) -> str:
    """Where a person can read this post. The DID works even when the handle changed."""
    parts = at_parts(uri)
    return f"https://bsky.app/profile/{parts[0]}/post/{parts[2]}" if parts else ""


def as_object(value: object) -> Json:
    """The value if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_text(value: object) -> str:
    """The value if it is text, made safe to keep, else ""."""
    return clean(value) if isinstance(value, str) else ""


def as_count(value: object) -> int:
    """The value if it is a sensible count, else 0."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53 else 0


def as_time(value: object) -> datetime | None:
    """An aware time in UTC, or None for what is no date (records carry whatever their author's client wrote)."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _tag(tag: str) -> str:
    return clean(tag).lstrip("#\uff03").strip().casefold()


def _slice(raw: bytes, index: object) -> str:
    """The text a facet covers, without '@'; "" where the range is reversed, outside, or cuts a character."""
    index = as_object(index)
    start, end = index.get("byteStart"), index.get("byteEnd")
    if not isinstance(start, int) or not isinstance(end, int) or not 0 <= start < end <= len(raw):
        return ""
    try:
        return clean(raw[start:end].decode()).removeprefix("@")
    except UnicodeDecodeError:
        return ""


def _ref(value: object) -> Ref | None:
    value = as_object(value)
    uri = as_text(value.get("uri"))
    if at_parts(uri) is None:
        return None
    return Ref(network=Network.BLUESKY, uri=uri, version=as_text(value.get("cid")))


def _embeds(record: Json) -> Iterator[Json]:
    """The embed, and the media inside it where it carries both a quote and media."""
    embed = as_object(record.get("embed"))
    yield embed
    if media := as_object(embed.get("media")):
        yield media


def _quoted(record: Json) -> object:
    embed = as_object(record.get("embed"))
    kind, quoted = embed.get("$type"), as_object(embed.get("record"))
    if kind == "app.bsky.embed.recordWithMedia":
        return quoted.get("record")
    return quoted if kind == "app.bsky.embed.record" else None


def _card(record: Json) -> Iterator[str]:
    for embed in _embeds(record):
        if uri := as_text(as_object(embed.get("external")).get("uri")):
            yield uri


def _alts(record: Json) -> Iterator[str]:
    for embed in _embeds(record):
        images = embed.get("images")
        for image in images if isinstance(images, list) else []:
            yield as_text(as_object(image).get("alt"))
        if embed.get("$type") == "app.bsky.embed.video":
            yield as_text(embed.get("alt"))

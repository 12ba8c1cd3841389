"""How Bluesky counts and marks up text: graphemes, UTF-8 bytes, facets, record keys. Pure; it sends nothing."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

import regex

from bot.model import Mention
from bot.ports import Measure

MOST_GRAPHEMES = 300  # app.bsky.feed.post: maxGraphemes
MOST_BYTES = 3000  # app.bsky.feed.post: maxLength, in UTF-8

_GRAPHEME = regex.compile(r"\X")
_VISIBLE = regex.compile(r"[^\s\p{C}\p{Z}]")
_URL = regex.compile(r"https?://[^\s<>\"\p{C}]+", regex.IGNORECASE)
_TAG = regex.compile(r"[#\uff03]([\w\p{M}\u200c\u200d]+)")
_PAIRS = {")": "(", "]": "[", "}": "{"}
_TID_LETTERS = "234567abcdefghijklmnopqrstuvwxyz"


def graphemes(text: str) -> int:
    """What a reader would call characters: a family emoji is one."""
    return sum(1 for _ in _GRAPHEME.finditer(text))


def byte_length(text: str) -> int:
    """UTF-8 bytes. A lone surrogate counts as three: it cannot be sent anyway, see `fits`."""
    return len(text.encode("utf-8", "surrogatepass"))


def fits(text: str) -> bool:
    """Would a server take this text, and would a reader see anything?"""
    return (
        byte_length(text) <= MOST_BYTES
        and graphemes(text) <= MOST_GRAPHEMES
        and _VISIBLE.search(text) is not None
        and clean(text) == text
    )


def measure(text: str) -> tuple[Measure, ...]:
    """Both live counters."""
    return (
        Measure(unit="graphemes", used=graphemes(text), limit=MOST_GRAPHEMES),
        Measure(unit="bytes", used=byte_length(text), limit=MOST_BYTES),
    )


def clean(text: str) -> str:
    """The same text without what no database can hold: lone surrogates and NUL become U+FFFD."""
    if text.isascii():
        return text.replace("\0", "\ufffd")
    # Through UTF-16 a pair of surrogates becomes the character it stands for; a lone one cannot be decoded.
    paired = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return paired.replace("\0", "\ufffd")


def hashtags(text: str) -> set[str]:
    """The #words of a text, case-folded, without '#'. Used beside facets, which clients may leave out."""
    if "#" not in text and "\uff03" not in text:
        return set()
    return {found.group(1).casefold() for found in _TAG.finditer(text)}


def facets(text: str, mention: Mention | None) -> list[dict[str, Any]]:
    """Mark every URL as a link, and the one person who may be notified. Nobody else becomes a mention."""
    marked = [
        _facet(text, start, end, {"$type": "app.bsky.richtext.facet#link", "uri": text[start:end]})
        for start, end in url_spans(text)
    ]
    if mention is not None and (span := _mention_span(text, mention)):
        feature = {"$type": "app.bsky.richtext.facet#mention", "did": mention.id}
        marked.append(_facet(text, *span, feature))
    return sorted(marked, key=lambda facet: int(facet["index"]["byteStart"]))


def url_spans(text: str) -> list[tuple[int, int]]:
    """Where the URLs stand, in code points. Punctuation that closes the sentence is not part of a URL."""
    return [(found.start(), found.start() + len(_trimmed(found.group()))) for found in _URL.finditer(text)]


def _trimmed(url: str) -> str:
    while url and (last := url[-1]):
        opening = _PAIRS.get(last)
        if last in ".,;:!?'…*_" or (opening and url.count(last) > url.count(opening)):
            url = url[:-1]
        else:
            break
    return url


def _mention_span(text: str, mention: Mention) -> tuple[int, int] | None:
    if not mention.id.startswith("did:") or not mention.handle:
        return None
    # Neither "x@ada.test" nor "@ada.test.example" names ada.test.
    pattern = r"(?<![\w@.])@" + regex.escape(mention.handle) + r"(?![\w-]|\.\w)"
    for found in regex.finditer(pattern, text, regex.IGNORECASE):
        if not any(start <= found.start() < end for start, end in url_spans(text)):
            return found.span()
    return None


def _facet(text: str, start: int, end: int, feature: dict[str, str]) -> dict[str, Any]:
    first = byte_length(text[:start])
    return {
        "$type": "app.bsky.richtext.facet",
        "index": {"byteStart": first, "byteEnd": first + byte_length(text[start:end])},
        "features": [feature],
    }


def record_key(at: datetime, key: str) -> str:
    """A TID (13 letters) made only from a time and a key: the same reply always gets the same place.

    The milliseconds come from `at`; the microseconds below them and the 10 bits of the clock id come from the
    key, so that two replies of one millisecond do not meet.
    """
    digest = int.from_bytes(hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()[:8], "big")
    micros = int(at.timestamp() * 1000) * 1000 + digest % 1000
    number = (micros << 10) | (digest // 1000 % 1024)
    return "".join(_TID_LETTERS[(number >> shift) & 31] for shift in range(60, -1, -5))


def written_at(tid: str) -> float | None:
    """Unix time that a TID claims, or None if it is none."""
    number = 0
    for letter in tid:
        if (value := _TID_LETTERS.find(letter)) < 0:
            return None
        number = number << 5 | value
    return (number >> 10) / 1e6 if len(tid) == 13 else None

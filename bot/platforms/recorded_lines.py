"""The lines of a recorded feed, from JSON text to values. Pure: it plays nothing and resolves no names.

The format is described in `bot/demo/README.md`.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bot.model import Visibility

FARTHEST = 366 * 24 * 3600.0  # seconds; a feed that waits longer than a year is a typing error

NAME = re.compile(r"(?<![\w@])@([\w.-]*\w(?:@[\w.-]*\w)?)")
TAG = re.compile(r"(?<!\w)[#＃](\w+)")
LINK = re.compile(r"https?://[^\s<>\"]+")


class Kind(StrEnum):
    """What a line tells."""

    PERSON = "person"
    POST = "post"
    EDIT = "edit"
    DELETE = "delete"
    BLOCK = "block"
    ANSWER = "answer"  # written only once our own reply stands below a post
    LABELLED = "labelled"  # a plain labelled post: somebody of its own mentions us


class BadLine(ValueError):
    """A line that cannot be played; it is skipped and counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that happens. Ids and handles are as written in the feed."""

    kind: Kind
    id: str = ""  # of the post (written, changed or deleted)
    after_s: float = 0.0  # seconds after the first moment of the feed; before it when negative
    by: str = ""  # handle
    text: str = ""
    lang: str = ""
    reply_to: str = ""
    quotes: str = ""
    alts: tuple[str, ...] = ()
    visibility: Visibility = Visibility.PUBLIC
    name: str = ""
    bio: str = ""
    bot: bool = False
    locked: bool = False
    days_old: float = 0.0  # age of an account


def read_lines(content: bytes) -> list[str]:
    """The lines of a feed file. Bytes that are no UTF-8 become U+FFFD; only a line feed ends a line."""
    return content.decode("utf-8", "replace").split("\n")


def parse(raw: str, number: int) -> Line | None:
    """One line of a feed; None for an empty line or a comment. Raises `BadLine` with the remedy."""
    if not raw.strip() or raw.lstrip().startswith("//"):
        return None
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise BadLine(f"line {number}: no JSON ({error}); write one JSON object per line") from error
    if not isinstance(found, dict):
        raise BadLine(f"line {number}: a {type(found).__name__}; write one JSON object per line")
    try:
        return _labelled(found, number) if "kind" not in found else _line(found)
    except BadLine as error:
        raise BadLine(f"line {number}: {error}") from error


def _labelled(found: dict[str, Any], number: int) -> Line:
    name = _word(found, "id") or f"line-{number}"
    text = _word(found, "text")
    if not text.strip():
        raise BadLine("no text; a labelled post needs id and text")
    return Line(kind=Kind.LABELLED, id=name, text=text, lang=_word(found, "language") or _word(found, "lang"))


_NEEDS: dict[Kind, tuple[str, ...]] = {
    Kind.PERSON: ("handle",),
    Kind.POST: ("id", "by", "text"),
    Kind.EDIT: ("of", "text"),
    Kind.DELETE: ("of",),
    Kind.BLOCK: ("by",),
    Kind.ANSWER: ("id", "by", "text", "under_our_reply_to"),
}


def _line(found: dict[str, Any]) -> Line:
    kinds = [kind for kind in _NEEDS if kind == found["kind"]]
    if not kinds:
        raise BadLine(f"unknown kind {str(found['kind'])[:40]!r}; use one of {', '.join(_NEEDS)}")
    kind = kinds[0]
    for need in _NEEDS[kind]:
        if not _word(found, need).strip():
            raise BadLine(f"a {kind} needs {need!r}")
    try:
        visibility = Visibility(_word(found, "visibility") or Visibility.PUBLIC)
    except ValueError as error:
        raise BadLine(f"visibility: {error}; use one of {', '.join(Visibility)}") from error
    alts = found.get("alts", [])
    if not isinstance(alts, list):
        raise BadLine("alts: use a list of texts")
    return Line(
        kind=kind,
        id=_word(found, "id") or _word(found, "of"),
        after_s=_number(found, "after_s"),
        by=_word(found, "by") or _word(found, "handle"),
        text=_word(found, "text"),
        lang=_word(found, "lang"),
        reply_to=_word(found, "reply_to") or _word(found, "under_our_reply_to"),
        quotes=_word(found, "quotes"),
        alts=tuple(clean(str(alt)) for alt in alts),
        visibility=visibility,
        name=_word(found, "name"),
        bio=_word(found, "bio"),
        bot=found.get("bot") is True,
        locked=found.get("locked") is True,
        days_old=_number(found, "days_old"),
    )


def _word(found: dict[str, Any], field: str) -> str:
    value = found.get(field)
    if value is None:
        return ""
    if isinstance(value, (str, int)) and not isinstance(value, bool):
        return clean(str(value))
    raise BadLine(f"{field}: a {type(value).__name__}; use text")


def _number(found: dict[str, Any], field: str) -> float:
    value = found.get(field, 0)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise BadLine(f"{field}: a {type(value).__name__}; use a number of seconds or days")
    if not math.isfinite(value) or abs(value) > FARTHEST:
        raise BadLine(f"{field}: {value} is out of range")
    return float(value)


def clean(text: str) -> str:
    """The same text without what no database can hold: lone surrogates and NUL become U+FFFD."""
    paired = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return paired.replace("\0", "\ufffd")

"""Read what catalogues send: foreign JSON of any shape becomes short, plain values or nothing. It asks nobody."""

from __future__ import annotations

import html
import re
from typing import Any

from bot.ports import NoticeKind

LONGEST = 1_000  # characters of a title, a name, a journal
TAGS = re.compile(r"</?[A-Za-z][^<>]{0,200}>")  # titles carry <i>, <sub> and the like
KINDS = (
    (NoticeKind.RETRACTION, ("retract", "withdraw", "removal")),
    (NoticeKind.CONCERN, ("concern",)),
    (NoticeKind.CORRECTION, ("correct", "corrigend", "errat", "republished")),
)


def text(value: Any) -> str:
    """A short text on one line, without markup; "" for anything else."""
    if not isinstance(value, str):
        return ""
    return " ".join(html.unescape(TAGS.sub("", value)).split())[:LONGEST]


def texts(value: Any) -> list[str]:
    """The texts of a list."""
    return [found for one in value if (found := text(one))] if isinstance(value, list) else []


def lists(value: Any) -> list[dict[str, Any]]:
    """The objects of a list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def kind_of(word: str) -> NoticeKind | None:
    """What a catalogue's word for a notice means to us; None for new editions and comments."""
    plain = word.casefold().replace("_", " ")
    return next((kind for kind, words in KINDS if any(one in plain for one in words)), None)

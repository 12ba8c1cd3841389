"""Fold text so that look-alikes compare equal: full-width, homoglyphs, zero-width, accents, case. It judges nothing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

from bot.model import Mention, Post

# Letters of other scripts that look like the Latin letter on the left (Cyrillic, Greek, Armenian, Cherokee, small
# capitals). Capitals come first and alone: a Greek "Η" looks like an H, its small form "η" does not.
_CAPITALS = {
    "A": "ΑАᎪ",
    "B": "ΒВ",
    "C": "СϹ",
    "E": "ΕЕᎬ",
    "G": "Ԍ",
    "H": "ΗН",
    "I": "ΙІ",
    "J": "ЈᎫ",
    "K": "ΚКᏦ",
    "L": "Ꮮ",
    "M": "ΜМᎷ",
    "N": "Ν",
    "O": "ΟОՕ",
    "P": "ΡРᏢ",
    "S": "ЅᏚՏ",
    "T": "ΤТᎢ",
    "X": "ΧХ",
    "Y": "ΥҮ",
    "Z": "ΖᏃ",
}
_SMALLS = {
    "a": "аαᴀɑ",
    "b": "ʙƅ",
    "c": "сᴄϲ",
    "d": "ԁᴅ",
    "e": "еεᴇ",
    "f": "ғ",
    "g": "ɢɡց",
    "h": "һʜհ",
    "i": "іιɪı",
    "j": "јᴊ",
    "k": "кκᴋ",
    "l": "ʟ",
    "m": "мᴍ",
    "n": "ոɴ",
    "o": "оοօᴏ0",
    "p": "рρᴘ",
    "q": "ԛ",
    "r": "ʀг",
    "s": "ѕꜱ",
    "t": "тτᴛ",
    "u": "υսᴜ",
    "v": "νᴠѵ",
    "w": "ԝᴡ",
    "x": "хχ",
    "y": "уʏү",
    "z": "ᴢ",
}
_LATIN_CAPITAL = str.maketrans({like: latin for latin, likes in _CAPITALS.items() for like in likes})
_LATIN_SMALL = str.maketrans({like: latin for latin, likes in _SMALLS.items() for like in likes})
# Letters in boxes and flags that Unicode does not fold by itself: 🅢 🆂 🇸
_BOXED = str.maketrans({first + i: chr(ord("A") + i) for first in (0x1F150, 0x1F170, 0x1F1E6) for i in range(26)})

_NOTHING_TO_SEE = frozenset("\0\u115f\u1160\u3164\uffa0\u2800'’‘`´ʼ")  # blanks, and apostrophes: don't = dont
_UNSEEN = frozenset({"Cf", "Mn", "Me", "Cs"})  # joiners and direction marks, accents, lone surrogates

_HANDLE = re.compile(r"@[\w.\-]+(?:@[\w.\-]+)?")


def plain(text: str) -> str:
    """The same words without tricks of width and invisible characters; lines and case stay."""
    seen = (char for char in unicodedata.normalize("NFKC", text) if unicodedata.category(char) not in {"Cf", "Cs"})
    return "".join(seen)


def fold(text: str) -> str:
    """Words in plain small Latin letters with single spaces between, as far as letters can be told apart."""
    text = unicodedata.normalize("NFKC", text.translate(_BOXED)).translate(_LATIN_CAPITAL)
    text = unicodedata.normalize("NFKD", text.casefold()).translate(_LATIN_SMALL)
    kept = []
    for char in text:
        if char in _NOTHING_TO_SEE or unicodedata.category(char) in _UNSEEN:
            continue
        kept.append(char if char.isalnum() else " ")
    words = "".join(kept).split()
    if len(words) > 1 and all(len(word) == 1 for word in words):
        return "".join(words)  # S T O P
    return " ".join(words)


def first_line(post: Post) -> str:
    """The first line that holds more than handles, without the handles."""
    for line in plain(post.text).splitlines():
        bare = line
        for mention in post.mentions:
            if mention.handle:
                bare = bare.replace(mention.handle, " ")
        bare = _HANDLE.sub(" ", bare)
        if bare.strip():
            return bare.strip()
    return ""


def own_words(post: Post, ours: Collection[str]) -> str:
    """What the author says, without the handle by which they called us."""
    text = post.text
    for mention in post.mentions:
        if mention.id in ours and mention.handle:
            text = _handle_of(mention).sub("", text)
    return text.strip()


def _handle_of(mention: Mention) -> re.Pattern[str]:
    """Our handle as people type it: with or without the server behind it."""
    name = re.escape(mention.handle.lstrip("@").partition("@")[0])
    return re.compile(rf"[ \t]?@{name}(?:@[\w.\-]*\w)?(?![\w\-])", re.IGNORECASE)

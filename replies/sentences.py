"""Plain text, its sentences and its links. Pure string work: it knows no evidence, no template and no network."""

from __future__ import annotations

import unicodedata

import regex

# A full stop after one of these does not end a sentence.
_ABBREVIATIONS = (
    r"e\.g|i\.e|vs|dr|prof|mr|mrs|ms|st|approx|ca|cf|al|fig|resp"
    r"|z\.b|d\.h|u\.a|bzw|bspw|sog|p\.\s?ex|p\.\s?ej|ej|sr|sra|dra"
)
# An end mark, before something that opens a sentence (not a small letter); or a line break.
_END = regex.compile(r"[.!?…]+[\"'”’»)\]]*(?=\s+[^\s\p{Ll}])|\n+")
_ABBREVIATED = regex.compile(rf"(?:^|[\s(])(?:{_ABBREVIATIONS})\.$", regex.IGNORECASE)

_URL = regex.compile(r"\bhttps?://[^\s<>\"“”„«»]+", regex.IGNORECASE)
_TRAILING = ".,;:!?…'’”"

# Controls, private use and lone surrogates; bidirectional overrides and other invisible format characters.
# The zero-width joiner (200D) stays: emoji are made with it.
_UNWANTED = regex.compile(r"[\p{Cc}\p{Cs}\p{Co}\p{Cn}]|(?![\u200d])\p{Cf}")
_SPACE = regex.compile(r"\s+")


def plain(value: str) -> str:
    """One line of ordinary text: no control or invisible characters, single spaces, composed letters."""
    seen = _UNWANTED.sub("", _SPACE.sub(" ", value))
    return _SPACE.sub(" ", unicodedata.normalize("NFC", seen)).strip()


def invisible(text: str) -> list[tuple[int, int]]:
    """Where characters stand that nobody can see (line breaks are fine)."""
    return [found.span() for found in _UNWANTED.finditer(text) if found.group() not in "\n\r"]


def spans(text: str) -> list[tuple[int, int]]:
    """Start and end of every sentence. A line break ends a sentence too."""
    result: list[tuple[int, int]] = []
    start = 0
    for mark in _END.finditer(text):
        if _ABBREVIATED.search(text[start : mark.end()]):
            continue
        result.append((start, mark.end()))
        start = mark.end()
    result.append((start, len(text)))
    trimmed = [_trim(text, *span) for span in result]
    return [span for span in trimmed if span[0] < span[1]]


def split(text: str) -> list[str]:
    """The sentences of a text, each whole and without the space around it."""
    return [text[start:end] for start, end in spans(text)]


def links(text: str) -> list[tuple[int, int, str]]:
    """Every web address: start, end, address. Punctuation that closes a sentence is not part of it."""
    found = []
    for match in _URL.finditer(text):
        url = match.group()
        while url and (url[-1] in _TRAILING or (url[-1] == ")" and url.count(")") > url.count("("))):
            url = url[:-1]
        found.append((match.start(), match.start() + len(url), url))
    return found


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end

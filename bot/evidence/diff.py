"""What differs between two versions of an entry, word by word. Pure: it compares values and marks nothing up."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from bot.evidence.rows import CITATION_COLUMNS, COLUMNS, LISTS, plain
from bot.model import Evidence

SAME, GONE, NEW = "same", "gone", "new"
WORDS = re.compile(r"\s+|\w+|[^\w\s]")
NO_CONTENT = ("id", "version")
ALIKE = 0.45  # of 1, blanks included; texts that share less are shown whole
MOST_PARTS = 2_000  # parts of a text; longer ones are shown whole, old and new


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A run of text that stayed, went, or came."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One field, or one item of a list, that differs. `field` is as in `claim` or `citations[hviid2019].year`."""

    field: str
    pieces: tuple[Piece, ...]


def changes(before: Evidence | None, after: Evidence | None) -> tuple[Change, ...]:
    """Every difference, in the order of the columns. None stands for an entry that is not there."""
    old, new = (plain(one) if one else {} for one in (before, after))
    return tuple(_changes(old, new))


def changed_fields(before: Evidence | None, after: Evidence | None) -> tuple[str, ...]:
    """The columns that differ."""
    return tuple(dict.fromkeys(re.split(r"[\[.]", one.field)[0] for one in changes(before, after)))


def words(before: str, after: str) -> tuple[Piece, ...]:
    """Two texts, word by word."""
    old, new = WORDS.findall(before), WORDS.findall(after)
    if len(old) + len(new) > MOST_PARTS:
        return _whole(before, after)
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    if matcher.ratio() < ALIKE:
        return _whole(before, after)
    found: list[Piece] = []
    gone = come = ""
    for what, a, b, c, d in matcher.get_opcodes():
        kept = "".join(old[a:b])
        if what == "equal" and (kept.strip() or not (gone or come)):
            found += [*_whole(gone, come), Piece(kind=SAME, text=kept)]
            gone = come = ""
        else:  # a blank between two changed words belongs to the change
            gone, come = gone + kept, come + "".join(new[c:d])
    return (*found, *_whole(gone, come))


def _whole(before: str, after: str) -> tuple[Piece, ...]:
    return tuple(Piece(kind=kind, text=text) for kind, text in ((GONE, before), (NEW, after)) if text)


def _changes(old: dict[str, Any], new: dict[str, Any]) -> Iterator[Change]:
    for name in COLUMNS:
        if name in NO_CONTENT:
            continue
        before, after = old.get(name), new.get(name)
        if name == "citations":
            yield from _citations(before or [], after or [])
        elif name in LISTS:
            yield from _items(name, before or [], after or [])
        elif (before or "") != (after or ""):
            yield Change(field=name, pieces=words(str(before or ""), str(after or "")))


def _items(name: str, old: Sequence[str], new: Sequence[str]) -> Iterator[Change]:
    for what, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what == "equal":
            continue
        gone, come = list(old[a:b]), list(new[c:d])
        for number in range(max(len(gone), len(come))):
            before, after = (items[number] if number < len(items) else "" for items in (gone, come))
            yield Change(field=name, pieces=words(before, after))


def _citations(old: Sequence[dict[str, Any]], new: Sequence[dict[str, Any]]) -> Iterator[Change]:
    before, after = ({one["key"]: one for one in citations} for citations in (old, new))
    for key in dict.fromkeys([*before, *after]):
        for name in CITATION_COLUMNS:
            then, now = (_said(side.get(key, {}).get(name)) for side in (before, after))
            if then != now:
                yield Change(field=f"citations[{key}].{name}", pieces=words(then, now))
    if [key for key in before if key in after] != [key for key in after if key in before]:
        yield Change(field="citations", pieces=words(", ".join(before), ", ".join(after)))


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)

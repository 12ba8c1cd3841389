"""Words an office wrote in place of those that ship, and what they must hold. It knows no store and no evidence.

Whatever else an office says, every reply gives the finding, the source, who drafted and checked it, and the way out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import combinations

import regex

from replies import words
from replies.placeholders import (
    DISCLOSURES,
    EXITS,
    PHRASE_KEYS,
    PHRASE_NAMES,
    RUNG_NAMES,
    BadTemplate,
    Made,
    made,
)

Own = tuple[tuple[str, str], ...]
"""(name, text) of each phrase or rung that an office says in its own words; a phrase has one wording a line."""

MAY_BE_EMPTY = frozenset({"debate", "thanks", "answering", "soft", "method"})
LONGEST_WORDING = 300  # characters: a whole reply on Bluesky
MOST_WORDINGS = 8
LONGEST_RUNG = 1200  # characters

_AUTOMATED = regex.compile(words.AUTOMATED, regex.IGNORECASE)
_BY_A_PERSON = regex.compile(words.BY_A_PERSON, regex.IGNORECASE)
_STOP = regex.compile(r"\bSTOP\b")
_FACT, _URL = "⟦fact⟧", "⟦url⟧"
_ALWAYS_THERE = frozenset({"office", "short_office"})
_SOMETIMES = ("limits", "debate", "care", "thanks", "method", "exit")  # what a reply may have no use for


def faults(name: str, text: str) -> tuple[BadTemplate, ...]:
    """Everything that is wrong with these words by themselves; nothing when they may be tried."""
    if name not in PHRASE_KEYS:
        return _faults_of_rung(name, text)
    lines = _lines(text)
    if not lines and name in MAY_BE_EMPTY:
        return ()
    if not lines:
        return (BadTemplate(name, "these words cannot be left out", remedy=_wants(name)),)
    if len(lines) > MOST_WORDINGS:
        return (BadTemplate(name, f"{len(lines)} wordings are too many", remedy=f"keep {MOST_WORDINGS} of them"),)
    return tuple(fault for number, line in lines for fault in _faults_of_wording(name, number, line))


def own_phrase(name: str, text: str) -> tuple[Made, ...]:
    """The wordings of a phrase; one that says nothing where it is left out. Raises `BadTemplate`."""
    _refuse(faults(name, text))
    lines = _lines(text) or [(1, "")]
    return tuple(made(line, PHRASE_NAMES, name, number) for number, line in lines)


def own_rung(name: str, text: str) -> Made:
    """One way to lay out a reply. Raises `BadTemplate`."""
    _refuse(faults(name, text))
    return made(text, RUNG_NAMES, name)


def _refuse(found: tuple[BadTemplate, ...]) -> None:
    if found:
        raise found[0]


def _lines(text: str) -> list[tuple[int, str]]:
    return [(number, line.strip()) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]


def _faults_of_wording(name: str, number: int, line: str) -> Iterator[BadTemplate]:
    if len(line) > LONGEST_WORDING:
        remedy = f"write at most {LONGEST_WORDING}"
        yield BadTemplate(name, f"{len(line)} characters are too many", line=number, remedy=remedy)
        return
    try:
        wording = made(line, PHRASE_NAMES, name, number)
    except BadTemplate as error:
        yield error
        return
    sometimes = sorted(PHRASE_NAMES - _ALWAYS_THERE)
    for there in _parts_of(sometimes):
        text = wording.render({one: one if one in _ALWAYS_THERE or one in there else "" for one in PHRASE_NAMES})
        empty = not text.strip() and len(there) == len(sometimes)
        if (empty and name not in MAY_BE_EMPTY) or not _says_what_it_must(name, text):
            yield BadTemplate(name, "something is missing in these words", line=number, remedy=_wants(name))
            return


def _says_what_it_must(name: str, text: str) -> bool:
    if name in DISCLOSURES:
        return bool(_AUTOMATED.search(text) and _BY_A_PERSON.search(text))
    return bool(_STOP.search(text)) if name in EXITS else True


def _wants(name: str) -> str:
    if name in DISCLOSURES:
        return "say that software drafted it and that a person checked it, e.g. “🤖 Draft checked by a person.”"
    if name in EXITS:
        return "say that STOP ends it, e.g. “Reply STOP to opt out.”"
    return "write at least one wording"


def _faults_of_rung(name: str, text: str) -> tuple[BadTemplate, ...]:
    if len(text) > LONGEST_RUNG:
        remedy = f"write at most {LONGEST_RUNG}"
        return (BadTemplate(name, f"{len(text)} characters are too many", remedy=remedy),)
    try:
        rung = made(text, RUNG_NAMES, name)
    except BadTemplate as error:
        return (error,)
    lacking: dict[tuple[str, str], None] = {}
    for there in _parts_of(_SOMETIMES):
        lacking |= dict.fromkeys(_lacks(rung.render(_values(there)), exit_wanted="exit" in there))
    return tuple(BadTemplate(name, f"a reply laid out so could lack {what}", remedy=how) for what, how in lacking)


def _values(there: Collection[str]) -> Mapping[str, str]:
    """Stand-ins for what a reply holds; what is not `there` is left out, as it is for many entries."""
    values = dict.fromkeys(RUNG_NAMES, "words") | {"fact": _FACT, "url": _URL}
    values |= dict.fromkeys(DISCLOSURES, "🤖 checked.") | dict.fromkeys(EXITS, "Reply STOP.")
    for one in _SOMETIMES:
        if one not in there:
            values |= dict.fromkeys(EXITS if one == "exit" else (one,), "")
    return values | {"limit": values["limits"]}


def _lacks(text: str, *, exit_wanted: bool) -> Iterator[tuple[str, str]]:
    if _FACT not in text:
        yield "the finding", "write {{ fact }}, outside of any condition"
    if _URL not in text:
        yield "its source", "write {{ url }}, outside of any condition"
    if not (_AUTOMATED.search(text) and _BY_A_PERSON.search(text)):
        yield "who drafted and who checked it", "write {{ disclosure }} or a shorter one, outside of any condition"
    if exit_wanted and not _STOP.search(text):
        yield "the way out", "write {{ exit }} or a shorter one, outside of any condition"


def _parts_of(names: Collection[str]) -> Iterator[frozenset[str]]:
    """Every set of some of them: what a condition could turn on."""
    for size in range(len(names) + 1):
        yield from map(frozenset, combinations(names, size))

"""Real entries of the table on which words are tried: short, long, handled with care, uncertain. Pure; no store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.model import Certainty, Evidence, Sensitivity, Verdict
from replies.compose import Style, care

GRADES = tuple(Certainty)  # from high to very low
LONGEST = 20  # entries that are asked whether anything fits still; composing each takes some milliseconds
STYLES = {"answering": Style.ANSWERING, "soft": Style.SOFT}

Wish = tuple[str, Callable[[Evidence], Any]]
"""Why an entry is wanted, and the key by which the one that fits best comes first; None: it does not fit."""

WISHES: tuple[Wish, ...] = (
    ("the longest finding", lambda one: -len(one.correction_short)),
    ("the shortest finding", lambda one: len(one.correction_short)),
    ("to be handled with care", lambda one: -len(one.limits) if one.sensitivity is Sensitivity.HIGH_CARE else None),
    ("the least certain", lambda one: -GRADES.index(one.certainty)),
    ("needs context", lambda one: -len(one.limits) if one.verdict is Verdict.NEEDS_CONTEXT else None),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """An entry, and why it was chosen."""

    entry: Evidence
    why: str


def choose(name: str, entries: Sequence[Evidence], usable: Callable[[Evidence], bool]) -> tuple[Sample, ...]:
    """Entries that give occasion to say the words of this name; each once, with every reason why it was chosen."""
    fitting = [one for one in entries if _gives_occasion(name, one)]
    as_if = "" if fitting else f", as if {_HOW.get(name.partition('.')[0], 'there were occasion')}"
    pool = fitting or [_made_to_fit(name, one) for one in entries]
    found: dict[str, Sample] = {}
    for why, key in WISHES:
        entry = next((one for one in _best_first(pool, key) if usable(one)), None)
        if entry is not None:
            before = f"{found[entry.id].why}, " if entry.id in found else ""
            found[entry.id] = Sample(entry=entry, why=f"{before}{why}")
    return tuple(replace(one, why=one.why + as_if) for one in found.values())


def longest(entries: Iterable[Evidence]) -> list[Evidence]:
    """The entries that leave the least room for words of ours."""
    return sorted(entries, key=lambda one: len(one.correction_short), reverse=True)[:LONGEST]


def style_for(name: str) -> Style:
    """The way of laying out a reply in which the words of this name are said."""
    return STYLES.get(name, Style.FULL)


def _best_first(pool: Iterable[Evidence], key: Callable[[Evidence], Any]) -> list[Evidence]:
    ranked = [(rank, one.id, one) for one in pool if (rank := key(one)) is not None]
    return [one for _, _, one in sorted(ranked, key=lambda found: found[:2])]


def _gives_occasion(name: str, entry: Evidence) -> bool:
    key, _, grade = name.partition(".")
    if grade:
        return entry.certainty == grade
    if key in ("care", "care_medicine"):
        return care(entry) == (key, True)
    return key != "debate" or entry.verdict is Verdict.NEEDS_CONTEXT


def _made_to_fit(name: str, entry: Evidence) -> Evidence:
    key, _, grade = name.partition(".")
    if grade:
        return replace(entry, certainty=Certainty(grade))
    if key == "debate":
        return replace(entry, verdict=Verdict.NEEDS_CONTEXT)
    topics = ("pharmacology",) if key == "care_medicine" else ("pregnancy",)
    return replace(entry, audience=(), topics=topics) if key.startswith("care") else entry


_HOW = {
    **dict.fromkeys(("certainty", "certainty_why", "short_certainty"), "its certainty were this"),
    "debate": "it needed context",
    "care": "it concerned people's own care",
    "care_medicine": "it concerned a medicine",
}

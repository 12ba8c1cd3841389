"""What somebody typed about a source beside what a catalogue knows of it. Pure; nothing is taken over by itself."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from rapidfuzz import fuzz

from bot.ports import Found

ALIKE = 92.0  # of 100; titles above it differ in spelling, a dash or a subtitle's colon
COMPARED = ("title", "first_author", "journal", "year", "doi", "pmid")
RETRACTED = re.compile(r"^\W*(retracted( article)?|withdrawn|removed)\W+", re.IGNORECASE)
PLACE = re.compile(r"\([^)]*\)\s*$")  # as in Lancet (London, England)
SMALL_WORDS = frozenset({"the", "of", "and", "for", "in", "on", "a", "an"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """One field: what was typed, what the catalogue says, and whether both say the same."""

    field: str
    typed: str
    found: str
    same: bool


def compare(typed: Mapping[str, str], found: Found) -> tuple[Beside, ...]:
    """Every field that the catalogue says something about."""
    known = as_typed(found)
    return tuple(
        Beside(
            field=name, typed=typed.get(name, ""), found=known[name], same=_same(name, typed.get(name, ""), known[name])
        )
        for name in COMPARED
        if known[name]
    )


def as_typed(found: Found) -> dict[str, str]:
    """What a catalogue knows, as the form of a citation holds it."""
    return {
        "title": found.title,
        "first_author": found.authors[0] if found.authors else "",
        "journal": found.journal,
        "year": str(found.year) if found.year else "",
        "doi": found.doi,
        "pmid": found.pmid,
    }


def key_for(found: Found) -> str:
    """A short key for a citation, as in hviid2019."""
    family = found.authors[0].split()[0] if found.authors else "source"
    plain = re.sub(r"[^a-z0-9]", "", normal(family)) or "source"
    return f"{plain}{found.year or ''}"


def normal(text: str) -> str:
    """A text without case, accents, marks and double blanks."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join(re.sub(r"[\W_]+", " ", "".join(one for one in plain if not unicodedata.combining(one))).split())


def _same(name: str, typed: str, found: str) -> bool:
    if name in ("doi", "pmid", "year"):
        return typed.strip().casefold() == found.casefold()
    if name == "title":
        return bool(typed) and _same_title(RETRACTED.sub("", typed), RETRACTED.sub("", found))
    if name == "first_author":
        return bool(typed) and normal(typed).split()[:1] == normal(found).split()[:1]
    return _same_journal(normal(PLACE.sub("", typed)), normal(PLACE.sub("", found)))


def _same_title(typed: str, found: str) -> bool:
    """A title without its subtitle is the same title."""
    if fuzz.ratio(normal(typed), normal(found)) >= ALIKE:
        return True
    shorter, longer = sorted((typed, found), key=len)
    return ":" in longer and fuzz.ratio(normal(shorter), normal(longer.partition(":")[0])) >= ALIKE


def _same_journal(typed: str, found: str) -> bool:
    """Journals are named in full or cut short word by word: 'Ann Intern Med' is 'Annals of Internal Medicine'."""
    one, two = ([word for word in name.split() if word not in SMALL_WORDS] for name in (typed, found))
    alike = len(one) == len(two) and all(a.startswith(b) or b.startswith(a) for a, b in zip(one, two, strict=True))
    return bool(one) and (alike or fuzz.ratio(" ".join(one), " ".join(two)) >= ALIKE)

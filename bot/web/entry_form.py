"""The form of an entry: from what a browser sends to the row of a pack, and the buttons that change it. Pure.

Whatever was typed is kept, sound or not; what is wrong with it is said by the same rules as for a pack.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import FormData

from bot.evidence.compare import as_typed, key_for
from bot.evidence.rows import DOI, PMID, plain
from bot.model import Evidence
from bot.ports import Found
from bot.store.codec import clean_text

SINGLE = (
    *("id", "claim", "verdict", "correction_short", "correction_long", "certainty", "certainty_basis"),
    *("sensitivity", "limits", "retraction_notes", "last_reviewed", "review_by"),
)
GROUPS = ("paraphrases", "negations", "questions")
WORDS = ("topics", "audience")
SOURCE = (*("key", "title", "first_author", "journal", "year", "doi", "pmid", "url", "verification_level", "flagged"),)
LONGEST = 20_000  # characters of one field; the rules of a pack allow fewer and say so
A_SOURCE_FIELD = re.compile(r"c(\d{1,3})\.([a-z_]+)")
DOI_ADDRESS = re.compile(r"^\s*(https?://(dx\.)?doi\.org/|doi:\s*)", re.IGNORECASE)
PUBMED_ADDRESS = re.compile(r"^\s*(https?://(www\.|pubmed\.)?ncbi\.nlm\.nih\.gov/(pubmed/)?|pmid:?\s*)", re.IGNORECASE)

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """Which button was pressed: a verb, and what it is about (a group, or the number of a source and a field)."""

    verb: str
    about: str = ""
    number: int = -1


def pressed(form: FormData) -> Press:
    """What somebody wants. Without a button (the return key) the form is only looked at again."""
    verb, _, rest = _text(form, "do").partition(".")
    if found := re.fullmatch(r"c(\d{1,3})(?:\.([a-z_]+))?", rest):
        return Press(verb=verb, about=found[2] or "", number=int(found[1]))
    return Press(verb=verb or "look-again", about=rest)


def typed(form: FormData) -> Row:
    """What was typed, as a row of a pack. Empty items and empty sources are left out."""
    row: Row = {name: _text(form, name) for name in SINGLE}
    for name in GROUPS:
        row[name] = [text for one in form.getlist(name) if (text := _clean(one))]
    for name in WORDS:
        row[name] = [word for one in _text(form, name).split(",") if (word := one.strip())]
    row["citations"] = list(_sources(form))
    return row


def row_of(entry: Evidence) -> Row:
    """An entry as the form holds it."""
    row = plain(entry)
    return {name: row[name] or "" for name in SINGLE} | {name: row[name] for name in (*GROUPS, *WORDS, "citations")}


def blank() -> Row:
    """A new entry."""
    empty: Row = dict.fromkeys(SINGLE, "") | {name: [] for name in (*GROUPS, *WORDS, "citations")}
    return empty | {"sensitivity": "standard"}


def number_of(text: str) -> tuple[str, str]:
    """A DOI and a PubMed id from what somebody pasted: an address, a prefix or the bare number. Both "" if neither."""
    doi = DOI_ADDRESS.sub("", text).strip()
    if DOI.fullmatch(doi):
        return doi, ""
    pmid = PUBMED_ADDRESS.sub("", text).strip().strip("/")
    return ("", pmid) if PMID.fullmatch(pmid) else ("", "")


def source_from(found: Found, *, doi: str, pmid: str, taken: set[str]) -> Row:
    """A new source as a catalogue knows it. Nobody has opened it yet, so it is not marked as verified."""
    row: Row = dict.fromkeys(SOURCE, "") | as_typed(found) | {"year": found.year, "verified": False}
    row["doi"], row["pmid"] = row["doi"] or doi, row["pmid"] or pmid
    return row | {"key": _free(key_for(found), taken), "url": address(row["doi"], row["pmid"])}


def bare_source(*, taken: set[str], doi: str = "", pmid: str = "") -> Row:
    """A new source of which nothing is known but, perhaps, its number."""
    row: Row = dict.fromkeys(SOURCE, "") | {"doi": doi, "pmid": pmid, "year": None, "verified": False}
    return row | {"key": _free("source", taken), "url": address(doi, pmid)}


def fill(source: Row, found: Found) -> list[str]:
    """Put what a catalogue knows where nothing was typed; the names of the fields."""
    filled = []
    for name, value in as_typed(found).items():
        if value and not source[name]:
            take(source, name, found)
            filled.append(name)
    if not source["url"]:
        source["url"] = address(source["doi"], source["pmid"])
    return filled


def take(source: Row, name: str, found: Found) -> None:
    """Put what a catalogue says in the place of what was typed."""
    known = as_typed(found)
    if known.get(name):
        source[name] = found.year if name == "year" else known[name]


def shown(source: Mapping[str, Any]) -> dict[str, str]:
    """A source as texts, to be compared."""
    return {name: "" if source.get(name) is None else str(source.get(name, "")) for name in SOURCE}


def address(doi: str, pmid: str) -> str:
    """Where readers find it."""
    if doi:
        return f"https://doi.org/{doi}"
    return f"https://pubmed.ncbi.nlm.nih.gov/{pmid}/" if pmid else ""


def _sources(form: FormData) -> Iterator[Row]:
    numbers = sorted({int(found[1]) for name in form if (found := A_SOURCE_FIELD.fullmatch(name))})
    for number in numbers:
        row: Row = {name: _text(form, f"c{number}.{name}") for name in SOURCE}
        if not any(row[name] for name in SOURCE if name != "verification_level"):
            continue
        year = row["year"]
        row["year"] = int(year) if re.fullmatch(r"\d{1,6}", year) else (year or None)
        row["doi"] = DOI_ADDRESS.sub("", row["doi"]).strip()
        row["verified"] = _text(form, f"c{number}.verified") == "yes"
        yield row


def _text(form: FormData, name: str) -> str:
    return _clean(form.get(name, ""))


def _clean(value: object) -> str:
    return clean_text(value[:LONGEST]).replace("\r\n", "\n").strip() if isinstance(value, str) else ""


def _free(key: str, taken: set[str]) -> str:
    letters = ("", *"bcdefghijklmnopqrstuvwxyz")
    return next((f"{key}{letter}" for letter in letters if f"{key}{letter}" not in taken), f"{key}-{len(taken)}")

"""Crossref: sources by DOI. A retraction stands on the notice, so works that update this one are asked for, too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from bot.errors import Refused
from bot.evidence.lookups.http import Catalogue
from bot.evidence.lookups.reading import kind_of, lists, text, texts
from bot.ports import Found, Notice

NOTICES = "20"  # works that update one other; the most corrected papers have a handful
DATES = ("published-print", "published", "issued", "published-online")


class Crossref:
    """One catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def by_doi(self, doi: str) -> Found:
        """The source with this DOI, and what was said about it since."""
        polite = {"mailto": self._catalogue.contact}
        work = _message(self._catalogue.get(f"/works/{quote(doi, safe='')}", polite))
        updates = _message(
            self._catalogue.get(
                "/works", {"filter": f"updates:{doi}", "rows": NOTICES, "select": "DOI,update-to"} | polite
            )
        )
        title = _title(work)
        if not title:
            raise Refused("Crossref knows this DOI but not its title; type it from the source itself")
        notices = dict.fromkeys([*_said_by(work), *_said_of(doi, updates)])
        return Found(
            catalogue="Crossref",
            title=title,
            authors=tuple(_authors(work)),
            journal=next(iter(texts(work.get("container-title"))), ""),
            year=_year(work),
            doi=text(work.get("DOI")) or doi,
            notices=tuple(notices),
        )


def _message(answer: Any) -> dict[str, Any]:
    message = answer.get("message") if isinstance(answer, dict) else None
    if not isinstance(message, dict):
        raise Refused("Crossref did not answer as it is documented to")
    return message


def _title(work: dict[str, Any]) -> str:
    """Title and subtitle stand apart in some records and together in others."""
    main, more = (next(iter(texts(work.get(name))), "") for name in ("title", "subtitle"))
    return f"{main}: {more}" if main and more and more.casefold() not in main.casefold() else main


def _authors(work: dict[str, Any]) -> Iterator[str]:
    for one in lists(work.get("author")):
        family, given = text(one.get("family")), text(one.get("given"))
        initials = "".join(part[0] for part in given.replace("-", " ").split())
        name = f"{family} {initials}".strip() or text(one.get("name"))
        if name:
            yield name


def _year(work: dict[str, Any]) -> int | None:
    for name in DATES:
        parts = (work.get(name) or {}).get("date-parts") if isinstance(work.get(name), dict) else None
        first = parts[0][0] if isinstance(parts, list) and parts and isinstance(parts[0], list) and parts[0] else None
        if isinstance(first, int) and 1600 <= first <= 2200:
            return first
    return None


def _said_by(work: dict[str, Any]) -> Iterator[Notice]:
    """Newer records name their own notices."""
    for one in lists(work.get("updated-by")):
        if kind := kind_of(text(one.get("type"))):
            yield Notice(kind=kind, where=text(one.get("DOI")).casefold())


def _said_of(doi: str, updates: dict[str, Any]) -> Iterator[Notice]:
    """Notices name what they update."""
    for item in lists(updates.get("items")):
        for one in lists(item.get("update-to")):
            kind = kind_of(text(one.get("type")))
            if kind and text(one.get("DOI")).casefold() == doi.casefold():
                yield Notice(kind=kind, where=text(item.get("DOI")).casefold())

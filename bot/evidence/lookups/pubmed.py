"""PubMed: sources by PubMed id, from the summaries of NCBI's E-utilities."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from bot.errors import Gone, Refused
from bot.evidence.lookups.http import Catalogue
from bot.evidence.lookups.reading import kind_of, lists, text, texts
from bot.ports import Found, Notice, NoticeKind

RETRACTED = "retracted publication"
YEAR = re.compile(r"\b(1[6-9]|2[01])\d\d\b")
ABOUT_US = re.compile(r"\b(in|by)$|^republished", re.IGNORECASE)  # "Retraction in"; "Retraction of" is the notice


class PubMed:
    """One catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def by_pmid(self, pmid: str) -> Found:
        """The source with this PubMed id, and what was said about it since."""
        polite = {"tool": "scrutineer", "email": self._catalogue.contact}
        asked = {"db": "pubmed", "id": pmid, "retmode": "json"} | polite
        found = _summary(self._catalogue.get("/esummary.fcgi", asked), pmid)
        title = text(found.get("title")).rstrip(".").strip("[]")
        if not title:
            raise Refused("PubMed knows this number but not its title; type it from the source itself")
        year = YEAR.search(text(found.get("pubdate")))
        return Found(
            catalogue="PubMed",
            title=title,
            authors=tuple(name for one in lists(found.get("authors")) if (name := text(one.get("name")))),
            journal=text(found.get("fulljournalname")) or text(found.get("source")),
            year=int(year[0]) if year else None,
            doi=next(
                (text(one.get("value")) for one in lists(found.get("articleids")) if one.get("idtype") == "doi"), ""
            ),
            pmid=pmid,
            notices=tuple(dict.fromkeys(_notices(found))),
        )


def _summary(answer: Any, pmid: str) -> dict[str, Any]:
    result = answer.get("result") if isinstance(answer, dict) else None
    found = result.get(pmid) if isinstance(result, dict) else None
    if not isinstance(found, dict):
        raise Refused("PubMed did not answer as it is documented to")
    if found.get("error"):
        raise Gone(f"PubMed knows no source {pmid}: check the number")
    return found


def _notices(found: dict[str, Any]) -> Iterator[Notice]:
    said = False
    for one in lists(found.get("references")):
        word = text(one.get("reftype"))
        kind = kind_of(word)
        if kind and ABOUT_US.search(word):
            said = said or kind is NoticeKind.RETRACTION
            pmid = one.get("pmid")
            yield Notice(kind=kind, where=f"PubMed {pmid}" if pmid else text(one.get("refsource")))
    if not said and any(one.casefold() == RETRACTED for one in texts(found.get("pubtype"))):
        yield Notice(kind=NoticeKind.RETRACTION)

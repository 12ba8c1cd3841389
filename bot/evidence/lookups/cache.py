"""Look sources up, each once in a while: what was said is kept in the store, with its time. The door to all catalogues.

It decides nothing: who asks compares, marks and warns.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from sqlalchemy.exc import IntegrityError

from bot.errors import Gone
from bot.evidence import answers
from bot.evidence.lookups.crossref import Crossref
from bot.evidence.lookups.http import PAUSE, Catalogue
from bot.evidence.lookups.pubmed import PubMed
from bot.ports import Clock, Found
from bot.settings import Settings
from bot.store.engine import Store

FRESH = timedelta(days=7)


class Lookups:
    """Fulfils `bot.ports.Lookup` with a memory."""

    def __init__(
        self, *, store: Store, clock: Clock, crossref: Crossref, pubmed: PubMed, fresh: timedelta = FRESH
    ) -> None:
        self._store = store
        self._clock = clock
        self._crossref = crossref
        self._pubmed = pubmed
        self._fresh = fresh

    def by_doi(self, doi: str) -> Found:
        """The source with this DOI, asked for at most once a week."""
        return self._ask(answers.doi_key(doi), lambda: self._crossref.by_doi(doi))

    def by_pmid(self, pmid: str) -> Found:
        """The source with this PubMed id, asked for at most once a week."""
        return self._ask(answers.pmid_key(pmid), lambda: self._pubmed.by_pmid(pmid))

    def _ask(self, key: str, ask: Callable[[], Found]) -> Found:
        now = self._clock.now()
        with self._store.read() as session:
            known = answers.kept(session, [key]).get(key)
        if known is not None and now - known.at < self._fresh:
            if known.found is None:
                raise Gone(known.trouble)
            return known.found
        answer: Found | str
        try:
            answer = ask()
        except Gone as error:
            if known is not None and known.found is not None:
                raise  # a catalogue that forgets is no reason for us to forget
            answer = str(error)
        with suppress(IntegrityError), self._store.write() as session:  # somebody else keeps the same at this moment
            answers.keep(session, key, answer, now=now)
        if isinstance(answer, str):
            raise Gone(answer)
        return answer


def lookups(settings: Settings, store: Store, clock: Clock) -> Lookups | None:
    """The catalogues of this office; None without a contact address, which both of them want to be told."""
    if not settings.contact:
        return None
    given = settings.lookup
    crossref, pubmed = (
        Catalogue(
            name,
            url,
            contact=settings.contact,
            seconds=given.seconds,
            pause=PAUSE if url.startswith("https:") else 0.0,  # a server on this machine needs no rest
        )
        for name, url in (("Crossref", given.crossref), ("PubMed", given.pubmed))
    )
    return Lookups(store=store, clock=clock, crossref=Crossref(crossref), pubmed=PubMed(pubmed))

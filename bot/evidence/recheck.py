"""Ask the catalogues again about every source that the table stands on: was it retracted meanwhile?

A retraction or an expression of concern is written into the entries, so that nothing is published from them. A plain
correction only shows on their cards. Off while the office has no contact address.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot.audit import OFFICE
from bot.errors import Gone, PlatformError, Refused
from bot.evidence import answers, cards, registry
from bot.ports import Clock, Found, Lookup, Notice, NoticeKind
from bot.store.engine import Store

EVERY = timedelta(days=7)
AT_ONCE = 4  # sources in one go, four goes an hour: a table with a thousand sources takes under three days


@dataclass(slots=True, kw_only=True)
class Round:
    """What one round of questions came to."""

    asked: int = 0
    left: int = 0  # sources that are still due
    flagged: list[tuple[str, str]] = field(default_factory=list)  # (source, why)
    unknown: list[tuple[str, str]] = field(default_factory=list)  # (source, what the catalogue says)
    stopped: str = ""  # why the round ended early


class Recheck:
    """One catalogue desk for one store."""

    def __init__(self, *, store: Store, clock: Clock, lookup: Lookup) -> None:
        self._store = store
        self._clock = clock
        self._lookup = lookup

    def round(self, *, most: int = AT_ONCE, say: Callable[[str], None] = lambda _key: None) -> Round:
        """Ask about the sources that nobody asked about for a week, the longest unasked first."""
        with self._store.read() as session:
            due = _due(session, self._clock.now())
            known = _unheeded(session)
        done = Round(left=len(due))
        for key, found in known.items():
            done.flagged += self._apply(key, found)
        for key in due[:most]:
            say(key)
            try:
                found = self._ask(key)
            except (Gone, Refused) as error:
                done.unknown.append((key, str(error)))
                self._remember_trouble(key, str(error))
            except PlatformError as error:  # out of reach, or we are too fast: another time
                done.stopped = str(error)
                break
            else:
                done.flagged += self._apply(key, found)
            done.asked += 1
            done.left -= 1
        return done

    def _ask(self, key: str) -> Found:
        kind, _, number = key.partition(":")
        return self._lookup.by_doi(number) if kind == "doi" else self._lookup.by_pmid(number)

    def _apply(self, key: str, found: Found) -> list[tuple[str, str]]:
        why = _against(found)
        now = self._clock.now()
        with self._store.write() as session:
            flagged = registry.flag(session, key, why, by=OFFICE, now=now) if why else []
            for entry_id in cards.citing(session, key):
                cards.look_again(session, entry_id)
        return [(key, f"{entry.id}: {why}") for entry in flagged]

    def _remember_trouble(self, key: str, words: str) -> None:
        """What could not be answered is not asked again before its turn, and what was known before stays known."""
        with self._store.write() as session:
            before = answers.kept(session, [key]).get(key)
            answer = before.found if before is not None and before.found is not None else words
            answers.keep(session, key, answer, now=self._clock.now())


def _due(session: Session, now: datetime) -> list[str]:
    wanted = cards.sources(session)
    known = answers.kept(session, wanted)
    never = [key for key in wanted if key not in known]
    old = [key for key in wanted if key in known and now - known[key].at >= EVERY]
    return [*sorted(never), *sorted(old, key=lambda key: (known[key].at, key))]


def _unheeded(session: Session) -> dict[str, Found]:
    """What somebody's look-up brought to light already, and what no entry says yet."""
    said = answers.kept(session, cards.sources(session))
    grave = {key: one.found for key, one in said.items() if one.found is not None and _against(one.found)}
    return {key: found for key, found in grave.items() if registry.unflagged(session, key)}


def _against(found: Found) -> str:
    """What must be held against a source, or nothing."""
    order = (NoticeKind.RETRACTION, NoticeKind.CONCERN)
    grave = sorted((one for one in found.notices if one.kind in order), key=lambda one: order.index(one.kind))
    return f"{_words(grave[0])}, says {found.catalogue}" if grave else ""


def _words(notice: Notice) -> str:
    word = "retracted" if notice.kind is NoticeKind.RETRACTION else "expression of concern"
    return f"{word} ({notice.where})" if notice.where else word

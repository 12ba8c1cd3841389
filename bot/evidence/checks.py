"""Everything to look at in one entry before it is published: lint, twins in the table, sources that were retracted.

It reads; it changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from sqlalchemy.orm import Session

from bot.evidence import answers, cards, lint, registry
from bot.evidence.lint import Finding
from bot.model import Evidence
from bot.ports import NoticeKind


def checked(session: Session, entry: Evidence, today: date) -> list[Finding]:
    """What lint says of an entry beside those that it might be confused with."""
    others = [found for name in cards.sharing(session, entry) if (found := registry.current(session, name))]
    return [*lint.check(entry, others, today), *_retracted(session, entry)]


def _retracted(session: Session, entry: Evidence) -> Iterator[Finding]:
    known = answers.kept(session, (key for one in entry.citations for key in answers.keys(one)))
    for number, citation in enumerate(entry.citations, start=1):
        for answer in () if citation.flagged else answers.of(citation, known):
            kinds = {notice.kind for notice in answer.found.notices} if answer.found else set()
            if answer.found and NoticeKind.RETRACTION in kinds:
                words = f"{answer.found.catalogue} says that citation {citation.key} is retracted: replace it"
                yield Finding(field=f"citations[{number}]", message=words, blocks=True)

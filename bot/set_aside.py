"""What a person may do with a case short of deciding it: lay it aside, ask for more eyes, take another entry."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from bot import audit, cases, eyes, holds
from bot.drafted import Drafted
from bot.errors import NotAllowed
from bot.life import State
from bot.model import Evidence, Match
from bot.review import NOBODY
from bot.store import codec
from bot.store.codec import clean_text
from bot.store.models import CaseRow

CHOSEN = "an editor chose this entry"  # the reason that stands in the match


def park(session: Session, case_id: int, *, version: int, who: str, why: str, now: datetime) -> CaseRow:
    """Lay the case aside: it waits below all others until somebody takes it up. It still expires in time."""
    case = _mine(session, case_id, version, who, now)
    if not (why := clean_text(why).strip()):
        raise NotAllowed("laying a case aside needs a reason, so that others know what it waits for")
    case.parked, case.updated_at = f"{who}: {why}", now
    holds.release(session, case_id, who, now)
    return _noted(session, case, who, "laid aside", now, why=why)


def unpark(session: Session, case_id: int, *, version: int, who: str, now: datetime) -> CaseRow:
    """Back among the others."""
    case = _mine(session, case_id, version, who, now)
    case.parked, case.updated_at = "", now
    return _noted(session, case, who, "taken up again", now)


def ask_for(session: Session, case_id: int, *, version: int, who: str, what: str, now: datetime) -> CaseRow:
    """More eyes than the entry needs: a second person's yes, or a clinician's. Nobody can ask for fewer."""
    case = _mine(session, case_id, version, who, now)
    if what not in (eyes.SECOND, eyes.CLINICIAN):
        raise NotAllowed(f"ask for one of {eyes.SECOND}, {eyes.CLINICIAN}")
    if case.needs == eyes.CLINICIAN:
        raise NotAllowed("a clinician was asked for already")
    case.needs, case.updated_at = what, now
    holds.release(session, case_id, who, now)
    return _noted(session, case, who, f"asked for a {what}", now)


def take_entry(
    session: Session, case_id: int, *, version: int, who: str, entry: Evidence, drafted: Drafted, now: datetime
) -> CaseRow:
    """Another entry is what this post is about: a new draft from it, in the place of the old one."""
    case = _mine(session, case_id, version, who, now)
    if case.match is None:
        raise NotAllowed("this case has no match")
    before = case.entry_id
    match = codec.load(Match, case.match)
    case.match = codec.dump(
        replace(match, entry_id=entry.id, entry_version=entry.version, exemplar="", runner_up=before, reasons=(CHOSEN,))
    )
    case.entry_id, case.entry_version = entry.id, entry.version
    case.draft, case.template, case.lang, case.address = drafted.text, drafted.template, drafted.lang, drafted.address
    case.sensitivity, case.rests_on, case.updated_at = drafted.sensitivity.value, {}, now
    eyes.forget(session, case.id)
    holds.drop_jotting(session, case.id, who)
    return _noted(session, case, who, "another entry taken", now, before=before, after=entry.id)


def rests_on(
    session: Session, case_id: int, *, version: int, who: str, text: str, sentence: str, on: str, now: datetime
) -> CaseRow:
    """An editor vouches: this sentence of theirs rests on that citation (its key), or states no fact (`ours`)."""
    case = _mine(session, case_id, version, who, now)
    before, case.draft, case.updated_at = case.draft, clean_text(text).strip(), now
    kept = {said: key for said, key in case.rests_on.items() if said in case.draft}
    case.rests_on = {**kept, sentence: on}
    holds.drop_jotting(session, case.id, who)
    return _noted(
        session, case, who, "vouched for a sentence", now, sentence=sentence, on=on, before=before, after=case.draft
    )


def _mine(session: Session, case_id: int, version: int, who: str, now: datetime) -> CaseRow:
    if who.strip().casefold() in NOBODY:
        raise NotAllowed("a decision needs the name of a person")
    case = cases.get(session, case_id)
    cases.expect_version(case, version)
    holds.check(session, case_id, who, now)
    if case.state != State.PROPOSED:
        raise NotAllowed(f"case {case.id} is {case.state}; only a draft that waits can be laid aside or changed")
    return case


def _noted(session: Session, case: CaseRow, who: str, what: str, now: datetime, **detail: object) -> CaseRow:
    audit.note(session, who=who, what=what, now=now, case_id=case.id, **detail)
    cases.flush(session)
    return case

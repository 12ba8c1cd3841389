"""`scrutineer forget`: erase what a person wrote, take back what we said to them, never address them again.

What identifies a post or a person stays, so that neither is taken in or addressed a second time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import audit, audit_chain, cases, review
from bot.audit import OFFICE
from bot.carry_out import forget
from bot.errors import NotAllowed
from bot.ledger import UNSETTLED
from bot.life import IN_FLIGHT, State
from bot.model import Network
from bot.store.models import CaseRow, DeliveryRow, EventRow, Json, OptOutRow
from bot.store.office_models import AuditRow
from bot.vanish import WORDS

AT_ONCE = 500  # rows read at a time
HOW = "erased on request"
WHY = "the person asked to be erased"
PROFILE = {"handle": "", "display_name": "", "bio": "", "url": ""}


@dataclass(frozen=True, slots=True, order=True)
class Person:
    """Somebody we know of."""

    network: str
    id: str
    handle: str


def erase(session: Session, account: str, *, now: datetime) -> list[str]:
    """Do it, in the caller's transaction; returns what was done, in lines.

    `account` is a handle, a DID, an actor address or a profile address. Raises `NotAllowed` if it names nobody exactly.
    """
    wanted = _wanted(account)
    people = sorted(_find(session, wanted))
    if not people:
        return [_unknown(session, wanted, now)]
    lines: list[str] = []
    for person in people:
        lines += _erase(session, person, now)
    return lines


def _erase(session: Session, person: Person, now: datetime) -> list[str]:
    forget(session, person.network, person.id, handle=person.handle, how=HOW, now=now)
    taken_back = _take_back(session, person, now)
    events = _clean_events(session, person)
    lines = _clean_record(session, person)
    touched = [row for row in session.scalars(select(CaseRow)) if _clean_case(row, person)]
    deliveries = sum(
        _clean_delivery(row, person)
        for row in session.scalars(select(DeliveryRow).where(DeliveryRow.author_id == person.id))
    )
    cases.flush(session)
    counts = {"events": events, "cases": len(touched), "deliveries": deliveries, "withdrawn": taken_back}
    audit.note(
        session,
        who=OFFICE,
        what=audit_chain.ERASED,
        now=now,
        network=person.network,
        author=person.id,
        lines=lines,
        **counts,
    )
    return [
        f"{person.handle or person.id} on {person.network}: will not be addressed again",
        f"  their words were erased from {_many(events, 'event')} and {_many(len(touched), 'case')}",
        f"  {_many(deliveries, 'delivery', 'deliveries')} kept without their name: when, on whose approval, from which"
        " evidence",
        f"  {_many(taken_back, 'published reply', 'published replies')} will be withdrawn",
    ]


def _take_back(session: Session, person: Person, now: datetime) -> int:
    """Ask for every reply to them, or about a post of theirs, to be deleted; returns how many."""
    standing = [
        case
        for case in cases.of_author(session, person.network, person.id)
        if case.state == State.PUBLISHED or State(case.state) in IN_FLIGHT
    ]
    for case in standing:
        review.take_back(session, case, who=OFFICE, why=WHY, now=now)
    return len(standing)


def _clean_events(session: Session, person: Person) -> int:
    """Every event in which they wrote or are described. The inbox may be long, so it is read in pieces."""
    query = select(EventRow.id, EventRow.payload, EventRow.context).where(EventRow.network == person.network)
    theirs = [
        number
        for number, *values in session.execute(query.execution_options(yield_per=AT_ONCE))
        if _without(values, person)[1]
    ]
    for number in theirs:
        row = session.get_one(EventRow, number)
        row.payload, row.context = _without(row.payload, person)[0], _without(row.context, person)[0]
    return len(theirs)


def _clean_record(session: Session, person: Person) -> list[int]:
    """The record keeps what was approved, without the name that stood before it. Returns the lines that changed."""
    theirs = [case for case in cases.of_author(session, person.network, person.id) if case.author_id == person.id]
    addresses = {case.id: case.address for case in theirs if case.address}
    changed = []
    for line in session.scalars(select(AuditRow).where(AuditRow.case_id.in_(addresses))):
        if line.case_id in addresses and "text" in line.detail:
            line.detail = {**line.detail, "text": str(line.detail["text"]).removeprefix(addresses[line.case_id])}
            line.erased = True
            changed.append(line.id)
    return changed


def _clean_case(row: CaseRow, person: Person) -> bool:
    if row.network != person.network:
        return False
    found = False
    for name in ("post", "subject", "context", "asked_by"):
        cleaned, changed = _without(getattr(row, name), person)
        if changed:
            setattr(row, name, cleaned)
            found = True
    if person.id in (row.author_id, row.subject_author_id):
        found = True
        row.said_before = ""
        if row.match:
            row.match = {**row.match, "reasons": []}  # they may quote the post
        if person.id == row.author_id and State(row.state) not in IN_FLIGHT:
            row.approved_text = row.approved_text.removeprefix(row.address)
            row.address = ""
    return found


def _clean_delivery(row: DeliveryRow, person: Person) -> bool:
    """Our words stay, their name goes; but what may still be under way is needed whole, to find or withdraw it."""
    if row.state in UNSETTLED:
        return False
    handle = (row.outgoing.get("mention") or {}).get("handle") or person.handle
    text = str(row.outgoing.get("text", ""))
    for name in (f"@{handle} ", f"@{handle.split('@')[0]} "):
        text = text.removeprefix(name) if handle else text
    row.outgoing = {**row.outgoing, "text": text, "mention": None}
    return True


def _without(value: Any, person: Person) -> tuple[Any, bool]:
    """The same JSON without what this person wrote and says about themselves; was there anything?"""
    if isinstance(value, list):
        parts = [_without(one, person) for one in value]
        return [part for part, _ in parts], any(changed for _, changed in parts)
    if not isinstance(value, dict):
        return value, False
    parts_of = {key: _without(one, person) for key, one in value.items()}
    cleaned, changed = {key: part for key, (part, _) in parts_of.items()}, any(hit for _, hit in parts_of.values())
    author = value.get("author")
    if isinstance(author, dict) and author.get("id") == person.id and "text" in value:
        return {**cleaned, **WORDS, "url": ""}, True
    if value.get("id") == person.id and "handle" in value:
        return {**cleaned, **{key: "" for key in PROFILE if key in value}}, True
    return cleaned, changed


# --- who is meant


def _wanted(account: str) -> str:
    """What was typed, in the form in which we compare."""
    text = account.strip()
    for prefix in ("https://bsky.app/profile/", "at://"):
        if text.startswith(prefix):
            text = text.removeprefix(prefix).split("/")[0]
    return text.lstrip("@").rstrip("/")


def _find(session: Session, wanted: str) -> set[Person]:
    """Everybody in our tables whom this names. Case makes no difference in a handle or an address."""
    key = wanted.casefold()
    gone = session.scalars(select(OptOutRow))  # whoever left before is known by name, though their words are erased
    found = {
        (row.network, row.author_id): Person(row.network, row.author_id, row.handle)
        for row in gone
        if key in {row.author_id.casefold(), row.handle.casefold()} - {""}
    }
    columns = (
        select(EventRow.network, EventRow.payload, EventRow.context),
        select(CaseRow.network, CaseRow.post, CaseRow.subject, CaseRow.context, CaseRow.asked_by),
    )
    for query in columns:
        for network, *values in session.execute(query.execution_options(yield_per=AT_ONCE)):
            for who in _people(values):
                names = {str(who.get(name, "")).casefold() for name in ("id", "handle", "url")}
                if key in names - {""}:
                    known = found.get((network, who["id"]))
                    handle = str(who.get("handle") or "") or (known.handle if known else "")
                    found[network, who["id"]] = Person(network, who["id"], handle)
    return set(found.values())


def _people(value: Any) -> Iterator[Json]:
    """Everybody in this JSON who wrote something or asked for it. Whoever is only named did neither."""
    if isinstance(value, list):
        for one in value:
            yield from _people(one)
    elif isinstance(value, dict):
        if value.get("id") and "handle" in value:
            yield value
        for key, one in value.items():
            if key != "mentions":
                yield from _people(one)


def _unknown(session: Session, wanted: str, now: datetime) -> str:
    network, author_id, handle = _exactly(wanted)
    forget(session, network, author_id, handle=handle, how=HOW, now=now)
    return f"nothing is stored about {wanted}; they will not be addressed (on {network})"


def _exactly(wanted: str) -> tuple[Network, str, str]:
    """Somebody of whom nothing is stored: network, id, handle. A handle alone stands in the place of the id."""
    if any(letter.isspace() for letter in wanted):
        raise NotAllowed(_ADVICE.format(wanted))
    if wanted.startswith(("did:plc:", "did:web:")):
        return Network.BLUESKY, wanted, ""
    if wanted.startswith(("https://", "http://")):
        parts = urlsplit(wanted)
        name = parts.path.strip("/")
        if name.startswith("@") and "/" not in name and parts.netloc:
            handle = f"{name[1:]}@{parts.netloc}".lower()
            return Network.MASTODON, f"@{handle}", handle
        if parts.netloc and name:
            return Network.MASTODON, wanted, ""
    elif re.fullmatch(r"[^@/]+@[^@/]+\.[^@/]+", wanted):
        return Network.MASTODON, f"@{wanted.lower()}", wanted.lower()
    elif re.fullmatch(r"([\w-]+\.)+[\w-]+", wanted):
        return Network.BLUESKY, f"@{wanted.lower()}", wanted.lower()
    raise NotAllowed(_ADVICE.format(wanted))


_ADVICE = (
    "nobody is stored under {!r}, and it names nobody exactly: write the whole handle (ada@social.example,"
    " ada.example.org), the DID, or the address of the profile"
)


def _many(number: int, thing: str, things: str = "") -> str:
    return f"1 {thing}" if number == 1 else f"{number} {things or thing + 's'}"

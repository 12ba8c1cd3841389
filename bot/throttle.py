"""Slow down whoever guesses: failed tries are counted in the database, and each costs a longer wait than the last.

It counts by account and by address. Keys are hashes; a try is counted before it is looked at, so that a hundred at
once are a hundred.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from bot.store.sign_in_models import SignInTryRow

FREE_BY_ACCOUNT = 4  # tries; people mistype
FREE_BY_ADDRESS = 30  # tries; a whole school may sit behind one address
FIRST_WAIT = timedelta(seconds=2)  # doubles with every further failure
LONGEST_WAIT = timedelta(minutes=15)
FORGET = timedelta(days=1)  # after a quiet day the count begins anew


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """Who is guessing, in one respect."""

    key: str
    free: int


def by_account(name: str) -> Guess:
    """Tries at one account, whoever makes them; the account need not exist."""
    return Guess(key=_key("account", name.strip().casefold()), free=FREE_BY_ACCOUNT)


def by_person(user_id: int) -> Guess:
    """Tries at the second factor of a person who got past the first."""
    return Guess(key=_key("person", str(user_id)), free=FREE_BY_ACCOUNT)


def by_address(address: str) -> Guess:
    """Tries from one address, at whatever account."""
    return Guess(key=_key("address", address), free=FREE_BY_ADDRESS)


def knock(session: Session, guesses: Sequence[Guess], *, now: datetime) -> timedelta:
    """Count a try. Zero: go on. More: this try is refused unseen, come back after that time."""
    rows = {guess: _row(session, guess.key, now) for guess in sorted(guesses, key=lambda one: one.key)}
    wait: timedelta = max((row.next_at - now for row in rows.values()), default=timedelta(0))
    if wait > timedelta(0):
        return wait
    for guess, row in rows.items():
        if row.next_at + FORGET < now:
            row.failures = 0
        row.failures += 1
        row.next_at = now + _delay(row.failures - guess.free)
    return timedelta(0)


def welcome(session: Session, person: Guess, *, address: Guess, now: datetime) -> None:
    """It was them: forget the failures at this account, and that this try was counted against the address."""
    session.execute(delete(SignInTryRow).where(SignInTryRow.key == person.key))
    row = _row(session, address.key, now)
    row.failures, row.next_at = max(row.failures - 1, 0), now


def sweep(session: Session, *, now: datetime) -> None:
    """Forget what is long past."""
    session.execute(delete(SignInTryRow).where(SignInTryRow.next_at < now - FORGET))


def _row(session: Session, key: str, now: datetime) -> SignInTryRow:
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    new = dialect.insert(SignInTryRow).values(key=key, failures=0, next_at=now)
    session.execute(new.on_conflict_do_nothing(index_elements=["key"]))
    return session.get_one(SignInTryRow, key, with_for_update=True, populate_existing=True)


def _delay(too_many: int) -> timedelta:
    if too_many <= 0:
        return timedelta(0)
    return min(FIRST_WAIT * (1 << min(too_many - 1, 20)), LONGEST_WAIT)


def _key(kind: str, what: str) -> str:
    return hashlib.sha256(f"{kind}:{what}".encode("utf-8", "surrogatepass")).hexdigest()

"""Which case should be read first. Pure: a case and the time in, a place in the queue and the reason in words out.

Waiting is what counts; care, reach and having been asked are worth a head start, in hours. The place of a case never
changes while it waits, so that the queue does not dance and the database can keep it in order.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

ASKED = 6.0  # hours: somebody sits there and waits for an answer
HARM = {"high-care": 4.0, "expert-review": 4.0, "standard": 0.0}  # hours, by the care an entry needs
PER_TENFOLD = 1.0  # hours for every tenfold of followers
MOST_REACH = 5.0  # hours: a famous account does not push everybody else out
ALWAYS_FIRST = timedelta(days=3650)  # escalated cases: a person may need help
ALWAYS_LAST = timedelta(days=3650)  # locked or parked: nothing can be published here
WAITING = frozenset({"proposed", "escalated"})
ASKING = frozenset({"mention_author", "reply_to_bot", "summoner"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the place of a case depends on."""

    state: str
    lock: str
    parked: str
    basis: str
    sensitivity: str
    followers: int
    created_at: datetime


def rank_at(facts: Facts) -> datetime | None:
    """The moment by which cases are put in order: the earlier, the sooner it is read. None: it does not wait."""
    if facts.state not in WAITING:
        return None
    start = facts.created_at - timedelta(hours=sum(hours for hours, _ in head_starts(facts)))
    if facts.state == "escalated":
        return start - ALWAYS_FIRST
    return start + ALWAYS_LAST if facts.lock or facts.parked else start


def head_starts(facts: Facts) -> list[tuple[float, str]]:
    """Hours, and what they are for."""
    found = []
    if facts.basis in ASKING:
        found.append((ASKED, "somebody asked us"))
    if hours := HARM.get(facts.sensitivity, 0.0):
        found.append((hours, "the claim may do harm"))
    reach = min(MOST_REACH, PER_TENFOLD * math.floor(math.log10(max(facts.followers, 1))))
    if reach >= 1:
        found.append((reach, f"about {facts.followers:,} people follow the author"))
    return found


def facts_of(row: Any) -> Facts:
    """The facts of a row of the case table."""
    return Facts(
        state=row.state,
        lock=row.lock or "",
        parked=row.parked or "",
        basis=row.basis or "",
        sensitivity=row.sensitivity or "",
        followers=_followers(row.subject),
        created_at=row.created_at,
    )


def _followers(subject: Mapping[str, Any] | None) -> int:
    author = (subject or {}).get("author") or {}
    return int(author.get("followers") or 0)

"""What time a server says it is, and how far our own clock is from it. Pure: it asks nobody."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def ahead_of(headers: Mapping[str, str], ours: datetime) -> float | None:
    """Seconds by which our clock is ahead of this answer's `Date`; None if it gives none, or comes from a cache."""
    said = headers.get("Date") or headers.get("date") or ""
    if not said or headers.get("Age") or headers.get("age"):
        return None
    try:
        theirs = parsedate_to_datetime(said)
    except (ValueError, TypeError, OverflowError):
        return None
    return (ours - theirs.replace(tzinfo=theirs.tzinfo or UTC)).total_seconds()

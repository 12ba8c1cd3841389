"""The real clock, and one that tests and replays steer. Nothing else in the office asks for the time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class SystemClock:
    """Fulfils `ports.Clock` with the machine's time."""

    def now(self) -> datetime:
        """Now, in UTC."""
        return datetime.now(UTC)


class SteeredClock:
    """A clock that moves only when told."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        """The time it was set to."""
        return self._at

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        self._at += by

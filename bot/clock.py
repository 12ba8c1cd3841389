"""The real clock, and one that tests and replays steer. Nothing else in the office asks for the time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

MOST_SKEW = 60.0  # seconds our clock may differ from a server's: limits, expiry and the order of posts depend on it


def why_wrong(skew: float | None) -> str:
    """Why nothing may be sent by this clock ("" if it may). `skew`: seconds ahead of the server, None if unknown."""
    if skew is None or abs(skew) <= MOST_SKEW:
        return ""
    side = "ahead of" if skew > 0 else "behind"
    return f"the clock of this machine is {abs(skew):.0f} s {side} the server's; set it (`timedatectl set-ntp true`)"


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

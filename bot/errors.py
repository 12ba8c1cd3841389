"""Everything that can go wrong, named by what the caller should do next.

ScrutineerError
├── PlatformError            the outside world
│   ├── Unreachable          nothing was sent: try again later
│   ├── SlowDown             nothing was accepted: try again after `seconds`
│   ├── Unclear              it may or may not have been accepted: read back, never resend blindly
│   ├── Refused              never try this again
│   │   └── Gone             the post or account addressed is not there (any more)
│   └── LoggedOut            credentials are no good: pause this account and tell the administrator
├── NotAllowed               a person or a rule forbids this move (says which)
├── Stale                    somebody else changed the case first: reload and decide again
├── BadPack                  an evidence pack with row errors: nothing was imported
├── BadModel             a model file is missing or was altered: matching only suggests until it is restored
├── BadSettings              the configuration is wrong: one line names field and remedy
└── LostLease                another worker owns this job now: stop without writing
"""

from __future__ import annotations


class ScrutineerError(Exception):
    """Root of the tree. The message is one clear line that names the remedy."""


class PlatformError(ScrutineerError):
    """A network did not do what we asked."""


class Unreachable(PlatformError):
    """Nothing was sent: connection refused, DNS failure, time-out while connecting. Try again later."""


class SlowDown(PlatformError):
    """A rate limit: nothing was accepted. Try again after `seconds` (bounded, always > 0)."""

    def __init__(self, message: str, *, seconds: float) -> None:
        super().__init__(message)
        self.seconds = min(max(seconds, 1.0), LONGEST_WAIT)


LONGEST_WAIT = 3600.0  # seconds; servers have sent reset times decades ahead (atproto issue 3436)


class Unclear(PlatformError):
    """The request left us and no trustworthy answer came back (time-out, 5xx, cut connection)."""


class Refused(PlatformError):
    """The network understood and said no. Never try this again."""


class Gone(Refused):
    """What we address is not there (any more), or does not want to be seen by us."""


class LoggedOut(PlatformError):
    """Our credentials are refused. Reconnect the account with `scrutineer init`."""


class NotAllowed(ScrutineerError):
    """A move that a rule or the table of moves forbids."""


class Stale(ScrutineerError):
    """The case changed under somebody's hands: reload, look, decide again."""


class BadSettings(ScrutineerError):
    """A setting is wrong or missing; the message names the field and the remedy."""


class BadModel(ScrutineerError):
    """A model file is missing, altered or unreadable; the message names it, its hash and the remedy."""


class LostLease(ScrutineerError):
    """This worker no longer owns the job it is working on."""


class BadPack(ScrutineerError):
    """An evidence pack that was refused whole; `rows` says what to mend, one line each."""

    def __init__(self, message: str, *, rows: tuple[str, ...]) -> None:
        super().__init__(message)
        self.rows = rows

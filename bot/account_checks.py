"""What must be right about an account before it may speak, as findings with remedies. Pure: it asks nobody."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from bot.clock import MOST_SKEW
from bot.model import Network
from bot.platforms.facts import Us

_OPT_OUT = re.compile(r"\bstop\b|\bopt[ -]?out\b", re.IGNORECASE)
_APPROVED = re.compile(
    r"(approved|checked|reviewed) by (a|an|our|named|human)\b|(person|human|editor)s? approves?", re.I
)


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at, and what to do about it ("" when nothing)."""

    level: Level
    what: str
    remedy: str = ""


def ok(what: str) -> Finding:
    """All is well."""
    return Finding(level=Level.OK, what=what)


def warn(what: str, remedy: str) -> Finding:
    """It works, but somebody should look."""
    return Finding(level=Level.WARN, what=what, remedy=remedy)


def fail(what: str, remedy: str) -> Finding:
    """It is broken, or it would be wrong to go on."""
    return Finding(level=Level.FAIL, what=what, remedy=remedy)


def profile(us: Us, *, organisation: str, contact: str) -> list[Finding]:
    """Does the profile say that this is a bot, whose, and how to be left alone?"""
    found = [bot_mark(us)]
    if "(bot)" not in us.display_name.casefold():
        found.append(warn(f'the display name {us.display_name!r} does not say "(bot)"', 'add "(bot)" to it'))
    lacks = [
        what
        for what, there in (
            ("who runs it", organisation.casefold() in us.bio.casefold()),
            ("a contact address", bool(contact) and contact.casefold() in us.bio.casefold()),
            ("that replies are approved by a person", bool(_APPROVED.search(us.bio))),
            ("how to opt out", bool(_OPT_OUT.search(us.bio))),
        )
        if not there
    ]
    if lacks:
        words = suggested_bio(organisation, contact)
        found.append(warn(f"the bio does not say {', '.join(lacks)}", f"for example: “{words}”"))
    else:
        found.append(ok("the bio says who runs it, that a person approves, and how to opt out"))
    return found


def bot_mark(us: Us) -> Finding:
    """Is the account marked as automated, in the way of its network?"""
    if us.network == Network.BLUESKY:
        if us.is_bot:
            return ok('the profile carries the self-label "bot"')
        return fail('the profile lacks the self-label "bot"', "run `scrutineer init` again: it offers to add the label")
    if us.is_bot:
        return ok("the account is marked as automated")
    return fail(
        "the account is not marked as automated",
        'on the server: Preferences → Public profile, tick "This is an automated account", save',
    )


def suggested_bio(organisation: str, contact: str) -> str:
    """A bio that says it all in less than 256 characters, for names of common length."""
    mail = f" Contact: {contact}." if contact else ""
    return (
        f"Bot of {organisation}: answers medical claims with sources, when asked."
        f" Every reply is approved by a person. Opt out: reply STOP.{mail}"
    )


def scopes(granted: Sequence[str] | None, needed: Collection[str]) -> Finding:
    """May the token do what we need, and not much more?"""
    if granted is None:
        return warn(
            "the server does not tell what the token may do",
            f"when you make one by hand, tick exactly: {' '.join(sorted(needed))}",
        )
    missing = sorted(one for one in needed if not allows(granted, one))
    if missing:
        return fail(
            f"the token lacks {' '.join(missing)}",
            "run `scrutineer init` again and let it register the application, or make a token with these scopes",
        )
    extra = sorted(set(granted) - set(needed) - {"profile"})
    if extra:
        return warn(
            f"the token may do more than we need: {' '.join(extra)}",
            "better run `scrutineer init` again and let it register the application",
        )
    return ok("the token may do what we need, and no more")


def allows(granted: Sequence[str], scope: str) -> bool:
    """Does a list of scopes cover this one? A broad scope covers its parts."""
    broad = scope.split(":", 1)[0]
    return bool({scope, broad} & set(granted)) or (scope.endswith(":follows") and "follow" in granted)


def rules_hash(rules: Sequence[str]) -> str:
    """A fingerprint of a server's rules, as its people read them."""
    return hashlib.sha256("\n".join(rules).encode("utf-8", "replace")).hexdigest()


def rules(now: Sequence[str], confirmed: Mapping[str, Any]) -> Finding:
    """Are the server's rules still those that a person of ours read?"""
    again = "read them, then confirm them with `scrutineer init`"
    if not confirmed.get("hash"):
        return fail("nobody has confirmed the rules of this server", again)
    if confirmed["hash"] != rules_hash(now):
        return fail(f"the server changed its rules since {_day(confirmed)}", again)
    return ok(f"the server's {len(now)} rules are those that {confirmed.get('by', '?')} read on {_day(confirmed)}")


def identity(us: Us, expected: str) -> Finding:
    """Is it still the account that was connected?"""
    if us.id == expected:
        return ok(f"signed in as @{us.handle}")
    return fail(f"this is {us.id}, but {expected} was connected", "run `scrutineer init` and connect the right one")


def clock(theirs: datetime | None, ours: datetime, host: str) -> Finding:
    """Do our clock and a server's agree?"""
    if theirs is None:
        return warn(f"clock: {host} does not say what time it is", "compare the clock of this machine by hand")
    skew = (ours - theirs).total_seconds()
    if abs(skew) > MOST_SKEW:
        side = "ahead of" if skew > 0 else "behind"
        return fail(
            f"clock: this machine is {abs(skew):.0f} s {side} {host}",
            "set the clock, and keep it set: `timedatectl set-ntp true`",
        )
    return ok(f"clock: agrees with {host}")


def limits(counted: Sequence[tuple[str, int]]) -> Finding:
    """How long a reply may be there."""
    return ok("a reply may have " + " and ".join(f"{most:,} {unit}" for unit, most in counted))


def _day(confirmed: Mapping[str, Any]) -> str:
    return str(confirmed.get("at", "?"))[:10]

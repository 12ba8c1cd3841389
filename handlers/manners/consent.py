"""Who asked us, and what that allows: one typed table of bases and outcomes per network. It looks at nobody."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType

from bot.model import Basis, Network


class Outcome(StrEnum):
    """What may become of a case (codes as in docs/reference/manners.md)."""

    REPLY_AUTHOR = "R1"  # a public reply to the author, in the thread
    REPLY_ASKER = "R2"  # a reply in the thread to the person who asked, the author's handle left out
    NOTE_ASKER = "R2n"  # a note on our own timeline that names only the person who asked
    HAND_OVER = "R6"  # an editor answers from their own account
    FILE = "R9"  # kept for statistics only


IN_WORDS = MappingProxyType(
    {
        Outcome.REPLY_AUTHOR: "public reply to the author",
        Outcome.REPLY_ASKER: "reply in the thread to the person who asked",
        Outcome.NOTE_ASKER: "note on our own timeline to the person who asked",
        Outcome.HAND_OVER: "hand over to an editor's own account",
        Outcome.FILE: "file for statistics",
    }
)

WHY_NOT = MappingProxyType(
    {
        Basis.NONE: "nobody asked us, so nothing is said in public",
        Basis.SUMMONER: "the author of the claim did not ask us: only the person who did may hear from us",
    }
)

_QUIET = frozenset({Outcome.HAND_OVER, Outcome.FILE})  # always open: nobody is addressed by us
_AUTHOR = _QUIET | {Outcome.REPLY_AUTHOR}

ALLOWS: MappingProxyType[tuple[Basis, Network], frozenset[Outcome]] = MappingProxyType(
    {
        (basis, network): outcomes
        for basis, per_network in {
            Basis.MENTION_AUTHOR: dict.fromkeys(Network, _AUTHOR),
            Basis.REPLY_TO_BOT: dict.fromkeys(Network, _AUTHOR),
            Basis.SERVER_CONSENT: dict.fromkeys(Network, _AUTHOR),
            Basis.SUMMONER: {
                # on Bluesky a reply notifies the authors of up to five posts above it, whatever it says
                Network.BLUESKY: _QUIET | {Outcome.NOTE_ASKER},
                Network.MASTODON: _QUIET | {Outcome.REPLY_ASKER, Outcome.NOTE_ASKER},
                Network.FAKE: _QUIET | {Outcome.REPLY_ASKER, Outcome.NOTE_ASKER},
            },
            Basis.NONE: dict.fromkeys(Network, _QUIET),
        }.items()
        for network, outcomes in per_network.items()
    }
)

ASKED = frozenset({Basis.MENTION_AUTHOR, Basis.REPLY_TO_BOT, Basis.SUMMONER})  # a person spoke to us
PUBLIC = frozenset({Outcome.REPLY_AUTHOR, Outcome.REPLY_ASKER, Outcome.NOTE_ASKER})


def outcome_of(basis: Basis, *, note: bool) -> Outcome:
    """What sending on this basis would be."""
    if note:
        return Outcome.NOTE_ASKER
    return Outcome.REPLY_ASKER if basis is Basis.SUMMONER else Outcome.REPLY_AUTHOR


def allows(basis: Basis, network: Network, outcome: Outcome) -> bool:
    """Does this basis allow this outcome here? What the table does not know is not allowed."""
    return outcome in ALLOWS.get((basis, network), frozenset())


def why_not(basis: Basis, outcome: Outcome) -> str:
    """Why this outcome is not allowed, in a sentence for editors."""
    return WHY_NOT.get(basis, f"those who asked us did not ask for this: {IN_WORDS[outcome]}")


def allows_public_reply(basis: Basis, network: Network | None = None) -> bool:
    """Does this basis allow us to say anything in public (there, or anywhere)?"""
    networks = (network,) if network else tuple(Network)
    return any(PUBLIC & ALLOWS.get((basis, one), frozenset()) for one in networks)

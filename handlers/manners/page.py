"""The reference page on manners, written from the tables that enforce it. It computes text; `python -m` prints it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bot.model import Basis, Network
from handlers.manners.consent import ALLOWS, IN_WORDS, Outcome
from handlers.manners.gates import GATES
from handlers.manners.proposing import LOCKING, SILENCING
from handlers.manners.words import DELETE, NO_BRIDGE, OPT_OUT, PROFILE

HEAD = """\
# Manners: when we may speak

This page is written from the code that enforces it: `python -m handlers.manners.page > docs/reference/manners.md`.
Approval by a person is needed for everything public, and is never enough: somebody must have asked us.
"""

BASES: Mapping[Basis, str] = {
    Basis.MENTION_AUTHOR: "the author called us in the post or in their own thread",
    Basis.REPLY_TO_BOT: "the author answered a post of ours",
    Basis.SUMMONER: "somebody called us under, or quoting, a post of somebody else: only the one who called asked",
    Basis.SERVER_CONSENT: "a named administrator decided that hashtag posts may be answered from this account",
    Basis.NONE: "nobody asked: the post was found by its hashtag",
}


def page() -> str:
    """The whole page."""
    return "\n".join((HEAD, *_bases(), "", *_gates(), "", *_words())) + "\n"


def _bases() -> Iterable[str]:
    yield "## Who asked, and what that allows"
    yield ""
    yield "| basis | who asked | " + " | ".join(IN_WORDS[outcome] for outcome in Outcome) + " |"
    yield "|---|---|" + "---|" * len(Outcome)
    for basis in Basis:
        cells = (_where(basis, outcome) for outcome in Outcome)
        yield f"| `{basis}` | {BASES[basis]} | " + " | ".join(cells) + " |"


def _where(basis: Basis, outcome: Outcome) -> str:
    allowed = [network for network in Network if outcome in ALLOWS[basis, network]]
    if len(allowed) == len(Network):
        return "yes"
    return ", ".join(allowed) if allowed else "–"


def _gates() -> Iterable[str]:
    yield "## The gates"
    yield ""
    yield "Every gate is asked at the moment of sending; one that is closed, or that breaks, means no send."
    yield "Some are asked before anything is drafted, too."
    yield "There a closed gate means either no case at all, or a case whose public reply is locked."
    yield ""
    yield "| gate | open when | closed before drafting | closed when sending |"
    yield "|---|---|---|---|"
    for name, gate in GATES:
        before = "no case" if name in SILENCING else "locked" if name in LOCKING else "not asked"
        yield f"| {name} | {(gate.__doc__ or '').strip()} | {before} | no send |"


def _words() -> Iterable[str]:
    yield "## The words by which people leave"
    yield ""
    yield "Case, accents, punctuation, full-width and look-alike letters and invisible characters make no difference."
    yield ""
    yield from _list("As the whole first line of a message to us: we never address this person again", OPT_OUT)
    yield from _list("As the whole first line of an answer to our reply: we delete it", DELETE)
    yield from _list("In a profile or display name, with or without '#': we never address this account", PROFILE)
    yield f"`{NO_BRIDGE}` in a profile counts for bridged accounts."


def _list(title: str, words: Mapping[str, tuple[str, ...]]) -> Iterable[str]:
    yield f"{title}."
    yield ""
    for lang, those in words.items():
        yield f"- {lang}: {', '.join(those)}"
    yield ""


if __name__ == "__main__":
    print(page(), end="")

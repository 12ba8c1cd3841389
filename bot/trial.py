"""What it looks like when words of the office are tried out, and who can try them. Values only; no store, no voice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from bot.ports import Measure

WORDING = "reply templates"  # as a name among what is in trouble


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A phrase, or a layout (`is_layout`), as it ships: a phrase has one wording a line."""

    name: str
    shipped: str
    is_layout: bool
    placeholders: tuple[str, ...]
    may_be_empty: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """Something in the words themselves. `line` 0: in no single line."""

    line: int
    what: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """What civility finds in a preview. `blocks`: such a reply could not be approved."""

    message: str
    suggestion: str
    blocks: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A reply from one entry for one network. `text` "": nothing fits. `loose` are sentences that nothing carries."""

    why: str  # this entry was chosen, e.g. "the longest finding"
    entry: str
    claim: str
    network: str
    text: str
    layout: str
    holds: bool  # whether the words that are tried stand in it
    wide: bool = False  # not for the usual room, but for a server that allows far more
    measures: tuple[Measure, ...] = ()
    objections: tuple[Objection, ...] = ()
    loose: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """How words did. `refused` says why they may not be used, apart from what is `wrong` with them."""

    wrong: tuple[Wrong, ...] = ()
    previews: tuple[Preview, ...] = ()
    refused: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """May these words be saved and put in force?"""
        return not self.wrong and not self.refused


class Workshop(Protocol):
    """Where words are tried out before anybody says them."""

    def languages(self) -> tuple[str, ...]:
        """The languages that have words."""
        ...

    def spoken(self) -> str:
        """The language in which drafts are written just now."""
        ...

    def pieces(self, lang: str) -> tuple[Piece, ...]:
        """Every phrase and layout of a language, in the order of its file."""
        ...

    def try_out(self, lang: str, name: str, text: str) -> Trial:
        """Check these words, and put replies together with them and with everything else that is in force."""
        ...

    def troubles(self) -> tuple[tuple[str, str, str], ...]:
        """(language, name, why) of words in force that cannot be used: what ships is said in their place."""
        ...

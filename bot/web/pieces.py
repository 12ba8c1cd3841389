"""What the words of a reply are for, in words an editor knows: groups, titles, a sentence each. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.trial import Piece

GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "Who drafted and checked it",
        ("disclosure", "short_disclosure", "bare_disclosure", "tight_disclosure", "tightest_disclosure"),
    ),
    ("The way out", ("exit", "short_exit", "tight_exit")),
    ("Thanks and tone", ("thanks", "answering", "soft", "debate")),
    ("Care", ("care", "care_medicine")),
    (
        "How sure we are",
        tuple(
            f"{key}.{grade}"
            for key in ("certainty", "certainty_why", "short_certainty")
            for grade in ("high", "moderate", "low", "very low")
        ),
    ),
    ("Source and method", ("source", "short_source", "method")),
)
LAYOUTS = "Layouts, the fullest first"
TITLES = {
    "disclosure": "Disclosure",
    "short_disclosure": "Disclosure, shorter",
    "bare_disclosure": "Disclosure, without our name",
    "tight_disclosure": "Disclosure, where space is tight",
    "tightest_disclosure": "Disclosure, as short as can be",
    "exit": "Way out",
    "short_exit": "Way out, shorter",
    "tight_exit": "Way out, where space is tight",
    "thanks": "Thanks",
    "answering": "Instead of thanks: we answer",
    "soft": "Instead of thanks: softer",
    "debate": "Other views are welcome",
    "care": "Ask your clinician",
    "care_medicine": "Ask before you change a medicine",
    "source": "Source",
    "short_source": "Source, shorter",
    "method": "How we work",
    "certainty": "Certainty",
    "certainty_why": "Certainty, with the reason",
    "short_certainty": "Certainty, in few words",
}
ABOUT = {
    "disclosure": "Everybody can see that software drafted the reply and that a person checked it.",
    "exit": "Whoever is addressed can end it by writing STOP, in every language.",
    "thanks": "Only to those who asked us.",
    "answering": "In place of the thanks, where an editor chooses the wording “Answering”.",
    "soft": "In place of the thanks, where an editor chooses the wording “Softer”.",
    "debate": "Where the claim needs context rather than a verdict.",
    "care": "Where readers may be about to decide something about their own care.",
    "care_medicine": "The same, where it concerns a medicine.",
    "certainty": "Said beside the finding: how sure the evidence is, by our rating.",
    "source": "Stands before the link.",
    "method": "Where the office has a page on how it works.",
}
LAYOUT = "The first layout that fits is taken, so a fuller one comes before a shorter one."


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Words that belong together."""

    title: str
    pieces: tuple[Piece, ...]


def grouped(pieces: Iterable[Piece]) -> tuple[Group, ...]:
    """All of them, in groups, in the order in which one reads them."""
    by_name = {one.name: one for one in pieces}
    layouts = tuple(one for one in by_name.values() if one.is_layout)
    groups = [Group(title=title, pieces=tuple(by_name[name] for name in names)) for title, names in GROUPS]
    return (*groups, Group(title=LAYOUTS, pieces=layouts))


def title(piece: Piece) -> str:
    """What these words are called on a page."""
    if piece.is_layout:
        number, _, words = piece.name.partition("-")
        return f"Layout {number}: {words.replace('-', ' ')}"
    key, _, grade = piece.name.partition(".")
    return f"{TITLES[key]}: {grade}" if grade else TITLES[key]


def about(piece: Piece) -> str:
    """What they are for, in a sentence."""
    if piece.is_layout:
        return LAYOUT
    key = piece.name.partition(".")[0]
    return ABOUT.get(key) or ABOUT[key.rpartition("_")[2] if not key.startswith("certainty") else "certainty"]

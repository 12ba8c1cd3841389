"""Every figure of the dashboard, in the order in which people read it."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.orm import Session

from bot.figures.decided import decisions, queue_age, reasons, time_to_decision
from bot.figures.figure import Figure, Span
from bot.figures.heard import intake, matches, sources, tags
from bot.figures.said import held_back, opt_outs, outcomes, replies

FIGURES: tuple[Callable[[Session, Span], Figure], ...] = (
    queue_age,
    time_to_decision,
    decisions,
    reasons,
    intake,
    tags,
    sources,
    matches,
    replies,
    outcomes,
    opt_outs,
    held_back,
)


def named(name: str) -> Callable[[Session, Span], Figure] | None:
    """The figure of this name (as it stands in addresses), or None."""
    return next((one for one in FIGURES if one.__name__ == name.replace("-", "_")), None)

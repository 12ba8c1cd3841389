"""Words that were put together for one case. A value only: it composes nothing and knows no store."""

from __future__ import annotations

from dataclasses import dataclass

from bot.model import Sensitivity


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafted:
    """Words that fit, without the address: the address stands before them when they are sent."""

    text: str
    address: str
    template: str
    lang: str
    sensitivity: Sensitivity

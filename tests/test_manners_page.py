"""The page people read about our manners is the code that enforces them."""

from __future__ import annotations

from pathlib import Path

from bot.model import Basis
from handlers.manners.gates import GATES
from handlers.manners.page import BASES, page

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "manners.md"


def test_the_page_on_manners_is_current():
    assert PAGE.read_text(encoding="utf-8") == page(), (
        "run: python -m handlers.manners.page > docs/reference/manners.md"
    )


def test_every_gate_and_every_basis_says_what_it_means():
    assert all((gate.__doc__ or "").strip() for _, gate in GATES)
    assert set(BASES) == set(Basis)

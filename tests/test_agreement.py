"""Cohen's kappa, against numbers that others computed."""

from __future__ import annotations

import pytest

from bot.figures.agreement import kappa


def table(*cells: tuple[str, str, int]) -> list[tuple[str, str]]:
    return [(one, other) for one, other, times in cells for _ in range(times)]


def test_fifty_grant_proposals_of_the_textbook():
    """Two readers of 50 proposals: 20 times both yes, 15 times both no; p_o = 0.70, p_e = 0.50."""
    pairs = table(("yes", "yes", 20), ("yes", "no", 5), ("no", "yes", 10), ("no", "no", 15))

    assert kappa(pairs) == pytest.approx(0.40)


@pytest.mark.parametrize(("cells", "wanted"), [((45, 15, 25, 15), 0.1304), ((25, 35, 5, 35), 0.2593)])
def test_the_same_agreement_with_other_margins_is_another_kappa(cells: tuple[int, ...], wanted: float):
    """In both tables 60 of 100 agree."""
    yes_yes, yes_no, no_yes, no_no = cells
    pairs = table(("yes", "yes", yes_yes), ("yes", "no", yes_no), ("no", "yes", no_yes), ("no", "no", no_no))

    assert kappa(pairs) == pytest.approx(wanted, abs=0.0001)


def test_with_three_answers_worse_than_chance_is_below_nought():
    """Of 200 cases 29 in 100 agree, where chance alone would give 35 in 100."""
    pairs = table(
        ("a", "a", 50), ("a", "b", 26), ("a", "c", 24),
        ("b", "a", 24), ("b", "b", 4), ("b", "c", 32),
        ("c", "a", 6), ("c", "b", 30), ("c", "c", 4),
    )  # fmt: skip

    assert kappa(pairs) == pytest.approx(-0.0923, abs=0.0001)


def test_full_agreement_is_one_and_full_contradiction_is_below_nought():
    assert kappa([("approve", "approve"), ("decline", "decline")]) == 1.0
    assert kappa([("approve", "decline"), ("decline", "approve")]) == -1.0


@pytest.mark.parametrize("pairs", [[], [("approve", "approve")] * 9])
def test_where_it_says_nothing_there_is_no_number(pairs: list[tuple[str, str]]):
    assert kappa(pairs) is None


def test_two_people_who_never_use_the_same_answer_agree_as_chance_would():
    assert kappa([("approve", "decline")] * 5) == 0.0

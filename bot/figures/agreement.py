"""How far two people agree beyond chance. Pure arithmetic; where the pairs come from is not its business."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable


def kappa(pairs: Iterable[tuple[str, str]]) -> float | None:
    """Cohen's kappa of the two answers in each pair: 1 is full agreement, 0 what chance alone would give.

    None where it says nothing: without pairs, and when both gave one and the same answer every time.
    """
    counted = Counter(pairs)
    total = counted.total()
    if not total:
        return None
    first, second = Counter[str](), Counter[str]()
    for (one, other), times in counted.items():
        first[one] += times
        second[other] += times
    agreed = sum(times for (one, other), times in counted.items() if one == other)
    by_chance = sum(first[answer] * second[answer] for answer in first)  # times total squared
    if by_chance == total * total:
        return None
    return (agreed * total - by_chance) / (total * total - by_chance)

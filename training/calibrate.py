"""From signs to a probability that a draft would be right, and the thresholds. Grouped by claim throughout.

The probability must hold for claims that were never seen, so it is learnt on claims the judge has not seen either.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from bot.matching import weigh
from bot.matching.matcher import Seen
from bot.matching.weigh import MERITS, Weights
from bot.model import Stance
from training.table import Exam

FOLDS = 5
RIDGE = 0.01  # pulls weights towards zero


def right(exam: Exam, seen: Sequence[Seen], chosen: Sequence[int]) -> list[bool]:
    """Whether a draft would be right on each post, were nobody to be left alone: right entry, and asserted."""
    return [
        post.stance is Stance.ASSERTS and bool(one.candidates) and one.candidates[place].entry.id == post.entry_id
        for post, one, place in zip(exam.posts, seen, chosen, strict=True)
    ]


def chosen_by(weights: Weights, seen: Sequence[Seen]) -> list[int]:
    """The place of the candidate that is taken for each post; 0 when there is none."""
    return [
        max(range(len(one.opinions)), key=lambda n: weights.merit(weigh.merits(one.opinions[n])), default=0)
        for one in seen
    ]


def values_of(seen: Sequence[Seen], chosen: Sequence[int]) -> Tensor:
    """The signs of every post that has a candidate; zeros for the others."""
    return torch.tensor(
        [
            weigh.signs(one.opinions, place, one.reading, one.length) if one.opinions else (0.0,) * len(weigh.SIGNS)
            for one, place in zip(seen, chosen, strict=True)
        ]
    )


def fit_merits(exam: Exam, seen: Sequence[Seen]) -> tuple[float, ...]:
    """Weights that put the meant entry before the other candidates, learnt from posts whose entry is among them."""
    rows, truth = [], []
    for post, one in zip(exam.posts, seen, strict=True):
        places = [place for place, found in enumerate(one.candidates) if found.entry.id == post.entry_id]
        if places and len(one.candidates) > 1:
            rows.append(torch.tensor([weigh.merits(opinion) for opinion in one.opinions]))
            truth.append(places[0])
    target = torch.tensor(truth)
    padded = torch.zeros(len(rows), max(len(one) for one in rows), len(MERITS))
    absent = torch.ones(padded.shape[:2], dtype=torch.bool)
    for number, row in enumerate(rows):
        padded[number, : len(row)] = row
        absent[number, : len(row)] = False
    weights = torch.ones(len(MERITS), requires_grad=True)
    steps = torch.optim.LBFGS([weights], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        steps.zero_grad()
        found = functional.cross_entropy((padded @ weights).masked_fill(absent, -1e4), target)
        found = found + RIDGE * (weights**2).mean()
        found.backward()  # type: ignore[no-untyped-call]
        return found

    steps.step(loss)
    return tuple(weights.detach().tolist())


def fit(values: Tensor, truth: Tensor) -> tuple[tuple[float, ...], float]:
    """Logistic regression with a ridge: weights and start."""
    weights = torch.zeros(values.shape[1], requires_grad=True)
    start = torch.zeros(1, requires_grad=True)
    steps = torch.optim.LBFGS([weights, start], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        steps.zero_grad()
        found = functional.binary_cross_entropy_with_logits(values @ weights + start, truth)
        found = found + RIDGE * (weights**2).mean()
        found.backward()  # type: ignore[no-untyped-call]
        return found

    steps.step(loss)
    return tuple(weights.detach().tolist()), float(start.detach())


def across(values: Tensor, truth: Tensor, groups: Sequence[str]) -> Tensor:
    """The probability of each post from weights learnt on the claims of the other folds."""
    fold = torch.tensor([int(hashlib.sha256(group.encode()).hexdigest()[:8], 16) % FOLDS for group in groups])
    found = torch.zeros(len(truth))
    for number in range(FOLDS):
        here = fold == number
        weights, start = fit(values[~here], truth[~here])
        found[here] = torch.sigmoid(values[here] @ torch.tensor(weights) + start)
    return found


def threshold(sure: Tensor, good: Tensor, precise: float) -> float:
    """The lowest certainty from which the drafts are as precise as wanted; 1.0 when there is none."""
    order = sure.argsort(descending=True)
    hits = good[order].float().cumsum(0) / torch.arange(1, len(order) + 1)
    fine = (hits >= precise).nonzero().flatten().tolist()
    return float(sure[order[fine[-1]]]) if fine else 1.0

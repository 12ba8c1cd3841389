"""From signs to a probability that a draft would be right, and the two thresholds. Grouped by claim throughout.

The probability must hold for claims that were never seen, so it is learnt on claims the judge has not seen either.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from bot.matching import leave_alone
from bot.matching.evaluate import Labelled
from bot.matching.normalise import read
from bot.model import Action, Match, Stance
from training.corpus import ASSERTS, STANCES
from training.pipeline import Seen, merits, signs
from training.table import Exam

FOLDS = 5
RIDGE = 0.01  # pulls weights towards zero
PRECISE = 0.97  # of the confident drafts on the dev posts
PRECISE_UNSEEN = 0.8  # of the confident drafts on the calibration claims, whose posts are harder by design
WORTH_A_LOOK = 0.65  # precision from which an editor is shown a suggestion, on the calibration claims


@dataclass(frozen=True, slots=True, kw_only=True)
class Certainty:
    """How the candidate is chosen, weights over `pipeline.signs` with a start, and the thresholds."""

    merits: tuple[float, ...]  # weights over `pipeline.merits`: which candidate is meant
    weights: tuple[float, ...]
    start: float
    suggest: float
    confident: float
    leave_alone: float  # score from which the author is left alone

    def sure(self, seen: Seen) -> float:
        """The probability that a draft would be right."""
        total = self.start + sum(w * s for w, s in zip(self.weights, signs(seen, self.choose(seen)), strict=True))
        return float(torch.sigmoid(torch.tensor(total)))

    def choose(self, seen: Seen) -> int:
        """The place of the candidate that is most likely meant."""
        return int((merits(seen) @ torch.tensor(self.merits)).argmax())


def right(exam: Exam, seen: Sequence[Seen], chosen: Sequence[int]) -> list[bool]:
    """Whether a draft would be right on each post, were nobody to be left alone: right entry, and asserted."""
    return [
        post.stance is Stance.ASSERTS and exam.entries[one.order[place]].id == post.entry_id
        for post, one, place in zip(exam.posts, seen, chosen, strict=True)
    ]


def fit_merits(exam: Exam, seen: Sequence[Seen]) -> tuple[float, ...]:
    """Weights that put the meant entry before the other candidates, learnt from posts whose entry is among them."""
    ids = [entry.id for entry in exam.entries]
    rows, truth = [], []
    for post, one in zip(exam.posts, seen, strict=True):
        places = [place for place, number in enumerate(one.order) if ids[number] == post.entry_id]
        if places:
            rows.append(merits(one))
            truth.append(places[0])
    values, target = torch.stack(rows), torch.tensor(truth)
    weights = torch.ones(values.shape[2], requires_grad=True)
    steps = torch.optim.LBFGS([weights], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        steps.zero_grad()
        found = functional.cross_entropy(values @ weights, target) + RIDGE * (weights**2).mean()
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


def decide(exam: Exam, seen: Sequence[Seen], certainty: Certainty, rules: bool = True) -> list[Match]:
    """What the office would do with each post."""
    return [_match(exam, post, one, certainty, rules) for post, one in zip(exam.posts, seen, strict=True)]


def _match(exam: Exam, post: Labelled, seen: Seen, certainty: Certainty, rules: bool) -> Match:
    chosen = certainty.choose(seen)
    chances = torch.tensor(seen.scores[chosen]).softmax(0)
    entry = exam.entries[seen.order[chosen]]
    stance = Stance(STANCES[int(chances.argmax())])
    sure = certainty.sure(seen)
    reason = leave_alone.look(read(post.text)).reason if rules else ""
    if seen.leave_alone >= certainty.leave_alone:
        reason = reason or "the model would leave them alone"
    draft = sure >= certainty.confident and not reason and int(chances.argmax()) == ASSERTS
    return Match(
        entry_id=entry.id,
        stance=stance,
        score=sure,
        action=Action.DRAFT if draft else Action.NONE,
        leave_alone=reason,
    )

"""The judge's lessons: which pairs in which order, and its loss."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from training import base, tokens
from training.loop import Plan, fast_here, learn
from training.models import JUDGE_LAYERS, Judge
from training.pairs import Pair, Pool

BATCH = 48
CHUNK = 32  # batches that are sorted by length together
RATE = 1e-4
EPOCHS = 2


def batches(pairs: Sequence[Pair], dice: random.Random) -> list[tuple[list[tuple[list[int], list[int]]], list[int]]]:
    """Rows of tokens with their labels, in batches of about equal length, in random order."""
    claims = tokens.ids_of([pair.claim for pair in pairs])
    asserting = tokens.ids_of([pair.asserting for pair in pairs])
    posts = tokens.ids_of([pair.post for pair in pairs])
    around = tokens.ids_of([pair.around for pair in pairs])
    rows = [tokens.tokenizer().pair(*one) for one in zip(claims, asserting, posts, around, strict=True)]
    found = []
    for start in range(0, len(rows), BATCH * CHUNK):
        part = range(start, min(start + BATCH * CHUNK, len(rows)))
        for group in tokens.by_length([len(rows[place][0]) for place in part], BATCH):
            places = [start + one for one in group]
            found.append(([rows[place] for place in places], [pairs[place].stance for place in places]))
    dice.shuffle(found)
    return found


def train(
    pool: Pool, folder: Path, seed: int, epochs: int = EPOCHS, most: int | None = None, name: str = "judge"
) -> tuple[Judge, list[float]]:  # fmt: skip
    """A judge taught from the base weights, and the losses on the way."""
    torch.manual_seed(seed)
    judge = Judge()
    judge.bert.load_state_dict(base.weights(JUDGE_LAYERS))
    judge.bert.fast = fast_here()
    lessons = []
    for epoch in range(epochs):
        order = random.Random(f"{seed}/{epoch}/order")  # noqa: S311 - repeatable on purpose
        lessons += batches(pool.epoch(seed, epoch), order)

    def loss_of(step: int) -> tuple[Tensor, int]:
        rows, stances = lessons[step]
        batch = tokens.batch(rows)
        scores = judge(batch.words, batch.types, batch.mask)
        return functional.cross_entropy(scores, torch.tensor(stances)), len(rows)

    plan = Plan(steps=min(len(lessons), most or len(lessons)), rate=RATE, seed=seed, folder=folder, name=name)
    return judge, learn(judge, plan, loss_of)

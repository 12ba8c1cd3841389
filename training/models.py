"""The two models: a judge that reads claim and post together, and a reader that places a text among others.

They are defined here and trained elsewhere.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.bert import WIDTH, Bert, mean
from training.corpus import STANCES

JUDGE_LAYERS = 10
READER_LAYERS = 12


class Judge(nn.Module):
    """Five scores for (claim, exemplar, post): asserts, denies, asks, reports, unrelated.

    Besides the first token it looks at the means of both sides, their product and difference: what the base model
    already knows about likeness helps from the first step.
    """

    def __init__(self) -> None:
        super().__init__()
        self.bert = Bert(JUDGE_LAYERS)
        self.hidden = nn.Linear(5 * WIDTH, WIDTH)
        self.out = nn.Linear(WIDTH, len(STANCES))
        self.dropout = nn.Dropout(0.1)

    def forward(self, words: Tensor, types: Tensor, mask: Tensor) -> Tensor:
        """The scores before softmax."""
        tokens = encoded(self.bert, words, types, mask)
        claim, post = mean(tokens, mask * (1 - types)), mean(tokens, mask * types)
        seen = torch.cat([tokens[:, 0], claim, post, claim * post, (claim - post).abs()], dim=1)
        return self.out(self.dropout(torch.tanh(self.hidden(seen))))


class Reader(nn.Module):
    """One text alone: where it lies among others (length 1), and whether to leave its author alone, and crisis."""

    def __init__(self) -> None:
        super().__init__()
        self.bert = Bert(READER_LAYERS)
        self.care = nn.Linear(2 * WIDTH, 2)
        self.dropout = nn.Dropout(0.1)

    def forward(self, words: Tensor, types: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """The place, and two scores before the logistic curve: leave alone, crisis."""
        tokens = encoded(self.bert, words, types, mask)
        middle = mean(tokens, mask)
        care = self.care(self.dropout(torch.cat([tokens[:, 0], middle], dim=1)))
        return functional.normalize(middle, dim=1), care


def encoded(bert: Bert, words: Tensor, types: Tensor, mask: Tensor) -> Tensor:
    """Vectors of the tokens in full precision, in bfloat16 on the way where `bert.fast` says so."""
    with torch.autocast("cpu", torch.bfloat16, enabled=bert.fast):
        found: Tensor = bert(words, types, mask)
    return found.float()

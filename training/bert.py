"""A small BERT encoder in plain torch, its parts named like the base weights; words come in as vectors.

It knows nothing of posts or claims.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

WIDTH = 384
HEADS = 12
INNER = 1536
PLACES = 512
EPSILON = 1e-12
SCALE = (WIDTH // HEADS) ** -0.5
DROPOUT = 0.1


class Dropout(nn.Module):
    """Silences the same features for all tokens of a text: as good a regulariser, and much cheaper on a CPU."""

    def forward(self, tokens: Tensor) -> Tensor:
        """Some features off while training; nothing happens otherwise."""
        if not self.training:
            return tokens
        kept = torch.empty(tokens.shape[0], 1, tokens.shape[2]).bernoulli_(1.0 - DROPOUT) / (1.0 - DROPOUT)
        return tokens * kept.to(tokens.dtype)


class Embeddings(nn.Module):
    """Word, place and part of a pair, added up."""

    def __init__(self) -> None:
        super().__init__()
        self.position_embeddings = nn.Embedding(PLACES, WIDTH)
        self.token_type_embeddings = nn.Embedding(2, WIDTH)
        self.LayerNorm = nn.LayerNorm(WIDTH, eps=EPSILON)

    def forward(self, words: Tensor, types: Tensor) -> Tensor:
        """Vectors of the tokens before any layer. Those of the words never learn: both models share them."""
        places = torch.arange(words.shape[1], device=words.device)
        total = words + self.position_embeddings(places) + self.token_type_embeddings(types)
        return self.LayerNorm(total)


class SelfAttention(nn.Module):
    """Every token looks at every other that is not padding."""

    def __init__(self) -> None:
        super().__init__()
        self.query = nn.Linear(WIDTH, WIDTH)
        self.key = nn.Linear(WIDTH, WIDTH)
        self.value = nn.Linear(WIDTH, WIDTH)

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """`mask` is added to the attention scores: 0 where a token counts, very negative where not.

        Written out: torch's fused attention is three times slower backwards in bfloat16 on a CPU.
        """
        batch, length, _ = tokens.shape

        def heads(found: Tensor) -> Tensor:
            return found.view(batch, length, HEADS, WIDTH // HEADS).transpose(1, 2)

        query, key, value = heads(self.query(tokens)), heads(self.key(tokens)), heads(self.value(tokens))
        scores = torch.matmul(query, key.transpose(-1, -2)) * SCALE + mask.to(query.dtype)
        seen = torch.matmul(torch.softmax(scores, dim=-1, dtype=scores.dtype), value)
        return seen.transpose(1, 2).reshape(batch, length, WIDTH)


class Output(nn.Module):
    """A projection, added to what went in."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.dense = nn.Linear(width, WIDTH)
        self.LayerNorm = nn.LayerNorm(WIDTH, eps=EPSILON)
        self.dropout = Dropout()

    def forward(self, found: Tensor, before: Tensor) -> Tensor:
        """The sum, normalised."""
        return self.LayerNorm(self.dropout(self.dense(found)) + before)


class Attention(nn.Module):
    """Self-attention and its projection."""

    def __init__(self) -> None:
        super().__init__()
        self.self = SelfAttention()
        self.output = Output(WIDTH)

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """One attention block."""
        return self.output(self.self(tokens, mask), tokens)


class Intermediate(nn.Module):
    """The wide layer inside a block."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = nn.Linear(WIDTH, INNER)

    def forward(self, tokens: Tensor) -> Tensor:
        """Projected and bent."""
        return functional.gelu(self.dense(tokens))


class Layer(nn.Module):
    """One of the blocks."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = Attention()
        self.intermediate = Intermediate()
        self.output = Output(INNER)

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """Attention, then the wide layer."""
        tokens = self.attention(tokens, mask)
        return self.output(self.intermediate(tokens), tokens)


class Encoder(nn.Module):
    """The stack of blocks."""

    def __init__(self, layers: int) -> None:
        super().__init__()
        self.layer = nn.ModuleList(Layer() for _ in range(layers))

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """Through all blocks."""
        for layer in self.layer:
            tokens = layer(tokens, mask)
        return tokens


class Bert(nn.Module):
    """Word vectors in, one vector per token out."""

    def __init__(self, layers: int) -> None:
        super().__init__()
        self.layers = layers
        self.fast = False  # bfloat16 inside; for processors that have it
        self.embeddings = Embeddings()
        self.encoder = Encoder(layers)

    def forward(self, words: Tensor, types: Tensor, mask: Tensor) -> Tensor:
        """`mask` is 1 for tokens and 0 for padding."""
        added = (1.0 - mask[:, None, None, :].to(torch.float32)) * -10000.0
        found: Tensor = self.encoder(self.embeddings(words, types), added)
        return found


def mean(tokens: Tensor, mask: Tensor) -> Tensor:
    """The mean of the tokens that count."""
    weights = mask.to(tokens.dtype)[:, :, None]
    return (tokens * weights).sum(1) / weights.sum(1).clamp(min=1.0)

"""What all lessons share: the corpus, the points of all its texts by the base model, and the pool of pairs.

The points are kept in the work folder, because they cost a minute and never change.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from training import base
from training.corpus import Claim, Corpus, Lone
from training.embed import apart, base_reader, places
from training.loop import fast_here
from training.models import Reader
from training.pairs import Pool


def few(corpus: Corpus, count: int) -> Corpus:
    """The first training claims and their posts only, for a quick try."""
    numbers = {old: new for new, old in enumerate(corpus.of("train")[:count])}
    return Corpus(
        claims=tuple(corpus.claims[old] for old in numbers),
        posts=tuple(replace(post, claim=numbers[post.claim]) for post in corpus.posts if post.claim in numbers),
    )


def texts_of(corpus: Corpus, lone: Sequence[Lone]) -> list[str]:
    """Every text once, in a fixed order."""
    found = {text for post in corpus.posts for text in (post.text, post.context) if text} | {post.text for post in lone}
    found |= {text for claim in corpus.claims for text in texts_of_claim(claim)}
    return sorted(found)


def texts_of_claim(claim: Claim) -> tuple[str, ...]:
    """A claim and all its exemplars."""
    return (claim.text, *claim.asserting, *claim.denying, *claim.asking)


def points(corpus: Corpus, lone: Sequence[Lone], folder: Path, reader: Reader | None = None) -> dict[str, Tensor]:
    """Where the base model puts every text, or a trained reader."""
    texts = texts_of(corpus, lone)
    key = hashlib.sha256(("\n".join(texts) + base.SHA256 + base.PIECES.read_text()).encode()).hexdigest()[:16]
    kept = folder / f"{'reader' if reader else 'base'}-points-{key}.pt"
    if not kept.exists():
        folder.mkdir(parents=True, exist_ok=True)
        model = reader or base_reader()
        model.bert.fast = fast_here()
        read = places(model, texts)
        torch.save(read if reader else apart(read), kept)
    return dict(zip(texts, torch.load(kept, weights_only=True), strict=True))


def alike(corpus: Corpus, found: dict[str, Tensor]) -> Tensor:
    """How alike the claims are, all by all: alone, or with their asserting exemplars, whichever is nearer."""
    alone = torch.stack([found[claim.text] for claim in corpus.claims])
    middles = [torch.stack([found[text] for text in (one.text, *one.asserting)]).mean(0) for one in corpus.claims]
    together = functional.normalize(torch.stack(middles), dim=1)
    return torch.maximum(alone @ alone.T, together @ together.T)


def pool(corpus: Corpus, lone: Sequence[Lone], folder: Path, reader: Reader | None = None) -> Pool:
    """The pairs of the training claims. With a trained reader, rivals are those that it brings, as in the office."""
    found = points(corpus, lone, folder)
    near = points(corpus, lone, folder, reader) if reader else found
    return Pool(corpus, corpus.of("train"), lone, near, alike(corpus, found))

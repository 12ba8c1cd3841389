"""Which (claim, exemplar, post) the judge learns from: own claims, twins, and near claims that are not meant.

It only chooses; the same seed and epoch give the same pairs.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from bot.matching.text import readable
from training.corpus import ASSERTS, STANCES, UNRELATED, Claim, Corpus, Lone, lone_part
from training.vary import vary

NEAR = 8  # claims nearest to a post from which hard negatives are drawn
FAR = 0.15  # share of negatives that are any claim
TOO_ALIKE = 0.55  # claims nearer than this are not safe negatives for each other's posts
NEGATIVES = 1.5  # per post
TWIN = 0.3  # how often a post is read with another claim of its group
BARE = 0.15  # how often a pair has no exemplar of a kind
NEAREST = 0.75  # up to here it has the nearest, beyond it any
LONE_NEGATIVES = 0.5  # share of the leave-alone posts that serve as posts about nothing in the table


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One thing to learn: texts as the model reads them, and the stance."""

    claim: str
    asserting: str
    post: str
    stance: int
    around: str = ""  # what the post answers


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A post to learn from: its text, its claim (None: about no claim), stance, and the claims it could be mistaken
    for, nearest first. `exemplar` is set when the post is itself an exemplar of the claim.
    """

    text: str
    claim: int | None
    stance: int
    rivals: tuple[int, ...]
    nearest: dict[int, str]  # per claim: the nearest exemplar that asserts it
    exemplar: bool
    context: str = ""


class Pool:
    """All sources of one part of the corpus, with their rivals found once by embeddings."""

    def __init__(
        self, corpus: Corpus, numbers: Sequence[int], lone: Sequence[Lone], places: dict[str, Tensor], claims: Tensor
    ) -> None:
        """`places` has a point for every text; `claims` is how alike the claims are, all by all."""
        self.corpus = corpus
        self.numbers = list(numbers)
        self.groups: dict[str, list[int]] = defaultdict(list)
        for number in self.numbers:
            self.groups[corpus.claims[number].group].append(number)
        self.alike = claims
        self._places = places
        texts = [
            (n, text)
            for n in self.numbers
            for text in (corpus.claims[n].text, *corpus.claims[n].asserting, *corpus.claims[n].denying)
        ]
        self._owners = torch.tensor([self.numbers.index(n) for n, _ in texts])
        self._matrix = torch.stack([places[text] for _, text in texts])
        inside = set(self.numbers)
        found: list[tuple[str, int | None, int, bool, str]] = [
            (post.text, post.claim, post.stance, False, post.context) for post in corpus.posts if post.claim in inside
        ]
        for number in self.numbers:
            for name in ("asserting", "denying", "asking"):
                stance = {"asserting": ASSERTS, "denying": 1, "asking": 2}[name]
                found += [(text, number, stance, True, "") for text in getattr(corpus.claims[number], name)]
        found += [(post.text, None, UNRELATED, False, "") for post in lone if lone_part(post) == "train"]
        self.sources = [self._source(*one, places[one[4] or one[0]]) for one in found]

    def _source(self, text: str, claim: int | None, stance: int, exemplar: bool, context: str, place: Tensor) -> Source:
        likeness = self._matrix @ place
        best = torch.full((len(self.numbers),), -1.0).scatter_reduce(0, self._owners, likeness, "amax")
        order = [self.numbers[n] for n in best.argsort(descending=True)[: 3 * NEAR].tolist()]
        group = self.corpus.claims[claim].group if claim is not None else None
        rivals = [
            n
            for n in order
            if self.corpus.claims[n].group != group and (claim is None or self.alike[claim, n] < TOO_ALIKE)
        ][:NEAR]
        nearest = {
            number: self._nearest(self.corpus.claims[number].asserting, text, place)
            for number in (*rivals, *(self.groups[group] if group else ()))
        }
        return Source(
            text=text,
            claim=claim,
            stance=stance,
            rivals=tuple(rivals),
            nearest=nearest,
            exemplar=exemplar,
            context=context,
        )

    def _nearest(self, exemplars: Sequence[str], text: str, place: Tensor) -> str:
        """The exemplar nearest to a post that is not the post itself."""
        options = [one for one in exemplars if one != text]
        return max(options, key=lambda one: float(self._places[one] @ place), default="")

    def epoch(self, seed: int, epoch: int) -> list[Pair]:
        """The pairs of one pass, shuffled."""
        dice = random.Random(f"{seed}/{epoch}")  # noqa: S311 - repeatable on purpose
        pairs = [pair for source in self.sources for pair in self._pairs(source, dice)]
        dice.shuffle(pairs)
        return pairs

    def _pairs(self, source: Source, dice: random.Random) -> list[Pair]:
        pairs = []
        chosen: list[tuple[int, int]] = []
        if source.claim is not None:
            claim = source.claim
            if dice.random() < TWIN:
                claim = dice.choice(self.groups[self.corpus.claims[claim].group])
            chosen.append((claim, source.stance))
        wanted = NEGATIVES if source.claim is not None and not source.exemplar else LONE_NEGATIVES
        count = int(wanted) + (dice.random() < wanted % 1)
        for _ in range(count):
            if dice.random() < FAR or not source.rivals:
                other = dice.choice(self.numbers)
                if source.claim is not None and self._same(other, source.claim):
                    continue
            else:
                other = source.rivals[int(len(source.rivals) * dice.random() ** 2)]
            chosen.append((other, UNRELATED))
        for number, stance in chosen:
            pairs.append(
                Pair(
                    claim=readable(self.corpus.claims[number].text),
                    asserting=self._exemplar(source, number, dice),
                    post=vary(readable(source.text), source.stance, dice),
                    stance=stance,
                    around=readable(source.context) if source.context else "",
                )
            )
        return pairs

    def _same(self, one: int, two: int) -> bool:
        claims: tuple[Claim, ...] = self.corpus.claims
        return claims[one].group == claims[two].group or bool(self.alike[one, two] >= TOO_ALIKE)

    def _exemplar(self, source: Source, number: int, dice: random.Random) -> str:
        """Mostly the nearest asserting exemplar, as in the office; sometimes any, sometimes none."""
        chance = dice.random()
        others = [one for one in self.corpus.claims[number].asserting if one != source.text]
        if chance < BARE or not others:
            return ""
        if chance < NEAREST and number in source.nearest:
            return readable(source.nearest[number])
        return readable(dice.choice(others))


def labels(pairs: Sequence[Pair]) -> dict[str, int]:
    """How many of each stance."""
    return {name: sum(pair.stance == number for pair in pairs) for number, name in enumerate(STANCES)}

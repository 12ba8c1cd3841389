"""The reader's lessons: posts near their claims and far from others, and whom to leave alone."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from bot.matching.text import readable
from training import base, tokens
from training.corpus import UNRELATED, Lone, lone_part
from training.loop import Plan, fast_here, learn
from training.models import READER_LAYERS, Reader
from training.pairs import TOO_ALIKE, Pool, Source
from training.vary import vary

ANCHORS = 48  # posts per step, each about another claim
RIVALS = 24  # near claims per step that none of the posts means
NEAR_MISSES = 16  # posts per step that only share words with a claim
CARE = 64  # posts per step for the leave-alone scores, half of them to be left alone
SHARPNESS = 20.0  # of the likeness before softmax
CARE_WEIGHT = 2.0
CRISIS_WEIGHT = 1.0
RATE = 6e-5
STEPS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A text and how its author should be treated."""

    text: str
    leave_alone: bool
    crisis: bool
    stance: int


class Lessons:
    """What each step reads. The same seed gives the same steps."""

    def __init__(self, pool: Pool, lone: Sequence[Lone], seed: int) -> None:
        self.pool = pool
        self.corpus = corpus = pool.corpus
        self.dice = random.Random(f"{seed}/reader")  # noqa: S311 - repeatable on purpose
        about = [one for one in pool.sources if one.claim is not None]
        self.meant = [one for one in about if one.stance != UNRELATED]
        self.missed = [one for one in about if one.stance == UNRELATED]
        inside = set(pool.numbers)
        kinds = [
            Kind(text=post.text, leave_alone=post.leave_alone, crisis=post.crisis, stance=post.stance)
            for post in corpus.posts
            if post.claim in inside
        ]
        own = [
            Kind(text=post.text, leave_alone=post.leave_alone, crisis=post.crisis, stance=UNRELATED)
            for post in lone
            if lone_part(post) == "train"
        ]
        self.tender = [kind for kind in (*kinds, *own) if kind.leave_alone]
        self.sturdy = ([kind for kind in own if not kind.leave_alone], [kind for kind in kinds if not kind.leave_alone])
        self._turn = self._walk()

    def _walk(self) -> Iterator[Source]:
        """All posts that mean a claim, again and again in new orders."""
        while True:
            order = self.meant[:]
            self.dice.shuffle(order)
            yield from order

    def anchors(self) -> list[Source]:
        """Posts about claims of different meaning."""
        found: list[Source] = []
        groups: set[str] = set()
        tried = 0
        while len(found) < ANCHORS and tried < 20 * ANCHORS:
            tried += 1
            source = next(self._turn)
            group = self.corpus.claims[source.claim].group if source.claim is not None else ""
            if group and group not in groups:
                groups.add(group)
                found.append(source)
        return found

    def said(self, number: int, but: str = "") -> str:
        """The claim, or one of its asserting exemplars."""
        claim = self.corpus.claims[number]
        options = [one for one in (claim.text, claim.text, *claim.asserting) if one != but]
        return readable(self.dice.choice(options))

    def care(self) -> list[Kind]:
        """Half to be left alone, half not: written as hard cases or taken from any post."""
        found = self.dice.choices(self.tender, k=CARE // 2)
        found += self.dice.choices(self.sturdy[0], k=CARE // 4)
        return found + self.dice.choices(self.sturdy[1], k=CARE // 4)

    def step(self) -> tuple[list[str], list[int], list[int], list[int], list[Kind]]:
        """Texts (posts, near misses, claims, rivals, care), and the claim of every post, near miss and claim."""
        anchors = self.anchors()
        misses = self.dice.sample(self.missed, k=min(NEAR_MISSES, len(self.missed)))
        numbers = [source.claim for source in anchors if source.claim is not None]
        rivals = [self.dice.choice(one.rivals[:4]) for one in self.dice.sample(anchors, k=min(RIVALS, len(anchors)))]
        kinds = self.care()
        texts = [vary(readable(one.text), one.stance, self.dice) for one in anchors + misses]
        texts += [self.said(number, source.text) for number, source in zip(numbers, anchors, strict=True)]
        texts += [self.said(number) for number in rivals]
        texts += [vary(readable(kind.text), kind.stance, self.dice) for kind in kinds]
        return texts, numbers, [one.claim for one in misses if one.claim is not None], rivals, kinds


def loss_of_step(
    found: Tensor, care: Tensor, parts: tuple[list[int], list[int], list[int], list[Kind]], near: Tensor
) -> Tensor:
    """Posts to their claims, claims to their posts, and the two care scores."""
    numbers, missed, rivals, kinds = parts
    posts = found[: len(numbers)]
    everyone = found[: len(numbers) + len(missed)]
    claims = found[len(everyone) : len(everyone) + len(numbers)]
    options = found[len(everyone) : len(everyone) + len(numbers) + len(rivals)]
    target = torch.arange(len(numbers))
    columns, rows = torch.tensor(numbers + rivals), torch.tensor(numbers + missed)
    to_claims = SHARPNESS * posts @ options.T
    blurred = near[torch.tensor(numbers)][:, columns] >= TOO_ALIKE
    blurred[target, target] = False
    to_posts = SHARPNESS * claims @ everyone.T
    # A near miss of the very claim counts against it; posts about claims that are nearly the same do not.
    close = near[torch.tensor(numbers)][:, rows] >= TOO_ALIKE
    close[target, target] = False
    close[:, len(numbers) :] = False
    loss = functional.cross_entropy(to_claims.masked_fill(blurred, -1e4), target)
    loss = loss + functional.cross_entropy(to_posts.masked_fill(close, -1e4), target)
    scores = care[-len(kinds) :]
    alone = torch.tensor([float(kind.leave_alone) for kind in kinds])
    crisis = torch.tensor([float(kind.crisis) for kind in kinds])
    loss = loss + CARE_WEIGHT * functional.binary_cross_entropy_with_logits(scores[:, 0], alone)
    return loss + CRISIS_WEIGHT * functional.binary_cross_entropy_with_logits(scores[:, 1], crisis)


def train(
    pool: Pool, lone: Sequence[Lone], folder: Path, seed: int, steps: int = STEPS,
    name: str = "reader",
) -> tuple[Reader, list[float]]:  # fmt: skip
    """A reader taught from the base weights, and the losses on the way."""
    torch.manual_seed(seed)
    reader = Reader()
    reader.bert.load_state_dict(base.weights(READER_LAYERS))
    reader.bert.fast = fast_here()
    lessons = Lessons(pool, lone, seed)
    done = 0

    def loss_of(step: int) -> tuple[Tensor, int]:
        nonlocal done
        while done < step:  # a run picked up again passes over what it has read
            lessons.step()
            done += 1
        texts, numbers, missed, rivals, kinds = lessons.step()
        done += 1
        ids = tokens.ids_of(texts)
        places: list[Tensor] = []
        scores: list[Tensor] = []
        order: list[int] = []
        for group in tokens.by_length([len(one) for one in ids], 56):
            batch = tokens.batch([tokens.tokenizer().single(ids[place]) for place in group])
            place, score = reader(batch.words, batch.types, batch.mask)
            places.append(place)
            scores.append(score)
            order += group
        back = torch.tensor(order).argsort()
        found, care = torch.cat(places)[back], torch.cat(scores)[back]
        return loss_of_step(found, care, (numbers, missed, rivals, kinds), pool.alike), len(texts)

    plan = Plan(steps=steps, rate=RATE, seed=seed, folder=folder, name=name)
    return reader, learn(reader, plan, loss_of)

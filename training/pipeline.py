"""The whole matcher in miniature: retrieve, judge, leave alone, and the signs from which certainty is computed.

It measures models before they are shipped; the office has its own, which must do the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from bot.matching import cues
from bot.matching.normalise import read as read_words
from bot.matching.retrieve import Index
from training import tokens
from training.corpus import ASSERTS, UNRELATED
from training.models import Judge, Reader
from training.table import Exam
from training.text import readable

CANDIDATES = 5
LEXICAL = 0.25  # weight of shared words beside the likeness of places
MOST_LEXICAL = 10
MOST_INSISTENCE = 3
BATCH = 48
CLAIM, ASSERTING, DENYING, ASKING = range(4)

Rows = Sequence[tuple[list[int], list[int]]]
ReadTexts = Callable[[Rows], tuple[Tensor, Tensor]]  # to places and care scores
JudgePairs = Callable[[Rows], Tensor]  # to five scores


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the models say of one post and of each candidate entry."""

    order: tuple[int, ...]  # positions of the candidates as retrieved, nearest first
    scores: tuple[tuple[float, ...], ...]  # the judge's five scores for each of them
    dense: tuple[float, ...]  # likeness of places, per candidate
    lexical: tuple[float, ...]  # shared words, per candidate
    asserting: tuple[float, ...]  # likeness to the nearest asserting exemplar, per candidate
    denying: tuple[float, ...]
    length: int  # tokens of the post
    cues: tuple[float, ...]  # turns of phrase, see `cues_of`
    leave_alone: float  # score before the logistic curve
    crisis: float


def by_models(reader: Reader, judge: Judge) -> tuple[ReadTexts, JudgePairs]:
    """The two models as functions of rows of tokens."""

    def read(rows: Rows) -> tuple[Tensor, Tensor]:
        batch = tokens.batch(rows)
        found: tuple[Tensor, Tensor] = reader(batch.ids, batch.types, batch.mask)
        return found

    def score(rows: Rows) -> Tensor:
        batch = tokens.batch(rows)
        found: Tensor = judge(batch.ids, batch.types, batch.mask)
        return found

    return read, score


class Table:
    """The exemplars of an exam's entries as points and tokens."""

    def __init__(self, exam: Exam, read: ReadTexts) -> None:
        found = [
            (number, kind, text)
            for number, entry in enumerate(exam.entries)
            for kind, texts in enumerate(((entry.claim,), entry.paraphrases, entry.negations, entry.questions))
            for text in texts
        ]
        self.size = len(exam.entries)
        self.owners = torch.tensor([number for number, _, _ in found])
        self.kinds = torch.tensor([kind for _, kind, _ in found])
        self.ids = tokens.ids_of([readable(text) for _, _, text in found])
        self.claims = tokens.ids_of([readable(entry.claim) for entry in exam.entries])
        self.places, _ = in_batches(read, [tokens.single(one) for one in self.ids])
        self.index = Index(exam.entries)
        self.numbers = {entry.id: number for number, entry in enumerate(exam.entries)}

    def best(self, likeness: Tensor, kinds: Sequence[int] = (CLAIM, ASSERTING, DENYING, ASKING)) -> Tensor:
        """Posts by entries: the likeness to the nearest exemplar of these kinds."""
        wrong = ~torch.isin(self.kinds, torch.tensor(kinds))
        owners = self.owners.expand(len(likeness), -1)
        start = torch.full((len(likeness), self.size), -1.0)
        return start.scatter_reduce(1, owners, likeness.masked_fill(wrong, -1.0), "amax")

    def lexical(self, texts: Sequence[str]) -> Tensor:
        """Posts by entries: how many of the telling words are shared."""
        found = torch.zeros(len(texts), self.size)
        for place, text in enumerate(texts):
            for one in self.index.search(read_words(text), most=MOST_LEXICAL):
                found[place, self.numbers[one.entry.id]] = one.score
        return found

    def exemplar(self, entry: int, kind: int, likeness: Tensor) -> list[int]:
        """The tokens of the exemplar of this kind nearest to one post; none when the entry has none."""
        fitting = (self.owners == entry) & (self.kinds == kind)
        if not bool(fitting.any()):
            return []
        return self.ids[int(likeness.masked_fill(~fitting, -2.0).argmax())]


@torch.inference_mode()
def look(exam: Exam, read: ReadTexts, judge: JudgePairs) -> list[Seen]:
    """What the models say of every post of an exam."""
    table = Table(exam, read)
    posts = tokens.ids_of([readable(post.text) for post in exam.posts])
    points, care = in_batches(read, [tokens.single(one) for one in posts])
    likeness = points @ table.places.T
    dense, lexical = table.best(likeness), table.lexical([post.text for post in exam.posts])
    asserting, denying = table.best(likeness, (CLAIM, ASSERTING)), table.best(likeness, (DENYING,))
    top = (dense + LEXICAL * lexical).topk(min(CANDIDATES, table.size), dim=1).indices.tolist()
    rows = [
        tokens.pair(
            table.claims[candidate],
            table.exemplar(candidate, ASSERTING, likeness[place]),
            table.exemplar(candidate, DENYING, likeness[place]),
            post,
        )
        for place, (post, candidates) in enumerate(zip(posts, top, strict=True))
        for candidate in candidates
    ]
    scores = score_pairs(judge, rows).reshape(len(posts), -1, 5)
    return [
        Seen(
            order=tuple(found),
            scores=tuple(tuple(one) for one in scores[place].tolist()),
            dense=tuple(dense[place, found].tolist()),
            lexical=tuple(lexical[place, found].tolist()),
            asserting=tuple(asserting[place, found].tolist()),
            denying=tuple(denying[place, found].tolist()),
            length=len(posts[place]),
            cues=cues_of(exam.posts[place].text),
            leave_alone=float(care[place, 0]),
            crisis=float(care[place, 1]),
        )
        for place, found in enumerate(top)
    ]


def merits(seen: Seen) -> Tensor:
    """Candidates by what speaks for each being the entry that is meant."""
    logs = torch.tensor(seen.scores).log_softmax(1)
    related = logs[:, :UNRELATED].logsumexp(1).clamp(min=-6.0)
    return torch.stack([related, *map(torch.tensor, (seen.dense, seen.lexical, seen.asserting))], dim=1)


def signs(seen: Seen, chosen: int) -> list[float]:
    """The numbers from which certainty is computed, each of about the size of one."""
    logs = torch.tensor(seen.scores).log_softmax(1)
    mine = logs[chosen]
    others = [place for place in range(len(seen.order)) if place != chosen]
    rival = max((float(logs[place][:UNRELATED].exp().sum()) for place in others), default=0.0)
    rival_dense = max((seen.dense[place] for place in others), default=0.0)
    against = float(torch.cat([mine[:ASSERTS], mine[ASSERTS + 1 :]]).logsumexp(0))
    return [
        max(-6.0, min(6.0, float(mine[ASSERTS]) - against)) / 3.0,
        float(mine[UNRELATED].exp()),
        rival,
        seen.dense[chosen],
        seen.dense[chosen] - rival_dense,
        seen.asserting[chosen] - seen.denying[chosen],
        seen.lexical[chosen],
        min(seen.length, 60) / 60.0,
        *seen.cues,
    ]


def cues_of(text: str) -> tuple[float, ...]:
    """Turns of phrase that give a stance away, each 1 when found; the last one says how much the author insists."""
    reading = read_words(text)
    own = reading.own.replace("\n", " . ")
    patterns = (cues.DEBUNK, cues.REPORT, cues.EVIDENCE_TALK, cues.QUESTION, cues.NEGATION)
    found = [pattern.search(own) for pattern in patterns] + [cues.SARCASM.search(reading.shouted.casefold())]
    insisted = min(len(cues.insistence(own)), MOST_INSISTENCE) / MOST_INSISTENCE
    return (*(float(bool(one)) for one in found), float(bool(reading.quoted)), insisted)


def in_batches(read: ReadTexts, rows: Rows) -> tuple[Tensor, Tensor]:
    """All rows through the reader, in their order."""
    order, found = [], []
    for group in tokens.by_length([len(ids) for ids, _ in rows], BATCH):
        order += group
        found.append(read([rows[place] for place in group]))
    back = torch.tensor(order).argsort()
    return torch.cat([one[0] for one in found])[back], torch.cat([one[1] for one in found])[back]


def score_pairs(judge: JudgePairs, rows: Rows) -> Tensor:
    """All pairs through the judge, in their order."""
    order, found = [], []
    for group in tokens.by_length([len(ids) for ids, _ in rows], BATCH):
        order += group
        found.append(judge([rows[place] for place in group]))
    return torch.cat(found)[torch.tensor(order).argsort()]

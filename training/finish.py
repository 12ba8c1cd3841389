"""After the lessons: export, certainty and thresholds, and the figures on posts and claims never learnt from.

Everything is measured with the office's own matcher over the exported files, one post at a time.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from bot.matching.matcher import Matcher, Seen
from bot.matching.measure import Labelled, Report, measure
from bot.matching.models import Models
from bot.matching.text import readable
from bot.matching.vectors import Vectors
from bot.matching.weigh import MERITS, SIGNS, Weights
from bot.model import Match
from training import export, tokens
from training.calibrate import across, chosen_by, fit, fit_merits, right, threshold, values_of
from training.corpus import Corpus, load_lone, lone_part
from training.models import Judge, Reader
from training.table import Exam, claims_exam, dev

PRECISE = 0.95  # of the confident drafts on the dev posts
PRECISE_UNSEEN = 0.88  # of the confident drafts on the calibration claims, whose posts are harder by design
WORTH_A_LOOK = 0.7  # precision from which a person is shown a suggestion, on the calibration claims
LEFT_ALONE_MISSED = 0.1  # share of the posts to be left alone that the reader may miss among the calibration posts
CRISIS_MISSED = 0.1
MOST_OTHERS = 0.05  # but it leaves alone no more than this share of the others; the rules stand beside it


@dataclass(frozen=True, slots=True, kw_only=True)
class Sat:
    """An exam that the models have sat: their matcher, and what they saw in every post."""

    exam: Exam
    matcher: Matcher
    seen: list[Seen]


def finish(reader: Reader, judge: Judge, folder: Path, corpus: Corpus) -> dict[str, Any]:
    """Write everything into the folder and return the figures."""
    sample = _sample(corpus)
    files = [
        *export.begin(folder),
        export.export(reader, "reader", [tokens.tokenizer().single(post) for _, post in sample], folder),
        export.export(judge, "judge", [tokens.tokenizer().pair(claim, (), post) for claim, post in sample], folder),
    ]
    return settle(folder, files, corpus)


def settle(folder: Path, files: Sequence[dict[str, Any]], corpus: Corpus) -> dict[str, Any]:
    """Learn certainty and thresholds for exported models, write the manifest, and measure."""
    export.manifest(folder, files, _blank())
    models = Models(folder)
    exams = (dev(), claims_exam(corpus, "calibration"), claims_exam(corpus, "heldout"))
    sat = {exam.name: sit(exam, models) for exam in exams}
    weights = learn(sat["calibration"], sat["dev"], *care_thresholds(models, corpus))
    export.manifest(folder, files, weights)
    figures = {name: table_of(one, weights) for name, one in sat.items()}
    export.vectors(folder, dev().entries)
    return {"weights": weights.for_manifest(), "files": list(files)} | figures


def sit(exam: Exam, models: Models) -> Sat:
    """Let the models read every post of an exam."""
    began = time.monotonic()
    matcher = Matcher(exam.entries, models, vectors=Vectors(models.reader))
    seen = [matcher.judge(post.text, post.context) for post in exam.posts]
    print(f"{exam.name}: {len(seen)} posts read in {time.monotonic() - began:.0f} s", flush=True)
    return Sat(exam=exam, matcher=matcher, seen=seen)


def learn(unseen: Sat, known: Sat, leave_alone: float, crisis: float) -> Weights:
    """Weights from the calibration claims; thresholds from them, across folds, and from the dev posts: the higher."""
    draft = replace(
        _blank(), merits=fit_merits(unseen.exam, unseen.seen), leave_alone=leave_alone, crisis=crisis, suggest=0.0
    )
    chosen = chosen_by(draft, unseen.seen)
    values = values_of(unseen.seen, chosen)
    truth = torch.tensor(right(unseen.exam, unseen.seen, chosen), dtype=torch.float32)
    signs, start = fit(values, truth)
    draft = replace(draft, signs=signs, start=start, confident=0.0)
    apart = across(values, truth, unseen.exam.groups)
    confident = max(bar(unseen, draft, PRECISE_UNSEEN, apart), bar(known, draft, PRECISE))
    suggest = min(confident, bar(unseen, draft, WORTH_A_LOOK, apart))
    return replace(draft, confident=round(confident, 4), suggest=round(suggest, 4))


def bar(sat: Sat, draft: Weights, precise: float, sure: torch.Tensor | None = None) -> float:
    """The threshold that makes the drafts of one exam precise enough."""
    matches = decide(sat, draft)
    if sure is None:
        sure = torch.tensor([match.score for match in matches])
    would = torch.tensor([match.drafts for match in matches])
    good = torch.tensor([fits(post, match) for post, match in zip(sat.exam.posts, matches, strict=True)])
    return threshold(sure[would], good[would], precise)


def fits(post: Labelled, match: Match) -> bool:
    """Whether a draft is right here."""
    return post.wanted and match.entry_id == post.entry_id


def decide(sat: Sat, weights: Weights) -> list[Match]:
    """What the office would do with each post, with these weights."""
    matcher = sat.matcher.with_weights(weights)
    return [matcher.decide(one, post.context) for one, post in zip(sat.seen, sat.exam.posts, strict=True)]


def care_thresholds(models: Models, corpus: Corpus) -> tuple[float, float]:
    """The scores from which people are left alone, and from which it is a crisis: few of them are missed."""
    texts = [(one.text, one.leave_alone, one.crisis) for one in load_lone() if lone_part(one) == "calibration"]
    texts += [
        (post.text, post.leave_alone, post.crisis) for n in corpus.posts_of("calibration") if (post := corpus.posts[n])
    ]
    found = [models.read(ids)[1] for ids in models.tokens.ids_of([readable(text) for text, _, _ in texts])]
    alone, crisis = (torch.tensor([flags[place] for flags in texts]) for place in (1, 2))
    lone = torch.tensor([one.leave_alone for one in found])
    danger = torch.tensor([one.crisis for one in found])
    bars = [
        max(float(scores[flags].quantile(missed)), float(scores[~flags].quantile(1.0 - others)))
        for scores, flags, missed, others in (
            (lone, alone, LEFT_ALONE_MISSED, MOST_OTHERS),
            (danger, crisis, CRISIS_MISSED, MOST_OTHERS / 5),
        )
    ]
    return round(bars[0], 3), round(bars[1], 3)


def table_of(sat: Sat, weights: Weights) -> dict[str, Any]:
    """The figures of one exam."""
    exam, matches = sat.exam, decide(sat, weights)
    report: Report = measure(exam.posts, matches)
    for kind, post, text in report.wrong:
        print(f"{exam.name}: wrong ({kind}) {post}: {text[:140]!r}")
    about = [(post, one) for post, one in zip(exam.posts, sat.seen, strict=True) if post.entry_id]
    ranks = [[found.entry.id for found in one.candidates] for _, one in about]
    wanted = [(post, match) for post, match in zip(exam.posts, matches, strict=True) if post.wanted]
    english, foreign = (
        [fits(post, match) and match.drafts for post, match in wanted if post.lang.startswith("en") is one]
        for one in (True, False)
    )
    return {
        "posts": report.posts,
        "drafts": report.drafts,
        "precision": round(report.precision, 3),
        "recall": round(report.recall, 3),
        "wrong_person": report.wrong_person,
        "disturbed": report.disturbed,
        "leave_alone_posts": sum(post.leave_alone for post in exam.posts),
        "wrong_entry": report.wrong_entry,
        "wrong_fire_rate": round(report.wrong_fire_rate, 4),
        "entry_at_1": round(report.entry_recall_at_1, 3),
        "retrieved_at_1": round(
            sum(post.entry_id in rank[:1] for (post, _), rank in zip(about, ranks, strict=True)) / len(about), 3
        ),
        "retrieved": round(
            sum(post.entry_id in rank for (post, _), rank in zip(about, ranks, strict=True)) / len(about), 3
        ),
        "candidates_a_post": round(sum(len(one.candidates) for one in sat.seen) / len(sat.seen), 2),
        "stance_macro_f1": round(report.stance_macro_f1, 3),
        "recall_english": round(sum(english) / max(1, len(english)), 3),
        "recall_other_languages": round(sum(foreign) / max(1, len(foreign)), 3),
        "suggestions": sum(match.action.value == "suggest" for match in matches),
    }


def _blank() -> Weights:
    return Weights(
        merits=(1.0,) * len(MERITS), signs=(0.0,) * len(SIGNS), start=0.0, suggest=1.0, confident=1.0,
        leave_alone=9.0, crisis=9.0,
    )  # fmt: skip


def _sample(corpus: Corpus) -> list[tuple[list[int], list[int]]]:
    """A few claims and posts to compare exported files with."""
    posts = [corpus.posts[number] for number in corpus.posts_of("calibration")[::60]]
    claims = tokens.ids_of([readable(corpus.claims[post.claim].text) for post in posts])
    return list(zip(claims, tokens.ids_of([readable(post.text) for post in posts]), strict=True))

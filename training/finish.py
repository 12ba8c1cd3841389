"""After the lessons: export, certainty and thresholds, and the figures on posts and claims never learnt from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from bot.matching.evaluate import Report, measure
from bot.model import Match
from training import export, tokens
from training.calibrate import (
    PRECISE,
    PRECISE_UNSEEN,
    WORTH_A_LOOK,
    Certainty,
    across,
    decide,
    fit,
    fit_merits,
    right,
    threshold,
)
from training.corpus import Corpus, load, load_lone, lone_part
from training.models import Judge, Reader
from training.pipeline import ReadTexts, Seen, in_batches, look, signs
from training.table import Exam, claims_exam, dev
from training.text import readable

LEFT_ALONE_MISSED = 0.1  # share of the posts to be left alone that the model may miss among the calibration posts
MOST_OTHERS = 0.08  # but it leaves alone no more than this share of the others; the rules stand beside it


def finish(reader: Reader, judge: Judge, folder: Path) -> dict[str, Any]:
    """Write everything into the folder and return the figures."""
    corpus = load()
    sample = _sample(corpus)
    files = [
        export.export(reader, "reader", [tokens.single(post) for _, post in sample], folder),
        export.export(judge, "judge", [tokens.pair(claim, (), (), post) for claim, post in sample], folder),
    ]
    read, score = export.by_files(folder)
    exams = {exam.name: exam for exam in (dev(), claims_exam(corpus, "calibration"), claims_exam(corpus, "heldout"))}
    seen = {name: look(exam, read, score) for name, exam in exams.items()}
    certainty = learn_certainty(exams, seen, care_threshold(read))
    figures: dict[str, Any] = {
        "certainty": {
            "suggest": certainty.suggest,
            "confident": certainty.confident,
            "leave_alone": certainty.leave_alone,
        }
    }
    for name, exam in exams.items():
        matches = decide(exam, seen[name], certainty)
        figures[name] = table_of(exam, seen[name], matches)
        for kind, post, text in measure(exam.posts, matches).wrong:
            print(f"{name}: wrong ({kind}) {post}: {text[:140]!r}")
    export.manifest(folder, files, certainty, figures)
    return figures | {"files": files}


def learn_certainty(exams: dict[str, Exam], seen: dict[str, list[Seen]], leave_alone: float) -> Certainty:
    """Weights from the calibration claims; thresholds from them, across folds, and from the dev posts: the higher."""
    exam, found = exams["calibration"], seen["calibration"]
    draft = Certainty(
        merits=fit_merits(exam, found), weights=(), start=0.0, suggest=0.0, confident=0.0, leave_alone=leave_alone
    )
    chosen = [draft.choose(one) for one in found]
    values = torch.tensor([signs(one, place) for one, place in zip(found, chosen, strict=True)])
    truth = torch.tensor(right(exam, found, chosen), dtype=torch.float32)
    weights, start = fit(values, truth)
    draft = replace(draft, weights=weights, start=start)
    apart = across(values, truth, exam.groups)
    confident = max(
        _bar(exam, found, draft, PRECISE_UNSEEN, apart), _bar(exams["dev"], seen["dev"], draft, PRECISE, None)
    )
    suggest = min(confident, _bar(exam, found, draft, WORTH_A_LOOK, apart))
    return replace(draft, confident=confident, suggest=suggest)


def _bar(exam: Exam, seen: Sequence[Seen], draft: Certainty, precise: float, sure: torch.Tensor | None) -> float:
    """The threshold that makes the drafts of one exam precise enough."""
    matches = decide(exam, seen, draft)
    if sure is None:
        sure = torch.tensor([match.score for match in matches])
    would = torch.tensor([match.action.value != "none" for match in matches])
    good = torch.tensor(
        [post.wanted and match.entry_id == post.entry_id for post, match in zip(exam.posts, matches, strict=True)]
    )
    return threshold(sure[would], good[would], precise)


def care_threshold(read: ReadTexts) -> float:
    """The score from which people are left alone: few of those who should be are missed on the calibration posts."""
    corpus = load()
    texts = [(post.text, post.leave_alone) for post in load_lone() if lone_part(post) == "calibration"]
    texts += [(corpus.posts[n].text, corpus.posts[n].leave_alone) for n in corpus.posts_of("calibration")]
    rows = [tokens.single(ids) for ids in tokens.ids_of([readable(text) for text, _ in texts])]
    scores = in_batches(read, rows)[1][:, 0]
    alone = torch.tensor([flag for _, flag in texts])
    return max(float(scores[alone].quantile(LEFT_ALONE_MISSED)), float(scores[~alone].quantile(1.0 - MOST_OTHERS)))


def table_of(exam: Exam, seen: Sequence[Seen], matches: Sequence[Match]) -> dict[str, Any]:
    """The figures of one exam."""
    report: Report = measure(exam.posts, matches)
    ids = [entry.id for entry in exam.entries]
    about = [(post, one) for post, one in zip(exam.posts, seen, strict=True) if post.entry_id]
    drafted = [match.action.value != "none" for match in matches]
    foreign = [
        (post, match)
        for post, match, lang in zip(exam.posts, matches, exam.langs, strict=True)
        if post.wanted and not lang.startswith("en")
    ]
    return {
        "posts": report.posts,
        "drafts": sum(drafted),
        "precision": round(report.precision, 3),
        "recall": round(report.recall, 3),
        "wrong_person": report.wrong_person,
        "disturbed": report.disturbed,
        "leave_alone_posts": sum(post.leave_alone for post in exam.posts),
        "wrong_entry": report.wrong_entry,
        "wrong_fire_rate": round(report.wrong_fire_rate, 4),
        "entry_at_1": round(report.entry_recall_at_1, 3),
        "retrieved_at_1": round(sum(ids[one.order[0]] == post.entry_id for post, one in about) / len(about), 3),
        "retrieved_at_5": round(
            sum(post.entry_id in [ids[n] for n in one.order] for post, one in about) / len(about), 3
        ),
        "stance_macro_f1": round(report.stance_macro_f1, 3),
        "recall_other_languages": round(
            sum(m.action.value != "none" and m.entry_id == p.entry_id for p, m in foreign) / max(1, len(foreign)), 3
        ),
    }


def _sample(corpus: Corpus) -> list[tuple[list[int], list[int]]]:
    """A few claims and posts to compare exported files with."""
    posts = [corpus.posts[number] for number in corpus.posts_of("calibration")[::60]]
    claims = tokens.ids_of([readable(corpus.claims[post.claim].text) for post in posts])
    return list(zip(claims, tokens.ids_of([readable(post.text) for post in posts]), strict=True))

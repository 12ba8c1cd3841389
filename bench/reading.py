"""What reading a post costs: the matcher against one embedding, and a very large table."""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.figures import Figure
from bot.evidence.pack import starter_pack
from bot.matching.manifest import SHIPPED, STARTER_VECTORS
from bot.matching.matcher import Matcher
from bot.matching.models import WIDTH, shipped
from bot.matching.normalise import read
from bot.matching.prefilter import Prefilter
from bot.matching.retrieve import Index
from bot.matching.text import readable
from bot.matching.vectors import Vectors, small
from bot.matching.words import words
from bot.model import Action, Certainty, Evidence, Verdict
from training.everyday import kept_apart

LABELLED = Path(__file__).parents[1] / "tests" / "data" / "posts_dev.jsonl"
ENTRIES = 100_000
QUERIES = 60


def measure(count: int, rounds: int) -> list[Figure]:
    """Both, on one core. `count` posts are matched, `rounds` times."""
    if hasattr(os, "sched_setaffinity"):
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {min(before)})
    try:
        return [*against_one_embedding(count, rounds), *before_the_models(rounds), *large_table()]
    finally:
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, before)


def against_one_embedding(count: int, rounds: int) -> list[Figure]:
    """The whole matcher on posts near the table, in embeddings of the same posts: the median of the rounds."""
    models = shipped()
    matcher = Matcher(starter_pack(), models, vectors=Vectors(models.reader, shipped=SHIPPED / STARTER_VECTORS))
    told = [text for entry in starter_pack() for text in (*entry.paraphrases, *entry.negations, *entry.questions)]
    texts = told[:count]
    ids = models.tokens.ids_of([readable(text) for text in texts])
    ratios, speeds = [], []
    for _ in range(rounds):
        embedding = timed(models.read, ids)
        whole = timed(matcher.match, texts)
        ratios.append(whole / embedding)
        speeds.append(len(texts) / whole)
    on = f"{len(texts)} posts near the starter table, one core, eight bits"
    return [
        Figure(name="matcher / one embedding", value=statistics.median(ratios), unit="times", at_most=8.0, on=on),
        Figure(name="matcher: posts a second", value=statistics.median(speeds), unit="posts/s", on=on),
    ]


def before_the_models(rounds: int) -> list[Figure]:
    """The filter on everyday posts and on the labelled posts that the matcher would draft for or suggest."""
    found = Prefilter(starter_pack())
    everyday = kept_apart()
    matcher = Matcher(starter_pack(), shipped(), vectors=Vectors(shipped().reader, shipped=SHIPPED / STARTER_VECTORS))
    labelled = [json.loads(line) for line in LABELLED.read_text(encoding="utf-8").splitlines()]
    matched = [
        post["text"]
        for post in labelled
        if matcher.match(post["text"], tuple(post.get("context") or ())).action is not Action.NONE
    ]
    speeds = [len(everyday) / timed(found.passes, everyday) for _ in range(rounds)]
    stopped = sum(not found.passes(text) for text in everyday) / len(everyday)
    lost = sum(not found.passes(text) for text in matched) / len(matched)
    on = f"{len(everyday)} everyday posts, {len(matched)} matched ones, one core"
    return [
        Figure(name="filter: everyday posts stopped", value=stopped, unit="", at_least=0.95, on=on),
        Figure(name="filter: matched posts lost", value=lost, unit="", at_most=0.01, on=on),
        Figure(
            name="filter: posts a second", value=statistics.median(speeds), unit="posts/s", at_least=10_000.0, on=on
        ),
    ]


def large_table() -> list[Figure]:
    """Retrieval among a hundred thousand entries with random places: none is easier to find than it should be."""
    dice = np.random.default_rng(1)
    places = dice.standard_normal((ENTRIES, WIDTH), dtype=np.float32)
    places /= np.linalg.norm(places, axis=1, keepdims=True)
    kept = small(places)
    letters = np.array(list("bcdfgklmnprstvwz"))
    vocabulary = ["".join(row) for row in letters[dice.integers(0, len(letters), size=(20_000, 6))]]
    picks = dice.zipf(1.3, size=(ENTRIES, 8)) % len(vocabulary)
    entries = [
        Evidence(
            id=f"e{number}",
            claim=" ".join(vocabulary[pick] for pick in row),
            verdict=Verdict.FALSE,
            correction_short="",
            certainty=Certainty.LOW,
        )
        for number, row in enumerate(picks)
    ]
    index = Index(entries, lambda _: kept)
    took = []
    for query in range(QUERIES):
        post_words = words(read(entries[query * 7].claim).everything)
        began = time.perf_counter()
        index.search(post_words, places[query])
        took.append((time.perf_counter() - began) * 1000.0)
    on = f"{ENTRIES:,} entries, {QUERIES} searches, one core"
    return [
        Figure(name="100k entries: search p50", value=statistics.median(took), unit="ms", at_most=30.0, on=on),
        Figure(name="100k entries: index", value=index.bytes / 1e6, unit="MB", at_most=100.0, on=on),
    ]


def timed(call: Callable[[Any], object], each: Sequence[Any]) -> float:
    """Seconds for calling with each."""
    began = time.perf_counter()
    for one in each:
        call(one)
    return time.perf_counter() - began

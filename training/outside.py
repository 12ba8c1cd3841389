"""`python -m training.outside CLAIMS.jsonl QUERIES.jsonl`: retrieval on an outside benchmark, never trained on.

Claims are {id, text, title}, queries {id, text, rel}; CheckThat! 2022 task 2A in that form is not part of this project.
The figure is the mean average precision over the first five, as that task reports it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from bot.matching.manifest import SHIPPED
from bot.matching.models import Models
from bot.matching.normalise import read
from bot.matching.retrieve import Index
from bot.matching.text import readable
from bot.matching.vectors import small
from bot.matching.words import words
from bot.model import Certainty, Evidence, Verdict

FIRST = 5


def main(claims: Path, queries: Path, folder: Path = SHIPPED) -> float:
    """Print and return MAP@5."""
    models = Models(folder)
    entries = [entry(row) for row in rows(claims)]

    def places_of(texts: list[str]) -> Any:
        return small(models.places(models.tokens.ids_of([readable(text) for text in texts])))

    index = Index(entries, places_of)
    found = []
    for row in rows(queries):
        ids = models.tokens.ids_of([readable(row["text"])])[0]
        place = models.read(ids)[0]
        ranked = [one.entry.id for one in index.search(words(read(row["text"]).everything), place, most=FIRST)]
        wanted = {str(one) for one in (row["rel"] if isinstance(row["rel"], list) else [row["rel"]])}
        hits = [place for place, name in enumerate(ranked, start=1) if name in wanted]
        found.append(sum((nr + 1) / place for nr, place in enumerate(hits)) / max(1, min(len(wanted), FIRST)))
    score = float(np.mean(found))
    print(f"{len(found)} queries, {len(entries)} claims: MAP@5 {score:.3f}")
    return score


def entry(row: dict[str, Any]) -> Evidence:
    """A claim, with its title as another way to say it."""
    title = str(row.get("title") or "")
    return Evidence(
        id=str(row["id"]),
        claim=row["text"] or title,
        paraphrases=(title,) if title and title != row["text"] else (),
        verdict=Verdict.FALSE,
        correction_short="",
        certainty=Certainty.LOW,
    )


def rows(path: Path) -> list[dict[str, Any]]:
    """The JSON objects of a file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))

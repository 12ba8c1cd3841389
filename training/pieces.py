"""`python -m training.pieces`: which pieces of words the models keep, of the base model's 250,000 for 100 languages.

All that the texts here use, then the commonest in Latin letters until there are `WANTED`. Rarer words are read in
smaller pieces.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from bot.evidence.pack import starter_pack
from bot.matching.retrieve import exemplars
from bot.matching.text import readable
from bot.matching.tokens import Tokens
from training import base
from training.corpus import DATA, load, load_lone, rows
from training.prepare import texts_of

WANTED = 32_000
SPECIAL = range(4)  # start, padding, end, unknown
LAST_LATIN = "\u024f"
OTHER_SIGNS = "▁’“”„…–—€"


def texts() -> Iterator[str]:
    """Everything that the models are taught on, and the starter table."""
    yield from texts_of(load(), load_lone())
    yield from (row["text"] for row in rows(DATA / "everyday.jsonl"))
    yield from (one.text for entry in starter_pack() for one in exemplars(entry))


def choose() -> list[int]:
    """The numbers of the pieces, in order."""
    packed = base.packed()
    everything = Tokens.from_text(base.tokenizer(tuple(range(len(packed.pieces)))))
    kept = set(SPECIAL)
    for ids in everything.ids_of([readable(text) for text in texts()]):
        kept.update(ids)
    for number, piece in enumerate(packed.pieces):
        if len(kept) >= WANTED:
            break
        if all(map(_ours, piece)):
            kept.add(number)
    return sorted(kept)


def _ours(letter: str) -> bool:
    return letter <= LAST_LATIN or letter in OTHER_SIGNS


if __name__ == "__main__":
    found = choose()
    base.PIECES.write_text(json.dumps(found, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{len(found)} pieces")

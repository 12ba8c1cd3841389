"""Why a match came out as it did, in sentences for an editor, and which words of the post decided.

It explains what was decided and decides nothing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from bot.matching import cues
from bot.matching.models import Models
from bot.matching.normalise import LONGEST_READ, Reading
from bot.matching.retrieve import Candidate, Index
from bot.matching.text import readable
from bot.matching.tokens import Row
from bot.matching.weigh import STANCES, Opinion, softmax
from bot.model import Evidence, Stance

WINDOW = 3  # neighbouring words that are left out together
MOST_WINDOWS = 12  # tried per post; in longer posts the windows grow
MOST_TELLING = 2
TELLS = 0.4  # leaving a window out must lower the odds (as a logarithm) by this much
PIECE = re.compile(r"\S+")


def pairs(models: Models, found: Sequence[Candidate], posts: Sequence[list[int]], around: list[int]) -> list[Row]:
    """Rows for the judge: every candidate with every post."""
    texts = [text for one in found for text in (one.entry.claim, one.believer.text)]
    ids = models.tokens.ids_of([readable(text) for text in texts])
    pair = models.tokens.pair
    return [pair(ids[place], ids[place + 1], post, around) for place in range(0, len(ids), 2) for post in posts]


def reasons(
    reading: Reading, candidate: Candidate, opinion: Opinion, margin: float, second: Candidate | None
) -> list[str]:
    """What speaks for and against, strongest first."""
    order = sorted(range(len(STANCES)), key=lambda number: -opinion.chances[number])
    chances = ", ".join(
        f"{STANCES[number].value} {opinion.chances[number]:.0%}" for number in order if opinion.chances[number] >= 0.02
    )
    shown = candidate.nearest
    found = [f"closest to the {shown.kind.value} “{shown.text}”", f"read together with the claim: {chances}"]
    own = reading.own.replace("\n", " . ")
    for name, pattern in (
        ("negation", cues.NEGATION),
        ("words of correction", cues.DEBUNK),
        ("reported speech", cues.REPORT),
        ("a question", cues.QUESTION),
        ("a sign of irony", cues.SARCASM),
    ):
        match = pattern.search(reading.shouted.casefold() if pattern is cues.SARCASM else own)
        if match:
            found.append(f"{name} found: “{match[0].strip(' .,:;')[:40] or match[0].strip()}”")
        elif name == "negation":
            found.append("no negation found")
    if reading.quoted:
        found.append("it quotes somebody")
    found.append(f"margin to the next claim {margin:.2f}" if second else "no other claim is near")
    return found


def telling(models: Models, index: Index, entry: Evidence, stance: Stance, post_text: str) -> tuple[str, ...]:
    """The runs of words without which the judge would be least sure of this stance, in the order of the post."""
    text = readable(post_text[:LONGEST_READ])
    found = PIECE.findall(text)
    candidate = index.candidate(entry, models.read(models.tokens.ids_of([text])[0])[0]) if found else None
    size = max(WINDOW, -(-len(found) // MOST_WINDOWS))
    if candidate is None or len(found) <= size:
        return ()
    step = max(1, len(found) // MOST_WINDOWS)
    starts = range(0, len(found) - size + 1, step)
    without = [" ".join(found[:start] + found[start + size :]) for start in starts]
    rows = pairs(models, [candidate], models.tokens.ids_of([text, *without]), [])
    number = STANCES.index(stance)
    odds = [_odds(softmax(score.tolist())[number]) for score in models.judge(rows)]
    drops = {start: odds[0] - one for start, one in zip(starts, odds[1:], strict=True)}
    chosen: list[int] = []
    for start in sorted(drops, key=lambda one: -drops[one]):
        if drops[start] < TELLS or len(chosen) == MOST_TELLING:
            break
        if all(abs(start - other) >= size for other in chosen):
            chosen.append(start)
    return tuple(" ".join(found[start : start + size]) for start in sorted(chosen))


def _odds(chance: float) -> float:
    chance = min(max(chance, 1e-6), 1.0 - 1e-6)
    return math.log(chance / (1.0 - chance))

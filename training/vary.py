"""Small changes of form that keep the stance: so that a question mark or a hashtag alone gives no label away.

The changes run on text that `text.readable` has read. A label is never changed.
"""

from __future__ import annotations

import random
import re

from training.corpus import ASSERTS, STANCES

ASKS, DENIES, REPORTS = STANCES.index("asks"), STANCES.index("denies"), STANCES.index("reports")

TAGS = (
    "Med Ed", "FOAMed", "med twitter", "nursing", "health", "Medicine", "student life", "GP", "parenting", "fitness",
    "med school", "NHS", "public health", "wellness", "ward life", "clinical pearls", "food", "science",
)  # fmt: skip
OPENINGS = (
    "Reminder:", "PSA:", "Fact:", "Hot take:", "Honestly,", "Unpopular opinion:", "ok so", "So,", "Thread:",
    "Fun fact:", "Note to self:", "Just saying:", "Today I learned:", "Teaching point:", "lol", "Listen,",
)  # fmt: skip
TAILS = ("right?", "who knew?", "ok?", "you know?", "why would anyone not?", "what's not to get?")
QUOTES = re.compile(r"[\"“”„«»]")
MARKS = re.compile(r"[?¿]")


def vary(text: str, stance: int, dice: random.Random) -> str:
    """The same post, said in a slightly different form."""
    if stance == ASKS and dice.random() < 0.4:
        text = MARKS.sub("", text).rstrip() or text
    if stance in (ASSERTS, DENIES) and dice.random() < 0.06:
        text = f"{text.rstrip('. ')}, {dice.choice(TAILS)}"
    if dice.random() < (0.35 if stance == REPORTS else 0.15):
        text = QUOTES.sub("", text)
    elif stance != REPORTS and dice.random() < 0.1:
        text = _scare(text, dice)
    if stance in (ASSERTS, DENIES) and dice.random() < 0.08:
        text = f"{dice.choice(OPENINGS)} {text}"
    if dice.random() < 0.12:
        text = f"{text} {' '.join(dice.sample(TAGS, dice.choice((1, 1, 2))))}"
    if dice.random() < 0.15:
        text = text.rstrip(".! ")
    if dice.random() < 0.08:
        text = _slip(text, dice)
    if dice.random() < 0.1:
        text = text.lower()
    elif dice.random() < 0.02:
        text = text.upper()
    return text


def _scare(text: str, dice: random.Random) -> str:
    """One word in quotation marks."""
    words = text.split(" ")
    place = dice.randrange(len(words))
    words[place] = f'"{words[place]}"'
    return " ".join(words)


def _slip(text: str, dice: random.Random) -> str:
    """Two letters changed round, as fast thumbs do."""
    places = [place for place in range(1, len(text) - 2) if text[place].isalpha() and text[place + 1].isalpha()]
    if not places:
        return text
    place = dice.choice(places)
    return f"{text[:place]}{text[place + 1]}{text[place]}{text[place + 2 :]}"

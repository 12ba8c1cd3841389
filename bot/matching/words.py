"""The telling words of a text, each by one name: small words dropped, endings cut, common names of one thing joined."""

from __future__ import annotations

import re
from functools import lru_cache

from bot.matching.lexicon import CONCEPTS, PHRASES, STOPWORDS

WORD = re.compile(r"\d+(?:[.,:/]\d+)*%?|[^\W\d_]+(?:['-][^\W\d_]+)*\d*|\d+[^\W\d_]+")
PHRASE = re.compile(r"\b(?:" + "|".join(sorted(map(re.escape, PHRASES), key=len, reverse=True)) + r")\b")
PERCENT = re.compile(r"(?<=\d)[ \u202f\u00a0]%")  # as German and French set it
VITAMIN = re.compile(r"\bvitamin[es]?[ -]?([a-ek]\d{0,2})\b")
CLITIC = re.compile(r"^(?:[lcdjmnst]|qu|all|dell|nell|un)'(?=\w{3})|'s$|s'$")
STEM = 6  # letters kept: cuts the endings of seven languages alike

_EXACT = {word: name for name, words in CONCEPTS.items() for word in words.split() if not word.endswith("*")}
_BEGINNINGS = {word[:-1]: name for name, words in CONCEPTS.items() for word in words.split() if word.endswith("*")}
_LENGTHS = sorted({len(word) for word in _BEGINNINGS}, reverse=True)


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """One name for the many forms of a word; "" for words that say nothing alone."""
    word = CLITIC.sub("", word)
    if word in STOPWORDS:
        return ""
    if word in _EXACT:
        return _EXACT[word]
    for length in _LENGTHS:
        if word[:length] in _BEGINNINGS:
            return _BEGINNINGS[word[:length]]
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 4 and not word.endswith("ss"):
            word = word[: -len(ending)]
            break
    return word[:STEM]


def words(folded: str) -> list[str]:
    """The telling words of folded text (see `normalise.fold`), in order."""
    text = PERCENT.sub("%", folded)
    text = VITAMIN.sub(r"vitamin vitamin-\1", PHRASE.sub(lambda match: PHRASES[match[0]], text))
    return [name for word in WORD.findall(text) if (name := stem(word))]

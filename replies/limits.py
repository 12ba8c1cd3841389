"""Which of an entry's limits a reply says aloud. The rest of that column is written for editors and stays inside."""

from __future__ import annotations

import regex

from replies.sentences import plain, split
from replies.shelf import LimitWords

_SHOUTED = regex.compile(r"\b(?:NOT|NEVER|ONLY|ALWAYS)\b")  # emphasis for editors; a reply does not raise its voice


def aloud(limits: str, words: LimitWords) -> tuple[str, ...]:
    """The sentences of `limits` that a bystander should read, in their order."""
    said = (_say(sentence, words) for sentence in split(plain(limits)))
    return tuple(sentence for sentence in said if sentence)


def weightiest(sentences: tuple[str, ...], words: LimitWords) -> str:
    """The one sentence to keep when there is room for one only: when to get help, else whom it does not concern."""
    for weight in words.first:
        for sentence in sentences:
            if _holds(sentence, weight):
                return sentence
    return sentences[0] if sentences else ""


def _say(sentence: str, words: LimitWords) -> str:
    sentence = _SHOUTED.sub(lambda found: found.group().lower(), sentence)
    if any(_holds(sentence, word) for word in words.never):
        return ""
    for opening, said in words.openings:
        if regex.match(rf"{regex.escape(opening)}\b", sentence):
            return said + sentence[len(opening) :]
    if any(_holds(sentence, word) for word in words.whole):
        return sentence[0].upper() + sentence[1:]
    return ""


def _holds(sentence: str, word: str) -> bool:
    return regex.search(rf"\b{regex.escape(word)}\b", sentence, regex.IGNORECASE) is not None

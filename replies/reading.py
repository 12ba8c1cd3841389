"""How hard a text is to read, in any language: LIX (Björnsson 1968). Whoever reads a reply should not have to work."""

from __future__ import annotations

import regex

from replies.sentences import links, split

LONG = 6  # letters; a word with more of them is a long one
EASY, MEDIUM, HARD = 35, 45, 55  # LIX; below each of them: as children's books, as newspapers, as reports


def lix(text: str) -> float | None:
    """Words per sentence, and long words per hundred; None for less than a sentence."""
    plain = text
    for start, end, _ in reversed(links(text)):
        plain = plain[:start] + plain[end:]
    words = regex.findall(r"\p{L}[\p{L}\p{M}'’-]*", plain)
    sentences = [one for one in split(plain) if regex.search(r"\p{L}", one)]
    if not words or not sentences:
        return None
    return len(words) / len(sentences) + 100 * sum(len(word) > LONG for word in words) / len(words)


def level(text: str) -> str:
    """The same in one word that an editor knows; "" where it cannot be said."""
    value = lix(text)
    if value is None:
        return ""
    if value < EASY:
        return "easy"
    if value < MEDIUM:
        return "plain"
    return "hard" if value < HARD else "very hard"

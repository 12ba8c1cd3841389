"""How a text sounds: rules about words, marks and order. The words themselves are data, in `words.py`."""

from __future__ import annotations

from collections.abc import Iterator

import regex

from replies import words
from replies.page import WARN, Finding, Page, Rule, at
from replies.sentences import plain

MYTH_SHARE = 0.75  # of a claim's telling words: an opening that holds so many, and no negation, states the claim
QUOTED_WORDS = 4  # a longer quotation is somebody's sentence, a shorter one a term
HARD_TO_READ = 14.0  # Flesch-Kincaid grade; names of journals and illnesses alone lift a plain text to 11 or 12
LEAST_WORDS = 20  # below this a reading grade means nothing

_TELLING = regex.compile(r"\p{L}{4,}|\d+\p{L}+")
_DOSE = regex.compile(
    r"\d+(?:[.,]\d+)?\s?(?:mg|mcg|µg|μg|ml|iu|g|tablets?|pills?|capsules?|drops?|puffs?|tabletten?|tropfen|comprimés?"
    r"|gouttes|pastillas|comprimid\w+|gotas)\b(?!/)",
    regex.IGNORECASE,
)
_QUOTED = regex.compile(r"[\"“„«]([^\"“”„»\n]+)[\"”“»]")
_CAPITALS = regex.compile(r"\b\p{Lu}[\p{Lu}'’-]+\b")
_SHOUTED = regex.compile(rf"\b(?:{words.SHOUTED})\b")
_EMOJI = regex.compile(r"\p{Extended_Pictographic}")
_OUR_MARK = "🤖"
_ROW_OF_CAPITALS = 3  # two may be names of institutions
_VOWELS = regex.compile(r"[aeiouy]+")


def in_words(rule: str, message: str, suggestion: str) -> Rule:
    """A rule made of word patterns. The sentences of the entry itself are not searched."""

    def look(page: Page) -> Iterator[Finding]:
        found = words.pattern(rule, page.lang)
        if found is None:
            return
        for start, sentence in page.ours():
            for hit in found.finditer(sentence):
                yield at(rule, message.format(hit.group()), start + hit.start(), start + hit.end(), suggestion)

    return look


def myth_first(page: Page) -> Iterator[Finding]:
    """The first sentence is the fact. A claim that opens a reply is what people remember."""
    if not page.sentences:
        return
    start, end = page.sentences[0]
    opening = page.bare[start:end]
    found = words.pattern("myth-first", page.lang)
    hit = found.search(opening) if found else None
    if hit or _states_the_claim(opening, page):
        yield at(
            "myth-first",
            "The reply opens with the claim, or with a bare 'not true'.",
            start,
            start + hit.end() if hit else end,
            "Begin with what is true.",
        )


def _states_the_claim(opening: str, page: Page) -> bool:
    negation = words.NEGATIONS.get(page.lang)
    if page.evidence is None or negation is None or plain(opening) in page.reviewed:
        return False
    if regex.search(rf"(?:\b|(?<=n))(?:{negation})\b".replace("'", "['’]"), opening, regex.IGNORECASE):
        return False
    claim, said = _telling(page.evidence.claim), _telling(opening)
    return bool(claim) and len(claim & said) >= MYTH_SHARE * len(claim)


def _telling(text: str) -> frozenset[str]:
    """The longer words, without the endings that grammar adds."""
    return frozenset(regex.sub(r"(?:ing|ed|es|s)$", "", word) for word in _TELLING.findall(text.casefold()))


def quoting(page: Page) -> Iterator[Finding]:
    """Nobody's sentence is held up to others."""
    for hit in _QUOTED.finditer(page.bare):
        if len(hit.group(1).split()) >= QUOTED_WORDS and plain(hit.group(1)) not in page.reviewed:
            yield at(
                "quoting",
                "This quotes somebody at length.",
                *hit.span(),
                "Say what the evidence shows, in your own words.",
            )
    yield from _quoting_words(page)


_quoting_words = in_words(
    "quoting", "'{}' points at what the person wrote.", "Speak about the evidence, not about the post."
)


def doses(page: Page) -> Iterator[Finding]:
    """A public reply prescribes nothing. Doses that stand in the entry itself are trial doses."""
    for start, sentence in page.ours():
        for hit in _DOSE.finditer(sentence):
            if hit.group() not in page.reviewed:
                yield at(
                    "advice",
                    f"'{hit.group()}' reads like a dose.",
                    start + hit.start(),
                    start + hit.end(),
                    "Leave amounts to a clinician who knows the person.",
                )


def shouting(page: Page) -> Iterator[Finding]:
    """No capitals for emphasis. Acronyms of the entry, and STOP, are fine."""
    known = {"STOP", *_CAPITALS.findall(page.reviewed)}
    if page.office:
        known.update(_CAPITALS.findall(f"{page.office.name} {page.office.short_name}"))
    for start, sentence in page.ours():
        row: list[regex.Match[str]] = []
        for hit in _CAPITALS.finditer(sentence):
            if hit.group() in known:
                continue
            row = [*row, hit] if row and not sentence[row[-1].end() : hit.start()].strip(" ,-") else [hit]
            if _SHOUTED.fullmatch(hit.group()) or len(row) >= _ROW_OF_CAPITALS:
                yield at(
                    "shouting",
                    f"'{hit.group()}' is shouted.",
                    start + hit.start(),
                    start + hit.end(),
                    "Use small letters.",
                )


def exclaiming(page: Page) -> Iterator[Finding]:
    """One exclamation mark is friendly; more is a raised voice."""
    marks = [hit.start() for hit in regex.finditer("[!‼❗]", page.bare)]
    if len(marks) > 1:
        yield at("exclaiming", "Several exclamation marks.", marks[0], marks[-1] + 1, "Use full stops.")
    for hit in regex.finditer(r"\?[!?]+|!\?+", page.bare):
        yield at("exclaiming", "A mark of disbelief.", *hit.span(), "One question mark is enough.")


def emoji(page: Page) -> Iterator[Finding]:
    """No emoji that laughs at somebody; others are looked at twice."""
    for hit in _EMOJI.finditer(page.bare):
        if hit.group() in words.SCORN:
            yield at("scorn", f"{hit.group()} mocks.", *hit.span(), "Leave it out.")
        elif hit.group() != _OUR_MARK:
            yield at("emoji", f"{hit.group()} may be read in many ways.", *hit.span(), "Leave it out.", WARN)


def hard_to_read(page: Page) -> Iterator[Finding]:
    """A rough measure, English only, of what is not the entry's own: it asks an editor to look, no more."""
    said = [sentence for _, sentence in page.ours() if _OUR_MARK not in sentence]
    tokens = regex.findall(r"\p{L}+", " ".join(said).casefold())
    if page.lang != "en" or len(tokens) < LEAST_WORDS:
        return
    grade = 0.39 * len(tokens) / len(said) + 11.8 * sum(map(_syllables, tokens)) / len(tokens) - 15.59
    if grade > HARD_TO_READ:
        yield at(
            "hard-to-read",
            f"This reads at school grade {grade:.0f}.",
            0,
            len(page.text),
            "Shorter sentences and everyday words help.",
            WARN,
        )


def _syllables(word: str) -> int:
    return max(1, len(_VOWELS.findall(regex.sub(r"(?<=[^l])e$|(?<=[^td])ed$", "", word))))


TONE: tuple[Rule, ...] = (
    myth_first,
    in_words(
        "accusing", "'{}' is about the person.", "Speak about the claim and the evidence, never about the person."
    ),
    in_words("mockery", "'{}' mocks, insults or labels.", "Leave it out: the fact is enough."),
    in_words("sarcasm", "'{}' sounds sarcastic.", "Say it plainly."),
    in_words("overclaim", "'{}' claims more than evidence can carry.", "Say how certain it is: does, probably, may."),
    in_words("advice", "'{}' is advice to one person.", "Say what studies found; point to the person's clinician."),
    doses,
    quoting,
    shouting,
    exclaiming,
    emoji,
    hard_to_read,
)

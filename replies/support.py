"""Which source carries which sentence of a reply. A sentence that nothing carries must not go out.

A sentence is carried when the entry says it, when it is one of our own standing phrases, or when an editor named the
citation it rests on. It compares words; it cannot tell whether an editor named the right citation.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

import regex

from bot.model import Evidence
from replies.compose import OfficeVoice, best_citation
from replies.limits import aloud
from replies.own import Own, own_phrase
from replies.placeholders import PHRASE_KEYS, BadTemplate
from replies.sentences import links, spans, split
from replies.shelf import shelf

ENOUGH = 0.75  # share of a sentence's words that the entry must use for it to count as said by the entry
SHORT_WORD = 3  # letters; shorter words carry no meaning of their own
OURS = "ours"  # an editor's word for a sentence that states no fact


class Carrier(StrEnum):
    """What a sentence stands on."""

    ENTRY = "entry"  # the entry says it, and its first usable citation carries it
    SOURCE = "source"  # it names the source
    OURS = "ours"  # no statement about health: thanks, disclosure, way out
    CHOSEN = "chosen"  # an editor named the citation
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Supported:
    """One sentence, where it stands in the text, and the citation (its key) that carries it."""

    text: str
    start: int
    end: int
    carrier: Carrier
    citation: str = ""


def support(
    text: str,
    evidence: Evidence,
    *,
    office: OfficeVoice,
    lang: str = "en",
    chosen: Mapping[str, str] | None = None,
    own: Own = (),
) -> tuple[Supported, ...]:
    """Every sentence of the text with what carries it. `chosen` maps a sentence to a citation key, or to `OURS`.

    `own` is all that this office ever said in place of a phrase that ships: a draft outlives the words it was made of.
    """
    best = best_citation(evidence)
    first = best.key if best else ""
    said = _words(" ".join(_statements(evidence, lang)))
    ours = {_words(sentence) for phrase in _phrases(lang, office, own) for sentence in split(phrase)}
    addresses = links(text)
    found = []
    for start, end in spans(text):
        sentence = text[start:end]
        named = (chosen or {}).get(sentence, "")
        if any(start <= at < end for at, _, _ in addresses):
            carrier, key = Carrier.SOURCE, first
        elif _share(_words(sentence), said) >= ENOUGH:
            carrier, key = Carrier.ENTRY, first
        elif named == OURS or any(_share(_words(sentence), one) >= ENOUGH for one in ours) or not _words(sentence):
            carrier, key = Carrier.OURS, ""
        elif any(named == one.key for one in evidence.citations):
            carrier, key = Carrier.CHOSEN, named
        else:
            carrier, key = Carrier.NOTHING, ""
        found.append(Supported(text=sentence, start=start, end=end, carrier=carrier, citation=key))
    return tuple(found)


def _statements(evidence: Evidence, lang: str) -> tuple[str, ...]:
    spoken = aloud(evidence.limits, shelf(lang).limit_words)
    return (evidence.correction_short, evidence.correction_long, evidence.limits, *spoken)


def _phrases(lang: str, office: OfficeVoice, own: Own) -> list[str]:
    base = {
        "office": office.name,
        "short_office": office.short_name or office.name,
        "method_url": office.method_url,
        "journal": "",
        "short_journal": "",
        "year": "",
    }
    choices = [one for wordings in shelf(lang).phrases.values() for one in wordings]
    for name, text in own:
        if name in PHRASE_KEYS:
            with suppress(BadTemplate):  # then no reply was put together with it
                choices += own_phrase(name, text)
    return [one.render(base) for one in choices]


def _words(text: str) -> frozenset[str]:
    """The words that carry meaning, and every number, without regard to case."""
    found = regex.findall(r"\d+(?:[.,]\d+)*|\p{L}+(?:['’-]\p{L}+)*", text.casefold())
    return frozenset(word for word in found if len(word) > SHORT_WORD or word[0].isdigit())


def _share(words: frozenset[str], said: frozenset[str]) -> float:
    """Share of the words that were said; a number that was not said counts as if nothing was."""
    if not words or any(word[0].isdigit() and word not in said for word in words):
        return 0.0
    return len(words & said) / len(words)

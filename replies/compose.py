"""From evidence to words: the fullest text that fits, never a cut sentence, else nothing.

It sees the evidence and how much room there is. It never sees a post, a person or a network, and never sends.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from pathlib import Path
from urllib.parse import quote

from bot.model import Citation, Evidence, Sensitivity, Verdict
from replies.limits import aloud, weightiest
from replies.own import Own
from replies.placeholders import DISCLOSURES, EXITS
from replies.sentences import plain, split
from replies.shelf import SHIPPED, Shelf, shelf

# Topics where a reader may be about to decide something about their own treatment.
CARE_TOPICS = frozenset(
    {
        *("allergy", "cancer", "cardiology", "complementary medicine", "fertility", "infant health", "menopause"),
        *("orthopaedics", "pain", "pregnancy", "screening", "women's health"),
    }
)
MEDICINE_TOPICS = frozenset({"pharmacology", "psychiatry", "menopause"})

ALWAYS_SAID = ("source", "short_source", *DISCLOSURES)


class Kind(StrEnum):
    """To whom a text speaks."""

    REPLY = "reply"  # to somebody who said it
    ANSWER = "answer"  # to somebody who asked us
    NOTE = "note"  # on our own timeline, to nobody in particular


class Style(StrEnum):
    """How a text is laid out. All of them hold the same fact, source, disclosure and way out."""

    FULL = "full"
    SHORT = "short"  # as few words of our own as can be
    ANSWERING = "answering"  # says that it answers a question
    SOFT = "soft"  # grants that others hear it otherwise


SHORT_FROM = "50"  # rungs with a number from here on are short: their file names say so
IN_PLACE_OF_THANKS = {Style.ANSWERING: "answering", Style.SOFT: "soft"}


class Role(StrEnum):
    """What a sentence of a draft is for."""

    FACT = "fact"
    SOURCE = "source"
    LIMIT = "limit"
    OURS = "ours"  # certainty, advice to ask a clinician, thanks, disclosure, exit


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeVoice:
    """Who speaks. `short_name` is for where space is tight; `own_urls` may be linked besides the sources."""

    name: str
    short_name: str = ""
    method_url: str = ""
    own_urls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One sentence or line of a draft, and the key of the citation it rests on ("" for words of our own)."""

    text: str
    role: Role
    citation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A text that fits. `template` is the file it was laid out by; an editor may still change every word."""

    text: str
    template: str
    lang: str
    parts: tuple[Part, ...]
    citation: str
    citation_url: str


def compose(
    evidence: Evidence,
    *,
    kind: str,
    fits: Callable[[str], bool],
    office: OfficeVoice,
    lang: str = "en",
    variant: int = 0,
    style: str = Style.FULL,
    templates: Path = SHIPPED,
    own: Own = (),
    only: Collection[str] | None = None,
) -> Draft | None:
    """The fullest text for this entry that fits, or None: then we say nothing.

    `lang` is the language the *entry* is written in, so that one reply speaks one language.
    `variant` picks among equal wordings; give each case its own number, so that replies do not sound alike.
    The fact is never shortened: it was signed off as a whole.
    `own` are the words of this office in place of what ships. `only` keeps to these rungs, by name.
    """
    words, citation = shelf(lang, templates, own), best_citation(evidence)
    if citation is None or not plain(evidence.correction_short):
        return None
    wordings = [
        _values(evidence, citation, Kind(kind), office, words, variant + step, Style(style))
        for step in range(words.variants)
    ]
    rungs = [one for one in words.rungs if style != Style.SHORT or one.number >= SHORT_FROM]
    if only is not None:
        rungs = [one for one in rungs if one.name in only]
    for rung, values in product(rungs, wordings):
        text = rung.render(values)
        if fits(text):
            return Draft(
                text=text,
                template=rung.label,
                lang=words.lang,
                parts=_parts(text, values, citation),
                citation=citation.key,
                citation_url=values["url"],
            )
    return None


def best_citation(evidence: Evidence) -> Citation | None:
    """The first source that was verified and carries no flag."""
    usable = (c for c in evidence.citations if c.verified and not c.flagged and citation_url(c))
    return next(usable, None)


def citation_url(citation: Citation) -> str:
    """Where a reader finds the source: its DOI, else its own https address, else PubMed; "" if it has none."""
    if citation.doi:
        return "https://doi.org/" + quote(plain(citation.doi), safe="/():;.-_")
    if citation.url.startswith("https://"):
        return quote(plain(citation.url), safe="/():;.-_?=&%#~+,@!")
    return f"https://pubmed.ncbi.nlm.nih.gov/{citation.pmid}/" if citation.pmid.isdigit() else ""


def _values(
    evidence: Evidence,
    citation: Citation,
    kind: Kind,
    office: OfficeVoice,
    words: Shelf,
    variant: int,
    style: Style,
) -> dict[str, str]:
    """Every placeholder of a rung. What this entry or this kind of text has no use for is the empty string."""
    journal = plain(citation.journal) or plain(citation.title)
    name, short = words.journals.get(journal, (journal, journal))
    base = {
        "office": plain(office.name),
        "short_office": plain(office.short_name) or plain(office.name),
        "method_url": plain(office.method_url),
        "journal": name,
        "short_journal": short,
        "year": str(citation.year or ""),
    }
    limits = aloud(evidence.limits, words.limit_words)

    def say(key: str, wanted: bool = True) -> str:
        return words.phrase(key, base, variant).rstrip(" ,") if wanted else ""

    return {
        "fact": plain(evidence.correction_short),
        "url": citation_url(citation),
        "limits": " ".join(limits),
        "limit": weightiest(limits, words.limit_words),
        "certainty": say(f"certainty.{evidence.certainty}"),
        "short_certainty": say(f"short_certainty.{evidence.certainty}"),
        "certainty_why": say(f"certainty_why.{evidence.certainty}"),
        "debate": say("debate", evidence.verdict is Verdict.NEEDS_CONTEXT),
        "care": say(*care(evidence)),
        "thanks": say(IN_PLACE_OF_THANKS.get(style, "thanks"), kind is Kind.ANSWER or style in IN_PLACE_OF_THANKS),
        "method": say("method", bool(base["method_url"])),
        # a note addresses nobody, so nobody needs a way out of it
        **{key: say(key, kind is not Kind.NOTE) for key in EXITS},
        **{key: say(key) for key in ALWAYS_SAID},
    }


def care(evidence: Evidence) -> tuple[str, bool]:
    """Whether to point to a clinician, and in which words: only where lay readers decide about their own care."""
    topics = {topic.casefold() for topic in evidence.topics}
    lay = not evidence.audience or "public" in evidence.audience
    if lay and topics & MEDICINE_TOPICS:
        return "care_medicine", True
    return "care", lay and (evidence.sensitivity is not Sensitivity.STANDARD or bool(topics & CARE_TOPICS))


def _parts(text: str, values: Mapping[str, str], citation: Citation) -> tuple[Part, ...]:
    return tuple(_part(sentence, values, citation) for sentence in _sentences(text))


def _sentences(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        yield from split(line)


def _part(sentence: str, values: Mapping[str, str], citation: Citation) -> Part:
    if values["url"] in sentence:
        return Part(text=sentence, role=Role.SOURCE, citation=citation.key)
    if sentence in values["fact"]:
        return Part(text=sentence, role=Role.FACT, citation=citation.key)
    return Part(text=sentence, role=Role.LIMIT if sentence in values["limits"] else Role.OURS)

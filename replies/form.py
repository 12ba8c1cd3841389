"""What a text must hold and may not hold: source, disclosure, way out, and nothing left unfinished."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote

import regex

from bot.model import Citation
from replies import words
from replies.compose import Kind, citation_url
from replies.page import WARN, Finding, Page, Rule, at, missing
from replies.sentences import invisible

MOST_SENTENCES = 3  # before the source: people stop reading
MOST_LINKS = 2  # the source, and how we work

_HASHTAG = regex.compile(r"(?<![\w&/])[#＃](?=\w*\p{L})\w+")
_MENTION = regex.compile(r"(?<![\w/.@])[@＠]\w[\w.-]*(?:@[\w.-]+\w)?")
_BARE_ADDRESS = regex.compile(
    r"(?<![@\w/.-])(?:www\.[\w.-]+|(?:[a-z0-9-]+\.)+(?:com|org|net|info|io|edu|gov|int|co|me|ly|gl|app|uk|de|fr|es|br|pt|eu|us))"
    r"(?![\w-])(?:/[^\s<>\"]*)?",
    regex.IGNORECASE,
)
_UNFINISHED = regex.compile(
    r"\{\{|\}\}|\{%|%\}|\{\w+\}|\$\{|\[[^\]\n]*(?:\.\.|…|insert|source|name|link|todo|tbd|xx)[^\]\n]*\]|\[\s*\]"
    r"|<[\p{L}/!][^>\n]*>|<\.\.+>|\b(?:TODO|TBD|FIXME|XXX+)\b|lorem ipsum",
    regex.IGNORECASE,
)
_AUTOMATED = regex.compile(words.AUTOMATED, regex.IGNORECASE)
_BY_A_PERSON = regex.compile(words.BY_A_PERSON, regex.IGNORECASE)
_WAY_OUT = regex.compile(r"\bSTOP\b")


def unfinished(page: Page) -> Iterator[Finding]:
    """Nothing that somebody meant to fill in later, and no markup."""
    if not page.text.strip():
        yield missing("empty", "There is no text.", "Write the reply, or decline the case.")
    for hit in _UNFINISHED.finditer(page.bare):
        yield at("placeholder", f"'{hit.group()}' was left to fill in.", *hit.span(), "Fill it in or remove it.")


def unseen(page: Page) -> Iterator[Finding]:
    """Nobody can check what nobody can see."""
    for start, end in invisible(page.text):
        yield at("invisible", f"An invisible character (U+{ord(page.text[start]):04X}).", start, end, "Delete it.")


def hashtags(page: Page) -> Iterator[Finding]:
    """A hashtag would carry a conversation to strangers."""
    for hit in _HASHTAG.finditer(page.bare):
        yield at("hashtag", f"'{hit.group()}' is a hashtag.", *hit.span(), "Leave hashtags out.")


def mentions(page: Page) -> Iterator[Finding]:
    """One person at most is notified; a note on our own timeline names nobody but the one who asked."""
    found = list(_MENTION.finditer(page.bare))
    for hit in found[1:]:
        yield at("mention", f"'{hit.group()}' is a second mention.", *hit.span(), "Address one person only.")


def sources(page: Page) -> Iterator[Finding]:
    """Exactly one verified source of this entry, over https; besides it only pages of the office."""
    ours = tuple(_same(url) for url in _own_urls(page))
    citations = page.evidence.citations if page.evidence else ()
    usable, named = set(), set()
    for citation in citations:
        addresses = {_same(url) for url in (citation_url(citation), citation.url) if url}
        named |= addresses
        if citation.verified and not citation.flagged:
            usable |= addresses
    cited = 0
    for start, end, url in page.links:
        same = _same(url)
        if any(same == own or same.startswith(own.rstrip("/") + "/") for own in ours):
            message = ""
        elif page.evidence is None or same in usable:
            cited, message = cited + 1, ""
        elif same in named:
            message = f"This source may not be used: {_why(citations, same)}."
        else:
            message = "This address is neither a source of this entry nor a page of ours."
        if not url.startswith("https://"):
            message = "This address is not https."
        if message:
            yield at("unverified-link", message, start, end, "Link one of the entry's verified sources.")
    if cited == 0:
        yield missing("no-source", "No verified source is linked.", "Add the link of one of the entry's sources.")
    if len(page.links) > MOST_LINKS:
        yield at("many-links", f"{len(page.links)} links.", *page.links[MOST_LINKS][:2], "One source is enough.", WARN)
    for hit in _BARE_ADDRESS.finditer(page.bare):
        yield at(
            "unverified-link",
            f"'{hit.group()}' may be turned into a link.",
            *hit.span(),
            "Write the whole https address of a source, or no address.",
        )


def _own_urls(page: Page) -> tuple[str, ...]:
    if page.office is None:
        return ()
    return tuple(url for url in (page.office.method_url, *page.office.own_urls) if url)


def _why(citations: tuple[Citation, ...], same: str) -> str:
    for citation in citations:
        if same in (_same(citation_url(citation)), _same(citation.url)):
            return citation.flagged or "it was not verified"
    return "it was not verified"


def _same(url: str) -> str:
    """One spelling for addresses that mean the same: case of host and DOI, escapes, last slash."""
    host, _, rest = url.partition("://")[2].partition("/")
    host = host.casefold().removeprefix("www.").replace("dx.doi.org", "doi.org")
    rest = unquote(rest).rstrip("/")
    return f"{host}/{rest.casefold() if host == 'doi.org' else rest}".rstrip("/")


def disclosure(page: Page) -> Iterator[Finding]:
    """Everybody can see that software drafted this and that a person checked it."""
    if not (_AUTOMATED.search(page.text) and _BY_A_PERSON.search(page.text)):
        yield missing(
            "no-disclosure",
            "It does not say that software drafted this and a person checked it.",
            "Add: 🤖 Draft checked by a person.",
        )


def way_out(page: Page) -> Iterator[Finding]:
    """Whoever is addressed can end it with one word, the same in every language."""
    if page.kind is not Kind.NOTE and not _WAY_OUT.search(page.bare):
        yield missing("no-exit", "It does not say how to be left alone.", "Add: Reply STOP to opt out.")


def long_way_to_the_source(page: Page) -> Iterator[Finding]:
    """Few sentences stand before the source."""
    before = page.links[0][0] if page.links else len(page.text)
    ahead = [span for span in page.sentences if span[1] <= before]
    if len(ahead) > MOST_SENTENCES:
        yield at(
            "too-long",
            f"{len(ahead)} sentences before the source.",
            ahead[MOST_SENTENCES][0],
            ahead[-1][1],
            f"Say it in {MOST_SENTENCES}.",
            WARN,
        )


FORM: tuple[Rule, ...] = (
    unfinished,
    unseen,
    hashtags,
    mentions,
    sources,
    disclosure,
    way_out,
    long_way_to_the_source,
)

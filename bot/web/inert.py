"""Make foreign text safe to look at: escaped, and with its invisible characters shown. It never makes a link."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from urllib.parse import urlsplit

import regex
from markupsafe import Markup, escape

# Flags of England and the like are tag characters after a black flag; joiners are part of emoji and of many scripts.
_HONEST = (
    r"🏴[\U000E0020-\U000E007F]+"
    r"|(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}\uFE0F])\u200D(?=\p{Extended_Pictographic})"
    r"|(?<=[\p{M}\p{Script=Arabic}\p{Script=Devanagari}])[\u200C\u200D]"
)
_ODD = regex.compile(rf"(?P<honest>{_HONEST})|(?P<odd>[\p{{Cf}}\p{{Cc}}\p{{Co}}\u2028\u2029\u115F\u1160\u3164\uFFA0])")
_SHORT = {
    0x00AD: "SHY",
    0x200B: "ZWSP",
    0x200C: "ZWNJ",
    0x200D: "ZWJ",
    0x200E: "LRM",
    0x200F: "RLM",
    0x202A: "LRE",
    0x202B: "RLE",
    0x202C: "PDF",
    0x202D: "LRO",
    0x202E: "RLO",
    0x2060: "WJ",
    0x2066: "LRI",
    0x2067: "RLI",
    0x2068: "FSI",
    0x2069: "PDI",
    0xFEFF: "BOM",
}
_PLAIN = "\n\t"
_WORDS = regex.compile(r"\w+")
_LINK = regex.compile(r"https?://[^\s<>\"\p{C}]*[^\s<>\"\p{C}.,;:!?)\]'’”]", regex.IGNORECASE)


def inert(text: object) -> Markup:
    """The text, escaped; every invisible or direction-changing character becomes a visible mark."""
    plain = str(text).replace("\r\n", "\n").replace("\r", "\n")
    parts, at = [], 0
    for found in _ODD.finditer(plain):
        if found.group("honest") or found.group() in _PLAIN:
            continue
        parts += [escape(plain[at : found.start()]), _mark(found.group())]
        at = found.end()
    parts.append(escape(plain[at:]))
    return Markup("").join(parts)


def marked(text: object, telling: Iterable[str]) -> Markup:
    """The text, inert, with the first place of each run of words marked; runs that do not stand there are passed by."""
    plain = str(text)
    spans: list[tuple[int, int]] = []
    for run in telling:
        words = _WORDS.findall(run)
        found = regex.search(r"\W{1,6}".join(map(regex.escape, words)), plain, timeout=1.0) if words else None
        if found and all(found.end() <= start or found.start() >= end for start, end in spans):
            spans.append(found.span())
    parts, at = [], 0
    for start, end in sorted(spans):
        parts += [inert(plain[at:start]), Markup("<mark>{}</mark>").format(inert(plain[start:end]))]
        at = end
    parts.append(inert(plain[at:]))
    return Markup("").join(parts)


def linked(text: str, network: str) -> Markup:
    """Our own reply as the network shows it: inert, with its web links as links."""
    parts, at = [], 0
    for found in _LINK.finditer(text):
        url = found.group()
        shown = _mastodon_link(url) if network == "mastodon" else url
        parts.append(inert(text[at : found.start()]))
        if web(url):
            parts.append(
                Markup('<a href="{}" target="_blank" rel="noopener noreferrer">{}</a>').format(url, inert(shown))
            )
        else:
            parts.append(inert(url))
        at = found.end()
    parts.append(inert(text[at:]))
    return Markup("").join(parts)


def web(url: object) -> str:
    """The address if a browser may follow it (http or https with a host), else ""."""
    text = str(url or "").strip()
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    return text if parts.scheme in {"http", "https"} and parts.hostname else ""


def _mark(character: str) -> Markup:
    code = ord(character)
    name = unicodedata.name(character, "control character").lower()
    return Markup('<span class="odd" title="{} (U+{:04X})">{}</span>').format(
        name, code, _SHORT.get(code, f"U+{code:04X}")
    )


MASTODON_SHOWS = 30  # characters of a link, without its scheme; the rest is hidden


def _mastodon_link(url: str) -> str:
    bare = regex.sub(r"^https?://(www\.)?", "", url)
    return bare if len(bare) <= MASTODON_SHOWS else bare[:MASTODON_SHOWS] + "…"

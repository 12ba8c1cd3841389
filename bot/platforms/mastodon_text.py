"""HTML of the fediverse to plain text with line breaks, and the full URLs in it. It never keeps markup."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

LONGEST_HTML = 400_000  # characters; more than any server accepts as a post, and parsed in a few milliseconds

_PARAGRAPHS = frozenset({"p", "blockquote", "pre", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "table"})
_LINES = frozenset({"div", "li", "tr", "dt", "dd", "section", "article", "figure"})
_SILENT = frozenset({"script", "style", "template", "head", "title", "iframe", "object", "svg", "noscript"})
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_REMOTE_NAME = re.compile(r"(?<![\w/])@(\w[\w.-]*)@[\w.:-]*\w")
_BLANK = re.compile(r"[ \t\u00a0]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a piece of HTML says. `full` is the text with every URL spelled out, for comparing with what was sent."""

    text: str
    full: str
    links: tuple[str, ...]
    tags: tuple[str, ...]


def clean(value: object) -> str:
    """A string from the wire that can be stored and shown: no NUL, no control signs, no lone surrogates."""
    if not isinstance(value, str):
        return ""
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub("", text.encode("utf-8", "replace").decode("utf-8"))


def read_html(value: object, *, without_quote: bool = False) -> Words:
    """Plain text of `value`; `without_quote` leaves out the "RE: link" line that servers put before a quote."""
    html = clean(value)[:LONGEST_HTML]
    links: list[str] = []
    tags: list[str] = []
    pieces = list(_walk(html, without_quote, links, tags))
    shown, full = ("".join(side) for side in zip(*pieces, strict=True)) if pieces else ("", "")
    return Words(
        text=_tidy(shown),
        full=_tidy(full),
        links=tuple(dict.fromkeys(links)),
        tags=tuple(dict.fromkeys(tags)),
    )


def same_text(sent: str, full: str) -> bool:
    """Is `full` (of the server) what we sent? Servers shorten remote names and set blanks as they like."""
    return _fingerprint(sent) == _fingerprint(full)


def _fingerprint(text: str) -> str:
    return " ".join(_REMOTE_NAME.sub(r"@\1", unicodedata.normalize("NFC", clean(text))).split())


def _walk(html: str, without_quote: bool, links: list[str], tags: list[str]) -> Iterator[tuple[str, str]]:
    """Every piece of text in order, twice: as it is shown, and in full. No recursion: soup may be deep."""
    body = LexborHTMLParser(html).body
    todo: list[tuple[LexborNode | tuple[str, str], bool]] = [(body, True)] if body is not None else []
    while todo:
        node, visible = todo.pop()
        if isinstance(node, tuple):
            yield node
            continue
        tag = node.tag or ""
        said = {"-text": node.text_content, "br": "\n", "img": node.attributes.get("alt")}.get(tag, "") or ""
        if said:
            yield (said if visible else "", said)
        classes = (node.attributes.get("class") or "").split()
        if tag in _SILENT or tag.startswith("-") or (without_quote and "quote-inline" in classes):
            continue
        _note_link(node, classes, links, tags)
        before, after = _breaks(tag)
        visible = visible and "invisible" not in classes
        todo.append(((after, after), visible))
        if "ellipsis" in classes and visible:
            todo.append((("…", ""), visible))
        todo.extend(reversed([(child, visible) for child in _children(node)]))
        todo.append(((before, before), visible))


def _children(node: LexborNode) -> Iterator[LexborNode]:
    child = node.first_child
    while child is not None:
        yield child
        child = child.next


def _breaks(tag: str) -> tuple[str, str]:
    if tag in _PARAGRAPHS:
        return "\n\n", "\n\n"
    if tag == "li":
        return "\n- ", ""
    return ("\n", "\n") if tag in _LINES else ("", "")


def _note_link(node: LexborNode, classes: list[str], links: list[str], tags: list[str]) -> None:
    """Remember where an anchor leads. Only the web: no `javascript:`, no `data:`."""
    if node.tag != "a":
        return
    if "hashtag" in classes:
        tags.append(clean(node.text()).strip().lstrip("#＃").casefold())
    elif "mention" not in classes:
        target = clean(node.attributes.get("href")).strip()
        if is_web(target):
            links.append(target)


def is_web(url: str) -> bool:
    """Does this address lead to a web page?"""
    try:
        parts = urlsplit(url)
    except ValueError:  # brackets that promise an IPv6 address and hold none
        return False
    return parts.scheme.lower() in ("http", "https") and bool(parts.netloc)


def _tidy(text: str) -> str:
    """One blank at most, one empty line at most, nothing around."""
    lines = [_BLANK.sub(" ", line).strip() for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()

"""Text as the matcher reads it: tricks folded, links and handles out, the author's own words kept apart from quotes.

It judges nothing, and what it returns is for matching only, never for showing or sending.
"""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass

LONGEST_READ = 6_000  # characters; a post's point stands earlier, and time per post must be bounded
FEWEST_QUOTED_WORDS = 3  # shorter quotes are scare quotes: the words stay the author's own

TAG = re.compile(r"</?[a-zA-Z][^<>]{0,1000}>")
BREAK_TAG = re.compile(r"<(?:br|/p|/div|/li|/blockquote)\b[^<>]{0,100}>", re.IGNORECASE)
INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ud800-\udfff\U000e0000-\U000e0fff]"
)
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
MARKS = re.compile("[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+")
URL = re.compile(r"\b(?:https?://|www\.)\S+|\b10\.\d{4,9}/\S+", re.IGNORECASE)
HANDLE = re.compile(r"(?<![\w@])@[\w.-]+(?:@[\w.-]+)?")
HASHTAG = re.compile(r"[#＃](\w+)")
CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z]{2})|_")
LEET = re.compile(r"(?<=[a-z])[013457@$](?=[a-z]{2})", re.IGNORECASE)
WORD = re.compile(r"\w+")
LATIN = re.compile("[a-zA-Z]")
GREEK_OR_CYRILLIC = re.compile("[\u0370-\u03ff\u0400-\u04ff]")
QUOTE = re.compile(
    r"\"([^\"\n]{1,1000})\"|“([^”\"\n]{1,1000})[”\"]|„([^“”\n]{1,1000})[“”]|«([^»\n]{1,1000})»"
    r"|(?<!\w)‘([^’\n]{12,1000})’(?!\w)|(?<!\w)'([^'\n]{12,1000})'(?!\w)"
)
QUOTED_LINE = re.compile(r"^\s*[>＞|]\s?(.+)$", re.MULTILINE)
SPACES = re.compile(r"[ \t\u00a0\u2000-\u200a\u202f\u205f\u3000]+")
SENTENCE = re.compile(r"(?<=[.!?…。！？])[\"”»')\]]*\s+|\n+")

LOOKALIKES = str.maketrans(
    "аеорсухіјѕԁһӏкмтвнАВЕКМНОРСТУХІЈЅαβεικνορτυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧı",
    "aeopcyxijsdhlkmtbhABEKMHOPCTYXIJSabeiknoptuxABEZHIKMNOPTYXi",
)
DIGITS = str.maketrans("013457@$", "oieastas")
PLAIN_SIGNS = str.maketrans(
    {"’": "'", "‘": "'", "ʼ": "'", "`": "'", "´": "'", "‐": "-", "‑": "-", "–": "-", "—": " - ", "≠": " is not "}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One post, ready to be matched.

    `own` is what the author says in their own words, `quoted` what they quote; both folded (see `fold`).
    `sentences` are the parts of `own`. `shouted` keeps case and signs for cues that need them.
    """

    own: str
    quoted: tuple[str, ...]
    sentences: tuple[str, ...]
    shouted: str
    truncated: bool

    @property
    def everything(self) -> str:
        """Own and quoted words together: what the post is about, whoever says it."""
        return " ".join((self.own, *self.quoted)).strip()


def read(text: str) -> Reading:
    """Read one post. Any string is answered, in time bounded by `LONGEST_READ`."""
    visible = clean(text[:LONGEST_READ])
    quoted: list[str] = []

    def lift(match: re.Match[str]) -> str:
        words = next(group for group in match.groups() if group is not None)
        if len(words.split()) < FEWEST_QUOTED_WORDS:
            return f" {words} "
        quoted.append(fold(words))
        return " … "

    own_shouted = QUOTE.sub(lift, QUOTED_LINE.sub(lift, visible))
    own = fold(own_shouted)
    return Reading(
        own=own,
        quoted=tuple(quoted),
        sentences=tuple(part for part in SENTENCE.split(own) if any(char.isalnum() for char in part)),
        shouted=own_shouted,
        truncated=len(text) > LONGEST_READ,
    )


def clean(text: str) -> str:
    """Visible plain text: markup, invisible and control characters, links and handles out; hashtags as words."""
    if "<" in text:
        text = TAG.sub("", BREAK_TAG.sub("\n", text))
    if "&" in text:
        text = html.unescape(text)
    text = INVISIBLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = CONTROL.sub(" ", text)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text.translate(PLAIN_SIGNS))
        text = INVISIBLE.sub("", text).translate(PLAIN_SIGNS)
        text = WORD.sub(lambda match: _one_script(match[0]), text)
    text = URL.sub(" ", text)
    text = HANDLE.sub(" ", text)
    text = HASHTAG.sub(lambda match: CAMEL.sub(" ", match[1]), text)
    return SPACES.sub(" ", text).strip()


def _one_script(word: str) -> str:
    """A word that mixes Latin letters with lookalikes of other alphabets, in Latin letters."""
    return word.translate(LOOKALIKES) if LATIN.search(word) and GREEK_OR_CYRILLIC.search(word) else word


def fold(text: str) -> str:
    """Lower case, accents off, digits inside words as the letters they imitate."""
    text = text.casefold()
    if not text.isascii():
        text = unicodedata.normalize("NFC", MARKS.sub("", unicodedata.normalize("NFKD", text))).casefold()
    return SPACES.sub(" ", LEET.sub(lambda match: match[0].translate(DIGITS), text)).strip()

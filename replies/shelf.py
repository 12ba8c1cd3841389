"""The shelf of words: the files that ship, and an office's own words in their place. It knows no evidence.

It is read once for the same words, and checked whole; it chooses nothing and knows no store.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from replies.own import Own, own_phrase, own_rung
from replies.placeholders import PHRASE_KEYS, PHRASE_NAMES, RUNG_NAMES, BadTemplate, Made, made

SHIPPED = Path(__file__).parent / "templates"
FALLBACK = "en"  # a language without rungs of its own borrows these: they hold placeholders only


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One way to lay out a reply. Rungs are tried in the order of their names: the fullest first."""

    name: str  # as its file is called, e.g. 10-full
    label: str  # where it stands, for people
    words: Made

    @property
    def number(self) -> str:
        """By which it stands among the others: the digits its name begins with."""
        return self.name.partition("-")[0]

    def render(self, values: Mapping[str, str]) -> str:
        """The text with values put in as they are, and the space around missing parts tidied away."""
        return tidy(self.words.render(values))


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitWords:
    """How the limits of an entry are said aloud: see the head of templates/en/limits.txt."""

    never: tuple[str, ...] = ()
    openings: tuple[tuple[str, str], ...] = ()
    whole: tuple[str, ...] = ()
    first: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """All words of one language. `broken`: words of the office that cannot be used, by name, and why."""

    lang: str
    rungs: tuple[Rung, ...]
    phrases: Mapping[str, tuple[Made, ...]]
    limit_words: LimitWords
    journals: Mapping[str, tuple[str, str]]
    broken: Mapping[str, str]

    def phrase(self, key: str, values: Mapping[str, str], variant: int) -> str:
        """One wording of a phrase; `variant` picks among the alternatives."""
        choices = self.phrases[key]
        return " ".join(choices[variant % len(choices)].render(values).split())

    @property
    def variants(self) -> int:
        """After this many variants every phrase has been said in each of its wordings."""
        return max(len(choices) for choices in self.phrases.values())


@lru_cache(maxsize=64)
def shelf(lang: str, folder: Path = SHIPPED, own: Own = ()) -> Shelf:
    """The words of `lang`, or of the fallback language if there are none. Raises `BadTemplate`.

    What the office says in its own words takes the place of what ships. Words of the office that cannot be used are
    passed over, and named: what ships stands in for them, so that a reply can always be put together.
    """
    home = folder / (lang if lang in languages(folder) else FALLBACK)
    rungs = {path.stem: _rung(path) for path in _rung_files(home) or _rung_files(folder / FALLBACK)}
    phrases = _phrases(home / "phrases.txt")
    broken = {}
    for name, text in own:
        try:
            if name in PHRASE_KEYS:
                phrases[name] = own_phrase(name, text)
            elif name in rungs:
                rungs[name] = Rung(name=name, label=f"{home.name}/{name} (ours)", words=own_rung(name, text))
            else:
                raise BadTemplate(name, "nothing is called so (any more)", remedy="go back to the shipped words")
        except BadTemplate as error:
            broken[name] = str(error)
    return Shelf(
        lang=home.name,
        rungs=tuple(rungs.values()),
        phrases=phrases,
        limit_words=_limit_words(home / "limits.txt"),
        journals=_journals(folder / "journals.txt"),
        broken=broken,
    )


def languages(folder: Path = SHIPPED) -> tuple[str, ...]:
    """The languages that have words on the shelf."""
    return tuple(sorted(path.parent.name for path in folder.glob("*/phrases.txt")))


def tidy(text: str) -> str:
    """Single spaces, no empty lines at the ends, never more than one empty line in a row."""
    lines = [" ".join(line.split()) for line in text.split("\n")]
    kept = [line for i, line in enumerate(lines) if line or (i > 0 and lines[i - 1])]
    return "\n".join(kept).strip()


def _rung_files(home: Path) -> list[Path]:
    return sorted(path for path in home.glob("*.txt") if path.name not in ("phrases.txt", "limits.txt"))


def _label(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def _rung(path: Path) -> Rung:
    return Rung(name=path.stem, label=_label(path), words=made(path.read_text("utf-8"), RUNG_NAMES, _label(path)))


def _lines(path: Path) -> list[tuple[int, str]]:
    if not path.exists():
        return []
    lines = ((number, line.strip()) for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1))
    return [(number, line) for number, line in lines if line and not line.startswith("#")]


def _phrases(path: Path) -> dict[str, tuple[Made, ...]]:
    found: dict[str, list[Made]] = {}
    for number, line in _lines(path):
        key, colon, words = line.partition(":")
        if not colon or key not in PHRASE_KEYS or not words.strip():
            what, remedy = f"'{line}' is not 'key: words'", f"keys are {', '.join(PHRASE_KEYS)}"
            raise BadTemplate(_label(path), what, line=number, remedy=remedy)
        found.setdefault(key, []).append(made(words.strip(), PHRASE_NAMES, _label(path), number))
    if missing := [key for key in PHRASE_KEYS if key not in found]:
        raise BadTemplate(_label(path), f"no words for '{missing[0]}'", remedy=f"add a line '{missing[0]}: …'")
    return {key: tuple(choices) for key, choices in found.items()}


def _limit_words(path: Path) -> LimitWords:
    openings: list[tuple[str, str]] = []
    lists: dict[str, list[str]] = {"never": [], "whole": [], "first": []}
    for number, line in _lines(path):
        opening, arrow, said = line.partition("=>")
        directive, colon, word = line.partition(":")
        if arrow:
            openings.append((opening.strip(), said.strip()))
        elif colon and directive in lists:
            lists[directive].append(word.strip())
        else:
            known = ", ".join(f"'{name}: …'" for name in lists)
            raise BadTemplate(_label(path), f"'{line}' is none of {known}, 'opening => words'", line=number)
    return LimitWords(openings=tuple(openings), **{name: tuple(found) for name, found in lists.items()})


def _journals(path: Path) -> dict[str, tuple[str, str]]:
    names = {}
    for number, line in _lines(path):
        parts = [part.strip() for part in line.split("=>")]
        if len(parts) != 3:
            raise BadTemplate(_label(path), f"'{line}' is not 'full name => name => short name'", line=number)
        names[parts[0]] = (parts[1], parts[2])
    return names

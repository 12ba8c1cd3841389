"""The shelf of words: template files, read once and checked whole. It knows no evidence and chooses nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, UndefinedError, meta
from jinja2.exceptions import SecurityError
from jinja2.sandbox import SandboxedEnvironment

from bot.model import Certainty

SHIPPED = Path(__file__).parent / "templates"
FALLBACK = "en"  # a language without rungs of its own borrows these: they hold placeholders only

# What a phrase may ask for, and what a rung may ask for. Anything else is a mistake in the file.
PHRASE_NAMES = frozenset({"office", "short_office", "method_url", "journal", "short_journal", "year"})
PHRASE_KEYS = (
    *("source", "short_source", "debate", "care", "care_medicine", "thanks", "answering", "soft", "method"),
    *("disclosure", "short_disclosure", "bare_disclosure", "tight_disclosure", "tightest_disclosure"),
    *("exit", "short_exit", "tight_exit"),
    *(f"{key}.{grade}" for key in ("certainty", "certainty_why", "short_certainty") for grade in Certainty),
)
RUNG_NAMES = frozenset(
    {"fact", "url", "limits", "limit", *(key.partition(".")[0] for key in PHRASE_KEYS)}
    - {"care_medicine", "answering", "soft"}
)


class BadTemplate(ValueError):
    """A template file is wrong. The message names the file, the placeholder or key, and the remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One way to lay out a reply. Rungs are tried in the order of their file names: the fullest first."""

    name: str
    template: Template

    @property
    def number(self) -> str:
        """By which it stands among the others: the digits its file name begins with."""
        return self.name.rpartition("/")[2].partition("-")[0]

    def render(self, values: Mapping[str, str]) -> str:
        """The text with values put in as they are, and the space around missing parts tidied away."""
        return tidy(_render(self.template, values, self.name))


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitWords:
    """How the limits of an entry are said aloud: see the head of templates/en/limits.txt."""

    never: tuple[str, ...] = ()
    openings: tuple[tuple[str, str], ...] = ()
    whole: tuple[str, ...] = ()
    first: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """All words of one language."""

    lang: str
    rungs: tuple[Rung, ...]
    phrases: Mapping[str, tuple[Template, ...]]
    limit_words: LimitWords
    journals: Mapping[str, tuple[str, str]]

    def phrase(self, key: str, values: Mapping[str, str], variant: int) -> str:
        """One wording of a phrase; `variant` picks among the alternatives."""
        choices = self.phrases[key]
        return " ".join(_render(choices[variant % len(choices)], values, f"{self.lang}/phrases.txt").split())

    @property
    def variants(self) -> int:
        """After this many variants every phrase has been said in each of its wordings."""
        return max(len(choices) for choices in self.phrases.values())


@cache
def shelf(lang: str, folder: Path = SHIPPED) -> Shelf:
    """The words of `lang`, or of the fallback language if there are none. Raises `BadTemplate`."""
    home = folder / (lang if lang in languages(folder) else FALLBACK)
    # No autoescape: the result is plain text, not markup, and "don't" must stay "don't".
    environment = SandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
    rung_files = _rung_files(home) or _rung_files(folder / FALLBACK)
    return Shelf(
        lang=home.name,
        rungs=tuple(
            Rung(name=_label(path), template=_template(environment, path, path.read_text("utf-8"), RUNG_NAMES))
            for path in rung_files
        ),
        phrases=_phrases(environment, home / "phrases.txt"),
        limit_words=_limit_words(home / "limits.txt"),
        journals=_journals(folder / "journals.txt"),
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


def _template(environment: SandboxedEnvironment, path: Path, source: str, known: frozenset[str]) -> Template:
    try:
        unknown = meta.find_undeclared_variables(environment.parse(source)) - known
        if unknown:
            raise BadTemplate(
                f"{_label(path)}: unknown placeholder {{{{ {sorted(unknown)[0]} }}}}; "
                f"known are {', '.join(sorted(known))}"
            )
        return environment.from_string(source)
    except TemplateSyntaxError as error:
        raise BadTemplate(f"{_label(path)}: line {error.lineno}: {error.message}") from error


def _render(template: Template, values: Mapping[str, str], label: str) -> str:
    try:
        return template.render(values)
    except (UndefinedError, SecurityError, TypeError, ArithmeticError) as error:
        raise BadTemplate(f"{label}: {error}") from error


def _lines(path: Path) -> list[str]:
    if not path.exists():
        return []
    lines = (line.strip() for line in path.read_text("utf-8").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _phrases(environment: SandboxedEnvironment, path: Path) -> dict[str, tuple[Template, ...]]:
    found: dict[str, list[Template]] = {}
    for line in _lines(path):
        key, colon, words = line.partition(":")
        if not colon or key not in PHRASE_KEYS or not words.strip():
            raise BadTemplate(f"{_label(path)}: '{line}' is not 'key: words' with a key of {', '.join(PHRASE_KEYS)}")
        found.setdefault(key, []).append(_template(environment, path, words.strip(), PHRASE_NAMES))
    if missing := [key for key in PHRASE_KEYS if key not in found]:
        raise BadTemplate(f"{_label(path)}: no words for '{missing[0]}'; add a line '{missing[0]}: …'")
    return {key: tuple(choices) for key, choices in found.items()}


def _limit_words(path: Path) -> LimitWords:
    openings: list[tuple[str, str]] = []
    lists: dict[str, list[str]] = {"never": [], "whole": [], "first": []}
    for line in _lines(path):
        opening, arrow, said = line.partition("=>")
        directive, colon, word = line.partition(":")
        if arrow:
            openings.append((opening.strip(), said.strip()))
        elif colon and directive in lists:
            lists[directive].append(word.strip())
        else:
            known = ", ".join(f"'{name}: …'" for name in lists)
            raise BadTemplate(f"{_label(path)}: '{line}' is none of {known}, 'opening => words'")
    return LimitWords(openings=tuple(openings), **{name: tuple(found) for name, found in lists.items()})


def _journals(path: Path) -> dict[str, tuple[str, str]]:
    names = {}
    for line in _lines(path):
        parts = [part.strip() for part in line.split("=>")]
        if len(parts) != 3:
            raise BadTemplate(f"{_label(path)}: '{line}' is not 'full name => name => short name'")
        names[parts[0]] = (parts[1], parts[2])
    return names

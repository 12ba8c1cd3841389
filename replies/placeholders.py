"""The little language of templates: words, placeholders, `or`, and `if`. Nothing in it can call, loop or look inside.

What it refuses is refused before Jinja compiles it, so no template can run for long or reach anything but its values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, nodes
from jinja2.sandbox import SandboxedEnvironment

from bot.model import Certainty
from replies.sentences import invisible

# What a phrase may ask for, and what a rung may ask for. Anything else is a mistake in the text.
PHRASE_NAMES = frozenset({"office", "short_office", "method_url", "journal", "short_journal", "year"})
DISCLOSURES = ("disclosure", "short_disclosure", "bare_disclosure", "tight_disclosure", "tightest_disclosure")
EXITS = ("exit", "short_exit", "tight_exit")
GRADED = ("certainty", "certainty_why", "short_certainty")
PHRASE_KEYS = (
    *("source", "short_source", "debate", "care", "care_medicine", "thanks", "answering", "soft", "method"),
    *DISCLOSURES,
    *EXITS,
    *(f"{key}.{grade}" for key in GRADED for grade in Certainty),
)
# A phrase that stands in the place of another, where there is occasion for it.
IN_PLACE_OF = {"care_medicine": "care", "answering": "thanks", "soft": "thanks"}
RUNG_NAMES = frozenset(
    {"fact", "url", "limits", "limit", *(key.partition(".")[0] for key in PHRASE_KEYS)} - IN_PLACE_OF.keys()
)

LONGEST = 2000  # characters of one template; the longest that ships has 160
MOST_PLACEHOLDERS = 40  # in one template: how often a value can be repeated
DEEPEST = 12  # levels; `{{ a or b }}` has four
WORDS_ONLY = "write words and placeholders, such as {{ fact }} or {{ debate or care }}"

_KNOWN_NODES = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const),
    *(nodes.Or, nodes.And, nodes.If, nodes.CondExpr),
)
_IN_WORDS: tuple[tuple[type[nodes.Node] | tuple[type[nodes.Node], ...], str], ...] = (
    ((nodes.Getattr, nodes.Getitem), "looking inside a value"),
    (nodes.Call, "calling something"),
    ((nodes.Filter, nodes.FilterBlock, nodes.Test), "a filter or a test"),
    (nodes.For, "a loop"),
    ((nodes.Macro, nodes.CallBlock), "a macro"),
    ((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends, nodes.Block), "another file or a block"),
    ((nodes.Assign, nodes.AssignBlock, nodes.With), "setting a variable"),
    ((nodes.BinExpr, nodes.UnaryExpr, nodes.Concat, nodes.Compare), "calculating or comparing"),
)


class BadTemplate(ValueError):
    """A template is wrong. It says where, in which line, what, and the remedy."""

    def __init__(self, where: str, what: str, *, line: int = 0, remedy: str = "") -> None:
        said = f"{where}: " + (f"line {line}: " if line else "") + what
        super().__init__(f"{said}; {remedy}" if remedy else said)
        self.line = line
        self.what = what
        self.remedy = remedy


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A template that may be rendered."""

    source: str
    uses: frozenset[str]
    template: Template

    def render(self, values: Mapping[str, str]) -> str:
        """The text with the values put in as they are."""
        return self.template.render(values)


def _bare() -> SandboxedEnvironment:
    # No autoescape: the result is plain text, not markup, and "don't" must stay "don't".
    made = SandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
    for shelf in (made.globals, made.filters, made.tests):
        shelf.clear()
    return made


_ENVIRONMENT = _bare()


@lru_cache(maxsize=4096)  # the same words are made once, whoever asks
def made(source: str, known: frozenset[str], where: str, line: int = 1) -> Made:
    """The template of this text, which begins in this line of `where`. Raises `BadTemplate`."""
    if len(source) > LONGEST:
        raise BadTemplate(
            where, f"{len(source)} characters are too many", line=line, remedy=f"write at most {LONGEST} characters"
        )
    if hidden := invisible(source):
        at = line + source.count("\n", 0, hidden[0][0])
        raise BadTemplate(where, "an invisible character", line=at, remedy="type this line anew")
    try:
        tree = _ENVIRONMENT.parse(source)
    except TemplateSyntaxError as error:
        what, at = error.message or "this cannot be read", line + error.lineno - 1
        raise BadTemplate(where, what, line=at, remedy="open with {{ and close with }}") from error
    except RecursionError as error:
        raise BadTemplate(where, "this is nested too deeply", line=line, remedy=WORDS_ONLY) from error
    uses = _names(tree, known, where, line)
    return Made(source=source, uses=uses, template=_ENVIRONMENT.from_string(source))


def _names(tree: nodes.Template, known: frozenset[str], where: str, line: int) -> frozenset[str]:
    """Which placeholders it asks for, once it is clear that it does nothing else."""
    found: list[str] = []
    waiting: list[tuple[nodes.Node, int]] = [(tree, 0)]
    while waiting:
        node, depth = waiting.pop()
        at = line + max(node.lineno or 1, 1) - 1
        if not isinstance(node, _KNOWN_NODES):
            what = next((words for kind, words in _IN_WORDS if isinstance(node, kind)), type(node).__name__.lower())
            raise BadTemplate(where, f"{what} is not possible here", line=at, remedy=WORDS_ONLY)
        if isinstance(node, nodes.Const) and (not isinstance(node.value, str) or invisible(node.value)):
            raise BadTemplate(where, "only words can stand between quotation marks", line=at, remedy=WORDS_ONLY)
        if isinstance(node, nodes.TemplateData) and ("{" in node.data or "}" in node.data):
            raise BadTemplate(where, "a brace that belongs to no placeholder", line=at, remedy="take it out")
        if isinstance(node, nodes.CondExpr) and node.expr2 is None:
            raise BadTemplate(where, "an if without an else", line=at, remedy="write {% if care %}…{% endif %}")
        if isinstance(node, nodes.Name):
            if node.name not in known:
                near = get_close_matches(node.name, sorted(known), n=1)
                remedy = f"write {{{{ {near[0]} }}}}" if near else f"known are {', '.join(sorted(known))}"
                raise BadTemplate(where, f"unknown placeholder {{{{ {node.name} }}}}", line=at, remedy=remedy)
            found.append(node.name)
        if depth > DEEPEST or len(found) > MOST_PLACEHOLDERS:
            raise BadTemplate(where, "this is nested too deeply or too long", line=at, remedy="say it in fewer parts")
        waiting += [(child, depth + 1) for child in node.iter_child_nodes()]
    return frozenset(found)

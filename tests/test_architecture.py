"""The house keeps its doors: who may import whom, and what every source file must look like."""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LONGEST_FILE = 300  # lines: read in a minute
LONGEST_TEST_FILE = 400
LONGEST_DOCSTRING = 12  # lines at the top of a file; more belongs into docs/
ROOMS = ("bot", "handlers", "replies")

# What a person at the desk can do, each a few functions over one session: the web calls these and nothing deeper.
OFFICE_DOORS = {
    "bot.review",
    "bot.audit",
    "bot.people",
    "bot.rights",
    "bot.sessions",
    "bot.steps",
    "bot.throttle",
    "bot.passwords",
    "bot.factors",
    "bot.passkeys",
    "bot.logins",
    "bot.house_rules",
    "bot.vault",
    "bot.rulings",
    "bot.holds",
    "bot.eyes",
    "bot.second_looks",
    "bot.remarks",
    "bot.set_aside",
    "bot.priority",
    "bot.drafted",
    "bot.own_words",
    "bot.trial",
    "bot.upkeep",
    "bot.switch",
    "bot.evidence.registry",
    "bot.evidence.cards",
    "bot.evidence.proposals",
    "bot.evidence.checks",
    "bot.evidence.uploads",
    "bot.evidence.answers",
    # values and plain functions beside them: the shape of a pack, what lint says, what differs
    "bot.evidence.pack",
    "bot.evidence.rows",
    "bot.evidence.lint",
    "bot.evidence.diff",
    "bot.evidence.compare",
    "bot.figures",
    "bot.notices.quiet",
    "bot.notices.values",
    "bot.notices.wishes",
    "bot.spreadsheet",
}

# Which of our own rooms each room may import. The longest fitting name counts.
DOORS: dict[str, set[str]] = {
    "bot.model": {"bot.errors", "bot.grounds"},
    "bot.grounds": set(),
    "bot.rights": {"bot.model"},
    "bot.errors": {"bot.model"},
    "bot.decisions": {"bot.model", "bot.errors"},
    "bot.life": {"bot.model", "bot.errors", "bot.decisions"},
    "bot.ports": {"bot.model", "bot.errors"},
    "bot.drafted": {"bot.model"},
    "bot.trial": {"bot.model", "bot.errors", "bot.ports"},
    "bot.priority": set(),
    "bot.watch": {"bot.model"},
    "bot.desk": {"bot.model", "bot.decisions", "bot.life"},
    "bot.platforms": {"bot.model", "bot.errors", "bot.ports", "bot.platforms", "bot.watch"},
    "bot.matching": {"bot.model", "bot.grounds", "bot.errors", "bot.ports", "bot.matching"},
    "bot.matching.command": {"bot.model", "bot.errors", "bot.matching", "bot.evidence"},  # it reads a pack itself
    "bot.matching.evaluate": {"bot.model", "bot.errors", "bot.matching", "bot.evidence"},
    "bot.web": {"bot.model", "bot.errors", "bot.life", "bot.ports", "bot.store", "bot.web", *OFFICE_DOORS},
    "bot.figures": {"bot.model", "bot.life", "bot.store", "bot.figures"},
    "handlers": {"bot.model", "bot.decisions", "bot.desk", "bot.life", "handlers"},
    "replies": {"bot.model", "replies"},
}
STDLIB_ONLY = ("bot.model", "bot.grounds", "bot.errors", "bot.decisions", "bot.life", "bot.rights")
PURE = ("handlers",)  # no I/O, no clock, no async
IMPURE = {"asyncio", "anyio", "httpx", "os", "pathlib", "random", "socket", "sqlalchemy", "subprocess", "threading"}
IMPURE |= {"time", "logging", "structlog"}
GIVEN_NEVER_IMPORTED = {"bot.turn": "handlers", "bot.outbox": "handlers"}
LAZY_IMPORTS = "bot.cli"  # and its parts: heavy libraries that most verbs do not need
READS_ENVIRONMENT = {"bot.settings"}
PUBLISHES = {"bot.outbox"}
CATCHES_ALL = {
    "bot.intake": "a source that breaks, however, is said to be broken and started again",
    "bot.cli": "the outermost frame, however, keeps the traceback in a file and says where",
    "bot.worker": "a job that fails, however, is kept, counted and tried again",
    "handlers.manners.gates": "a gate that fails, however, is closed",
}


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


SOURCES = {
    module_name(path): path
    for room in ROOMS
    for path in sorted((ROOT / room).rglob("*.py"))
    if "migrations" not in path.parts
}
_TEST_FILES = sorted((ROOT / "tests").rglob("[a-z_]*.py"))
TESTS = {module_name(path): path for path in _TEST_FILES if "node_modules" not in path.parts}
EVERY_SOURCE = pytest.mark.parametrize("name", SOURCES)


def imports(nodes: Iterator[ast.AST], name: str, path: Path) -> set[str]:
    """Full names of what these nodes import; `from a import b` gives a.b when that is a module of ours, else a."""
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                here = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
                base = ".".join([*here[: len(here) - node.level + 1], *([base] if base else [])])
            for alias in node.names:
                full = f"{base}.{alias.name}"
                found.add(full if full in SOURCES else base)
    return found


def all_imports(name: str) -> set[str]:
    return imports(ast.walk(tree(SOURCES[name])), name, SOURCES[name])


def within(name: str, room: str) -> bool:
    return name == room or name.startswith(room + ".")


def is_ours(name: str) -> bool:
    return name.split(".", maxsplit=1)[0] in ROOMS


def doors_of(name: str) -> set[str] | None:
    rooms = [room for room in DOORS if within(name, room)]
    return DOORS[max(rooms, key=len)] if rooms else None


def type_checking_blocks(module: ast.Module) -> set[ast.AST]:
    return {
        inner
        for node in ast.walk(module)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }


@EVERY_SOURCE
def test_a_room_opens_only_its_own_doors(name: str):
    doors = doors_of(name)
    if doors is None:
        return
    ours = {found for found in all_imports(name) if is_ours(found) and found != "bot"}

    assert {found for found in ours if not any(within(found, door) for door in doors)} == set()


@pytest.mark.parametrize("name", [name for name in SOURCES if name in STDLIB_ONLY])
def test_the_nouns_import_only_the_standard_library(name: str):
    assert {found.split(".")[0] for found in all_imports(name)} <= {*ROOMS, *sys.stdlib_module_names}


@pytest.mark.parametrize("name", [name for name in SOURCES if name.split(".")[0] in PURE])
def test_the_judgement_is_pure(name: str):
    used = {found.split(".")[0] for found in all_imports(name)}
    colours = [node for node in ast.walk(tree(SOURCES[name])) if isinstance(node, ast.AsyncFunctionDef | ast.Await)]

    assert used & IMPURE == set()
    assert colours == []
    assert not calls(name, "now") | calls(name, "today") | calls(name, "open")


@pytest.mark.parametrize(("name", "room"), [pair for pair in GIVEN_NEVER_IMPORTED.items() if pair[0] in SOURCES])
def test_the_body_is_given_the_judgement_and_never_imports_it(name: str, room: str):
    assert not [found for found in all_imports(name) if within(found, room)]


def test_adapters_do_not_know_each_other():
    families = ("bluesky", "mastodon", "fake", "recorded")
    for name in (name for name in SOURCES if within(name, "bot.platforms")):
        own = name.split(".")[-1].split("_")[0]
        others = {
            found
            for found in all_imports(name)
            if within(found, "bot.platforms") and found.split(".")[-1].split("_")[0] in set(families) - {own}
        }
        allowed = {found for found in others if own == "recorded" and "fake" in found}  # the demo plays on the fake
        assert others - allowed == set(), name


@EVERY_SOURCE
def test_a_file_says_its_purpose_and_stays_short(name: str):
    text = SOURCES[name].read_text(encoding="utf-8")
    if not text.strip():
        return  # an empty __init__.py
    words = ast.get_docstring(tree(SOURCES[name]))

    assert words, "it has no docstring"
    assert len(words.splitlines()) <= LONGEST_DOCSTRING or name == "bot.errors"  # errors draws its tree
    assert len(text.splitlines()) <= LONGEST_FILE


@pytest.mark.parametrize("name", TESTS)
def test_a_test_file_says_its_purpose_and_stays_short(name: str):
    text = TESTS[name].read_text(encoding="utf-8")

    assert not text.strip() or ast.get_docstring(tree(TESTS[name]))
    assert len(text.splitlines()) <= LONGEST_TEST_FILE


def test_there_is_no_import_circle():
    graph: dict[str, set[str]] = {}
    for name, path in SOURCES.items():
        typing_only = type_checking_blocks(tree(path))
        nodes = (node for node in ast.walk(tree(path)) if node not in typing_only)
        graph[name] = {found for found in imports(nodes, name, path) if found in SOURCES and found != name}
    done: set[str] = set()

    def visit(name: str, road: tuple[str, ...]) -> None:
        assert name not in road, " -> ".join((*road[road.index(name) :], name))
        if name not in done:
            for other in sorted(graph[name]):
                visit(other, (*road, name))
            done.add(name)

    for name in graph:
        visit(name, ())


@EVERY_SOURCE
def test_only_the_command_line_imports_inside_functions(name: str):
    inside = [
        ast.unparse(inner)
        for node in ast.walk(tree(SOURCES[name]))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]

    assert name.startswith(LAZY_IMPORTS) or inside == []


@EVERY_SOURCE
def test_only_settings_reads_the_environment(name: str):
    used = {ast.unparse(node) for node in ast.walk(tree(SOURCES[name])) if isinstance(node, ast.Attribute)}

    assert name in READS_ENVIRONMENT or used & {"os.environ", "os.getenv", "os.environb"} == set()


def calls(name: str, verb: str) -> set[str]:
    return {
        ast.unparse(node)
        for node in ast.walk(tree(SOURCES[name]))
        if isinstance(node, ast.Call)
        and ((isinstance(node.func, ast.Attribute) and node.func.attr == verb) or ast.unparse(node.func) == verb)
    }


@EVERY_SOURCE
def test_only_the_outbox_publishes(name: str):
    assert name in PUBLISHES or calls(name, "publish") == set()


@pytest.mark.parametrize("name", [*SOURCES, *TESTS])
def test_nobody_mocks_and_nobody_swallows_everything(name: str):
    path = SOURCES.get(name) or TESTS[name]
    used = imports(ast.walk(tree(path)), name, path)
    bare = [
        f"line {node.lineno}"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ExceptHandler) and (node.type is None or ast.unparse(node.type) == "Exception")
    ]

    assert not {found for found in used if found.startswith(("unittest.mock", "mock"))}
    assert bare == [] or name in CATCHES_ALL

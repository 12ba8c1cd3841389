"""The reference pages on settings, command line and roles, written from the code. `python -m bot.docs` renews them.

It computes text and writes these files only.
"""

from __future__ import annotations

import re
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import typer
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from bot.cli import app
from bot.rights import NEEDS_SECOND_FACTOR, Right, Role, may
from bot.settings import CONFIG_FILE, PREFIX, Settings
from bot.web import words
from bot.web.app import DOORS, PAGES
from bot.web.auth.rules import rules_of

REFERENCE = Path(__file__).parents[1] / "docs" / "reference"
MADE = "This page is written from the code: `python -m bot.docs` renews it.\n"

SETTINGS_HEAD = f"""\
# Settings

{MADE}
Settings stand in `{CONFIG_FILE}`, or in environment variables; a variable beats the file.
`scrutineer init` writes the file, `scrutineer check` says what is wrong with it.
Lists in a variable are written as JSON: `{PREFIX}TAGS='["MedEd", "FOAMed"]'`.
"""
CLI_HEAD = f"""\
# Command line

{MADE}
Every command answers `--help`.
"""
ROLES_HEAD = f"""\
# Roles

{MADE}
Every person of the office has one role; an administrator gives it on the page *People*.
A right in the last column may be used only after a second factor, unless an administrator relaxed that.
[People and signing in](../how-to/people-and-signing-in.md) says how.

## Rights
"""
ADDRESSES_HEAD = """\
## Addresses

What every address of the desk asks for.
*Shown again*: the person must have shown within a quarter of an hour that it is them.
A tick beside an address says what the role may do; a case may ask for more.
What needs expert review is approved by a clinical reviewer only.
"""


def pages() -> dict[Path, str]:
    """Every generated page and what must stand in it."""
    written = {"settings.md": settings_page(), "cli.md": cli_page(), "roles.md": roles_page()}
    return {REFERENCE / name: text for name, text in written.items()}


# --- settings


def settings_page() -> str:
    """One table for the office, one for each part that has settings of its own."""
    tables = [SETTINGS_HEAD, *_table(Settings, PREFIX)]
    for name, field in Settings.model_fields.items():
        model, many = _model_of(field)
        if model is None:
            continue
        tables += ["", f"## `[[{name}]]`" if many else f"## `[{name}]`", "", f"{(model.__doc__ or '').strip()}", ""]
        if many:
            tables += [
                f"One block for each account. In a variable: all blocks as one JSON list in `{PREFIX}{name.upper()}`."
            ]
            tables += ["", *_table(model, "")]
        else:
            tables += _table(model, f"{PREFIX}{name.upper()}__")
    return "\n".join(tables) + "\n"


def _table(model: type[BaseModel], prefix: str) -> Iterator[str]:
    yield "| setting | what it is | type | default |" + (" variable |" if prefix else "")
    yield "|---|---|---|---|" + ("---|" if prefix else "")
    for name, field in model.model_fields.items():
        cells = [f"`{name}`", field.description or "", _type(field.annotation), _default(field)]
        if prefix:
            cells.append(f"`{prefix}{name.upper()}`")
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _model_of(field: FieldInfo) -> tuple[type[BaseModel] | None, bool]:
    """The model whose settings stand under this one, and whether there may be many of them."""
    inner = [field.annotation, *get_args(field.annotation)]
    models = [one for one in inner if isinstance(one, type) and issubclass(one, BaseModel)]
    return (models[0], get_origin(field.annotation) is list) if models else (None, False)


def _type(annotation: Any) -> str:
    if get_origin(annotation) is Literal:
        return " or ".join(f"`{word}`" for word in get_args(annotation))
    if get_origin(annotation) is list:
        return "list of blocks" if _is_model(get_args(annotation)[0]) else "list of text"
    if get_origin(annotation) in (Union, types.UnionType):
        return _type(get_args(annotation)[0])
    if _is_model(annotation):
        return "block"
    words = {
        str: "text",
        int: "whole number",
        float: "number",
        bool: "true or false",
        Path: "path",
        SecretStr: "secret",
    }
    return words.get(annotation, str(annotation))


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _default(field: FieldInfo) -> str:
    value = field.default
    if value is PydanticUndefined:
        return "must be given"
    if isinstance(value, BaseModel):
        return "see below"
    if value is None or value in ("", []):
        return "empty"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, list):
        return "`[" + ", ".join(f'"{one}"' for one in value) + "]`"
    return f"`{value}`"


# --- command line


def cli_page() -> str:
    """Every verb with its help, its arguments and its options."""
    return "\n".join([CLI_HEAD, *_verbs(typer.main.get_command(app), "scrutineer")]).rstrip() + "\n"


def verbs(command: Any = None, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every verb of the command line, by its full name."""
    command = command or typer.main.get_command(app)
    for word, inner in getattr(command, "commands", {}).items():
        full = f"{name} {word}".strip()
        if getattr(inner, "commands", None):
            yield from verbs(inner, full)
        else:
            yield full, inner


def _verbs(command: Any, program: str) -> Iterator[str]:
    for name, verb in verbs(command):
        arguments = [one for one in verb.params if one.param_type_name == "argument"]
        options = [one for one in verb.params if one.param_type_name == "option" and one.name != "help"]
        shape = [_shape(one) for one in arguments] + (["[OPTIONS]"] if options else [])
        yield f"## {name}"
        yield ""
        yield re.sub(r"\s+", " ", verb.help or "").strip()
        yield ""
        yield f"    {' '.join([program, name, *shape])}"
        yield ""
        for one in [*arguments, *options]:
            label = _shown(one) if one in arguments else ", ".join(one.opts)
            must = " (must be given)" if one.required and one in options else ""
            yield f"- `{label}`: {one.help}{must}"
        yield ""


def _shape(argument: Any) -> str:
    return _shown(argument) if argument.required else f"[{_shown(argument)}]"


def _shown(argument: Any) -> str:
    return str(argument.name).strip("_").upper()


# --- roles


def roles_page() -> str:
    """Which role has which right, and which right each address of the desk asks for."""
    lines = [ROLES_HEAD, _row("right", *(words.role(role) for role in Role), "second factor")]
    lines += ["|---" * (len(Role) + 2) + "|"]
    for right in Right:
        lines += [_row(right.value, *(_yes(may(role, right)) for role in Role), _yes(right in NEEDS_SECOND_FACTOR))]
    lines += ["", ADDRESSES_HEAD, _row("address", "", "right", *(words.role(role) for role in Role))]
    lines += ["|---" * (len(Role) + 3) + "|"]
    for rule in rules_of(room.router for room in (*DOORS, *PAGES)):
        rights = rule.rights - {Right.READ} or rule.rights  # whoever may do more may read
        asked = "open to all" if rule.open else " and ".join(sorted(rights))
        more = ", shown again" if rule.fresh else ""
        ticks = (_yes(rule.admits(role)) for role in Role)
        lines += [_row(f"`{rule.path}`", rule.method, asked + more, *ticks)]
    return "\n".join(lines) + "\n"


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


def _yes(so: bool) -> str:
    return "yes" if so else "–"


if __name__ == "__main__":
    for page, written in pages().items():
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(written, encoding="utf-8")

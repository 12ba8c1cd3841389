"""How the wizard talks with the person at the keyboard: words, questions, findings. No network, no store."""

from __future__ import annotations

import asyncio
import sys
import textwrap
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

import typer

from bot.account_checks import Finding, Level
from bot.errors import PlatformError

T = TypeVar("T")

MARKS = {Level.OK: "✔", Level.WARN: "!", Level.FAIL: "✘"}
COLOURS = {Level.OK: "green", Level.WARN: "yellow", Level.FAIL: "red"}
WIDTH = 100


def say(text: str = "") -> None:
    """A paragraph, wrapped."""
    typer.echo(textwrap.fill(text, WIDTH) if text else "")


def verbatim(text: str) -> None:
    """Something to copy or to read exactly."""
    typer.echo(f"    {text}")


def step(title: str, why: str) -> None:
    """Begin a step: what it does, and why."""
    typer.echo()
    typer.secho(title, bold=True)
    say(why)


def good(text: str) -> None:
    """Something that worked."""
    typer.secho(f"✔ {text}", fg="green")


def trouble(text: str) -> None:
    """Something that did not."""
    typer.secho(textwrap.fill(f"✘ {text}", WIDTH), fg="red")


def show(findings: Sequence[Finding]) -> bool:
    """All findings with their remedies; True if none of them is a failure."""
    for one in findings:
        typer.secho(line(one), fg=COLOURS[one.level])
    return all(one.level != Level.FAIL for one in findings)


def line(one: Finding) -> str:
    """A finding as people read it."""
    remedy = textwrap.fill(
        one.remedy, WIDTH, initial_indent="    → ", subsequent_indent="      ", break_on_hyphens=False
    )
    return f"{MARKS[one.level]} {one.what}" + (f"\n{remedy}" if one.remedy else "")


def ask(question: str, default: str | None = None, *, read: Callable[[str], T], optional: bool = False) -> T:
    """Ask until `read` takes the answer; it raises `ValueError` with the remedy."""
    shown = "" if optional and default is None else default
    while True:
        answer = typer.prompt(question, default=shown, show_default=bool(shown))
        try:
            return read(str(answer).strip())
        except ValueError as error:
            trouble(str(error))


def secret(question: str) -> str:
    """Ask for something that must not be seen on the screen. Spaces around it are no part of it."""
    hidden = sys.stdin.isatty()  # a pipe has no echo to hide
    return str(
        typer.prompt(f"{question} (not shown while you type)" if hidden else question, hide_input=hidden)
    ).strip()


def yes(question: str, *, default: bool = False) -> bool:
    """Yes or no."""
    return typer.confirm(question, default=default)


def choose(question: str, options: Sequence[tuple[str, str]]) -> str:
    """One of these keys; each comes with its words."""
    for key, words in options:
        typer.echo(f"  {key}  {words}")

    def read(answer: str) -> str:
        if answer not in dict(options):
            raise ValueError(f"please type one of: {', '.join(dict(options))}")
        return answer

    return ask(question, options[0][0], read=read)


def wait(what: str, work: Callable[[], Coroutine[Any, Any, T]]) -> T | None:
    """Do something that needs a network, again and again while the person wants; None when they gave up."""
    while True:
        typer.echo(f"… {what}")
        try:
            return asyncio.run(work())
        except PlatformError as error:
            trouble(str(error))
            if not yes("Try again?"):
                return None

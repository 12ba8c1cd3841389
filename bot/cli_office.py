"""Verbs about the office itself: run, init, check, invite, stop, resume, forget. Words only; `app.py` builds."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.exc import SQLAlchemyError

from bot import logs, switch
from bot.cli_init import init
from bot.cli_open import open_office
from bot.clock import SystemClock
from bot.errors import BadSettings
from bot.rights import Role
from bot.settings import ROLES, Settings, load

Config = Annotated[Path | None, typer.Option("--config", "-c", help="Another scrutineer.toml.")]
COMMAND_LINE = "command line"  # in the record, where nobody gave a name
As = Annotated[str, typer.Option("--as", help="Your name, as it stands in the record.")]


def office(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    for verb in (run, init, check, invite, stop, resume, forget):
        app.command()(verb)


def run(
    config: Config = None,
    roles: Annotated[str, typer.Option(help=f"Which parts run here, of: {', '.join(ROLES)}.")] = ",".join(ROLES),
    live: Annotated[
        bool, typer.Option("--live", help="Practice office only: also read Bluesky's public stream, read-only.")
    ] = False,
) -> None:
    """Open the office. Without a connected account it is a practice office: nothing can reach the public."""
    from bot.opening import nobody_signed_in_yet, sign_in_link  # noqa: PLC0415  the database is not needed by other verbs

    settings = load(config)
    chosen = tuple(part.strip() for part in roles.split(",") if part.strip())
    if not chosen or not set(chosen) <= set(ROLES):
        raise BadSettings(f"--roles: {roles!r}; choose from {', '.join(ROLES)}")
    if live and not settings.practice:
        raise BadSettings("--live is for the practice office; connected accounts read their networks anyway")
    logs.configure(style=settings.log_format, level="warning" if settings.practice else settings.log_level)
    built = open_office(settings, live=live)

    def ready() -> None:
        at = settings.model_copy(update={"port": built.port})
        with built.store.read() as session:
            first = nobody_signed_in_yet(session)
        if settings.practice:
            typer.echo("Practice office: nothing can reach the public. Ctrl-C closes it.")
        if settings.practice or first:
            typer.secho(f"Open the desk: {sign_in_link(built.store, at, built.clock)}  (works once)", bold=True)
        else:
            typer.echo(f"The desk is open at {at.base_url}  (`scrutineer invite NAME` makes a sign-in link)")

    built.on_ready = ready
    asyncio.run(built.run(chosen))


def check(config: Config = None) -> None:
    """The doctor: every setting, account, table and clock, each with its remedy."""
    from bot.doctor import examine  # noqa: PLC0415  loads every network library

    healthy = examine(config, typer.echo)
    raise typer.Exit(0 if healthy else 1)


def invite(
    name: Annotated[str, typer.Argument(help="The person's name, as approvals will be signed.")],
    role: Annotated[Role, typer.Option(help="What a new person is here for.")] = Role.EDITOR,
    config: Config = None,
) -> None:
    """Make a one-time sign-in link for a new person, or for somebody who is locked out. It is recorded."""
    from bot.opening import open_store, sign_in_link  # noqa: PLC0415  the database is not needed by other verbs

    settings = load(config)
    store = open_store(settings)
    typer.echo(sign_in_link(store, settings, SystemClock(), name=name, role=role, by=COMMAND_LINE))
    store.close()


def stop(reason: Annotated[str, typer.Argument(help="Why.")], by: As = COMMAND_LINE, config: Config = None) -> None:
    """Stop all publishing, within seconds. Reading goes on. It survives restarts."""
    settings = load(config)
    switch.needs_words(by, reason)
    failed = [*_raise_flag(settings, f"{by}: {reason}\n")]  # first: it works with the database down
    try:
        _switch(settings, stopped=True, by=by, reason=reason)
    except (BadSettings, SQLAlchemyError) as error:
        failed.append(str(getattr(error, "orig", None) or error))
    if len(failed) == 2:  # neither the file nor the database
        raise BadSettings(f"publishing is NOT stopped: {'; '.join(failed)}. End the office's process instead")
    typer.secho('Publishing is stopped. `scrutineer resume --as NAME "reason"` lifts it.', fg="yellow")
    for why in failed:
        typer.secho(f"It stands in one place only: {why}", err=True, fg="yellow")


def _raise_flag(settings: Settings, words: str) -> Iterator[str]:
    """Write the stop file; why not, if that fails."""
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        settings.stop_flag.write_text(words, encoding="utf-8")
    except OSError as error:
        yield f"the file {settings.stop_flag} could not be written ({error.strerror})"


def resume(reason: Annotated[str, typer.Argument(help="Why it is safe again.")], by: As, config: Config = None) -> None:
    """Allow publishing again."""
    settings = load(config)
    _switch(settings, stopped=False, by=by, reason=reason)
    try:
        settings.stop_flag.unlink(missing_ok=True)
    except OSError as error:
        raise BadSettings(f"publishing is still stopped: delete {settings.stop_flag} ({error.strerror})") from error
    typer.secho("Publishing is allowed again.", fg="green")


def forget(
    account: Annotated[str, typer.Argument(help="Handle, DID or profile address of the person.")], config: Config = None
) -> None:
    """Erase a person: their posts and texts, and never address them again. Says what was erased."""
    from bot.erase import erase  # noqa: PLC0415
    from bot.opening import open_store  # noqa: PLC0415

    settings = load(config)
    store = open_store(settings)
    with store.write() as session:
        for line in erase(session, account, now=SystemClock().now()):
            typer.echo(line)
    store.close()


def _switch(settings: Settings, *, stopped: bool, by: str, reason: str) -> None:
    from bot.opening import open_store  # noqa: PLC0415

    store = open_store(settings)
    with store.write() as session:
        act = switch.stop if stopped else switch.resume
        act(session, by=by, reason=reason, now=SystemClock().now())
    store.close()

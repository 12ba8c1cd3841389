"""Verbs about the people of the office: list, role, disable, enable, reset-second-factor, second-factor.

For an administrator at the machine, above all one who is locked out of the desk. Everything is recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bot.clock import SystemClock
from bot.errors import NotAllowed
from bot.rights import Role
from bot.settings import load

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from bot.store.office_models import UserRow
    from bot.vault import Vault

people = typer.Typer(help="The people of the office, and how they get in.", no_args_is_help=True)

Config = Annotated[Path | None, typer.Option("--config", "-c", help="Another scrutineer.toml.")]
As = Annotated[str, typer.Option("--as", help="Your name, as it stands in the record.")]
Why = Annotated[str, typer.Option("--why", help="The reason; it stands in the record.")]
Name = Annotated[str, typer.Argument(help="The person's name, as `scrutineer people list` shows it.")]


@people.command("list")
def list_(config: Config = None) -> None:
    """List the people with their roles and second factors."""
    from sqlalchemy import select  # noqa: PLC0415  the database is not needed by other verbs

    from bot import factors  # noqa: PLC0415
    from bot.opening import open_store  # noqa: PLC0415
    from bot.store.office_models import UserRow  # noqa: PLC0415

    store = open_store(load(config))
    with store.read() as session:
        rows = list(session.scalars(select(UserRow).order_by(UserRow.name)))
        second = {row.id for row in rows if factors.has_second(session, row)}
    store.close()
    for row in rows:
        state = "disabled" if row.disabled_at else "" if row.signed_in_at else "invited"
        factor = "second factor" if row.id in second else "no second factor"
        typer.echo(f"{row.name:<30} {row.role:<14} {factor:<17} {state}".rstrip())
    typer.echo(f"{len(rows)} {'person' if len(rows) == 1 else 'people'}")


@people.command()
def role(
    name: Name,
    value: Annotated[Role, typer.Argument(help="The new role.")],
    who: As,
    config: Config = None,
) -> None:
    """Give a person another role."""

    def act(session: Session, user: UserRow, by: str, now: datetime, _vault: Vault) -> None:
        from bot import people as office  # noqa: PLC0415

        office.set_role(session, user.id, value, by=by, now=now)

    _do(config, name, who, act)
    typer.echo(f"{name}: {value}")


@people.command()
def disable(name: Name, who: As, config: Config = None) -> None:
    """Shut a person out, at once. Their name stays under what they signed."""

    def act(session: Session, user: UserRow, by: str, now: datetime, _vault: Vault) -> None:
        from bot import people as office  # noqa: PLC0415

        office.disable(session, user.id, by=by, now=now)

    _do(config, name, who, act)
    typer.echo(f"{name} is disabled")


@people.command()
def enable(name: Name, who: As, config: Config = None) -> None:
    """Let a person in again."""

    def act(session: Session, user: UserRow, by: str, now: datetime, _vault: Vault) -> None:
        from bot import people as office  # noqa: PLC0415

        office.enable(session, user.id, by=by, now=now)

    _do(config, name, who, act)
    typer.echo(f"{name} may sign in again; `scrutineer invite` makes a link")


@people.command()
def reset_second_factor(name: Name, who: As, why: Why, config: Config = None) -> None:
    """Take away a person's authenticator, passkeys and recovery codes, and sign them out: they lost them."""

    def act(session: Session, user: UserRow, by: str, now: datetime, vault: Vault) -> None:
        from bot import factors, sessions  # noqa: PLC0415

        factors.reset(session, vault, user, by=by, now=now, why=why)
        sessions.end_all(session, user.id)

    _do(config, name, who, act)
    typer.echo(f"{name} has no second factor any more; `scrutineer invite` makes a link")


@people.command()
def second_factor(
    value: Annotated[Literal["required", "relaxed"], typer.Argument(help="required or relaxed.")],
    who: As,
    why: Why,
    config: Config = None,
) -> None:
    """Require a second factor of whoever decides, or relax that."""
    from bot import house_rules  # noqa: PLC0415
    from bot import people as office  # noqa: PLC0415
    from bot.opening import open_store  # noqa: PLC0415

    by = office.signature(who)
    store = open_store(load(config))
    try:
        with store.write() as session:
            house_rules.rule(session, value, by=by, why=why, now=SystemClock().now())
    finally:
        store.close()
    typer.echo(f"second factor for whoever decides: {value}")


def _do(
    config: Path | None, name: str, who: str, act: Callable[[Session, UserRow, str, datetime, Vault], None]
) -> None:
    from bot import people as office  # noqa: PLC0415  the database is not needed by other verbs
    from bot.opening import open_store  # noqa: PLC0415
    from bot.vault import open_vault  # noqa: PLC0415

    settings, by = load(config), office.signature(who)
    store = open_store(settings)
    vault = open_vault(settings.secret_key.get_secret_value() if settings.secret_key else None, settings.data_dir)
    try:
        with store.write() as session:
            user = office.named(session, name)
            if user is None:
                raise NotAllowed(f"there is nobody called {name!r}; `scrutineer people list` shows everybody")
            act(session, user, by, SystemClock().now(), vault)
    finally:
        store.close()

"""Verbs about our accounts: list, sending, hashtag-replies, lift-pause. They record as the page Accounts does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from sqlalchemy import select

from bot.clock import SystemClock
from bot.settings import load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.store.models import AccountRow
    from bot.store.office_models import RulingRow

account = typer.Typer(help="Our accounts, and what an administrator decides about them.", no_args_is_help=True)

Config = Annotated[Path | None, typer.Option("--config", "-c", help="Another scrutineer.toml.")]
As = Annotated[str, typer.Option("--as", help="Name of the administrator, as it stands in the record.")]
Why = Annotated[str, typer.Option("--why", help="The reason; it stands in the record.")]
Account = Annotated[str, typer.Argument(help="The account, as `scrutineer account list` names it.")]


@account.command("list")
def list_(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False, config: Config = None) -> None:
    """List the accounts with what was decided about them."""
    from bot import rulings  # noqa: PLC0415  the database is not needed by other verbs
    from bot.opening import open_store  # noqa: PLC0415
    from bot.store.models import AccountRow  # noqa: PLC0415

    store = open_store(load(config))
    with store.read() as session:
        rows = list(session.scalars(select(AccountRow).order_by(AccountRow.id)))
        told = [_told(row, rulings.history(session, row.id)) for row in rows]
    store.close()
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    for one in told:
        paused = f"  paused: {one['paused']}" if one["paused"] else ""
        sending = "on" if one["sending"] else "off"
        typer.echo(f"{one['id']:<40} sending {sending:<4} hashtag-replies {one['hashtag_replies']}{paused}")
    typer.echo(f"{len(told)} account{'' if len(told) == 1 else 's'}")


@account.command()
def sending(
    account_id: Account,
    value: Annotated[Literal["on", "off"], typer.Argument(help="on or off.")],
    who: As,
    why: Why,
    config: Config = None,
) -> None:
    """Turn sending on or off. Even when on, a named person approves every single reply."""
    _rule(config, account_id, "sending", value, who=who, why=why)
    typer.echo(f"{account_id}: sending is {value}")


@account.command()
def hashtag_replies(
    account_id: Account,
    value: Annotated[Literal["allowed", "off"], typer.Argument(help="allowed or off.")],
    who: As,
    why: Why,
    config: Config = None,
) -> None:
    """Allow replies to people who only used a hashtag, or forbid them again. It counts for posts found from now on."""
    _rule(config, account_id, "hashtag_replies", value, who=who, why=why)
    typer.echo(f"{account_id}: replies to hashtag posts are {value}")


@account.command()
def lift_pause(account_id: Account, who: As, why: Why, config: Config = None) -> None:
    """Let an account work again that was paused after a trouble."""
    _rule(config, account_id, "pause", "lifted", who=who, why=why)
    typer.echo(f"{account_id}: the pause is lifted")


def _rule(config: Path | None, account_id: str, setting: str, value: str, *, who: str, why: str) -> None:
    from bot import people, rulings  # noqa: PLC0415  the database is not needed by other verbs
    from bot.opening import open_store  # noqa: PLC0415

    by = people.signature(who)
    store = open_store(load(config))
    try:
        with store.write() as session:
            rulings.rule(session, account_id, setting, value, by=by, why=why, now=SystemClock().now())
    finally:
        store.close()


def _told(row: AccountRow, decided: Sequence[RulingRow]) -> dict[str, Any]:
    return {
        "id": row.id,
        "network": row.network,
        "handle": row.handle,
        "server": row.server,
        "public": row.public,
        "sending": row.sending,
        "hashtag_replies": row.hashtag_replies,
        "paused": row.paused,
        "decisions": [
            {"setting": one.setting, "value": one.value, "by": one.by, "why": one.why, "at": one.at.isoformat()}
            for one in decided
        ],
    }

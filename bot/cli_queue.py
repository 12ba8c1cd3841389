"""Verbs about the queue: list, show, approve, decline. They do what the web desk does, by the same functions."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import select

from bot import cases, review
from bot.cli_open import open_office
from bot.clock import SystemClock
from bot.errors import BadSettings
from bot.life import WAITING, State
from bot.model import Post
from bot.review import Declined
from bot.settings import load
from bot.store import codec
from bot.store.models import CaseRow

queue = typer.Typer(help="The review queue.", no_args_is_help=True)

Config = Annotated[Path | None, typer.Option("--config", "-c", help="Another scrutineer.toml.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
As = Annotated[str, typer.Option("--as", help="Your name; it signs the decision.")]
Case = Annotated[int, typer.Argument(help="Number of the case.")]


@queue.command("list")
def list_(
    state: Annotated[str, typer.Option(help="waiting, all, or one state.")] = "waiting",
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """List cases, oldest first."""
    from bot.opening import open_store  # noqa: PLC0415  the database is not needed by other verbs

    if state not in ("waiting", "all", *State):
        raise BadSettings(f"--state: {state!r}; choose waiting, all, or one of {', '.join(State)}")
    store = open_store(load(config))
    query = select(CaseRow).order_by(CaseRow.id)
    if state == "waiting":
        query = query.where(CaseRow.state.in_([one.value for one in WAITING]))
    elif state != "all":
        query = query.where(CaseRow.state == State(state).value)
    with store.read() as session:
        rows = list(session.scalars(query))
    if as_json:
        typer.echo(json.dumps([_summary(row) for row in rows], ensure_ascii=False))
    else:
        for row in rows:
            lock = " (locked)" if row.lock else ""
            typer.echo(f"{row.id:>5}  {row.state:<11} {row.entry_id or '–':<34} {row.network}{lock}")
        typer.echo(f"{len(rows)} case{'' if len(rows) == 1 else 's'}")
    store.close()


@queue.command()
def show(case: Case, as_json: AsJson = False, config: Config = None) -> None:
    """Show one case with its draft."""
    from bot.opening import open_store  # noqa: PLC0415

    store = open_store(load(config))
    with store.read() as session:
        row = cases.get(session, case)
    store.close()
    data = _summary(row) | {"reasons": (row.match or {}).get("reasons", [])}
    if as_json:
        typer.echo(json.dumps(data, ensure_ascii=False))
        return
    for key, value in data.items():
        typer.echo(f"{key:<14} {value}")


@queue.command()
def approve(
    case: Case,
    who: As,
    text: Annotated[str | None, typer.Option(help="Another wording than the draft's.")] = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Approve a draft. It is sent after the undo delay, unless a gate closes."""
    settings = load(config)
    office = open_office(settings)
    with office.store.write() as session:
        row = review.approve(
            session,
            case,
            version=cases.get(session, case).version,
            who=who,
            now=SystemClock().now(),
            undo=timedelta(seconds=settings.undo_seconds),
            objections=office.objections,
            text=text,
        )
    _done(row, as_json)
    office.store.close()


@queue.command()
def decline(
    case: Case,
    who: As,
    reason: Annotated[Declined, typer.Option(help="Why.")],
    remark: Annotated[str, typer.Option(help="Anything to add.")] = "",
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Decline a draft, with a reason."""
    from bot.opening import open_store  # noqa: PLC0415

    store = open_store(load(config))
    with store.write() as session:
        version = cases.get(session, case).version
        row = review.decline(
            session, case, version=version, who=who, reason=reason, now=SystemClock().now(), remark=remark
        )
    _done(row, as_json)
    store.close()


@queue.command("take-up")
def take_up(case: Case, who: As, as_json: AsJson = False, config: Config = None) -> None:
    """Have a draft made of what the matcher only suggested. It waits for approval like any other."""
    from bot.opening import open_store  # noqa: PLC0415

    store = open_store(load(config))
    with store.write() as session:
        version = cases.get(session, case).version
        row = review.take_up(session, case, version=version, who=who, now=SystemClock().now())
    _done(row, as_json)
    store.close()


def _done(row: CaseRow, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(_summary(row), ensure_ascii=False))
    else:
        typer.echo(f"case {row.id} is {row.state}: {row.reason}")


def _summary(row: CaseRow) -> dict[str, Any]:
    post = codec.load(Post, row.post)
    return {
        "id": row.id,
        "version": row.version,
        "state": row.state,
        "network": row.network,
        "account": row.account,
        "uri": row.uri,
        "subject_uri": row.subject_uri,
        "author": post.author.handle or post.author.id,
        "text": post.text,
        "entry_id": row.entry_id,
        "basis": row.basis,
        "asked_by": (row.asked_by or {}).get("handle"),
        "lock": row.lock,
        "draft": row.address + row.draft,
        "reason": row.reason,
        "approved_by": row.approved_by,
        "approved_text": row.approved_text,
        "remote_uri": row.remote_uri,
        "created_at": row.created_at.isoformat(),
    }

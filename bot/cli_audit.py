"""`scrutineer audit`: check that the record was not changed, and write it out. It changes nothing but seals."""

from __future__ import annotations

import csv
import json
import sys
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy.exc import IntegrityError

from bot.settings import load
from bot.spreadsheet import cell

Config = Annotated[Path | None, typer.Option("--config", "-c", help="Another scrutineer.toml.")]

audit = typer.Typer(name="audit", help="The record: who did what, when.", no_args_is_help=True)


class Form(Enum):
    """How the record is written out."""

    JSON = "json"
    CSV = "csv"


@audit.command()
def verify(
    known: Annotated[str, typer.Option("--known", help="A seal that you kept: it must still be in the chain.")] = "",
    config: Config = None,
) -> None:
    """Compute every seal of the record again. Ends with 1 when a line was changed, left out or cut off."""
    from bot import audit_chain  # noqa: PLC0415  the database is not needed by other verbs
    from bot.opening import open_store  # noqa: PLC0415

    store = open_store(load(config))
    try:
        try:
            with store.write() as session:
                audit_chain.seal(session)
        except IntegrityError:
            pass  # the office sealed them at the same moment
        with store.read() as session:
            found = audit_chain.verify(session, known.strip().lower())
    finally:
        store.close()
    typer.echo(f"{found.sealed} lines sealed, {found.unsealed} not yet; words were erased from {found.erased}")
    for trouble in found.troubles:
        typer.secho(trouble, err=True, fg="red")
    if found.troubles:
        typer.echo("The record cannot be trusted: compare it with a backup.", err=True)
        raise typer.Exit(1)
    typer.echo(f"No line was changed. Keep the newest seal elsewhere: {found.newest}")


@audit.command()
def export(
    form: Annotated[Form, typer.Option("--format", help="json (one object per line) or csv.")] = Form.JSON,
    config: Config = None,
) -> None:
    """Write the whole record to standard output."""
    from bot import audit_chain  # noqa: PLC0415  the database is not needed by other verbs
    from bot.opening import open_store  # noqa: PLC0415

    store = open_store(load(config))
    try:
        with store.read() as session:
            if form is Form.JSON:
                for line in audit_chain.lines(session):
                    typer.echo(json.dumps(line))
            else:
                _csv(audit_chain.lines(session))
    finally:
        store.close()


def _csv(lines: Any) -> None:
    writer = csv.writer(sys.stdout)
    for number, line in enumerate(lines):
        if number == 0:
            writer.writerow(line)
        writer.writerow([cell(value) for value in line.values()])

"""Verbs about the evidence table: import, export, lint, sign. The table itself lives in `evidence/`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.clock import SystemClock
from bot.errors import BadSettings
from bot.settings import load

evidence = typer.Typer(help="The evidence table.", no_args_is_help=True)

Config = Annotated[Path | None, typer.Option("--config", "-c", help="Another scrutineer.toml.")]
As = Annotated[str, typer.Option("--as", help="Your name, as it stands in the record.")]


@evidence.command("import")
def import_(
    pack: Annotated[Path, typer.Argument(help="A pack: .jsonl or .csv.")], who: As, config: Config = None
) -> None:
    """Load a pack: all rows or none. Every version is kept."""
    from bot.evidence import registry  # noqa: PLC0415
    from bot.evidence.pack import load_pack  # noqa: PLC0415
    from bot.opening import open_store  # noqa: PLC0415  the database is not needed by other verbs

    entries = load_pack(pack)
    store = open_store(load(config))
    with store.write() as session:
        new, changed, same = registry.store_pack(session, entries, name=pack.name, by=who, now=SystemClock().now())
    store.close()
    typer.echo(f"{pack.name}: {new} new, {changed} changed, {same} unchanged")


@evidence.command()
def export(pack: Annotated[Path, typer.Argument(help="Where to: .jsonl or .csv.")], config: Config = None) -> None:
    """Write the table in force to a pack."""
    from bot.evidence import registry  # noqa: PLC0415
    from bot.evidence.pack import to_csv, to_jsonl  # noqa: PLC0415
    from bot.opening import open_store  # noqa: PLC0415

    write = {".jsonl": to_jsonl, ".csv": to_csv}.get(pack.suffix.lower())
    if write is None:
        raise BadSettings(f"{pack.name}: the name must end in .jsonl or .csv")
    store = open_store(load(config))
    with store.read() as session:
        entries = registry.in_force(session)
    store.close()
    pack.write_text(write(entries), encoding="utf-8", newline="")
    typer.echo(f"{pack.name}: {len(entries)} entries")


@evidence.command()
def lint(
    pack: Annotated[Path | None, typer.Argument(help="A pack; the table in force if left out.")] = None,
    config: Config = None,
) -> None:
    """Say what is wrong or weak in a pack, or in the table in force."""
    from bot.evidence import registry  # noqa: PLC0415
    from bot.evidence.lint import lint as find  # noqa: PLC0415
    from bot.evidence.pack import load_pack  # noqa: PLC0415

    if pack is not None:
        entries = load_pack(pack)
    else:
        from bot.opening import open_store  # noqa: PLC0415

        store = open_store(load(config))
        with store.read() as session:
            entries = tuple(registry.in_force(session))
        store.close()
    warnings = find(entries, SystemClock().now().date())
    for warning in warnings:
        typer.echo(warning)
    typer.echo(f"{len(entries)} entries, {len(warnings)} warnings")


@evidence.command()
def sign(entry: Annotated[str, typer.Argument(help="Id of the entry.")], who: As, config: Config = None) -> None:
    """A clinician takes responsibility for an entry as it stands. Only then may it be published from."""
    from bot.evidence import registry  # noqa: PLC0415
    from bot.opening import open_store  # noqa: PLC0415

    store = open_store(load(config))
    with store.write() as session:
        signed = registry.sign_off(session, entry, by=who, now=SystemClock().now())
    store.close()
    typer.echo(f"{entry}: version {signed.version} is signed off by {who}")

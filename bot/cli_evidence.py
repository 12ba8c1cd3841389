"""Verbs about the evidence table: import, export, lint, sign. The table itself lives in `evidence/`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.clock import SystemClock
from bot.errors import BadSettings, NotAllowed
from bot.settings import load

if TYPE_CHECKING:
    from bot.store.engine import Store

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
def sign(
    who: As,
    entry: Annotated[str | None, typer.Argument(help="Id of the entry; leave it out with --all.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every entry in force that is not signed off yet.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --all: do not ask; I have read them.")] = False,
    config: Config = None,
) -> None:
    """A clinician takes responsibility for an entry as it stands. Only then may it be published from."""
    from bot.evidence import registry  # noqa: PLC0415
    from bot.opening import open_store  # noqa: PLC0415
    from bot.people import signature  # noqa: PLC0415

    if every == (entry is not None):
        raise BadSettings("name one entry, or write --all; `scrutineer evidence export` lists them")
    store, by = open_store(load(config)), signature(who)
    try:
        if entry is not None:
            with store.write() as session:
                signed = registry.sign_off(session, entry, by=by, now=SystemClock().now())
            typer.echo(f"{entry}: version {signed.version} is signed off by {by}")
        else:
            _sign_all(store, by, ask=not yes)
    finally:
        store.close()


@evidence.command("check-citations")
def check_citations(
    most: Annotated[int, typer.Option(min=1, help="How many sources are asked about at most.")] = 1000,
    config: Config = None,
) -> None:
    """Ask Crossref and PubMed whether the sources of the table were retracted; mark the entries that stand on them."""
    from bot.evidence.lookups.cache import lookups  # noqa: PLC0415
    from bot.evidence.recheck import Recheck  # noqa: PLC0415
    from bot.opening import open_store  # noqa: PLC0415

    settings = load(config)
    store = open_store(settings)
    try:
        lookup = lookups(settings, store, SystemClock())
        if lookup is None:
            raise BadSettings("contact: set a mail address first; both catalogues want to know who asks")
        done = Recheck(store=store, clock=SystemClock(), lookup=lookup).round(most=most)
    finally:
        store.close()
    for source, why in done.flagged:
        typer.secho(f"{source} in {why}", fg="red")
    for source, why in done.unknown:
        typer.secho(f"{source}: {why}", fg="yellow")
    if done.stopped:
        typer.secho(f"stopped early: {done.stopped}", fg="yellow")
    typer.echo(f"{done.asked} sources asked about, {len(done.flagged)} entries marked, {done.left} still to ask")


def _sign_all(store: Store, by: str, *, ask: bool) -> None:
    from bot.evidence import registry  # noqa: PLC0415

    with store.read() as session:
        read, waiting = registry.table_version(session), registry.unsigned(session)
    if not waiting:
        typer.echo("every entry in force is signed off already")
        return
    for entry in waiting if ask else ():
        typer.echo(f"  {entry.id}: {entry.claim}")
    question = (
        f"{by} takes responsibility for {len(waiting)} entries as they stand: claim, correction, certainty, limits and"
        " citations. Has this person read them all?"
    )
    if ask and not _says_yes(question):
        raise NotAllowed(
            "nothing was signed; read the table (`scrutineer evidence export table.csv`), then answer y or add --yes"
        )
    with store.write() as session:
        now = SystemClock().now()
        signed = registry.sign_off_all(session, read=read, by=by, now=now)
    for entry in signed:
        typer.echo(f"{entry.id}: version {entry.version} is signed off by {by}")
    closed = [(entry.id, reasons) for entry in signed if (reasons := entry.why_not_publishable(now.date()))]
    for name, reasons in closed:
        typer.secho(f"{name} still cannot be published from: {'; '.join(reasons)}", fg="yellow")
    typer.echo(f"{len(signed)} entries signed off")


def _says_yes(question: str) -> bool:
    """False also where there is nobody to ask."""
    try:
        return typer.confirm(question)
    except typer.Abort:
        typer.echo()
        return False

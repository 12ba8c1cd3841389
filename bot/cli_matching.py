"""Verbs about matching that need the office's database: simulate other thresholds, export what editors teach."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from bot.clock import SystemClock
from bot.errors import BadSettings
from bot.settings import load

Config = Annotated[Path | None, typer.Option("--config", "-c", help="Another scrutineer.toml.")]
SPAN = re.compile(r"(\d{1,4})([dhw])")
UNITS = {"h": "hours", "d": "days", "w": "weeks"}
LONGEST = 100  # characters of a post that are shown


def matching(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command("simulate")(simulate)
    app.command("lessons")(lessons)


def simulate(
    since: Annotated[str, typer.Option(help="How far back: 14d, 36h or 2w.")] = "14d",
    suggest: Annotated[float | None, typer.Option(help="Certainty from which a person is told.")] = None,
    confident: Annotated[float | None, typer.Option(help="Certainty from which a draft is made.")] = None,
    config: Config = None,
) -> None:
    """Say which drafts other thresholds would gain and lose on the stored posts. It changes nothing."""
    from bot import simulate as simulation  # noqa: PLC0415  the models are not needed by other verbs
    from bot.matchers import Matchers  # noqa: PLC0415
    from bot.opening import open_store  # noqa: PLC0415

    found = SPAN.fullmatch(since.strip())
    if found is None:
        raise BadSettings(f"--since: {since!r}; write a number and d, h or w, for example 14d")
    span = timedelta(**{UNITS[found[2]]: int(found[1])})
    settings = load(config)
    store = open_store(settings)
    try:
        with store.read() as session:
            outcome = simulation.simulate(
                session,
                Matchers(settings.data_dir),
                since=SystemClock().now() - span,
                suggest=suggest,
                confident=confident,
            )
    finally:
        store.close()
    (suggest_now, suggest_then), (confident_now, confident_then) = outcome.suggest, outcome.confident
    typer.echo(f"{outcome.posts} stored posts of the last {since}")
    typer.echo(
        f"thresholds   suggest {suggest_now:g} → {suggest_then:g}, confident {confident_now:g} → {confident_then:g}"
    )
    typer.echo(f"drafts       {outcome.drafts[0]} → {outcome.drafts[1]}")
    typer.echo(f"suggestions  {outcome.suggestions[0]} → {outcome.suggestions[1]}")
    for title, changes in (("drafts gained", outcome.gained), ("drafts lost", outcome.lost)):
        typer.echo(f"\n{title}: {len(changes)}")
        for one in changes:
            words = " ".join(one.text.split())[:LONGEST]
            typer.echo(f"  case {one.case_id} ({one.state}), {one.entry_id}, {one.certainty:.2f} sure: {words!r}")


def lessons(
    out: Annotated[Path, typer.Argument(help="The JSONL file to write.", dir_okay=False)],
    config: Config = None,
) -> None:
    """Write what editors taught by their decisions as labelled posts, for `make train`."""
    from bot import lessons as taught  # noqa: PLC0415
    from bot.opening import open_store  # noqa: PLC0415

    store = open_store(load(config))
    try:
        with store.read() as session:
            rows = list(taught.export(session))
    finally:
        store.close()
    out.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
    typer.echo(f'{len(rows)} entries written to {out}; `make train ARGS="--lessons {out}"` learns from them, too')

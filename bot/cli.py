"""The verbs: run, init, check, stop, resume, match, replay, queue, evidence, account and others. Words only.

Heavy libraries are imported inside the verbs that need them, so that `scrutineer match` starts at once.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from bot import logs
from bot.cli_account import account
from bot.cli_audit import audit
from bot.cli_evidence import evidence
from bot.cli_matching import matching
from bot.cli_office import office
from bot.cli_people import people
from bot.cli_queue import queue

app = typer.Typer(
    name="scrutineer",
    help="A desk that answers medical misinformation on Mastodon and Bluesky. A named person approves every reply.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(queue, name="queue")
app.add_typer(evidence, name="evidence")
app.add_typer(account, name="account")
app.add_typer(audit, name="audit")
app.add_typer(people, name="people")
office(app)
matching(app)


@app.command()
def match(
    posts: Annotated[str, typer.Argument(help="A JSONL file with one post per line ('-' reads standard input).")],
    table: Annotated[
        Path | None, typer.Option(help="Evidence pack to match against; the starter pack if left out.")
    ] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Say why, in sentences, instead of JSON.")] = False,
    stream: Annotated[
        bool, typer.Option("--stream", help="Posts nobody chose: read only those that use the table's words.")
    ] = False,
) -> None:
    """Say for every post which entry it is about, what it does with the claim, and what we would do."""
    from bot.matching.command import match_file  # noqa: PLC0415  the matcher is not needed by other verbs

    raise typer.Exit(match_file(posts, table, sys.stdout, sys.stderr, explain=explain, stream=stream))


@app.command()
def evaluate(
    posts: Annotated[Path, typer.Argument(help="Labelled posts, JSONL.", exists=True, dir_okay=False)],
    table: Annotated[
        Path | None, typer.Option(help="Evidence pack to match against; the starter pack if left out.")
    ] = None,
    plots: Annotated[Path | None, typer.Option(help="Folder for two drawings (SVG).")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write all figures there, too.")] = None,
    errors: Annotated[int, typer.Option(help="How many wrong drafts are shown.")] = 20,
) -> None:
    """Measure matching on labelled posts: precision, recall, who was wronged, and how far certainty can be trusted."""
    from bot.matching.evaluate import evaluate as run  # noqa: PLC0415  the models are not needed by other verbs

    raise typer.Exit(run(posts, sys.stdout, sys.stderr, table=table, plots_to=plots, json_to=json_file, errors=errors))


@app.command()
def replay(
    posts: Annotated[
        Path, typer.Argument(help="A recorded feed or labelled posts, JSONL.", exists=True, dir_okay=False)
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Play posts through the whole pipeline on the fake network, at full speed, in a throw-away office."""
    logs.configure(style="console", level="warning")
    from bot.replay import report, run_replay  # noqa: PLC0415  builds a whole office

    result = run_replay(posts)
    typer.echo(report(result, as_json=as_json))


def main() -> None:
    """Run the command line. Whatever goes wrong, a person reads one line, never a traceback."""
    try:
        app()
    except Exception as error:  # the outermost frame: a bug of ours is kept in a file, not thrown at people
        from bot.last_words import explain  # noqa: PLC0415  only needed when something went wrong

        first, *rest = explain(error, sys.argv[1:])
        typer.secho(f"scrutineer: {first}", err=True, fg="red")
        for line in rest:
            typer.echo(line, err=True)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()

"""The verb init: the wizard, or with options the same without questions. Words only; it sees no secret, only files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.errors import BadSettings

Config = Annotated[Path | None, typer.Option("--config", "-c", help="Another scrutineer.toml.")]


def init(
    config: Config = None,
    organisation: Annotated[str | None, typer.Option(help="Who runs this office; named in every reply.")] = None,
    contact: Annotated[str | None, typer.Option(help="Mail address, sent along with every request.")] = None,
    method_url: Annotated[
        str | None, typer.Option(help="Web page that says how replies are made and corrected.")
    ] = None,
    tag: Annotated[list[str] | None, typer.Option(help="A hashtag to watch; may be given more than once.")] = None,
    mastodon: Annotated[
        str | None, typer.Option(metavar="SERVER", help="Connect a Mastodon account on this server; asks nothing.")
    ] = None,
    token_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="File with its access token ('-' reads standard input).")
    ] = None,
    rules_read_by: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Who read the server's rules and found that such a bot may be there."),
    ] = None,
    bluesky: Annotated[
        str | None, typer.Option(metavar="HANDLE", help="Connect this Bluesky account; asks nothing.")
    ] = None,
    pds: Annotated[
        str | None, typer.Option(metavar="URL", help="The server it lives on; looked up if left out.")
    ] = None,
    app_password_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="File with its app password ('-' reads standard input).")
    ] = None,
    set_bot_label: Annotated[
        bool,
        typer.Option(
            "--set-bot-label/--no-set-bot-label",
            help="Mark the account as a bot where it is not (on Mastodon only if the token may).",
        ),
    ] = True,
) -> None:
    """Connect a Mastodon or Bluesky account, step by step; with --mastodon or --bluesky without a question."""
    from bot.unattended import Wanted, connect  # noqa: PLC0415  loads every network library
    from bot.wizard import run_wizard  # noqa: PLC0415  the same

    file = config or Path("scrutineer.toml")
    wanted = Wanted(
        organisation=organisation,
        contact=contact,
        method_url=method_url,
        tags=tag or (),
        mastodon=mastodon,
        token_file=token_file,
        rules_read_by=rules_read_by,
        bluesky=bluesky,
        pds=pds,
        app_password_file=app_password_file,
        set_bot_label=set_bot_label,
    )
    if mastodon is not None or bluesky is not None:
        connect(file, wanted)
    elif wanted.anything:
        raise BadSettings(
            "these options are for --mastodon SERVER or --bluesky HANDLE; add one of them, or run `scrutineer init`"
            " alone: it asks step by step"
        )
    else:
        run_wizard(file)

"""How a command ends badly: one line for people, and for a bug of ours the whole story in a file. It mends nothing."""

from __future__ import annotations

import os
import tempfile
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from bot.errors import BadPack, BadSettings, ScrutineerError
from bot.settings import load

FILE = "errors.log"


def explain(error: Exception, arguments: Sequence[str]) -> list[str]:
    """What to tell the person: one line that names the remedy; the rows of a bad pack stand below it."""
    known = _known(error)
    if isinstance(known, BadPack):
        return [_one_line(known), *(f"  {row}" for row in known.rows)]
    if isinstance(known, ScrutineerError):
        return [_one_line(known)]
    where = _keep(error, arguments)
    if isinstance(known, SQLAlchemyError):
        why = _one_line(getattr(known, "orig", None) or known)
        return [f"the database cannot be used right now ({why}); see `scrutineer check`, then try again ({where})"]
    return [f"an error of ours, {type(error).__name__}: {_one_line(error)[:200]} ({where}; please send it to us)"]


def _known(error: Exception) -> Exception | None:
    """The error a person can do something about; several parts of the office may have failed together."""
    if isinstance(error, ExceptionGroup):
        return next(filter(None, map(_known, error.exceptions)), None)
    return error if isinstance(error, ScrutineerError | SQLAlchemyError) else None


def _keep(error: Exception, arguments: Sequence[str]) -> str:
    """Append the traceback to a file that only its owner reads; says where, in words."""
    story = "".join(traceback.format_exception(error))
    head = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC, scrutineer {' '.join(arguments[:1])}\n"
    for folder in (_data_dir(arguments), Path(tempfile.gettempdir()) / f"scrutineer-{os.getuid()}"):
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(folder / FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as out:
                out.write(f"{head}{story}\n")
        except OSError:
            continue
        return f"the traceback is in {folder / FILE}"
    return "and no file for the traceback could be written"


def _data_dir(arguments: Sequence[str]) -> Path:
    """Where this command kept its data, as far as its settings can still be read."""
    config = None
    for name, value in pairwise(arguments):
        if name in ("--config", "-c"):
            config = Path(value)
    try:
        return load(config).data_dir
    except BadSettings:
        return Path("var")


def _one_line(error: object) -> str:
    return " ".join(str(error).split())

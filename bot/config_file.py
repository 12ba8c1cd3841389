"""Change scrutineer.toml and keep what is there: other settings, comments, order. It never holds a secret."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT

from bot.errors import BadSettings
from bot.settings import load

HEAD = """\
# Settings of this Scrutineer office. Every one is explained in docs/reference/settings.md.
# No password or token belongs here: they are kept encrypted in the database.

"""


def set_values(path: Path, values: Mapping[str, Any]) -> None:
    """Add or replace single settings."""
    document = _read(path)
    for name, value in values.items():
        document[name] = value
    _write(path, document)


def put_account(path: Path, network: str, name: str, account: Mapping[str, Any]) -> None:
    """Add an account to the list `network`, or renew the one that has the same value for `name`."""
    document = _read(path)
    accounts = document.get(network)
    if accounts is None:
        accounts = document[network] = tomlkit.aot()
    there = next((one for one in accounts if one.get(name) == account[name]), None)
    if there is not None:
        there.update(account)
    elif isinstance(accounts, AoT):
        table = tomlkit.table()
        table.update(account)
        table.add(tomlkit.nl())
        accounts.append(table)
    else:  # written as a list on one line
        inline = tomlkit.inline_table()
        inline.update(account)
        accounts.append(inline)
    _write(path, document)


def _read(path: Path) -> tomlkit.TOMLDocument:
    try:
        return tomlkit.parse(path.read_text(encoding="utf-8") if path.exists() else HEAD)
    except (TOMLKitError, UnicodeDecodeError) as error:
        raise BadSettings(f"{path}: not valid TOML ({error}); mend that line, then run this again") from error
    except OSError as error:
        raise BadSettings(f"{path}: cannot be read ({error.strerror}); check its permissions") from error


def _write(path: Path, document: tomlkit.TOMLDocument) -> None:
    """All or nothing, and only what `load` accepts."""
    draft = ""
    try:
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(tomlkit.dumps(document))
        load(Path(draft))
        os.chmod(draft, mode)
        os.replace(draft, path)
    except OSError as error:
        raise BadSettings(f"{path}: cannot be written ({error.strerror}); check the folder's permissions") from error
    except BadSettings as error:
        raise BadSettings(str(error).replace(draft, str(path))) from error
    finally:
        with suppress(OSError):
            os.unlink(draft)

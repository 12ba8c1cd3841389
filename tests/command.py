"""`scrutineer` as a script calls it: a process without a keyboard, and without our settings. It asserts nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from bot.opening import open_store
from bot.settings import load
from bot.store.models import AccountRow
from bot.vault import open_vault

SCRUTINEER = [sys.executable, "-m", "bot.cli"]
ROOT = Path(__file__).parents[1]
PATIENCE = 60.0  # seconds


def environment(**more: str) -> dict[str, str]:
    """Ours, without settings, and with everything logged."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SCRUTINEER_")}
    return {**kept, "PYTHONPATH": str(ROOT), "SCRUTINEER_LOG_LEVEL": "debug", **more}


def scrutineer(folder: Path, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    """Run one command in this folder, with `typed` on its standard input."""
    return subprocess.run(
        [*SCRUTINEER, *words],
        cwd=folder,
        env=environment(),
        input=typed,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )


def everything_in(folder: Path) -> bytes:
    """Every byte of every file below this folder."""
    return b"\0".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def stored(folder: Path, account: str, secret: str) -> tuple[AccountRow | None, str | None]:
    """What the office in this folder keeps about an account: its row, and one secret."""
    settings = load(folder / "scrutineer.toml", optional=True, data_dir=folder / "var")
    store, vault = open_store(settings), open_vault(None, settings.data_dir)
    with store.read() as session:
        found = session.get(AccountRow, account), vault.get(session, f"{account}/{secret}")
    store.close()
    return found

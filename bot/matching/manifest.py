"""Which model files belong together: a list with their hashes, and the weights from which certainty is computed.

It reads and checks; it loads no model, so that looking costs no time.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from bot.errors import BadModel

SHIPPED = Path(__file__).parent / "shipped"
MANIFEST = "manifest.json"
STARTER_VECTORS = "starter.npz"  # where the texts of the starter table lie


def check_shipped() -> str:
    """Look at the files without loading them; returns their version. Raises `BadModel`."""
    manifest = read_manifest(SHIPPED)
    for name, expected in manifest["files"].items():
        check(SHIPPED / name, expected)
    return version_of(manifest)


def read_manifest(folder: Path) -> dict[str, Any]:
    """The list of files with their hashes, and the weights. Raises `BadModel` when it cannot be read."""
    path = folder / MANIFEST
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        missing = {"files", "weights"} - set(found)
    except (OSError, ValueError, TypeError) as error:
        raise BadModel(f"the list of models {path} cannot be read ({error}): {REMEDY}") from error
    if missing:
        raise BadModel(f"the list of models {path} lacks {', '.join(sorted(missing))}: {REMEDY}")
    return found


REMEDY = "install Scrutineer again, or restore the folder from a release"


def check(path: Path, expected: str) -> None:
    """Raises `BadModel` unless the file is there and has this hash."""
    try:
        with path.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        reason = error.strerror or error
        raise BadModel(f"the model file {path.name} ({expected[:12]}…) cannot be read: {reason}; {REMEDY}") from error
    if found != expected:
        raise BadModel(f"the model file {path.name} was altered: its hash is {found}, not {expected}; {REMEDY}")


def version_of(manifest: dict[str, Any]) -> str:
    """A short name for these files and weights together, kept with every match."""
    text = json.dumps({"files": manifest["files"], "weights": manifest["weights"]}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]

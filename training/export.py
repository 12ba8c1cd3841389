"""Trained models to ONNX files that run with onnxruntime alone: written, made small, compared, listed with hashes.

It trains nothing. A file that does not agree with its torch model is not written into the manifest.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import Tensor, nn

from bot.matching.manifest import MANIFEST, STARTER_VECTORS
from bot.matching.matcher import Matcher
from bot.matching.models import WORDS, Models
from bot.matching.tokens import Row
from bot.matching.vectors import Vectors
from bot.matching.weigh import Weights
from bot.model import Evidence
from training import base, tokens

Rows = Sequence[Row]

OPSET = 17
LARGEST = 50_000_000  # bytes of all files together
AGREE_FLOAT = 1e-3  # largest difference of any number between torch and the unquantised file
OUTPUTS = {"judge": ["scores"], "reader": ["place", "care"]}
INPUTS = ["words", "types", "mask"]


class Disagrees(Exception):
    """An exported file computes something else than its model: do not ship it; look at the opset and versions."""


def export(model: nn.Module, name: str, sample: Rows, folder: Path) -> dict[str, float | int | str]:
    """Write `name`.onnx with eight-bit weights; returns what the manifest says of it."""
    folder.mkdir(parents=True, exist_ok=True)
    model.eval()
    model.bert.fast = False  # type: ignore[union-attr, assignment]
    batch = tokens.batch(sample)
    given = (batch.words, batch.types, batch.mask)
    path = folder / f"{name}.onnx"
    with tempfile.TemporaryDirectory() as work:
        whole = Path(work) / "whole.onnx"
        axes = {one: {0: "texts", 1: "tokens"} for one in INPUTS} | {one: {0: "texts"} for one in OUTPUTS[name]}
        torch.onnx.export(
            model, given, str(whole), input_names=INPUTS, output_names=OUTPUTS[name], dynamic_axes=axes,
            opset_version=OPSET, dynamo=False,
        )  # fmt: skip
        exact = differences(model, session(whole), sample)
        if exact > AGREE_FLOAT:
            raise Disagrees(f"{name}: differs by {exact:.5f} before it is made small")
        small = Path(work) / "small.onnx"
        quantize_dynamic(str(whole), str(small), weight_type=QuantType.QInt8, per_channel=True, reduce_range=False)
        onnx.checker.check_model(str(small))
        shutil.copy(small, path)
    return {
        "file": path.name,
        "sha256": base.sha256(path),
        "bytes": path.stat().st_size,
        "difference_float": exact,
        "difference_int8": differences(model, session(path), sample),
    }


def session(path: Path) -> onnxruntime.InferenceSession:
    """A file ready to run, on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def run(found: onnxruntime.InferenceSession, rows: Rows) -> list[Tensor]:
    """The outputs for some rows."""
    batch = tokens.batch(rows)
    given = {"words": batch.words.numpy(), "types": batch.types.numpy(), "mask": batch.mask.numpy()}
    return [torch.from_numpy(np.asarray(one)) for one in found.run(None, given)]


@torch.inference_mode()
def differences(model: nn.Module, found: onnxruntime.InferenceSession, rows: Rows) -> float:
    """The largest difference of any number."""
    batch = tokens.batch(rows)
    expected = model(batch.words, batch.types, batch.mask)
    wanted: Sequence[Tensor] = expected if isinstance(expected, tuple) else (expected,)
    return max(float((one - two).abs().max()) for one, two in zip(wanted, run(found, rows), strict=True))


def begin(folder: Path) -> list[dict[str, Any]]:
    """What both models begin with: the tokenizer and the table of words."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokenizer.json").write_text(base.tokenizer(), encoding="utf-8")
    base.words().save(folder / WORDS)
    paths = (folder / "tokenizer.json", folder / WORDS)
    return [{"file": path.name, "sha256": base.sha256(path), "bytes": path.stat().st_size} for path in paths]


def manifest(folder: Path, files: Sequence[dict[str, Any]], weights: Weights) -> None:
    """One file that lists everything with its hash, and the weights."""
    total = sum(int(one["bytes"]) for one in files)
    if total > LARGEST:
        raise Disagrees(f"the files have {total} bytes together, more than {LARGEST}")
    found = {
        "base": {"package": base.PACKAGE, "weights_sha256": base.SHA256},
        "files": {str(one["file"]): one["sha256"] for one in files},
        "weights": weights.for_manifest(),
    }
    (folder / MANIFEST).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def vectors(folder: Path, entries: Sequence[Evidence]) -> None:
    """Where the texts of the starter table lie, so that a first start need not read them."""
    path = folder / STARTER_VECTORS
    path.unlink(missing_ok=True)
    models = Models(folder)
    Matcher(entries, models, vectors=Vectors(models.reader, path))

"""One loop for both models: batches in, steps taken, checkpoints written, and picked up again after a stop.

It does not know what is learnt; the caller gives a function from a step's number to a loss.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

WARM_UP = 0.06  # share of the steps over which the rate rises
LAYER_DECAY = 0.95  # each layer learns this much slower than the one above
HEAD_FASTER = 5.0  # new weights learn this much faster than the base's
WEIGHT_DECAY = 0.01
CLIP = 1.0
KEEP_EVERY = 100  # steps between checkpoints
TOLD_EVERY = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How long, how fast, and where the checkpoints go."""

    steps: int
    rate: float
    seed: int
    folder: Path
    name: str


def fast_here() -> bool:
    """Whether bfloat16 saves time on this processor; elsewhere float32 is used."""
    return bool(torch.backends.cpu.get_cpu_capability() == "AVX512" and torch.ops.mkldnn._is_mkldnn_bf16_supported())


def optimizer(model: nn.Module, rate: float) -> torch.optim.Optimizer:
    """AdamW; lower layers learn slower, and the vectors of places stay as they are."""
    groups: list[dict[str, Any]] = []
    layers = int(model.bert.layers)  # type: ignore[union-attr, arg-type]
    for name, parameter in model.named_parameters():
        if "position_embeddings" in name:
            parameter.requires_grad_(False)
            continue
        depth = int(name.split("encoder.layer.")[1].split(".")[0]) if "encoder.layer." in name else -1
        own = rate * HEAD_FASTER if not name.startswith("bert.") else rate * LAYER_DECAY ** (layers - 1 - depth)
        decay = WEIGHT_DECAY if parameter.ndim > 1 else 0.0
        groups.append({"params": [parameter], "lr": own, "weight_decay": decay})
    merged: dict[tuple[float, float], dict[str, Any]] = {}
    for group in groups:
        key = (group["lr"], group["weight_decay"])
        merged.setdefault(key, {"params": [], "lr": key[0], "weight_decay": key[1]})["params"] += group["params"]
    return torch.optim.AdamW(list(merged.values()), fused=True)


def share(step: int, steps: int) -> float:
    """The learning rate of a step, as a share of the highest: up, then down along a cosine."""
    warm = max(1, int(steps * WARM_UP))
    if step < warm:
        return (step + 1) / warm
    return 0.5 * (1.0 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))


def learn(model: nn.Module, plan: Plan, loss_of: Callable[[int], tuple[Tensor, int]]) -> list[float]:
    """Take all steps and return their losses. `loss_of(step)` gives the loss and how many items it read."""
    found = optimizer(model, plan.rate)
    rates = [group["lr"] for group in found.param_groups]
    plan.folder.mkdir(parents=True, exist_ok=True)
    kept = plan.folder / f"{plan.name}.state.pt"
    losses: list[float] = []
    if kept.exists():
        state = torch.load(kept, weights_only=True)
        model.load_state_dict(state["model"])
        found.load_state_dict(state["optimizer"])
        losses = state["losses"]
        print(f"{plan.name}: going on at step {len(losses)}", flush=True)
    model.train()
    began, items = time.monotonic(), 0
    for step in range(len(losses), plan.steps):
        torch.manual_seed(plan.seed * 1_000_003 + step)  # so that a run picked up again is the same run
        for group, rate in zip(found.param_groups, rates, strict=True):
            group["lr"] = rate * share(step, plan.steps)
        loss, count = loss_of(step)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_([p for p in model.parameters() if p.requires_grad], CLIP)
        found.step()
        found.zero_grad(set_to_none=True)
        losses.append(float(loss.detach()))
        items += count
        if (step + 1) % TOLD_EVERY == 0 or step + 1 == plan.steps:
            recent = losses[-TOLD_EVERY:]
            speed = items / (time.monotonic() - began)
            print(
                f"{plan.name}: step {step + 1}/{plan.steps} loss {sum(recent) / len(recent):.4f} {speed:.1f} items/s",
                flush=True,
            )
        if (step + 1) % KEEP_EVERY == 0 or step + 1 == plan.steps:
            state = {"model": model.state_dict(), "optimizer": found.state_dict(), "losses": losses}
            torch.save(state, kept.with_suffix(".new"))
            kept.with_suffix(".new").replace(kept)
    model.eval()
    return losses

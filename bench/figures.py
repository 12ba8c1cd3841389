"""One measured number, what it was measured on, and the table of all of them. It measures nothing itself."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A result. `value` None means that it could not be measured, and `on` says why."""

    name: str
    value: float | None
    unit: str
    on: str  # what it was measured on
    at_least: float | None = None
    at_most: float | None = None

    @property
    def goal(self) -> str:
        """The goal in words, "" where there is none."""
        if self.at_least is not None:
            return f">= {self.at_least:g}"
        return f"<= {self.at_most:g}" if self.at_most is not None else ""

    @property
    def met(self) -> bool | None:
        """Was the goal met? None without a goal or a value."""
        if self.value is None or not self.goal:
            return None
        if self.at_least is not None:
            return self.value >= self.at_least
        return self.at_most is not None and self.value <= self.at_most

    @property
    def verdict(self) -> str:
        """One word for the table."""
        if self.value is None:
            return "not measured"
        return {True: "met", False: "MISSED", None: ""}[self.met]


def missing(name: str, unit: str, why: str, **goal: float) -> Figure:
    """A figure that could not be measured."""
    return Figure(name=name, value=None, unit=unit, on=why, **goal)


def table(figures: Sequence[Figure]) -> str:
    """All figures, one line each."""
    rows = [("what", "value", "unit", "goal", "", "measured on")]
    rows += [(f.name, _number(f.value), f.unit, f.goal, f.verdict, f.on) for f in figures]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0]), row[1].rjust(widths[1])]
        cells += [row[column].ljust(widths[column]) for column in (2, 3, 4)]
        lines.append("  ".join([*cells, row[5]]).rstrip())
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def as_json(figures: Sequence[Figure]) -> str:
    """The same for machines."""
    rows = [{**asdict(figure), "met": figure.met} for figure in figures]
    return json.dumps({"machine": machine(), "figures": rows}, indent=2, ensure_ascii=False)


def machine() -> dict[str, str]:
    """What this run was made on."""
    model = "unknown processor"
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line.partition(":")[2].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        model = f"{len(names)} x {names[0]}" if names else model
    load = f"load {os.getloadavg()[0]:.1f} at the end" if hasattr(os, "getloadavg") else "load unknown"
    return {"python": platform.python_version(), "system": platform.platform(), "processor": model, "load": load}


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"

"""`python -m bench [--quick] [--json FILE] [--only PART]`: measure, print one table. It judges, but never fails."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench import baseline, desk, matching, office, reading, stream
from bench.figures import Figure, as_json, machine, table


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is measured."""

    frames: int
    rounds: int
    starts: int
    seconds: int
    posts: int
    loop_seconds: float
    cases: int


FULL = Size(frames=30_000, rounds=3, starts=3, seconds=20, posts=300, loop_seconds=1.0, cases=100_000)
QUICK = Size(frames=6_000, rounds=1, starts=1, seconds=5, posts=120, loop_seconds=0.2, cases=10_000)
POSTS_A_SECOND = 20

PARTS: dict[str, Callable[[Size], list[Figure]]] = {
    "machine": lambda size: baseline.measure(size.loop_seconds),
    "stream": lambda size: stream.measure(size.frames, size.rounds),
    "match": lambda size: matching.measure(size.posts),
    "reading": lambda size: reading.measure(size.posts, size.rounds),
    "office": lambda size: office.start_and_memory(size.starts),
    "desk": lambda size: desk.measure(size.cases, size.rounds * 7),
    "latency": lambda size: office.latency(size.seconds, POSTS_A_SECOND),
}


def main() -> None:
    """Measure part after part, so that none disturbs another."""
    options = argparse.ArgumentParser(prog="python -m bench", description="Measure speed and memory in one run.")
    options.add_argument("--quick", action="store_true", help="small sizes: under a minute, and less certain")
    options.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    options.add_argument("--only", choices=PARTS, action="append", help="measure this part only; may be repeated")
    chosen = options.parse_args()
    size = QUICK if chosen.quick else FULL
    figures: list[Figure] = []
    for name, part in PARTS.items():
        if not chosen.only or name in chosen.only:
            print(f"measuring: {name} …", file=sys.stderr, flush=True)
            figures += part(size)
    figures += ratios(figures)
    print(table(figures))
    print("\n" + ", ".join(machine().values()) + ("; quick run, take it as a hint" if chosen.quick else ""))
    if chosen.json:
        chosen.json.write_text(as_json(figures) + "\n", encoding="utf-8")


def ratios(figures: list[Figure]) -> list[Figure]:
    """Our figures against the plain loops of the same run: these can be compared between machines."""
    known = {figure.name: figure.value for figure in figures if figure.value is not None}
    pairs = (
        ("stream: ours", "machine: JSON loop", 100.0, "%", "frames read against frames merely parsed"),
        (matching.NAME, "machine: hash loop", 1e6, "per million", "posts matched against hashes of 3 kB"),
    )
    return [
        Figure(name=f"{ours.partition(':')[0]} / {plain}", value=factor * known[ours] / known[plain], unit=unit, on=on)
        for ours, plain, factor, unit, on in pairs
        if ours in known and plain in known
    ]


if __name__ == "__main__":
    main()

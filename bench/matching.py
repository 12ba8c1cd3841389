"""How many posts `scrutineer match` reads in a second: the real command on one core, its start included."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.figures import Figure, missing
from bot.evidence.pack import starter_pack

NAME = "match: posts a second"
GOAL = 50.0
EVERYDAY = (
    "Night four. Ate a yoghurt with a tongue depressor. #MedEd",
    "We are hiring a clinical teaching fellow, apply by the 14th. #MedEd #Jobs",
    "Long day on the wards. Does anyone have a good station on breaking bad news?",
    "Garde de nuit terminée, café et dodo.",
)


def posts(count: int) -> list[str]:
    """Claims, rebuttals and questions of the starter table between everyday posts, over and over."""
    told = [text for entry in starter_pack() for text in (*entry.paraphrases, *entry.negations, *entry.questions)]
    mixed = [text for number, one in enumerate(told) for text in (one, EVERYDAY[number % len(EVERYDAY)])]
    return [f"{mixed[number % len(mixed)]} ({number})" for number in range(count)]


def measure(count: int) -> list[Figure]:
    """One run over `count` posts, every one different."""
    on = f"{count} posts, starter table, one core, start included"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "posts.jsonl"
        lines = [json.dumps({"id": str(number), "text": text}) for number, text in enumerate(posts(count))]
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        began = time.perf_counter()
        done = subprocess.run(
            [*on_one_core(), sys.executable, "-c", "from bot.cli import app; app()", "match", str(file)],
            capture_output=True,
            text=True,
            check=False,
        )
        took = time.perf_counter() - began
    answers = done.stdout.count("\n")
    if done.returncode != 0 or answers != count:
        words = (done.stderr.strip().splitlines() or ["no word"])[-1]
        return [missing(NAME, "posts/s", f"{answers} answers to {count} posts: {words}"[:200], at_least=GOAL)]
    return [Figure(name=NAME, value=count / took, unit="posts/s", at_least=GOAL, on=on)]


def on_one_core() -> list[str]:
    """What to put before a command so that it has one core, where the system can do that."""
    if not hasattr(os, "sched_setaffinity"):
        return []
    code = (
        "import os, sys; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); os.execv(sys.argv[1], sys.argv[1:])"
    )
    return [sys.executable, "-c", code]

"""`make train`: from the files of this repository to the models that are shipped, and their figures. One command.

A run that was stopped goes on where it was: everything it makes stays in the work folder.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import torch

from training import learn_judge, learn_reader, prepare
from training.corpus import load, load_lone
from training.finish import finish

ROOT = Path(__file__).parents[1]
SEED = 1
FIGURES = "figures.json"


def main(arguments: list[str]) -> int:
    """Train, calibrate, export and measure."""
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument("--work", type=Path, default=ROOT / "var" / "training" / "run", help="where everything is kept")
    parser.add_argument("--threads", type=int, default=2, help="cores to use")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--epochs", type=int, default=learn_judge.EPOCHS, help="passes of the judge over all posts")
    parser.add_argument("--lessons", type=Path, help="what the editors of an office taught: `scrutineer lessons FILE`")
    parser.add_argument("--reader-steps", type=int, default=learn_reader.STEPS)
    given = parser.parse_args(arguments)
    torch.set_num_threads(given.threads)
    torch.use_deterministic_algorithms(True)
    began = time.monotonic()
    corpus = load(given.lessons)
    lone = load_lone()
    pool = prepare.pool(corpus, lone, given.work)
    print(f"{len(pool.numbers)} claims and {len(pool.sources)} texts to learn from", flush=True)
    reader, _ = learn_reader.train(pool, lone, given.work, given.seed, steps=given.reader_steps)
    pool = prepare.pool(corpus, lone, given.work, reader)
    judge, _ = learn_judge.train(pool, given.work, given.seed, epochs=given.epochs)
    figures = finish(reader, judge, given.work / "export", corpus)
    figures["run"] = {
        "minutes": round((time.monotonic() - began) / 60, 1),
        "seed": given.seed,
        "epochs": given.epochs,
        "reader_steps": given.reader_steps,
        "claims": len(corpus.of("train")),
        "posts": len(corpus.posts_of("train")),
        "claims_calibration": len(corpus.of("calibration")),
        "claims_heldout": len(corpus.of("heldout")),
        "leave_alone_posts": len(lone),
    }
    (given.work / "export" / FIGURES).write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

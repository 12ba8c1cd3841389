"""The filter before the models stops everyday posts and lets pass what the matcher would match."""

import io
import json
from pathlib import Path

import pytest

from bot.evidence.pack import starter_pack
from bot.matching.command import match_file
from bot.matching.manifest import SHIPPED, STARTER_VECTORS
from bot.matching.matcher import Matcher
from bot.matching.models import shipped
from bot.matching.prefilter import Prefilter, rarity
from bot.matching.vectors import Vectors
from bot.model import Action
from tests.builders import CLAIM
from training.everyday import counted, kept_apart

DEV = Path(__file__).parent / "data" / "posts_dev.jsonl"
LOST = 0.01  # of the posts that the matcher would draft for or suggest (issue 3)
STOPPED = 0.95  # of everyday posts (issue 3)


@pytest.fixture(scope="module")
def found() -> Prefilter:
    return Prefilter(starter_pack())


def test_it_stops_nearly_all_everyday_posts(found: Prefilter) -> None:
    posts = kept_apart()

    assert not set(posts) & set(counted())
    assert sum(not found.passes(text) for text in posts) >= STOPPED * len(posts)


def test_it_loses_hardly_any_post_that_the_matcher_would_match(found: Prefilter) -> None:
    models = shipped()
    matcher = Matcher(starter_pack(), models, vectors=Vectors(models.reader, shipped=SHIPPED / STARTER_VECTORS))
    posts = [json.loads(line) for line in DEV.read_text(encoding="utf-8").splitlines()]
    matched = [
        post["text"]
        for post in posts
        if matcher.match(post["text"], tuple(post.get("context") or ())).action is not Action.NONE
    ]

    assert len(matched) > 50
    assert sum(not found.passes(text) for text in matched) <= LOST * len(matched)


def test_a_word_counts_the_more_the_rarer_everyday_posts_use_it() -> None:
    assert rarity("a word that nobody ever used") == pytest.approx(1.0)
    assert 0.0 < rarity("day") < rarity("vaccin") <= 1.0


@pytest.mark.parametrize("text", ["", " ", "\x00", "🙂", "@a@example.org https://example.org", "ж" * 100_000])
def test_a_post_that_says_nothing_is_stopped(found: Prefilter, text: str) -> None:
    assert not found.passes(text)


def test_a_table_without_entries_lets_nothing_pass() -> None:
    assert not Prefilter(()).passes(CLAIM)


def test_a_stream_is_answered_line_by_line_and_says_what_was_not_read(tmp_path: Path) -> None:
    posts = tmp_path / "posts.jsonl"
    texts = ["Third replacement bus this week.", CLAIM]
    posts.write_text("".join(json.dumps({"id": str(n), "text": one}) + "\n" for n, one in enumerate(texts)), "utf-8")
    out = io.StringIO()

    assert match_file(str(posts), None, out, io.StringIO(), stream=True) == 0

    first, second = map(json.loads, out.getvalue().splitlines())
    assert first["why"] == ["it shares too few telling words with any entry to be read"]
    assert first["action"] == "none"
    assert second["entry_id"]


def test_a_stream_is_explained_without_a_model_where_none_has_read(tmp_path: Path) -> None:
    posts = tmp_path / "posts.jsonl"
    posts.write_text(json.dumps({"id": "a", "text": "Third\x1b[2J replacement bus this week."}) + "\n", "utf-8")
    out = io.StringIO()

    assert match_file(str(posts), None, out, io.StringIO(), explain=True, stream=True) == 0

    assert out.getvalue() == (
        "a: Third\ufffd[2J replacement bus this week.\n  nothing: it shares too few telling words with any entry to be"
        " read\n\n"
    )

"""`scrutineer match` keeps its contract: one object per post, exactly these fields, and clear words on bad lines."""

import io
import json
import time
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.evidence.pack import starter_pack, to_jsonl
from bot.matching.command import match_file, run_match
from bot.matching.matcher import Matcher
from bot.matching.measure import Report, labelled, measure
from bot.matching.models import shipped
from bot.model import Action, Match, Stance
from tests.builders import some_evidence

DEV = Path(__file__).parent / "data" / "posts_dev.jsonl"
FIELDS = ["id", "entry_id", "stance", "score", "action", "leave_alone", "why"]


def ran(*lines: str, table: Path | None = None) -> tuple[int, list[dict[str, Any]], str]:
    out, err = io.StringIO(), io.StringIO()
    code = run_match(lines, table, out, err)
    return code, [json.loads(line) for line in out.getvalue().splitlines()], err.getvalue()


def test_each_post_gets_one_object_with_exactly_the_promised_fields():
    code, found, err = ran(
        '{"id": "a", "text": "vaccines cause autism and everyone knows it", "platform": "x"}', '{"id": 7, "text": "hi"}'
    )

    assert (code, err) == (0, "")
    assert [list(one) for one in found] == [FIELDS, FIELDS]
    assert found[0] | {"score": 0, "why": []} == {
        "id": "a",
        "entry_id": "mmr-vaccine-autism",
        "stance": "asserts",
        "score": 0,
        "action": "draft",
        "leave_alone": False,
        "why": [],
    }
    assert (found[1]["id"], found[1]["entry_id"], found[1]["action"]) == (7, None, "none")


def test_a_post_to_leave_alone_says_so_and_gets_no_action():
    _, (found,), _ = ran('{"id": "a", "text": "Vaccines cause autism, everyone knows. We buried our son on Friday."}')

    assert found["leave_alone"] is True
    assert found["action"] == "none"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{bad", "line 2: skipped, not valid JSON"),
        ('"x"', "line 2: skipped, not a JSON object"),
        ("[" * 100_000, "line 2: skipped, it is nested too deeply"),
        ('{"id": "b"}', 'line 2: skipped, "text" is missing or is not text'),
        ('{"id": "b", "text": null}', 'line 2: skipped, "text" is missing or is not text'),
        ('{"id": "b", "text": ["x"]}', 'line 2: skipped, "text" is missing or is not text'),
    ],
)
def test_a_bad_line_is_named_and_skipped_and_the_rest_is_answered(line: str, told: str):
    code, found, err = ran('{"id": "a", "text": "x"}', line, "", '{"id": "c", "text": "y"}')

    assert code == 1
    assert [one["id"] for one in found] == ["a", "c"]
    assert told in err
    assert "1 line skipped" in err


def test_lone_surrogates_and_odd_ids_come_out_as_valid_json():
    code, found, _ = ran(
        '{"id": "\\ud800", "text": "flu \\udfff shot"}', '{"text": "no id"}', '{"id": [1], "text": ""}'
    )

    assert code == 0
    assert [one["id"] for one in found] == ["\ud800", "2", "[1]"]


@pytest.mark.parametrize("key", ["context", "reply_to_text", "quoted_text"])
def test_the_posts_around_are_read(key: str):
    words: Any = "vaccines cause autism and everyone knows it"
    post = {"id": "a", "text": "exactly!", key: [words, None, 3] if key == "context" else words}

    _, (found,), _ = ran(json.dumps(post))

    assert (found["entry_id"], found["action"]) == ("mmr-vaccine-autism", "none")


def test_another_table_can_be_given_and_a_bad_one_is_refused_with_its_rows(tmp_path: Path):
    good, bad = tmp_path / "good.jsonl", tmp_path / "bad.jsonl"
    good.write_text(to_jsonl([some_evidence("teapots", claim="Copper teapots cure gout.")]), encoding="utf-8")
    bad.write_text('{"id": "half', encoding="utf-8")
    post = '{"id": "a", "text": "Copper teapots cure gout, always!"}'

    assert ran(post, table=good)[1][0]["entry_id"] == "teapots"
    code, found, err = ran(post, table=bad)
    assert (code, found) == (2, [])
    assert "the last line looks cut off" in err
    assert "the evidence pack was refused" in err


def test_files_with_byte_order_mark_latin_letters_and_an_endless_line_are_read_on(tmp_path: Path):
    posts = tmp_path / "posts.jsonl"
    posts.write_bytes(
        b'\xef\xbb\xbf{"id": "a", "text": "x"}\r\n'
        + '{"id": "b", "text": "é"}\n'.encode("latin-1")
        + b"x" * 2_000_000
        + b'\n{"id": "d", "text": "y"}'
    )
    out, err = io.StringIO(), io.StringIO()

    assert match_file(str(posts), None, out, err) == 1
    assert [json.loads(line)["id"] for line in out.getvalue().splitlines()] == ["a", "d"]
    assert "line 2: skipped, byte 0xe9" in err.getvalue()
    assert "line 3: skipped, the line is longer" in err.getvalue()


@pytest.mark.parametrize("path", ["/nowhere/posts.jsonl", "/", "nul\x00"])
def test_a_file_that_cannot_be_read_is_named(path: str):
    err = io.StringIO()

    assert match_file(path, None, io.StringIO(), err) == 2
    assert "cannot read" in err.getvalue()


def test_the_verb_reads_standard_input_and_needs_no_settings():
    result = CliRunner().invoke(app, ["match", "-"], input='{"id": "a", "text": "the flu shot gives you flu!"}\n')

    assert result.exit_code == 0
    assert json.loads(result.stdout)["entry_id"] == "flu-shot-gives-flu"


def evaluated() -> Report:
    posts = [labelled(json.loads(line)) for line in DEV.read_text(encoding="utf-8").splitlines()]
    matcher = Matcher(starter_pack(), shipped())
    return measure(posts, [matcher.match(post.text) for post in posts])


def test_the_matcher_is_precise_on_labelled_posts():
    report = evaluated()

    assert report.precision >= 0.95, report.wrong
    assert report.recall >= 0.50
    assert report.wrong_person <= 2
    assert report.disturbed == 0
    assert report.entry_recall_at_1 >= 0.95
    assert report.stance_macro_f1 >= 0.60


def test_the_measure_tells_wrong_people_disturbed_people_and_wrong_entries_apart():
    def post(number: int, stance: str, *, wanted: bool = False, leave_alone: bool = False) -> dict[str, Any]:
        expected = {"entry_id": "e", "stance": stance}
        return {"id": str(number), "text": "x", "expected": expected, "leave_alone": leave_alone} | {
            "should_draft_reply": wanted
        }

    posts = [
        labelled(post(1, "asserts", wanted=True)),
        labelled(post(2, "asserts", wanted=True)),
        labelled(post(3, "asserts", leave_alone=True)),
        labelled(post(4, "denies")),
        labelled(post(5, "asserts", wanted=True)),
    ]
    found = [
        Match(entry_id=entry, stance=Stance.ASSERTS, score=1.0, action=action)
        for entry, action in [
            ("e", Action.DRAFT),
            ("f", Action.EXPERT_REVIEW),
            ("e", Action.DRAFT),
            ("e", Action.DRAFT),
            ("e", Action.NONE),
        ]
    ]

    report = measure(posts, found)

    assert (report.drafts, report.right, report.wanted) == (4, 1, 3)
    assert (report.wrong_person, report.disturbed, report.wrong_entry) == (1, 1, 1)
    assert report.precision == 0.25
    assert report.recall == pytest.approx(1 / 3)
    assert report.wrong_fire_rate == 1.0
    assert report.entry_recall_at_1 == 0.8


def test_matching_is_fast_enough_for_one_core():
    lines = DEV.read_text(encoding="utf-8").splitlines()
    began = time.process_time()
    code, found, _ = ran(*lines)

    assert code == 0
    assert len(found) / (time.process_time() - began) >= 50  # posts a second, start-up included

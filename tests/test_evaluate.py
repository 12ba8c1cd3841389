"""`scrutineer evaluate` measures on labelled posts, draws two curves, and refuses what is not labelled."""

import io
import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.evidence.pack import to_jsonl
from bot.grounds import Grounds
from bot.matching.evaluate import evaluate
from bot.matching.measure import Labelled, calibration, calibration_error, groups, risk_coverage
from bot.model import Action, Match, Stance
from tests.builders import some_evidence

DEV = Path(__file__).parent / "data" / "posts_dev.jsonl"


def post(number: int, **more: Any) -> Labelled:
    given = {"text": "x", "entry_id": "e", "stance": Stance.ASSERTS, "leave_alone": False, "wanted": True} | more
    return Labelled(id=str(number), **given)


def match(certainty: float, **more: Any) -> Match:
    given = {"entry_id": "e", "stance": Stance.ASSERTS, "score": certainty, "action": Action.DRAFT} | more
    return Match(grounds=Grounds(certainty=certainty), **given)


def test_certainty_that_means_what_it_says_has_no_calibration_error():
    posts = [post(1), post(2), post(3, wanted=False), post(4, wanted=False)]
    found = [match(1.0), match(0.5), match(0.5), match(0.0)]

    bins = calibration(posts, found)

    assert [(one.posts, one.sure, one.right) for one in bins] == [(1, 0.0, 0.0), (2, 0.5, 0.5), (1, 1.0, 1.0)]
    assert calibration_error(bins) == 0.0
    assert calibration_error(calibration([post(1, wanted=False)], [match(0.9)])) == pytest.approx(0.9)
    assert calibration_error([]) == 0.0


def test_people_to_leave_alone_do_not_count_for_calibration():
    assert calibration([post(1, leave_alone=True, wanted=False)], [match(0.9)]) == []


def test_risk_and_coverage_follow_the_surest_first():
    posts = [post(1), post(2, wanted=False), post(3), post(4)]
    found = [match(0.9), match(0.8), match(0.7), match(0.6, stance=Stance.DENIES)]

    steps = risk_coverage(posts, found)

    assert [(one.certainty, round(one.coverage, 3), round(one.risk, 3)) for one in steps] == [
        (0.9, 0.333, 0.0),
        (0.8, 0.333, 0.5),
        (0.7, 0.667, 0.333),
    ]


def test_groups_have_their_own_figures():
    posts = [post(1, lang="de"), post(2), post(3, wanted=False, stance=Stance.DENIES)]
    found = [match(0.9), match(0.9, action=Action.NONE), match(0.9)]

    told = {name: (one.posts, one.drafts, one.right) for name, one in groups(posts, found, lambda one: one.lang)}

    assert told == {"de": (1, 1, 1), "en": (2, 1, 0)}


def test_the_verb_prints_figures_by_language_stance_and_entry_and_draws(tmp_path: Path):
    report = tmp_path / "figures.json"
    result = CliRunner().invoke(
        app, ["evaluate", str(DEV), "--plots", str(tmp_path / "plots"), "--json", str(report), "--errors", "1"]
    )

    assert result.exit_code == 0, result.output
    assert result.output.startswith("272 posts, ")
    for words in ("calibration error", "by language", "by stance", "leave alone", "by entry", "mmr-vaccine-autism"):
        assert words in result.output
    for name in ("calibration.svg", "risk-coverage.svg"):
        assert ET.parse(tmp_path / "plots" / name).getroot().tag.endswith("svg")
    figures = json.loads(report.read_text(encoding="utf-8"))
    assert figures["all"]["posts"] == 272
    assert sum(one["posts"] for one in figures["languages"].values()) == 272
    assert figures["risk_coverage"]


def told(file: Path, **more: Any) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    return evaluate(file, out, err, **more), out.getvalue(), err.getvalue()


def test_another_table_can_be_given(tmp_path: Path):
    table, posts = tmp_path / "table.jsonl", tmp_path / "posts.jsonl"
    table.write_text(to_jsonl([some_evidence("teapots", claim="Copper teapots cure gout.")]), encoding="utf-8")
    row = {"id": 1, "text": "Copper teapots cure gout!", "should_draft_reply": True}
    posts.write_text(json.dumps(row | {"expected": {"entry_id": "teapots", "stance": "asserts"}}), encoding="utf-8")

    code, out, err = told(posts, table=table)

    assert (code, err) == (0, "")
    assert "entry recall@1 1.000" in out


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "has no posts"),
        ('{"id": "a", "text": "x"}', "line 1 is no labelled post"),
        ("[1]", "line 1 is no labelled post"),
        ("{half", "line 1 is no labelled post"),
        (
            '{"id": "a", "text": "x", "should_draft_reply": true, "expected": {"entry_id": "e", "stance": "maybe"}}',
            "'maybe' is not a valid Stance",
        ),
    ],
)
def test_what_is_not_labelled_is_refused_by_line(tmp_path: Path, content: str, words: str):
    file = tmp_path / "posts.jsonl"
    file.write_text(content, encoding="utf-8")

    code, out, err = told(file)

    assert (code, out) == (2, "")
    assert words in err


def test_a_bad_table_is_refused_with_its_rows(tmp_path: Path):
    bad = tmp_path / "table.jsonl"
    bad.write_text('{"id": "half', encoding="utf-8")

    code, _, err = told(DEV, table=bad)

    assert code == 2
    assert "the last line looks cut off" in err


def test_an_explanation_names_the_nearest_exemplar_the_chances_and_the_models(tmp_path: Path):
    posts = tmp_path / "posts.jsonl"
    posts.write_text(
        json.dumps({"id": "a", "text": "vaccines cause autism and \x1b[31m everybody knows it"}) + "\n",
        encoding="utf-8",
    )

    result = CliRunner().invoke(app, ["match", "--explain", str(posts)])

    assert result.exit_code == 0
    assert "mmr-vaccine-autism" in result.output
    for words in ("closest to the ", "read together with the claim: asserts", "no negation found", "→", "  models "):
        assert words in result.output
    assert "\x1b" not in result.output

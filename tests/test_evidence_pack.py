"""A pack is loaded whole or refused whole, with one line per thing to mend; it goes out and comes back the same."""

import csv
import io
import json
import subprocess
import sys
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import BadPack
from bot.evidence.lint import lint, table_version
from bot.evidence.pack import Kind, load_pack, read_pack, starter_pack, to_csv, to_jsonl
from bot.evidence.readers import LONGEST_LINE
from bot.model import Evidence, Sensitivity, Verdict
from tests.builders import a_citation, some_evidence

TODAY = date(2026, 12, 1)


def a_row(**given: Any) -> dict[str, Any]:
    return {
        "id": "some-entry",
        "claim": "The moon is made of cheese.",
        "verdict": "false",
        "correction_short": "The moon is made of rock.",
        "certainty": "high",
    } | given


def as_jsonl(*rows: dict[str, Any]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def as_csv(*rows: dict[str, str]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def refused(data: bytes, kind: Kind = "jsonl") -> tuple[str, ...]:
    with pytest.raises(BadPack) as caught:
        read_pack(data, kind=kind)
    return caught.value.rows


def test_the_starter_pack_loads_and_nothing_can_be_published_from_it_before_a_clinician_signs():
    pack = starter_pack()

    assert len(pack) == 60
    assert all("no clinician has signed off this entry" in entry.why_not_publishable(TODAY) for entry in pack)
    assert {entry.sensitivity for entry in pack} == set(Sensitivity)


def test_the_starter_pack_travels_in_the_wheel(tmp_path: Path):
    root = Path(__file__).parents[1]
    build = "import sys, hatchling.build as b; print(b.build_wheel(sys.argv[1]))"
    made = subprocess.run(
        [sys.executable, "-c", build, str(tmp_path)], cwd=root, capture_output=True, text=True, check=False
    )
    if "No module named 'hatchling'" in made.stderr:
        pytest.skip("hatchling is not installed here")
    wheel = zipfile.ZipFile(tmp_path / made.stdout.split()[-1])

    assert "bot/evidence/starter/starter.jsonl" in wheel.namelist()


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_the_starter_pack_goes_out_and_comes_back_the_same(kind: Kind):
    pack = starter_pack()
    text = to_csv(pack) if kind == "csv" else to_jsonl(pack)

    assert read_pack(text.encode(), kind=kind) == pack


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=30).map(
    str.strip
)
FILLED = TEXTS.filter(bool)


@settings(max_examples=80, deadline=None)
@given(claim=FILLED, paraphrases=st.lists(FILLED, max_size=3), limits=TEXTS, title=FILLED)
def test_any_text_survives_both_formats(claim: str, paraphrases: list[str], limits: str, title: str):
    entry = some_evidence(
        claim=claim, paraphrases=tuple(paraphrases), limits=limits, citations=(a_citation(title=title),)
    )

    assert read_pack(to_jsonl([entry]).encode(), kind="jsonl") == (entry,)
    assert read_pack(to_csv([entry]).encode(), kind="csv") == (entry,)


@pytest.mark.parametrize("danger", ["=cmd|' /C calc'!A0", "+1", "-1+1", "@SUM(A1)", "＝1", "'=1", "''=1"])
def test_no_exported_cell_is_run_by_a_spreadsheet(danger: str):
    entry = some_evidence(claim=danger, limits=danger, paraphrases=(danger,))
    text = to_csv([entry])

    assert not [cell for row in csv.reader(io.StringIO(text)) for cell in row if cell[:1] in tuple("=+-@\t\r＝＋－＠")]
    assert read_pack(text.encode(), kind="csv") == (entry,)


def test_a_formula_cell_is_refused_with_its_place():
    row = {key: str(value) for key, value in a_row(claim="=HYPERLINK(1)").items()}

    assert refused(as_csv(row), "csv") == (
        "row 2, column claim ('=HYPERLINK(1)'): begins like a spreadsheet formula: put a ' before it, "
        "or begin with a word",
    )


def test_one_bad_row_refuses_the_whole_pack_and_every_trouble_is_told_at_once():
    rows = refused(as_jsonl(a_row(), a_row(id="second", verdict="flase"), a_row(id="third", certainty=3)))

    assert len(rows) == 2
    assert rows[0].startswith("row 2, column verdict ('flase'): is not one of the known words: use false")
    assert rows[1].startswith("row 3, column certainty ('3')")


@pytest.mark.parametrize(
    ("given_row", "told"),
    [
        (a_row(clam="x"), "row 1, column 'clam': unknown field, perhaps you meant claim"),
        (a_row(id="Not An Id"), "is not an id: use up to 80 small letters, digits and hyphens"),
        (a_row(claim=7), "row 1, column claim ('7'): must be text: put it in quotes"),
        (a_row(claim=""), "row 1, column claim (''): is empty"),
        (a_row(claim="cut \ud800 off"), "holds an unreadable character"),
        (a_row(claim="nul \x00"), "holds an unreadable character (U+0000): delete it"),
        (a_row(claim="x" * 5000), "column claim"),
        (a_row(paraphrases="one | two"), "column paraphrases ('one | two'): must be a list in square brackets"),
        (a_row(review_by="2026-02-30"), "is no date of the calendar"),
        (a_row(review_by="soon"), "column review_by ('soon'): is not a date: write it as YYYY-MM-DD"),
        (a_row(version=True), "column version"),
        (a_row(citations=[{"key": "k", "title": "t", "doi": "https://doi.org/10.1/x"}]), "is not a DOI: write it bare"),
        (a_row(citations=[{"key": "k", "title": "t", "pmid": "PMC1"}]), "is not a PubMed id: write digits only"),
        (a_row(citations=[{"key": "k", "title": "t", "url": "javascript:alert(1)"}]), "is not a web address"),
        (a_row(citations=[{"key": "k", "title": "t", "verifed": True}]), "perhaps you meant verified"),
        (a_row(citations=[{"key": "k", "title": "a"}, {"key": "k", "title": "b"}]), "uses the key 'k' twice"),
    ],
)
def test_each_mistake_is_told_with_column_value_and_remedy(given_row: dict[str, Any], told: str):
    (row,) = refused(as_jsonl(given_row))

    assert told in row


def test_a_missing_field_is_named():
    row = a_row()
    del row["claim"]

    assert refused(as_jsonl(row)) == ("row 1, column claim: is missing: add it",)


def test_the_same_id_twice_is_refused_and_points_to_the_first():
    assert "row 1 has the same id" in refused(as_jsonl(a_row(), a_row()))[0]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", None),
        (b"\n\n", None),
        (as_jsonl(a_row()) + b'{"id": "half', "the last line looks cut off"),
        (b"[1]\n", "not an entry: each line is one JSON object in braces"),
        (as_jsonl(a_row()).decode().encode("utf-16"), "the file is UTF-16: save it as UTF-8"),
        ('{"id": "café"}\n'.encode("latin-1"), "is not UTF-8: save the file as UTF-8"),
        (b'{"id": "a", "id": "b"}\n', "stands there twice: keep one"),
        (b'{"version": NaN}\n', "NaN is not JSON"),
        (b"[" * 100_000 + b"\n", "nested too deeply"),
        (b"x" * (LONGEST_LINE + 5) + b"\n", "longer than 1,000,000 bytes"),
    ],
)
def test_broken_files_are_refused_with_one_clear_line(data: bytes, told: str | None):
    rows = refused(data)

    assert rows == () if told is None else told in rows[0]


def test_an_over_long_line_is_skipped_not_kept_and_the_next_one_is_still_checked():
    rows = refused(b"x" * 5_000_000 + b"\n" + as_jsonl(a_row(verdict="?")))

    assert [row.split(":")[0].split(",")[0] for row in rows] == ["row 1", "row 2"]


def test_a_byte_order_mark_is_no_mistake():
    assert read_pack(b"\xef\xbb\xbf" + as_jsonl(a_row()), kind="jsonl")[0].verdict is Verdict.FALSE


def test_a_csv_with_lists_semicolons_and_byte_order_mark_loads():
    text = (
        "\ufeffid;claim;verdict;correction_short;certainty;paraphrases;citations;version\r\n"
        "some-entry;It is so.;needs-context;It is not so.;very low;one | two;"
        '"[{""key"": ""k"", ""title"": ""t""}]";3\r\n'
    )

    (entry,) = read_pack(text.encode(), kind="csv")

    assert entry.paraphrases == ("one", "two")
    assert entry.citations[0].key == "k"
    assert entry.version == 3


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("id,clam\nx,y\n", "row 1, column 'clam': unknown column, perhaps you meant claim"),
        ("id,id\nx,y\n", "stands there twice"),
        ("id,claim,verdict,correction_short,certainty\na,b,false,c,high,extra\n", "6 cells under 5 columns"),
        ('id,claim,verdict,correction_short,certainty\na,"b,false', "the CSV breaks off here"),
        ("id,claim,verdict,correction_short,certainty,citations\na,b,false,c,high,oops\n", "is not valid JSON"),
        ("id,claim,verdict,correction_short,certainty,version\na,b,false,c,high,two\n", "is not a whole number"),
    ],
)
def test_csv_mistakes_are_told_with_their_row(text: str, told: str):
    assert told in "\n".join(refused(text.encode(), "csv"))


def test_a_pack_that_cannot_be_read_names_the_file(tmp_path: Path):
    with pytest.raises(BadPack, match=r"cannot read the pack .*nowhere"):
        load_pack(tmp_path / "nowhere.jsonl")


def test_a_pack_with_thousands_of_mistakes_shows_the_first_and_counts_the_rest():
    rows = refused(b"oops\n" * 5_000)

    assert len(rows) == 201
    assert rows[-1] == "and 4800 more"


@settings(max_examples=150, deadline=None)
@given(data=st.binary(max_size=300), kind=st.sampled_from(["jsonl", "csv"]))
def test_any_bytes_are_loaded_or_refused_and_never_crash(data: bytes, kind: Kind):
    try:
        entries = read_pack(data, kind=kind)
    except BadPack:
        return
    assert entries
    assert all(isinstance(entry, Evidence) for entry in entries)


def test_a_clean_entry_has_nothing_to_lint():
    entry = some_evidence(paraphrases=("one", "two", "three"), negations=("no",), questions=("is it?",))

    assert lint([entry], TODAY) == []


@pytest.mark.parametrize(
    ("given_entry", "told"),
    [
        ({"status": "draft-needs-clinician-signoff"}, "no clinician has signed it off"),
        ({"review_by": date(2020, 1, 1)}, "its review date 2020-01-01 has passed"),
        ({"review_by": None}, "it has no review_by date"),
        ({"citations": ()}, "it has no citation"),
        ({"citations": (a_citation(verified=False),)}, "is not verified"),
        ({"citations": (a_citation(flagged="retracted"),)}, "is flagged: retracted"),
        ({"correction_short": "It is a myth that vaccines cause autism."}, "begin with the fact"),
        ({"correction_short": "Vaccines such as MMR cause nothing of the kind."}, "begin with the fact"),
        ({"correction_short": "word " * 60}, "or fewer fit a reply"),
        ({"paraphrases": ("one",)}, "it has 1 paraphrases"),
        ({"negations": ()}, "it has no negation"),
    ],
)
def test_lint_says_what_a_curator_should_look_at(given_entry: dict[str, Any], told: str):
    assert told in "\n".join(lint([some_evidence(**given_entry)], TODAY))


def test_lint_finds_one_key_with_two_dois_and_one_exemplar_in_two_entries():
    one = some_evidence("one", claim="It is so.", citations=(a_citation(key="k", doi="10.1000/a"),))
    two = some_evidence("two", claim="it is SO.", citations=(a_citation(key="k", doi="10.1000/b"),))

    told = "\n".join(lint([one, two], TODAY))

    assert "two: citation k has another DOI in one" in told
    assert "also stands in one" in told


def test_the_table_version_changes_with_any_word_and_not_with_the_order():
    pack = starter_pack()

    assert table_version(pack) == table_version(reversed(pack))
    assert table_version(pack) != table_version(pack[1:])

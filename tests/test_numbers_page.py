"""The page Numbers: pictures, tables, files, ranges. What is counted is tested in test_figures."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from starlette.testclient import TestClient

from bot import inbox
from bot.clock import SteeredClock
from bot.figures.board import FIGURES
from bot.figures.figure import Figure, Shape, last_days
from bot.model import Arrived
from bot.ports import Heard
from bot.spreadsheet import cell, csv_file
from bot.web import charts
from tests.builders import NOW, a_post
from tests.web_client import sign_in
from tests.web_world import PRACTICE, WebWorld, a_world, fill

LONGEST_PAGE = 150_000  # bytes
NAMES = [made.__name__.replace("_", "-") for made in FIGURES]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[WebWorld]:
    office = fill(a_world(tmp_path, clock=SteeredClock(NOW)))
    with office.store.write() as session:
        for number in range(3):
            post = a_post(uri=f"p{number}", version="1", tags=("=1+1", "</text><script>alert(1)</script>\u202e"))
            heard = Heard(source="s", cursor=str(number), event=Arrived(post=post, via="tag"))
            inbox.take(session, [heard], account=PRACTICE, now=NOW)
    yield office
    office.store.close()


@pytest.fixture
def grace(office: WebWorld) -> TestClient:
    return sign_in(office)


def pictures(page: str) -> list[str]:
    return re.findall(r'<svg class="chart".*?</svg>', page, re.DOTALL)


def test_every_figure_has_its_picture_its_table_and_its_file(grace: TestClient) -> None:
    page = grace.get("/numbers").text

    assert 'href="/numbers" aria-current=page' in page
    assert "2026-11-02 to 2026-12-01, both included. Days and times are in UTC" in page
    for name in NAMES:
        assert f'id="{name}"' in page
        assert f'href="/numbers/{name}.csv?from=2026-11-02&to=2026-12-01"' in html.unescape(page)
    assert len(pictures(page)) >= 8
    assert page.count("<details><summary>The table") >= 8
    assert len(page.encode()) < LONGEST_PAGE


def test_a_picture_is_well_formed_described_and_without_style_or_script(grace: TestClient) -> None:
    for picture in pictures(grace.get("/numbers").text):
        drawn = ElementTree.fromstring(picture)
        assert drawn.attrib["role"] == "img"
        assert [child.tag for child in drawn][:2] == ["title", "desc"]
        assert {child.attrib["id"] for child in list(drawn)[:2]} == set(drawn.attrib["aria-labelledby"].split())
        assert all(drawn[place].text for place in (0, 1))
        for node in drawn.iter():
            assert not {name for name in node.attrib if name == "style" or name.startswith("on")}
            assert node.tag in {"svg", "title", "desc", "g", "path", "text", "polyline", "circle", "rect"}


def test_what_strangers_call_their_tags_is_shown_and_does_nothing(grace: TestClient) -> None:
    page = grace.get("/numbers").text

    assert "<script>alert" not in page
    assert "\u202e" not in page
    assert "#&lt;/text&gt;&lt;script&gt;" in page


def test_the_range_stands_in_the_address(grace: TestClient) -> None:
    page = grace.get("/numbers?from=2026-11-30&to=2026-12-01").text
    assert "2026-11-30 to 2026-12-01, both included" in page
    assert 'name="from" value="2026-11-30"' in page
    assert grace.get("/numbers?to=2026-10-31").text.count("2026-10-02 to 2026-10-31") == 1
    weekly = grace.get("/numbers?from=2026-01-01&to=2026-12-01").text
    assert "each row is a week, named by its Monday" in weekly
    assert len(weekly.encode()) < LONGEST_PAGE
    longest = grace.get("/numbers?from=2024-12-01&to=2026-12-01")
    assert longest.status_code == 200
    assert len(longest.content) < LONGEST_PAGE
    for days in (7, 30, 90):
        assert f">{days} days</a>" in page


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("from=yesterday", "“from” must be a date such as 2026-12-01"),
        ("to=2026-13-01", "“to” must be a date"),
        ("to=20261201", "“to” must be a date"),
        ("to=2026-W40-1", "“to” must be a date"),
        ("from=0001-01-01", "not before 2000-01-01"),
        ("from=２０２６-01-01", "“from” must be a date"),
        ("from=2026-11-02&to=2026-11-01", "comes after the last"),
        ("to=2026-12-02", "has not come yet: today is 2026-12-01 in UTC"),
        ("from=2024-11-30", "more than 731 days"),
        ("from=<script>", "“from” must be a date"),
    ],
)
def test_a_range_that_makes_no_sense_is_explained(grace: TestClient, address: str, sentence: str) -> None:
    answer = grace.get(f"/numbers?{address}")

    assert answer.status_code == 422
    assert sentence in html.unescape(answer.text)
    assert "The last 30 days are shown instead." in answer.text
    file = grace.get(f"/numbers/intake.csv?{address}")
    assert file.status_code == 422
    assert sentence[:20] in html.unescape(file.text)


@pytest.mark.parametrize("name", NAMES)
def test_the_file_holds_the_table(grace: TestClient, name: str) -> None:
    answer = grace.get(f"/numbers/{name}.csv?from=2026-11-30&to=2026-12-01")

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}-2026-11-30-2026-12-01.csv"'
    assert answer.content.startswith(b"\xef\xbb\xbf")
    table = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len({len(row) for row in table}) == 1


def test_there_is_no_file_of_another_name(grace: TestClient) -> None:
    for name in ("intakes", "..%2Fintake", "intake.csv"):
        assert grace.get(f"/numbers/{name}.csv").status_code == 404


@pytest.mark.parametrize("begin", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1"])
def test_nothing_is_computed_in_a_spreadsheet(begin: str) -> None:
    assert cell(begin) == f"'{begin}"
    assert cell(f"a{begin}") == f"a{begin}"
    assert cell(-1.5) == "-1.5"
    assert csv_file(("a",), [[begin]]).decode("utf-8-sig").count("'") == 1


def test_an_empty_office_says_so_kindly(tmp_path: Path) -> None:
    office = a_world(tmp_path, clock=SteeredClock(NOW))
    page = sign_in(office).get("/numbers").text
    office.store.close()

    assert pictures(page) == []
    assert "Nothing waits." in page
    assert "Nobody opted out in these days. In force now: 0." in page


def test_what_is_not_measured_leaves_a_gap_in_the_line_and_a_lonely_day_a_dot() -> None:
    made = Figure(
        name="x", title="X & Y", shape=Shape.LINES, columns=("day", "a"), unit="things", note="", empty="",
        rows=(("d1", 3), ("d2", None), ("d3", 4), ("d4", 2)),
    )  # fmt: skip

    drawn = charts.drawn(made)

    assert drawn.count("<polyline") == 2
    assert drawn.count("<circle") == 3
    assert "X &amp; Y" in drawn
    assert charts.in_words(made) == "From d1 to d4. a: at most 4 things (day d3)."


def test_a_single_day_can_be_drawn() -> None:
    made = Figure(
        name="x", title="X", shape=Shape.LINES, columns=("day", "a"), rows=(("d1", 0),), unit="u", note="", empty=""
    )

    assert charts.drawn(made).count("<circle") == 1


def test_the_usual_ranges_end_today() -> None:
    assert [(one.first, one.last) for one in (last_days(7, NOW), last_days(1, NOW))] == [
        (NOW.date() - timedelta(days=6), NOW.date()),
        (NOW.date(), NOW.date()),
    ]

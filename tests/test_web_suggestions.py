"""The desk shows what the matcher only suggests, why it thinks so, and makes a draft when a person asks for one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from bot.decisions import Ignore
from bot.grounds import Grounds
from bot.model import Action, Arrived, Context, Match, Stance, Via
from bot.store.models import EventRow
from bot.web import inert
from tests.web_client import form, sign_in
from tests.web_world import WebWorld, a_world, fill

GROUNDS = Grounds(
    models="abc123", table="t1", chances=(0.6, 0.3, 0.0, 0.05, 0.05), certainty=0.55, telling=("the jab did",)
)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[WebWorld]:
    office = fill(a_world(tmp_path))
    yield office
    office.store.close()


@pytest.fixture
def grace(office: WebWorld) -> TestClient:
    return sign_in(office)


@pytest.fixture
def perhaps(office: WebWorld) -> int:
    """A case that was passed over with a suggestion."""
    match = Match(
        entry_id="mmr-vaccine-autism",
        entry_version=1,
        stance=Stance.ASSERTS,
        score=0.55,
        action=Action.SUGGEST,
        reasons=("closest to the claim “<b>x</b>”",),
        grounds=GROUNDS,
    )
    post = office.says("otto", "We all know what the jab did to him <i>")
    office.decide(Arrived(post=post, via=Via.MENTION), Ignore(reason="not sure enough", perhaps=match), Context())
    return office.of("otto")


def test_a_suggestion_stands_under_perhaps_and_not_under_waiting(
    office: WebWorld, grace: TestClient, perhaps: int
) -> None:
    assert f'href="/case/{perhaps}"' in grace.get("/?show=perhaps").text
    assert f'href="/case/{perhaps}"' not in grace.get("/").text


def test_its_page_says_why_marks_the_words_and_shows_the_evidence(grace: TestClient, perhaps: int) -> None:
    page = grace.get(f"/case/{perhaps}").text

    assert "We all know what <mark>the jab did</mark> to him &lt;i&gt;" in page
    assert "closest to the claim “&lt;b&gt;x&lt;/b&gt;”" in page
    assert "Models abc123" in page
    assert "What the evidence says" in page
    assert f'action="/case/{perhaps}/take-up"' in page
    assert f'action="/case/{perhaps}/approve"' not in page


def test_asking_for_a_draft_makes_an_event_and_is_on_the_record(
    office: WebWorld, grace: TestClient, perhaps: int
) -> None:
    answer = grace.post(f"/case/{perhaps}/take-up", data=form(grace, perhaps))

    assert answer.headers["location"] == f"/case/{perhaps}"
    with office.store.read() as session:
        assert session.scalars(select(EventRow).where(EventRow.kind == "arrived:taken_up")).one()
    assert "suggestion taken up" in grace.get(f"/case/{perhaps}").text


@pytest.mark.parametrize(
    ("text", "telling", "shown"),
    [
        ("one two three", ("two",), "one <mark>two</mark> three"),
        ("one, two… three", ("one two",), "<mark>one, two</mark>… three"),
        ("<b>one</b>", ("one",), "&lt;b&gt;<mark>one</mark>&lt;/b&gt;"),
        ("one two", ("three", "", "(", "one two", "two"), "<mark>one two</mark>"),
        ("", ("one",), ""),
    ],
)
def test_telling_words_are_marked_where_they_stand_and_everything_else_is_inert(
    text: str, telling: tuple[str, ...], shown: str
) -> None:
    assert str(inert.marked(text, telling)) == shown

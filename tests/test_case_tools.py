"""On the case page: another entry, another wording, a sentence vouched for, what we know of people."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from bot.life import State
from bot.web.around import diff
from tests.web_client import form, sign_in
from tests.web_world import WebWorld, a_world, fill


@pytest.fixture
def office(tmp_path: Path) -> Iterator[WebWorld]:
    office = fill(a_world(tmp_path))
    yield office
    office.store.close()


@pytest.fixture
def grace(office: WebWorld) -> TestClient:
    return sign_in(office)


@pytest.fixture
def rosa(office: WebWorld) -> int:
    return office.of("rosa")


def box(page: str) -> str:
    """What stands in the box for the reply."""
    found = re.search(r'<textarea id="text"[^>]*>\n?(.*?)</textarea>', page, re.DOTALL)
    assert found is not None
    return html.unescape(found[1])


def test_another_entry_gives_another_draft_and_is_written_down(office: WebWorld, grace: TestClient, rosa: int) -> None:
    others = grace.get(f"/case/{rosa}/others?q=sugar").text
    assert 'name="entry" value="sugar-hyperactivity"' in others

    grace.post(f"/case/{rosa}/entry", data=form(grace, rosa, entry="sugar-hyperactivity"))

    case = office.case(rosa)
    assert (case.entry_id, case.state) == ("sugar-hyperactivity", State.PROPOSED)
    assert "sugar" in case.draft.casefold()
    page = grace.get(f"/case/{rosa}").text
    assert "an editor chose this entry" in page
    assert "another entry taken" in page
    assert grace.post(f"/case/{rosa}/entry", data=form(grace, rosa, entry="no-such-entry")).status_code == 422


def test_the_next_best_entries_are_shown_nearest_first(grace: TestClient, rosa: int) -> None:
    found = re.findall(r'name="entry" value="([^"]+)"', grace.get(f"/case/{rosa}/others").text)

    assert found
    assert "mmr-vaccine-autism" not in found, "that one is taken already"


def test_another_wording_comes_into_the_box_and_is_not_saved(office: WebWorld, grace: TestClient) -> None:
    rosa = office.of("omar@town.example")  # Mastodon has room for more than one
    before = office.case(rosa).draft
    styles = re.findall(r'name="kind" value="(\w+)"', grace.get(f"/case/{rosa}").text)
    assert len(styles) > 1
    texts = {box(grace.post(f"/case/{rosa}/wording", data=form(grace, rosa, kind=one)).text) for one in styles}

    assert len(texts) == len(styles)
    assert before in texts
    assert office.case(rosa).draft == before
    assert grace.post(f"/case/{rosa}/wording", data=form(grace, rosa, kind="shouting")).status_code == 422


def test_a_sentence_that_nothing_carries_blocks_until_somebody_vouches_for_it(
    office: WebWorld, grace: TestClient
) -> None:
    rosa = office.of("omar@town.example")
    added, spare = (
        "My own practice saw the same.",
        "Severe physiological stress in critical illness can cause stress ulcers. ",
    )
    draft = office.case(rosa).draft
    assert spare in draft
    wording = draft.replace("\n", f" {added}\n", 1).replace(spare, "")

    refused = grace.post(f"/case/{rosa}/approve", data=form(grace, rosa, text=wording))
    assert refused.status_code == 422
    assert f"nothing carries <q><bdi>{added}" in refused.text
    button = re.search(r'name="rests" value="(\d+:ours)"', refused.text)
    assert button is not None

    grace.post(f"/case/{rosa}/rests-on", data=form(grace, rosa, text=wording, rests=button[1]))
    assert office.case(rosa).rests_on == {added: "ours"}
    grace.post(f"/case/{rosa}/approve", data=form(grace, rosa, text=wording))
    assert office.case(rosa).approved_text.endswith(wording)
    assert "vouched for a sentence" in grace.get(f"/case/{rosa}").text


@pytest.mark.parametrize("rests", ["99:ours", "x:ours", "", ":"])
def test_vouching_for_what_is_not_there_does_nothing(
    office: WebWorld, grace: TestClient, rosa: int, rests: str
) -> None:
    answer = grace.post(f"/case/{rosa}/rests-on", data=form(grace, rosa, text="Some words.", rests=rests))

    assert answer.status_code == 422
    assert office.case(rosa).rests_on == {}


def test_what_the_author_changed_is_shown_word_by_word(office: WebWorld, grace: TestClient) -> None:
    page = grace.get(f"/case/{office.of('pia')}").text

    assert "<ins>" in page
    assert "Asking for my sister." in page.partition("<ins>")[2].partition("</ins>")[0]
    assert diff("a b c", "a x c d") == [("same", "a"), ("gone", "b"), ("new", "x"), ("same", "c"), ("new", "d")]


def test_the_page_says_where_to_be_careful_and_who_was_met_before(office: WebWorld, grace: TestClient) -> None:
    young = office.says("kit", "@check sugar makes me hyper", bio="16 | year 11 | chronically ill, spoonie")
    new = replace(young.author, created_at=office.clock.now() - timedelta(days=3))
    number = office.propose(replace(young, author=new), "sugar-hyperactivity")
    second = office.says("kit", "@check and only ten percent of my brain is used", bio=new.bio)
    later = office.propose(second, "ten-percent-brain")

    page = grace.get(f"/case/{number}").text
    assert "New account, 3 d ago" in page
    assert "may be that of a young person" in page
    assert "speaks of an illness or a loss" in page
    assert f'href="/case/{number}"' in grace.get(f"/case/{later}").text, "met before"
    assert "We never met them before" in grace.get(f"/case/{office.of('rosa')}").text
    plain = office.propose(
        office.says("lou", "@check sugar again", bio="Since 2015 | 12 countries | 14k runs"), "sugar-hyperactivity"
    )
    assert "young person" not in grace.get(f"/case/{plain}").text

"""Views of the queue: narrowed and searched by their address, kept under a name, closed together, never approved so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from bot.life import State
from bot.model import Network
from bot.review import Declined
from tests.web_client import form, sign_in, token
from tests.web_world import BLUESKY, HOSTILE, WebWorld, a_world, fill

SUGAR = "sugar-hyperactivity"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[WebWorld]:
    office = fill(a_world(tmp_path))
    yield office
    office.store.close()


@pytest.fixture
def grace(office: WebWorld) -> TestClient:
    return sign_in(office)


def shown(client: TestClient, query: str) -> set[int]:
    """The cases that this view lists."""
    return {int(number) for number in re.findall(r'id="case-(\d+)"', client.get(f"/?{query}").text)}


def test_every_filter_narrows_to_what_it_says(office: WebWorld, grace: TestClient) -> None:
    every = shown(grace, "")
    cases = {number: office.case(number) for number in every}
    wanted = {
        "network=bluesky": lambda case: case.network == "bluesky",
        "care=high-care": lambda case: case.sensitivity == "high-care",
        "asked=yes": lambda case: case.basis in ("mention_author", "reply_to_bot", "summoner"),
        f"entry={cases[min(every)].entry_id}": lambda case: case.entry_id == cases[min(every)].entry_id,
        "lang=en": lambda case: (case.subject["langs"] or [""])[0].startswith("en"),
        "older=24": lambda case: False,
    }
    for query, fits in wanted.items():
        assert shown(grace, query) == {number for number, case in cases.items() if fits(case)}, query
    assert "Nothing fits these filters" in grace.get("/?older=24").text


def test_search_finds_words_and_names_whatever_their_case_and_treats_signs_as_signs(
    office: WebWorld, grace: TestClient
) -> None:
    post = office.says("çağla", "Die Übelkeit kommt vom ZUCKER, 100% sicher", name="Çağla Öz")
    number = office.propose(post, SUGAR)

    for words in ("übelkeit", "zucker  SICHER", "çağla öz", "100%"):
        assert shown(grace, f"q={words.replace('%', '%25')}") == {number}, words
    assert shown(grace, "q=1_0%25") == set()
    assert shown(grace, "q=' OR 1=1 --") == set()


def test_a_forgotten_post_is_not_found_any_more(office: WebWorld, grace: TestClient) -> None:
    post = office.says("mona", "sugar makes my kids run up the curtains")
    number = office.propose(post, SUGAR)
    assert shown(grace, "q=curtains") == {number}
    with office.store.write() as session:
        case = office.case(number)
        case = session.merge(case)
        case.subject = case.post = {**case.post, "text": ""}
    assert shown(grace, "q=curtains") == set()


def test_a_view_is_kept_under_a_name_for_the_one_who_keeps_it(office: WebWorld, grace: TestClient) -> None:
    csrf = token(grace.get("/").text)
    query = "network=bluesky&evil=<script>&page=3"
    grace.post("/views", data={"csrf": csrf, "name": " Blue <b>ones</b> ", "query": query})

    page = grace.get("/").text
    assert 'href="/?network=bluesky"' in page
    assert "Blue &lt;b&gt;ones&lt;/b&gt;" in page
    assert "Blue &lt;b" not in sign_in(office, "Ada Lovelace").get("/").text
    assert grace.post("/views", data={"csrf": csrf, "name": " ", "query": ""}).status_code == 422

    number = re.search(r'action="/views/(\d+)/forget"', page)
    assert number is not None
    ada = sign_in(office, "Ada Lovelace")
    ada.post(f"/views/{number[1]}/forget", data={"csrf": token(ada.get("/").text)})
    assert "Blue &lt;b&gt;" in grace.get("/").text, "nobody removes what another keeps"
    grace.post(f"/views/{number[1]}/forget", data={"csrf": csrf})
    assert "Blue &lt;b&gt;" not in grace.get("/").text


def test_a_long_list_is_leafed_through(office: WebWorld, grace: TestClient) -> None:
    for number in range(60):
        office.propose(office.says(f"crowd{number}", f"sugar makes kids wild, no. {number}"), SUGAR)
    first, second = shown(grace, "q=wild"), shown(grace, "q=wild&page=2")

    assert (len(first), len(second)) == (50, 10)
    assert not first & second
    assert 'rel="next"' in grace.get("/?q=wild").text
    assert "page=2" in grace.get("/?q=wild").text


@pytest.mark.parametrize("query", ["show=nothing", "page=0", "page=99999999", "older=-1", "older=x", f"q={'x' * 201}"])
def test_an_address_that_makes_no_sense_is_refused(grace: TestClient, query: str) -> None:
    assert grace.get(f"/?{query}").status_code == 422


def test_several_drafts_are_declined_together_and_the_changed_one_stays(office: WebWorld, grace: TestClient) -> None:
    rosa, other = office.of("rosa"), office.of("uma")
    csrf = token(grace.get("/").text)
    chosen = [f"{rosa}:{office.case(rosa).version}", f"{other}:{office.case(other).version + 7}", "x:y", "99999:1"]

    page = grace.post(
        "/bulk", data={"csrf": csrf, "what": "decline", "chosen": chosen, "reason": Declined.NOT_NEEDED.value}
    )

    assert page.status_code == 200
    assert (office.case(rosa).state, office.case(rosa).reason) == (State.DECLINED, "not needed")
    assert office.case(other).state == State.PROPOSED
    assert f'href="/case/{other}"' in page.text.partition("These stayed as they are")[2]
    assert "there is no case 99999" in page.text.casefold()


def test_nothing_is_ever_approved_together(office: WebWorld, grace: TestClient) -> None:
    rosa = office.of("rosa")
    csrf = token(grace.get("/").text)
    for what in ("approve", "send", "publish", ""):
        answer = grace.post("/bulk", data={"csrf": csrf, "what": what, "chosen": f"{rosa}:1", "reason": "tone"})
        assert answer.status_code == 422
    assert office.case(rosa).state == State.PROPOSED


def test_the_finder_knows_numbers_words_entries_accounts_and_pages(office: WebWorld, grace: TestClient) -> None:
    rosa = office.of("rosa")
    assert f'href="/case/{rosa}"' in grace.get(f"/find?q=%23{rosa}").text
    assert f'href="/case/{rosa}"' in grace.get("/find?q=rosa").text
    assert 'href="/evidence/sugar-hyperactivity"' in grace.get("/find?q=sugar").text
    assert 'href="/accounts"' in grace.get("/find?q=check.office").text
    assert 'href="/stop"' in grace.get("/find?q=stop").text
    assert "Nothing is called so" in grace.get("/find?q=zzzz").text
    assert "<li>" not in grace.get("/find?q=", headers={"HX-Request": "true"}).text
    assert "<li>" not in grace.get(f"/find?q={'9' * 40}", headers={"HX-Request": "true"}).text


def test_hostile_words_are_inert_in_the_finder_and_the_list(office: WebWorld, grace: TestClient) -> None:
    office.propose(office.says("mallory", HOSTILE, network=Network.BLUESKY), SUGAR, account=BLUESKY)
    for page in (grace.get("/find?q=evil.example").text, grace.get("/?q=evil.example").text):
        assert "<script>alert" not in page
        assert "<img" not in page.replace('<img src="/static/icon.svg"', "")
        assert "\u202e" not in page
    assert "<script>" not in grace.get("/?q=<script>alert(1)</script>").text.partition("<main")[2]


def test_filters_reach_the_rows_that_our_script_asks_for(office: WebWorld, grace: TestClient) -> None:
    rows = grace.get("/?network=bluesky", headers={"HX-Request": "true"}).text
    assert "<html" not in rows
    assert rows.count("data-row") == len(shown(grace, "network=bluesky")) > 0
    assert form(grace, office.of("rosa"))["csrf"] == token(grace.get("/").text)

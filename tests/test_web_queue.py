"""What the pages show: the list, a case and its states, evidence, accounts, the stop switch."""

from __future__ import annotations

import html
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from bot import cases, review, switch
from bot.evidence import registry
from bot.life import State
from bot.model import Basis, Context, Network
from bot.store.models import AccountRow
from bot.store.office_models import RulingRow, SwitchRow
from bot.web import words
from tests.builders import NOW, a_post
from tests.web_client import form, sign_in, token
from tests.web_world import BLUESKY, PRACTICE, WebWorld, a_world, fill


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
    """A case that may be approved as it is."""
    return office.of("rosa")


def test_the_list_filters_by_state_and_marks_what_is_locked(office: WebWorld, grace: TestClient) -> None:
    shown = {which: grace.get(f"/?show={which}").text for which in ("waiting", "sending", "published", "closed")}
    rows = {which: page.count('class="row"') for which, page in shown.items()}
    assert rows == {"waiting": 7, "sending": 1, "published": 1, "closed": 1}
    for mark in (">locked<", ">changed<", ">high care<", ">asked us<", ">needs a person<"):
        assert mark in shown["waiting"]
    assert grace.get("/?show=everything").status_code == 422
    assert "No claim we have evidence on" in grace.get("/?show=passed").text


def test_an_empty_queue_says_what_happens_next(tmp_path: Path) -> None:
    office = a_world(tmp_path)
    page = sign_in(office).get("/").text
    assert "Nothing waits for you" in page
    assert "mentions our account" in page
    office.store.close()


def test_the_check_counts_the_text_with_its_address_and_changes_nothing(office: WebWorld, grace: TestClient) -> None:
    omar = office.of("omar@town.example")
    part = grace.post(f"/case/{omar}/check", data=form(grace, omar, text="x" * 500)).text
    assert f"<b>{500 + len('@omar@town.example ')}</b> of 500 characters" in part
    assert "counter over" in part
    assert "Not yet:" in part
    assert office.case(omar).draft != "x" * 500


def test_the_page_tells_of_a_change_by_somebody_else(office: WebWorld, grace: TestClient, rosa: int) -> None:
    seen = office.case(rosa).version
    assert "changed since you opened" not in grace.get(f"/case/{rosa}/status?version={seen}").text
    grace.post(f"/case/{rosa}/edit", data=form(grace, rosa, text="Another."))
    assert "changed since you opened" in grace.get(f"/case/{rosa}/status?version={seen}").text


def test_an_author_who_edited_is_pointed_out(office: WebWorld, grace: TestClient) -> None:
    assert "The author changed this post" in grace.get(f"/case/{office.of('pia')}").text


def test_the_case_shows_thread_evidence_and_whom_we_would_reach(office: WebWorld, grace: TestClient) -> None:
    page = html.unescape(grace.get(f"/case/{office.of('uma')}").text)
    for wanted in (
        "this cold won't shift",
        "You need antibiotics the moment it turns green",
        "is that right?",
        "Somebody else asked us",
        "@vic",
        "https://doi.org/10.1002/14651858.CD000247.pub3",
        "closest to a known way of saying this claim",
        "Moderate: probably so",
    ):
        assert wanted in page


def test_the_card_names_whoever_asked_about_somebody_elses_post(office: WebWorld, grace: TestClient) -> None:
    page = grace.get("/").text
    card = page[page.index(f'id="case-{office.of("uma")}"') :]
    assert "<bdi>Vic</bdi> asked us" in card[: card.index("</a>")]


def test_why_a_reply_is_locked_is_said_once(office: WebWorld, grace: TestClient) -> None:
    page = html.unescape(grace.get(f"/case/{office.of('lena.bsky.social')}").text)
    assert page.count("no administrator allowed replies to hashtag posts") == 1
    assert "nothing is said in public" not in page


def test_a_bluesky_reply_says_that_people_above_hear_of_it() -> None:
    above = tuple(a_post("x", author=name, network=Network.BLUESKY) for name in "abcdefg")
    post = a_post("y", author="ada", network=Network.BLUESKY)
    heard = words.notified(Network.BLUESKY, post, above, "", note=False)
    assert heard == tuple(f"@{name}@home.example" for name in ("ada", "g", "f", "e", "d", "c"))
    assert words.notified(Network.MASTODON, post, above, "@ada ", note=False) == ("@ada@home.example",)
    assert words.notified(Network.BLUESKY, post, above, "", note=True) == ()


def test_stopping_shows_everywhere_and_an_administrator_resumes(office: WebWorld, grace: TestClient) -> None:
    csrf = token(grace.get("/stop").text)
    assert grace.post("/stop", data={"csrf": csrf, "reason": " "}).status_code == 422
    grace.post("/stop", data={"csrf": csrf, "reason": "a complaint"})
    for path in ("/", "/stop", f"/case/{office.of('rosa')}"):
        assert "a complaint" in grace.get(path).text
    grace.post("/resume", data={"csrf": csrf, "reason": "settled"})
    with office.store.read() as session:
        assert not session.get_one(SwitchRow, switch.PUBLISHING).stopped
    office.hands.stop_flag.touch()
    assert "Publishing is stopped" in grace.get("/").text
    assert grace.post("/resume", data={"csrf": csrf, "reason": "go"}).status_code == 422


def test_a_decision_about_an_account_is_recorded_with_name_and_reason(office: WebWorld, grace: TestClient) -> None:
    csrf = token(grace.get("/accounts").text)
    decision = {"csrf": csrf, "account": BLUESKY, "setting": "hashtag_replies", "value": "allowed"}
    assert grace.post("/accounts", data=decision).status_code == 422
    assert grace.post("/accounts", data=decision | {"why": "they agreed in a letter"}).status_code == 303
    sending = decision | {"setting": "sending", "value": "on", "why": "the trial begins"}
    assert grace.post("/accounts", data=sending).status_code == 303
    with office.store.read() as session:
        account = session.get_one(AccountRow, BLUESKY)
        ruling = session.scalars(select(RulingRow).where(RulingRow.setting == "hashtag_replies")).one()
    assert (account.sending, account.hashtag_replies) == (True, "allowed")
    assert (ruling.by, ruling.value, ruling.why) == ("Grace Hopper", "allowed", "they agreed in a letter")
    assert "they agreed in a letter" in grace.get("/accounts").text
    assert grace.post("/accounts", data=decision | {"value": "perhaps", "why": "x"}).status_code == 422
    assert grace.post("/accounts", data=decision | {"account": "no/such", "why": "x"}).status_code == 422


def test_the_practice_network_shows_the_reply_in_its_thread(office: WebWorld, grace: TestClient) -> None:
    page = grace.get("/thread").text
    assert "Nobody outside sees this" in page
    assert page.index("bounce off the walls") < page.index("sugar doesn&#39;t change")


def test_the_evidence_is_read_by_claim_and_by_version(office: WebWorld, grace: TestClient) -> None:
    found = grace.get("/evidence?q=autism MMR").text
    assert "mmr-vaccine-autism" in found
    assert "flu-shot-gives-flu" not in found
    entry = grace.get("/evidence/mmr-vaccine-autism").text
    assert "no clinician has signed off this entry" in entry
    signed = grace.get("/evidence/ulcers-stress-spicy-food").text
    assert "Signed off by <bdi>Dr Ana Example</bdi>" in signed
    assert "not the one in force" in grace.get("/evidence/ulcers-stress-spicy-food?version=1").text
    assert grace.get("/evidence/no-such-entry").status_code == 404


def test_live_reading_is_switched_and_recorded(office: WebWorld, grace: TestClient) -> None:
    page = grace.get("/").text
    assert "Also read the live public stream" in page
    grace.post("/live", data={"csrf": token(page), "on": "1"})
    assert office.live == ["on"]
    assert "live reading turned on" in grace.get("/log").text
    office.live[0] = ""
    assert "live public stream" not in grace.get("/").text


def test_the_states_after_approval_are_told_in_words(office: WebWorld, grace: TestClient) -> None:
    ned = office.of("ned")
    with office.store.write() as session:
        case = cases.get(session, ned)
        cases.change(session, case, State.SENDING, who="the office", why="sending", now=office.clock.now())
    assert "Being sent" in grace.get(f"/case/{ned}/status").text
    with office.store.write() as session:
        case = cases.get(session, ned)
        cases.change(session, case, State.UNKNOWN, who="the office", why="no answer", now=office.clock.now())
    assert "It will not be sent twice" in grace.get(f"/case/{ned}/status").text
    with office.store.write() as session:
        case = cases.get(session, ned)
        case.remote_url = "https://town.example/@check/1"
        cases.change(session, case, State.PUBLISHED, who="the office", why="found", now=office.clock.now())
    assert 'href="https://town.example/@check/1"' in grace.get(f"/case/{ned}/status").text


def test_a_case_whose_post_was_deleted_can_still_be_read(office: WebWorld, grace: TestClient, rosa: int) -> None:
    with office.store.write() as session:
        case = cases.get(session, rosa)
        case.post = case.post | {"text": ""}
        case.subject = case.subject | {"text": ""}
        cases.change(session, case, State.WITHDRAWN, who="the office", why="deleted", now=office.clock.now())
    assert "is not kept" in grace.get(f"/case/{rosa}").text
    assert grace.get("/?show=closed").status_code == 200


def test_a_case_that_does_not_exist_is_a_plain_404(grace: TestClient) -> None:
    for number in ("999", "0", "-1", "99999999999999999999999", "x"):
        assert grace.get(f"/case/{number}").status_code == 404
    csrf = token(grace.get("/").text)
    assert grace.post("/case/999/undo", data={"csrf": csrf, "version": "1"}).status_code == 404


def test_ages_are_said_in_one_word() -> None:
    ago = {0: "just now", 59: "just now", 60: "1 min ago", 7200: "2 h ago", 200_000: "2 d ago", -90: "in 1 min"}
    assert {seconds: words.when(NOW - timedelta(seconds=seconds), NOW) for seconds in ago} == ago


def test_every_word_of_the_office_has_words_for_people() -> None:
    assert all(words.state(one) for one in State)
    assert all(words.basis(one) for one in Basis)


def test_an_entry_changed_since_the_draft_is_pointed_out(office: WebWorld, grace: TestClient, rosa: int) -> None:
    with office.store.write() as session:
        registry.sign_off(session, "mmr-vaccine-autism", by="Dr Ana Example", now=office.clock.now())
    assert "The entry was changed since this draft was made" in grace.get(f"/case/{rosa}").text


def test_a_case_that_came_back_says_why(office: WebWorld, grace: TestClient) -> None:
    ned = office.of("ned")
    with office.store.write() as session:
        case = cases.get(session, ned)
        review.unapprove(session, case)
        cases.change(
            session, case, State.PROPOSED, who="the office", why="a gate closed: quiet hours", now=office.clock.now()
        )
    assert "A gate closed: quiet hours." in grace.get(f"/case/{ned}").text


def test_a_case_without_any_neighbour_goes_back_to_the_queue(tmp_path: Path) -> None:
    office = a_world(tmp_path)
    case = office.propose(office.says("rosa", "@check MMR and autism?"), "mmr-vaccine-autism", context=Context())
    client = sign_in(office)
    answer = client.post(f"/case/{case}/approve", data=form(client, case, text=office.case(case).draft))
    assert answer.headers["location"] == f"/?done={case}"
    assert office.case(case).account == PRACTICE
    assert "Undo" in client.get(answer.headers["location"]).text
    office.store.close()

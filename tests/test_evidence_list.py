"""The list of the evidence: searched, filtered and sorted, also when it holds ten thousand entries."""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event
from starlette.testclient import TestClient

from bot.evidence import cards, registry
from bot.evidence.cards import Wanted
from bot.model import SIGNED_OFF, Certainty, Evidence, Sensitivity
from bot.people import Role
from bot.store import codec
from bot.store.office_models import EntryRow, EntryVersionRow
from tests.builders import a_citation, some_evidence
from tests.filled_form import sent
from tests.web_client import sign_in
from tests.web_world import WebWorld, a_world, fill

MMR = "/evidence/mmr-vaccine-autism"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[WebWorld]:
    office = fill(a_world(tmp_path))
    yield office
    office.store.close()


@pytest.fixture
def grace(office: WebWorld) -> TestClient:
    return sign_in(office)


@pytest.fixture
def ada(office: WebWorld) -> TestClient:
    return sign_in(office, "Ada Lovelace", Role.EVIDENCE_CURATOR)


def shown(client: TestClient, path: str) -> str:
    found = client.get(path)
    assert found.status_code == 200, f"{path}: {found.status_code}"
    return html.unescape(found.text)


def many(count: int) -> list[Evidence]:
    """A large table: every tenth entry overdue, every hundredth retracted, one about Zebrafish."""
    first = some_evidence().review_by
    assert first is not None
    return [
        some_evidence(
            f"entry-{number:05}",
            claim=f"Claim {number}." if number != 4321 else "Zebrafish cure ÄRGER 100% of the time_s.",
            topics=("even",) if number % 2 == 0 else ("odd", "strange"),
            certainty=Certainty.LOW if number % 5 == 0 else Certainty.HIGH,
            sensitivity=Sensitivity.EXPERT_REVIEW if number % 7 == 0 else Sensitivity.STANDARD,
            review_by=first - timedelta(days=1000) if number % 10 == 0 else first,
            citations=(a_citation(flagged="retracted in 2026" if number % 100 == 0 else ""),),
            status=SIGNED_OFF if number % 3 else "draft",
        )
        for number in range(count)
    ]


def fill_up(office: WebWorld, entries: list[Evidence]) -> None:
    """Ten thousand imports in one go, as the registry would have written them."""
    now = office.clock.now()
    with office.store.write() as session:
        session.add_all(EntryRow(id=entry.id, version=1) for entry in entries)
        session.flush()
        for entry in entries:
            sources_are = "retracted" if entry.citations[0].flagged else "ok"
            session.add(cards.card(entry, sources_are=sources_are, retired=False, now=now))
            session.add(
                EntryVersionRow(
                    entry_id=entry.id, version=1, data=codec.dump(entry), digest="", created_at=now, created_by="tests"
                )
            )


def test_ten_thousand_entries_are_searched_with_a_handful_of_queries_and_one_page_of_rows(office: WebWorld) -> None:
    fill_up(office, many(10_000))
    grace = sign_in(office)
    engine = office.store._read
    asked: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    page = shown(grace, "/evidence?q=zebrafish+ärger+100%25+time_s")
    assert "1 of 10060 entries" in page
    assert "100 entries stand on a source that was retracted" in page
    assert "Zebrafish cure ÄRGER" in page
    assert len([one for one in asked if "FROM entry_card" in one]) <= 7
    assert not [one for one in asked if "FROM entry_version" in one]  # no entry is read, only cards
    page = shown(grace, "/evidence?topic=odd&certainty=low&status=signed&sort=claim&page=2")
    assert page.count('id="entry-') == cards.ON_A_PAGE
    today = office.clock.now().date()
    with office.store.read() as session:
        assert cards.retracted(session) == 100
        for wanted, expected in (
            (Wanted(topic="odd"), 5000),
            (Wanted(topic="stran"), 0),
            (Wanted(review="overdue", words="claim"), 1000),
            (Wanted(citations="retracted"), 100),
            (Wanted(sensitivity="expert-review", words="entry-0"), 1429),
            (Wanted(status="unsigned", topic="odd", certainty="low"), 333),
        ):
            assert cards.find(session, wanted, today).found == expected, wanted


def test_filters_stand_in_the_address_and_nonsense_is_refused(office: WebWorld, grace: TestClient) -> None:
    page = shown(grace, "/evidence?status=signed&sort=review")
    assert "1 of 60 entries" in page
    assert "ulcers-stress-spicy-food" in page
    assert '<option value="signed" selected>' in page
    assert "59 wait for a clinician" in page
    assert "mmr-vaccine-autism" in shown(grace, "/evidence?q=hviid2019")  # a source's key
    assert "No entry fits" in shown(grace, "/evidence?q=%25%25")
    for wrong in ("status=x", "sort=password", "page=0", "review=1", "certainty=absolute"):
        assert grace.get(f"/evidence?{wrong}").status_code == 422, wrong
    assert shown(grace, "/evidence?page=99999").count('id="entry-') == 10  # beyond the end: the last page


def test_review_dates_and_open_changes_can_be_found(office: WebWorld, ada: TestClient) -> None:
    soon = office.clock.now().date() + timedelta(days=30)
    with office.store.write() as session:
        entry = registry.current(session, "ten-percent-brain")
        assert entry is not None
        near = replace(entry, review_by=soon, version=2)
        registry.add_version(session, near, by="tests", now=office.clock.now(), note="soon")
    page = shown(ada, f"{MMR}/edit")
    ada.post(f"{MMR}/edit", data=sent(page, "keep", limits="Adults."))
    assert "ten-percent-brain" in shown(ada, "/evidence?review=soon")
    assert "1 of 60" in shown(ada, "/evidence?status=draft")
    assert "0 of 60" in shown(ada, "/evidence?status=waiting")

"""The page Sources and the frame of every page: what was missed, what is stuck, what is paused or stopped."""

from __future__ import annotations

import html
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from bot import audit, jobs
from bot.store.models import AccountRow, CursorRow, DeliveryRow, GapRow, JobRow
from bot.store.office_models import AuditRow
from tests.web_client import sign_in, token
from tests.web_world import BLUESKY, WebWorld, a_world, fill

SOURCE = "bluesky/check.office.example:jetstream"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[WebWorld]:
    office = fill(a_world(tmp_path))
    yield office
    office.store.close()


@pytest.fixture
def grace(office: WebWorld) -> TestClient:
    return sign_in(office)


def shown(client: TestClient, path: str = "/sources") -> str:
    return html.unescape(client.get(path).text)


def heard(office: WebWorld) -> None:
    now = office.clock.now()
    with office.store.write() as session:
        session.add(CursorRow(source=SOURCE, value="7", updated_at=now, heard_at=now - timedelta(minutes=9), skipped=3))


def a_dead_job(office: WebWorld, case: int) -> int:
    now = office.clock.now()
    with office.store.write() as session:
        jobs.put(session, "withdraw", "withdraw:x", due_at=now, payload={"case": case}, max_attempts=1)
        (job,) = jobs.claim(session, worker="w", now=now, limit=1, kinds=["withdraw"])
        jobs.fail(session, job, now=now, error="the server said 500")
    return job.id


def test_every_source_is_shown_with_its_age_and_what_it_left_out(office: WebWorld, grace: TestClient) -> None:
    assert "Nothing heard yet" in shown(grace)
    heard(office)
    page = shown(grace)
    for wanted in ("bluesky/check.office.example, public stream", "9 min ago", "<td>3</td>", "nothing is stuck"):
        assert wanted in page
    office.unheard.append(("bluesky/check.office.example", "Unreachable: no route"))
    page = shown(grace)
    assert "is not heard right now: <bdi>Unreachable: no route." in page
    assert "nothing is stuck" not in page


def test_a_gap_is_told_in_words_until_somebody_knows_about_it(office: WebWorld, grace: TestClient) -> None:
    heard(office)
    assert "to look at" not in shown(grace, "/")
    with office.store.write() as session:
        session.add(GapRow(source=SOURCE, why="the stream forgot an hour", noticed_at=office.clock.now()))
    assert "to look at" in shown(grace, "/")
    page = shown(grace)
    assert "The stream forgot an hour." in page
    with office.store.read() as session:
        (gap,) = session.scalars(select(GapRow))
    assert grace.post(f"/sources/gap/{gap.id}", data={"csrf": token(page)}).status_code == 303
    assert "The stream forgot an hour." not in shown(grace)
    assert "to look at" not in shown(grace, "/")
    with office.store.read() as session:
        line = session.get_one(AuditRow, audit.latest(session))
        assert session.scalars(select(GapRow.closed_at)).one() is not None
    assert (line.who, line.what, line.detail["source"]) == ("Grace Hopper", "gap closed", SOURCE)
    assert grace.post("/sources/gap/99", data={"csrf": token(page)}).status_code == 422


@pytest.mark.parametrize("act", ["again", "let-go"])
def test_work_that_gave_up_is_tried_again_or_let_go(office: WebWorld, grace: TestClient, act: str) -> None:
    job = a_dead_job(office, office.of("ivy"))
    page = shown(grace)
    assert "The server said 500." in page
    assert f'href="/case/{office.of("ivy")}"' in page
    assert grace.post(f"/sources/job/{job}/{act}", data={"csrf": token(page)}).status_code == 303
    assert "The server said 500." not in shown(grace)
    with office.store.read() as session:
        row = session.get_one(JobRow, job)
    assert (row.dead, row.finished_at is None) == ((False, True) if act == "again" else (True, False))
    assert grace.post(f"/sources/job/{job}/{act}", data={"csrf": token(page)}).status_code == 422


def test_an_unclear_send_is_shown_with_its_case(office: WebWorld, grace: TestClient) -> None:
    case, now = office.case(office.of("ivy")), office.clock.now()
    with office.store.write() as session:
        session.add(
            DeliveryRow(
                key="k", case_id=case.id, account=case.account, state="unknown", outgoing={}, basis=case.basis,
                proof="p", entry_id="e", entry_version=1, approved_by="Grace", author_id="a", thread_uri="t",
                intent_at=now, error="the connection was cut",
            )
        )  # fmt: skip
    page = shown(grace)
    assert "Sent, or not?" in page
    assert "The connection was cut." in page


def test_a_paused_account_and_the_stop_file_show_on_every_page(office: WebWorld, grace: TestClient) -> None:
    with office.store.write() as session:
        session.get_one(AccountRow, BLUESKY).paused = "the password was refused"
    office.hands.stop_flag.touch()
    case = f"/case/{office.of('rosa')}"
    for path in ("/", case, "/thread", "/evidence", "/log", "/sources", "/accounts", "/people", "/stop"):
        page = shown(grace, path)
        assert "Publishing is stopped." in page, path
        assert "The file STOP exists" in page, path
        assert "@check.office.example</bdi> is paused:" in page, path
        assert "The password was refused." in page, path

"""The practice feed can be played again: the same drafts, an emptied office, a log that stays."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot import audit, review
from bot.app import build
from bot.life import State
from bot.office import Office
from bot.settings import load
from bot.store.models import CaseRow, CursorRow, DeliveryRow, OptOutRow
from bot.store.office_models import AuditRow
from tests.web_client import sign_in, token
from tests.web_world import a_world

FEED = (
    {"kind": "person", "handle": "ada.example"},
    {"kind": "person", "handle": "bob.example"},
    {"kind": "post", "id": "a", "by": "ada.example", "text": "@check vaccines cause autism, everybody knows it."},
    {"kind": "post", "id": "b", "by": "bob.example", "text": "@check STOP"},
)


def count(session: Session, table: type) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


async def until(office: Office, there: Callable[[Session], bool]) -> None:
    def look() -> bool:
        with office.store.read() as session:
            return there(session)

    async with asyncio.timeout(30):
        while not await asyncio.to_thread(look):
            await asyncio.sleep(0.02)


def played(session: Session) -> bool:
    """Ada's draft waits, and Bob is remembered."""
    waits = session.scalar(select(CaseRow.id).where(CaseRow.state == State.PROPOSED.value))
    return waits is not None and count(session, OptOutRow) == 1


async def test_the_feed_plays_again_in_an_emptied_office(tmp_path: Path) -> None:
    settings = load(tmp_path / "none.toml", optional=True, data_dir=tmp_path, port=0, jetstream_url="")
    office = build(settings, lines=[json.dumps(line) for line in FEED])
    hands, stopping = office.web.state.hands, asyncio.Event()
    running = asyncio.create_task(office.run(("worker", "ingest"), stopping=stopping))
    await until(office, played)
    with office.store.write() as session:
        case = session.scalars(select(CaseRow).where(CaseRow.state == State.PROPOSED.value)).one()
        number = case.id
        review.approve(
            session, case.id, version=case.version, who="Grace Hopper", now=office.clock.now(), undo=timedelta(0),
            objections=lambda _case, _text: (),
        )  # fmt: skip
    office.ring()
    await until(office, lambda session: session.get_one(CaseRow, number).state == State.PUBLISHED)
    assert len(hands.fake_threads()) == 1

    hands.practice_again("Grace Hopper")
    await until(office, lambda session: count(session, DeliveryRow) == 0 and played(session))
    stopping.set()
    await running

    assert hands.fake_threads() == ()
    with office.store.read() as session:
        assert session.scalars(select(CursorRow.value)).one() == str(len(FEED))
        again = session.scalars(select(AuditRow).where(AuditRow.what == "practice feed started again")).one()
        before = session.scalars(select(AuditRow).where(AuditRow.id < again.id)).all()
        assert again.who == "Grace Hopper"
        assert any(line.detail.get("why") == "approved by Grace Hopper" for line in before)
        assert {line.case_id for line in before} == {None}
        assert all(line.id > again.id for line in audit.of_case(session, number))


def test_only_a_practice_office_can_begin_again(tmp_path: Path) -> None:
    for demo in (True, False):
        folder = tmp_path / str(demo)
        folder.mkdir()
        office = a_world(folder, demo=demo)
        grace = sign_in(office)
        page = grace.get("/").text
        assert ("Start the practice feed again" in page) is demo
        answer = grace.post("/practice/again", data={"csrf": token(page)})
        assert (answer.status_code, office.again) == ((303, ["Grace Hopper"]) if demo else (404, []))
        office.store.close()

"""Several processes work on one database: everything happens once, and who dies is replaced."""

from __future__ import annotations

import copy
import json
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.life import State
from bot.store.models import LeaseRow
from tests.real_office import RealOffice
from tests.scenes import Scene, approved, finish, on_mastodon, settled, writes
from tests.servers.mastodon import MastodonServer
from tests.servers.proxy import At

PEOPLE = 8
TAKES_OVER = 40.0  # seconds; the lease of a dead process of this machine is not waited for
CLEAN_STOP = 10.0  # seconds


@pytest.fixture(params=["sqlite", "postgres"])
def crew(
    request: pytest.FixtureRequest, mastodon_server: MastodonServer, tmp_path: Path
) -> Iterator[tuple[Scene, list[RealOffice]]]:
    """On SQLite two whole offices; on PostgreSQL a desk for people and two processes that work."""
    sqlite = request.param == "sqlite"
    url = "" if sqlite else request.getfixturevalue("postgres_url")
    with on_mastodon(mastodon_server, tmp_path, database_url=url) as scene:
        offices = [scene.office, *(copy.copy(scene.office) for _ in range(1 if sqlite else 2))]
        roles = ["web,worker,ingest"] * 2 if sqlite else ["web", "worker,ingest", "worker,ingest"]
        for office, role in zip(offices, roles, strict=True):
            office.start(roles=role)
        yield scene, offices
        for office in offices:
            office.kill()


def listener_among(offices: list[RealOffice]) -> RealOffice | None:
    """Who holds the lease of the stream."""
    with offices[0].store.read() as session:
        owner = session.scalar(select(LeaseRow.owner).where(LeaseRow.name.startswith("listen:")))
    pid = owner.split("/")[1] if owner else ""
    return next((one for one in offices if one.process is not None and str(one.process.pid) == pid), None)


def health_of(office: RealOffice) -> tuple[int, list[str]]:
    """Status and reasons of /healthz."""
    url = f"{office.url.partition('/sign-in')[0]}/healthz"
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return answer.status, json.load(answer)["reasons"]
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)["reasons"]


@pytest.mark.timeout(240)
def test_every_mention_makes_one_case_and_one_reply_and_a_dead_listener_is_replaced(
    crew: tuple[Scene, list[RealOffice]],
) -> None:
    scene, offices = crew
    scene.office.until(scene.office.hears, "listening")
    asked = [scene.ask(number) for number in range(PEOPLE)]
    scene.office.until(lambda: drafts(scene) == PEOPLE, "a draft for each")
    for office in offices:
        if office.url:
            assert health_of(office) == (200, []), "who stands by is as ready as who listens"
    assert scene.office.approve_all() == PEOPLE
    scene.office.until(lambda: settled(scene), "all published")
    assert scene.answers() == Counter(asked)

    dying = listener_among(offices)
    assert dying is not None
    dying.kill()
    died = time.monotonic()
    asked.append(scene.ask(PEOPLE))
    (witness, *_) = [one for one in offices if one.process is not None]
    witness.until(lambda: drafts(scene) == 1, "a draft by the one that is left", within=TAKES_OVER)
    assert time.monotonic() - died < TAKES_OVER
    assert listener_among(offices) not in (None, dying)

    assert witness.approve_all() == 1
    witness.until(lambda: settled(scene), "published by the one that is left")
    assert scene.answers() == Counter(asked)
    assert len(scene.office.cases()) == len(asked)


def drafts(scene: Scene) -> int:
    return sum(case.state == State.PROPOSED for case in scene.office.cases())


@pytest.mark.timeout(240)
def test_a_clean_stop_does_not_wait_for_a_send_that_hangs_and_the_reply_stands_once(
    mastodon_server: MastodonServer, tmp_path: Path
) -> None:
    with on_mastodon(mastodon_server, tmp_path, call_seconds=30) as scene:
        asked = approved(scene, 1)
        go_on = threading.Event()
        held = threading.Event()

        def hold() -> None:
            held.set()
            go_on.wait(60)

        scene.proxy.trouble(*scene.write, at=At.ARRIVED, call=hold, goes_on=True)
        scene.office.start()
        assert held.wait(60), scene.office.log()

        began = time.monotonic()
        code = scene.office.stop()
        took = time.monotonic() - began
        assert code == 0, scene.office.log()
        assert took <= CLEAN_STOP
        assert "Traceback" not in scene.office.log()

        go_on.set()  # only now does the server hear of it: the office that asked is no more
        scene.proxy.wait_for(lambda _seen: writes(scene) == 1)
        finish(scene)
        assert scene.answers() == Counter(asked)
        assert writes(scene) == 1

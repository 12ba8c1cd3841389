"""The kill switch on a real office and a real server: nothing leaves five seconds after it, and nothing is lost."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.life import State
from tests.scenes import Scene, approved, hurry, jobs_that_wait, on_mastodon, settled, told, writes
from tests.servers.mastodon import MastodonServer
from tests.servers.proxy import At

AT_ONCE = 5.0  # seconds after which no new request may be seen
PEOPLE = 20


@pytest.fixture
def scene(mastodon_server: MastodonServer, tmp_path: Path) -> Iterator[Scene]:
    with on_mastodon(mastodon_server, tmp_path) as scene:
        yield scene


def all_held_back(scene: Scene) -> bool:
    """Was every reply that is left asked again, and told that publishing is stopped?"""
    states = {State(case.state) for case in scene.office.cases()}
    waiting = jobs_that_wait(scene.office)
    return states <= {State.PUBLISHED, State.APPROVED} and all("stopped" in job.last_error for job in waiting)


def latest_write(scene: Scene) -> float:
    return max(one.at for one in scene.proxy.seen if one.method == "POST" and one.path.startswith(scene.write[1]))


@pytest.mark.timeout(240)
def test_stop_reaches_replies_in_flight_survives_a_kill_and_resume_sends_the_rest_once(scene: Scene) -> None:
    asked = approved(scene, PEOPLE)
    scene.office.start(roles="worker")
    scene.proxy.wait_for(lambda _seen: writes(scene) >= 3)

    told(scene.office, "stop", "a test of the switch", "--as", "Grace")
    stopped = time.monotonic()
    scene.office.until(lambda: all_held_back(scene), "every reply held back")
    sent = writes(scene)
    assert 3 <= sent < PEOPLE
    assert latest_write(scene) < stopped + AT_ONCE

    scene.office.kill()
    hurry(scene.office)
    (flag,) = [path for path in scene.office.data.iterdir() if path.name == "STOP"]
    flag.unlink()  # the database remembers it too
    scene.office.start(roles="worker")
    before = {job.id: job.due_at for job in jobs_that_wait(scene.office)}
    scene.office.until(
        lambda: all(job.due_at > before[job.id] for job in jobs_that_wait(scene.office)) and all_held_back(scene),
        "every reply held back again",
    )
    assert writes(scene) == sent

    told(scene.office, "resume", "the test is over", "--as", "Grace")
    hurry(scene.office)
    scene.office.until(lambda: settled(scene), "the rest published")
    assert scene.answers() == Counter(asked)


@pytest.mark.timeout(240)
def test_the_stop_file_alone_is_enough_while_the_database_is_locked(scene: Scene) -> None:
    """A reply is on its way: the office asks whether an earlier try stands, and the server is slow to answer."""
    asked = approved(scene, 1)
    on_its_way, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        on_its_way.set()
        go_on.wait(60)

    scene.proxy.trouble("GET", "exclude_reblogs=true", at=At.ARRIVED, call=hold, goes_on=True)
    scene.office.start(roles="worker")
    assert on_its_way.wait(60), scene.office.log()

    locked = sqlite3.connect(scene.office.data / "scrutineer.db", isolation_level=None)
    locked.execute("BEGIN IMMEDIATE")
    (scene.office.data / "STOP").write_text("by hand\n")
    threading.Event().wait(AT_ONCE / 2)  # the office gets half of the time it is allowed
    go_on.set()
    locked.close()

    scene.office.until(lambda: all_held_back(scene), "the reply held back")
    assert writes(scene) == 0

    (scene.office.data / "STOP").unlink()
    hurry(scene.office)
    scene.office.until(lambda: settled(scene), "published")
    assert scene.answers() == Counter(asked)

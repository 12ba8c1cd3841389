"""The office is killed with SIGKILL at every moment of a send, on real servers: exactly one reply, each time."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.scenes import Scene, approved, finish, on_bluesky, on_mastodon, settled, writes
from tests.servers.bluesky import BlueskyNet
from tests.servers.mastodon import MastodonServer
from tests.servers.proxy import At, Seen

KILLS = 26  # random moments per network: 52 in all
PEOPLE = 76  # stories per network: one reply a week per person
SEED = 20261125


@pytest.fixture
def mastodon(mastodon_server: MastodonServer, tmp_path: Path) -> Iterator[Scene]:
    with on_mastodon(mastodon_server, tmp_path) as scene:
        yield scene


@pytest.fixture
def bluesky(bluesky_net: BlueskyNet, tmp_path: Path) -> Iterator[Scene]:
    with on_bluesky(bluesky_net, tmp_path) as scene:
        yield scene


@pytest.fixture(params=["mastodon", "bluesky"])
def scene(request: pytest.FixtureRequest) -> Scene:
    found: Scene = request.getfixturevalue(request.param)
    return found


@pytest.mark.timeout(400)
@pytest.mark.parametrize("at", [At.ARRIVED, At.ACCEPTED, At.ANSWERED])
def test_killed_before_the_call_after_the_request_or_after_the_response_it_replies_once(scene: Scene, at: At) -> None:
    asked = approved(scene, 1)
    killed = threading.Event()

    def kill() -> None:
        scene.office.kill()
        killed.set()

    scene.proxy.trouble(*scene.write, at=at, call=kill)
    scene.office.start(roles="worker")
    assert killed.wait(90), scene.office.log()
    before = scene.answers()
    assert before == (Counter() if at == At.ARRIVED else Counter(asked))

    finish(scene)
    assert scene.answers() == Counter(asked)


@pytest.mark.timeout(400)
def test_killed_before_the_commit_it_replies_once(scene: Scene) -> None:
    """The answer has come, and the database cannot be written until the process is dead."""
    asked = approved(scene, 1)
    locked, dead = threading.Event(), threading.Event()

    def hold() -> None:
        with scene.office.store.write() as session:  # nobody else can commit while this lasts
            session.execute(text("SELECT 1"))
            locked.set()
            dead.wait(90)

    holder = threading.Thread(target=hold)
    scene.proxy.trouble(*scene.write, at=At.ANSWERED, call=lambda: None)
    scene.office.start(roles="worker")
    scene.proxy.wait_for(lambda seen: any(one.path.startswith(scene.write[1]) and one.method == "POST" for one in seen))
    holder.start()
    assert locked.wait(90)
    scene.office.kill()
    dead.set()
    holder.join()

    finish(scene)
    assert scene.answers() == Counter(asked)


@pytest.mark.timeout(400)
def test_a_network_that_accepts_and_then_fails_gets_one_post(scene: Scene) -> None:
    asked = approved(scene, 3)
    for status in (500, 504, None):  # two errors after the fact, and a cut connection
        scene.proxy.trouble(*scene.write, at=At.ACCEPTED, status=status)
    finish(scene)
    assert scene.answers() == Counter(asked)


@pytest.mark.timeout(900)
def test_killed_at_random_moments_it_replies_once_to_everybody(scene: Scene) -> None:
    asked = approved(scene, PEOPLE)
    chance = random.Random(SEED)
    pause = threading.Event()
    hit = 0
    for _ in range(KILLS):
        before = writes(scene)
        scene.office.start(roles="worker")
        wanted = before + chance.choice([1, 1, 2, 3])
        scene.proxy.wait_for(partial(enough, scene, wanted))
        pause.wait(chance.uniform(0.0, 0.12))
        scene.office.kill()
        hit += not settled(scene)
    assert hit >= KILLS * 0.6, f"only {hit} of {KILLS} kills met an office with work in hand"
    finish(scene)
    assert scene.answers() == Counter(asked)


def enough(scene: Scene, wanted: int, _seen: list[Seen]) -> bool:
    return writes(scene) >= wanted or settled(scene)

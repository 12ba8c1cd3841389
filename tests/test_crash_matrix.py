"""The office is killed with SIGKILL at every moment of a send, on real servers: exactly one reply, each time."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bot.life import State
from tests.real_office import RealOffice
from tests.servers.bluesky import BlueskyNet
from tests.servers.mastodon import MastodonServer
from tests.servers.mastodon_app import CROWD
from tests.servers.proxy import At, Proxy, in_front_of

CLAIM = "vaccines cause autism and every honest doctor knows it"
KILLS = 26  # random moments per network: 52 in all
PEOPLE = 76  # stories per network: one reply a week per person
SETTLED = {State.PUBLISHED.value}
SEED = 20261125


@dataclass(kw_only=True)
class Scene:
    """A network behind a proxy: people who can ask us, and how often we answered each of them."""

    office: RealOffice
    proxy: Proxy
    write: tuple[str, str]  # method and path of the request that publishes
    ask: Callable[[int], str]  # person number n asks us; returns the uri of their post
    answers: Callable[[], Counter[str]]  # uri of a post -> how many replies of ours stand below it


@pytest.fixture
def mastodon(mastodon_server: MastodonServer, tmp_path: Path) -> Iterator[Scene]:
    server = mastodon_server
    me = server.call("bot", "GET", "/api/v1/accounts/verify_credentials")
    uris: dict[str, str] = {}

    def ask(number: int) -> str:
        post = server.post_as(CROWD[number], f"@bot {CLAIM}")
        uris[post["id"]] = post["uri"]
        return str(post["uri"])

    def answers() -> Counter[str]:
        found: Counter[str] = Counter()
        page: dict[str, Any] = {}
        while statuses := server.call("bot", "GET", f"/api/v1/accounts/{me['id']}/statuses?limit=40{_after(page)}"):
            found.update(uris.get(one["in_reply_to_id"], "elsewhere") for one in statuses)
            page = statuses[-1]
        return found

    with in_front_of(server.url) as proxy:
        office = RealOffice(tmp_path)
        actor = me["uri"].replace(server.url, proxy.url)  # as the office sees it
        office.connect_mastodon(server=proxy.url, token=server.tokens["bot"], actor=actor, handle=me["acct"])
        yield Scene(office=office, proxy=proxy, write=("POST", "/api/v1/statuses"), ask=ask, answers=answers)
        office.close()


def _after(page: dict[str, Any]) -> str:
    return f"&max_id={page['id']}" if page else ""


@pytest.fixture
def bluesky(bluesky_net: BlueskyNet, tmp_path: Path) -> Iterator[Scene]:
    net = bluesky_net
    bot = net.new_account("desk")

    def ask(number: int) -> str:
        name, words = f"@{bot.handle}", f"@{bot.handle} {CLAIM}"
        facet = {
            "index": {"byteStart": 0, "byteEnd": len(name)},
            "features": [{"$type": "app.bsky.richtext.facet#mention", "did": bot.did}],
        }
        return net.post_as(net.new_account("reader"), words, facets=[facet])["uri"]

    def answers() -> Counter[str]:
        found: Counter[str] = Counter()
        cursor: dict[str, str] = {}
        while True:
            listed = net.call(
                bot, "GET", "com.atproto.repo.listRecords", repo=bot.did, collection="app.bsky.feed.post", limit=100,
                **cursor,
            )  # fmt: skip
            found.update(
                one["value"].get("reply", {}).get("parent", {}).get("uri", "elsewhere") for one in listed["records"]
            )
            if not listed.get("cursor") or not listed["records"]:
                return found
            cursor = {"cursor": listed["cursor"]}

    with in_front_of(net.pds) as proxy:
        office = RealOffice(tmp_path)
        office.connect_bluesky(
            handle=bot.handle, did=bot.did, password=bot.password, pds=proxy.url, jetstream=net.jetstream
        )
        scene = Scene(
            office=office, proxy=proxy, write=("POST", "/xrpc/com.atproto.repo.putRecord"), ask=ask, answers=answers
        )
        yield scene
        office.close()


@pytest.fixture(params=["mastodon", "bluesky"])
def scene(request: pytest.FixtureRequest) -> Scene:
    found: Scene = request.getfixturevalue(request.param)
    return found


def approved(scene: Scene, people: int) -> list[str]:
    """So many people ask, the office drafts, an editor approves, and the office is closed again."""
    scene.office.start(roles="worker,ingest")
    scene.office.until(scene.office.hears, "listening")
    asked = [scene.ask(number) for number in range(people)]
    scene.office.until(
        lambda: sum(case.state == State.PROPOSED for case in scene.office.cases()) == people, "all drafts", within=240
    )
    scene.office.stop()
    assert scene.office.approve_all() == people
    return asked


def finish(scene: Scene) -> None:
    """Let the office work undisturbed until every case is settled."""
    scene.office.start(roles="worker")
    scene.office.until(lambda: {case.state for case in scene.office.cases()} == SETTLED, "all published", within=240)
    scene.office.stop()


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
        scene.proxy.wait_for(lambda seen, wanted=wanted: writes(scene) >= wanted or settled(scene))
        pause.wait(chance.uniform(0.0, 0.12))
        scene.office.kill()
        hit += not settled(scene)
    assert hit >= KILLS * 0.8, f"only {hit} of {KILLS} kills met an office with work in hand"
    finish(scene)
    assert scene.answers() == Counter(asked)


def writes(scene: Scene) -> int:
    """How many publishing requests the proxy has seen."""
    method, path = scene.write
    return sum(one.method == method and one.path.startswith(path) for one in scene.proxy.seen)


def settled(scene: Scene) -> bool:
    """Is nothing left to do?"""
    return {case.state for case in scene.office.cases()} == SETTLED

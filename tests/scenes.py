"""Stages for the real office: a real network behind a proxy, people who ask, and how often each was answered."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from bot.clock import SystemClock
from bot.life import State
from bot.store.models import JobRow
from tests.real_office import ROOT, RealOffice
from tests.servers.bluesky import BlueskyNet
from tests.servers.mastodon import MastodonServer
from tests.servers.mastodon_app import CROWD
from tests.servers.proxy import Proxy, in_front_of

CLAIM = "The MMR vaccine causes autism, everybody knows it"
SETTLED = {State.PUBLISHED.value}


@dataclass(kw_only=True)
class Scene:
    """A network behind a proxy: people who can ask us, and how often we answered each of them."""

    office: RealOffice
    proxy: Proxy
    write: tuple[str, str]  # method and path of the request that publishes
    ask: Callable[[int], str]  # person number n asks us; returns the uri of their post
    answers: Callable[[], Counter[str]]  # uri of a post -> how many replies of ours stand below it


@contextmanager
def on_mastodon(server: MastodonServer, folder: Path, **office: Any) -> Iterator[Scene]:
    """A Mastodon-API server; `office` are more arguments for `RealOffice`."""
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
        desk = RealOffice(folder, **office)
        actor = me["uri"].replace(server.url, proxy.url)  # as the office sees it
        desk.connect_mastodon(server=proxy.url, token=server.tokens["bot"], actor=actor, handle=me["acct"])
        try:
            yield Scene(office=desk, proxy=proxy, write=("POST", "/api/v1/statuses"), ask=ask, answers=answers)
        finally:
            desk.close()


def _after(page: dict[str, Any]) -> str:
    return f"&max_id={page['id']}" if page else ""


@contextmanager
def on_bluesky(net: BlueskyNet, folder: Path) -> Iterator[Scene]:
    """A real PDS."""
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
        office = RealOffice(folder)
        office.connect_bluesky(
            handle=bot.handle, did=bot.did, password=bot.password, pds=proxy.url, jetstream=net.jetstream
        )
        scene = Scene(
            office=office, proxy=proxy, write=("POST", "/xrpc/com.atproto.repo.putRecord"), ask=ask, answers=answers
        )
        try:
            yield scene
        finally:
            office.close()


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


def writes(scene: Scene) -> int:
    """How many publishing requests the proxy has seen."""
    method, path = scene.write
    return sum(one.method == method and one.path.startswith(path) for one in scene.proxy.seen)


def settled(scene: Scene) -> bool:
    """Is nothing left to do?"""
    return {case.state for case in scene.office.cases()} == SETTLED


def told(office: RealOffice, verb: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A verb of the command line, from a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "bot.cli", verb, *arguments, "--config", str(office.config)],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip


def jobs_that_wait(office: RealOffice, kind: str = "send") -> list[JobRow]:
    """What is still to be done, with the reason why it was not yet."""
    with office.store.read() as session:
        waiting = JobRow.finished_at.is_(None) & JobRow.dead.is_(False) & (JobRow.kind == kind)
        return list(session.scalars(select(JobRow).where(waiting)))


def hurry(office: RealOffice) -> None:
    """Spare us the wait: everything that is put off is due now."""
    with office.store.write() as session:
        session.execute(update(JobRow).where(JobRow.finished_at.is_(None)).values(due_at=SystemClock().now()))

"""Live pages: they hear that something happened, and the stream ends with the office or the session."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from sqlalchemy import delete

from bot import audit
from bot.store.office_models import WebSessionRow
from tests.web_client import serving, sign_in
from tests.web_world import WebWorld, a_world, fill

SOON = 5.0  # seconds; the pages look about once a second


@pytest.fixture
def office(tmp_path: Path) -> Iterator[WebWorld]:
    office = fill(a_world(tmp_path))
    yield office
    office.store.close()


@contextmanager
def listening(office: WebWorld, base: str, *, since: int = 0, last: str = "") -> Iterator[Iterator[str]]:
    """The lines of a signed-in page's stream."""
    cookies = {"session": sign_in(office).cookies["session"]}
    since = since or newest(office)
    headers = {"Last-Event-ID": last} if last else {}
    with (
        httpx.Client(base_url=base, cookies=cookies, timeout=SOON, trust_env=False) as client,
        client.stream("GET", f"/events?since={since}", headers=headers) as answer,
    ):
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        yield answer.iter_lines()


def newest(office: WebWorld) -> int:
    with office.store.read() as session:
        return audit.latest(session)


def until(lines: Iterator[str], wanted: str) -> str:
    return next(line for line in lines if line.startswith(wanted))


def test_a_page_hears_of_a_new_case_within_seconds(office: WebWorld) -> None:
    with serving(office) as base, listening(office, base) as lines:
        until(lines, ":")
        office.propose(office.says("new", "@check MMR, really?"), "mmr-vaccine-autism")
        assert until(lines, "event") == "event: changed"
        assert until(lines, "data") == f"data: {newest(office)}"


def test_what_happened_before_the_page_connected_is_not_missed(office: WebWorld) -> None:
    with serving(office) as base, listening(office, base, since=newest(office) - 1) as lines:
        assert until(lines, "event") == "event: changed"


def test_a_browser_that_comes_back_hears_only_what_it_missed(office: WebWorld) -> None:
    sign_in(office)
    with serving(office) as base, listening(office, base, since=1, last=str(newest(office) + 2)) as lines:
        until(lines, ":")
        with office.store.write() as session:
            for word in ("one", "two"):
                audit.note(session, who="the office", what=word, now=office.clock.now())
        assert until(lines, "id") == f"id: {newest(office)}"


def test_the_stream_ends_when_the_office_stops(office: WebWorld) -> None:
    with serving(office) as base, listening(office, base) as lines:
        until(lines, ":")
        began = time.monotonic()
        office.stopping.set()
        assert list(lines)[-1:] in ([], [""])
        assert time.monotonic() - began < 2


def test_the_stream_ends_when_the_session_ends(office: WebWorld) -> None:
    with serving(office) as base, listening(office, base) as lines:
        until(lines, ":")
        with office.store.write() as session:
            session.execute(delete(WebSessionRow))
        assert "event: changed" not in list(lines)


def test_a_stranger_hears_nothing(office: WebWorld) -> None:
    with serving(office) as base:
        assert httpx.get(f"{base}/events", trust_env=False).status_code == 401


def test_the_badge_counts_what_came_since_the_page_was_opened(office: WebWorld) -> None:
    client = sign_in(office)
    page = client.get("/log").text
    after = page.partition("/badge?after=")[2].partition('"')[0]
    assert " new<" not in client.get(f"/badge?after={after}").text
    office.propose(office.says("new", "@check MMR, really?"), "mmr-vaccine-autism")
    office.propose(office.says("newer", "@check MMR? I ask"), "mmr-vaccine-autism")
    badge = client.get(f"/badge?after={after}").text
    assert "2 new" in badge
    assert f"/badge?after={after}" in badge

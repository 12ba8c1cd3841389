"""Every page, in light and in dark, on a desk and on a phone: no fault that the checker axe can find."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from bot import own_words
from bot.own_words import Hand, Name
from bot.people import FIRST_NAME
from bot.store.models import AccountRow, GapRow
from tests.servers.browser import Chromium
from tests.web_client import serving
from tests.web_world import BLUESKY, WebWorld, a_world, fill

AXE = Path(__file__).parent / "servers" / "axe" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = """async (tags) => (await axe.run(document, {runOnly: tags})).violations.map(
    (one) => `${one.id}: ${one.help}: ${one.nodes.map((node) => node.html.slice(0, 120)).slice(0, 3).join(' | ')}`)"""
DESK, PHONE = ViewportSize(width=1280, height=800), ViewportSize(width=360, height=780)


@pytest.fixture(scope="module")
def axe() -> str:
    """The checker's script."""
    if not AXE.exists():
        words = "axe is not installed (run scripts/test-servers)"
        if os.environ.get("CI"):
            pytest.fail(words, pytrace=False)
        pytest.skip(words)
    return AXE.read_text(encoding="utf-8")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[WebWorld]:
    """An office with every kind of case, something to look at, a pause and a stop."""
    office = fill(a_world(tmp_path))
    with office.store.write() as session:
        words = Name(lang="en", name="short_exit", shipped="Reply STOP.")
        own_words.write(session, words, "STOP ends it.", "why", hand=Hand(name="Ed", id=9), now=office.clock.now())
        session.add(GapRow(source="recorded", why="an hour is missing", noticed_at=office.clock.now()))
        session.get_one(AccountRow, BLUESKY).paused = "the password was refused"
    office.hands.stop_flag.touch()
    yield office
    office.store.close()


@pytest.fixture
def browser(chromium: Chromium) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        yield playwright.chromium.connect_over_cdp(chromium.endpoint)


def faults(page: Page, axe: str) -> list[str]:
    """What axe finds on the page as it stands."""
    page.evaluate(axe)
    found: list[str] = page.evaluate(RUN, RULES)
    return found


@pytest.mark.parametrize(("scheme", "size"), [("light", DESK), ("dark", PHONE)])
def test_no_page_has_a_fault_that_axe_finds(
    office: WebWorld, browser: Browser, axe: str, scheme: str, size: ViewportSize
) -> None:
    people = ("rosa", "uma", "kim", "pia", "sam", "ned", "ivy", "gus", "omar@town.example")
    lists = ["/", "/?show=sending", "/?show=published", "/?show=closed", "/?show=passed"]
    others = ["thread", "evidence", "evidence/mmr-vaccine-autism", "sources", "log", "accounts", "people", "stop", "x"]
    others += ["templates/en", "templates/en/short_exit?version=1"]
    paths = [*lists, *(f"/case/{office.of(one)}" for one in people), *(f"/{one}" for one in others)]
    found: dict[str, list[str]] = {}
    with serving(office) as base:
        context = browser.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
        page = context.new_page()
        for link in (office.link(FIRST_NAME), office.link()):
            page.goto(base + link)
            found[link] = faults(page, axe)
        page.get_by_role("button", name="Sign in as").click()
        for path in paths:
            page.goto(base + path)
            found[path] = faults(page, axe)
        context.close()
    assert sorted(f"{path}: {fault}" for path, faulty in found.items() for fault in faulty) == []

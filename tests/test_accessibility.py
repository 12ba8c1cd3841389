"""Every page, in light and in dark, on a desk and on a phone: no fault that the checker axe can find."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from bot import own_words
from bot.own_words import Hand, Name
from bot.people import FIRST_NAME, Role
from bot.store.models import AccountRow, GapRow
from tests.keys_world import GOOD, a_person, an_office, code_of
from tests.servers.browser import Chromium
from tests.web_client import serving
from tests.web_world import BLUESKY, WebWorld, a_world, fill

AXE = Path(__file__).parent / "servers" / "axe" / "node_modules" / "axe-core" / "axe.min.js"
MMR = "evidence/mmr-vaccine-autism"
TABLE = (MMR, f"{MMR}/edit", f"{MMR}/versions", "evidence?status=unsigned", "changes", "changes/new", "packs")
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
    others = ["thread", "evidence", *TABLE, "sources", "log", "accounts", "people", "stop", "x"]
    others += ["me", "me?wanted=/case/1", "prove", "sign-in", "second-looks", "agreement", "find?q=sugar"]
    others += ["numbers", "numbers?from=tomorrow", "me/notifications"]
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


@pytest.mark.parametrize(("scheme", "size"), [("light", PHONE), ("dark", DESK)])
def test_no_way_in_and_no_page_of_keys_has_a_fault_that_axe_finds(
    tmp_path: Path, browser: Browser, axe: str, scheme: str, size: ViewportSize
) -> None:
    found: dict[str, list[str]] = {}
    with an_office(tmp_path) as office, serving(office) as base:
        a_person(office, "Ada", Role.ADMINISTRATOR, app=True)
        local = base.replace("127.0.0.1", "localhost")  # where passkeys are offered
        context = browser.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
        page = context.new_page()

        def look(name: str, heading: str) -> None:
            expect(page.get_by_role("heading", name=heading)).to_be_visible()
            found[name] = faults(page, axe)

        def press(name: str) -> None:
            page.get_by_role("button", name=name, exact=True).click()

        page.goto(f"{local}/sign-in/used-up")
        look("used up", "This link no longer works")
        page.goto(f"{local}/sign-in?next=/people")
        page.get_by_label("Name").fill("Ada")
        page.get_by_label("Password").fill("wrong wrong wrong")
        press("Sign in")
        look("refused", "Sign in")
        page.get_by_label("Password").fill(GOOD)
        press("Sign in")
        look("second factor", "One more step")
        page.get_by_label("Code").fill(code_of(office, "Ada"))
        press("Go on")
        look("people", "People")
        page.get_by_label("Name, as it will sign").fill("Ed")
        press("Make an invitation")
        page.get_by_text("Change").first.click()
        look("invited", "Sign-in link for Ed")
        page.goto(f"{local}/me")
        look("account", "Your account")
        press("Make ten new codes")
        look("codes", "Your recovery codes")
        page.goto(f"{local}/me")
        press("Replace it")
        look("authenticator", "Set up an authenticator app")
        page.goto(f"{local}/prove")
        look("prove", "Is it you?")
        context.close()
    assert len(found) == 9
    assert sorted(f"{name}: {fault}" for name, faulty in found.items() for fault in faulty) == []

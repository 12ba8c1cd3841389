"""The evidence editor in a real browser: edit, try on stored posts, propose; a second person publishes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from bot.evidence import registry
from bot.model import Evidence
from bot.people import Role
from tests.catalogues import HVIID, catalogues
from tests.servers.browser import Chromium
from tests.web_client import serving
from tests.web_world import WebWorld, a_world, fill

PHONE = {"width": 360, "height": 780}
FINGER = 44  # pixels; what a thumb hits
MMR = "/evidence/mmr-vaccine-autism"
PATIENCE = 60_000  # milliseconds; the models are opened at the first try


@pytest.fixture
def office(tmp_path: Path) -> Iterator[WebWorld]:
    with catalogues() as there:
        office = fill(a_world(tmp_path, lookup=there.lookups))
        yield office
        office.store.close()


@pytest.fixture
def base(office: WebWorld) -> Iterator[str]:
    with serving(office) as base:
        yield base


@pytest.fixture
def complaints(page: Page) -> Iterator[list[str]]:
    """What the browser had to object, the content policy included. Nothing, at the end of every story."""
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    yield heard
    assert heard == []


@pytest.fixture
def browser(chromium: Chromium) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        yield playwright.chromium.connect_over_cdp(chromium.endpoint)


def enter(page: Page, office: WebWorld, base: str, name: str = "Grace Hopper", role: Role = Role.ADMINISTRATOR) -> None:
    """Sign in by link."""
    page.goto(base + office.link(name, role))
    page.get_by_role("button", name=f"Sign in as {name}").click()
    expect(page.get_by_role("heading", name="Queue")).to_be_visible()


def leave(page: Page) -> None:
    """Make room for another person."""
    page.context.clear_cookies()


def current(office: WebWorld) -> Evidence:
    with office.store.read() as session:
        found = registry.current(session, "mmr-vaccine-autism")
    assert found is not None
    return found


def test_edit_try_propose_and_publish(office: WebWorld, base: str, page: Page, complaints: list[str]) -> None:
    enter(page, office, base, "Ada Lovelace", Role.EVIDENCE_CURATOR)
    page.get_by_role("link", name="Evidence").click()
    page.get_by_placeholder("Search claims").fill("hviid2019")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Vaccines such as MMR cause autism").click()
    page.get_by_role("link", name="Edit").click()

    saying = page.get_by_role("group", name="Saying so")
    saying.get_by_role("button", name="Add another").click()
    expect(saying.get_by_role("textbox").last).to_be_focused()
    saying.get_by_role("textbox").last.fill("antibiotics the moment it turns green, every doctor knows that")
    page.get_by_role("button", name="Try it on the stored posts").click()
    tried = page.locator(".test")
    expect(tried).to_contain_text("of 11 stored posts read", timeout=PATIENCE)
    expect(tried.get_by_role("heading", name="Gained (1)")).to_be_visible()
    expect(tried).to_contain_text("You need antibiotics the moment it turns green")
    expect(tried).to_contain_text("score 0.")

    saying.get_by_role("textbox").last.fill("the needle gave my boy autism")
    page.get_by_label("What was changed, and why?").fill("One more way of saying it.")
    page.get_by_role("button", name="Propose this change").click()
    expect(page.get_by_text("A second person must publish this.")).to_be_visible()
    expect(page.locator("ins")).to_have_text("the needle gave my boy autism")
    expect(page.get_by_role("button", name="Publish")).to_have_count(0)
    leave(page)

    enter(page, office, base)
    page.goto(f"{base}/evidence")
    page.get_by_role("link", name="Proposed changes").click()
    page.get_by_role("link", name="One more way of saying it.").click()
    expect(page.get_by_text("1 draft rests on this entry")).to_be_visible()
    page.get_by_role("button", name="Publish as version 2").click()
    expect(page.get_by_text("version 2", exact=True)).to_be_visible()
    assert current(office).paraphrases[-1] == "the needle gave my boy autism"
    page.get_by_role("link", name="All versions, and what differs").click()
    expect(page.get_by_text("published by Grace Hopper")).to_be_visible()


def test_a_source_is_compared_and_corrected_by_a_button(
    office: WebWorld, base: str, page: Page, complaints: list[str]
) -> None:
    enter(page, office, base)
    page.goto(base + MMR + "/edit")
    source = page.locator("#source-0")
    source.get_by_label("Year").fill("2018")
    source.get_by_role("button", name="Compare with the catalogue").click()
    expect(source.get_by_text("Crossref says: 2019")).to_be_visible()
    assert source.get_by_label("DOI").input_value() == HVIID
    source.get_by_role("button", name="Take what Crossref says").click()
    expect(source.get_by_label("Year")).to_have_value("2019")
    expect(source.get_by_text("Crossref says:")).to_have_count(0)


def test_without_scripts_an_entry_is_edited_proposed_and_published(
    office: WebWorld, base: str, browser: Browser
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    enter(page, office, base, "Ada Lovelace", Role.EVIDENCE_CURATOR)
    page.goto(base + MMR + "/edit")
    page.get_by_label("Limits").fill("Only children.")
    page.get_by_role("group", name="Asking").get_by_role("button", name="Add another").click()
    page.get_by_role("group", name="Asking").get_by_role("textbox").last.fill("is it the jab?")
    page.get_by_label("What was changed, and why?").fill("narrower")
    page.get_by_role("button", name="Propose this change").click()
    change = page.url
    leave(page)
    enter(page, office, base)
    page.goto(change)
    page.get_by_role("button", name="Publish as version 2").click()
    assert (current(office).limits, current(office).questions[-1]) == ("Only children.", "is it the jab?")
    leave(page)
    enter(page, office, base, "Marie Curie", Role.CLINICAL_REVIEWER)
    page.goto(base + MMR)
    page.get_by_label("I am a clinician").check()
    page.get_by_role("button", name="Sign off as Marie Curie").click()
    expect(page.get_by_text("Signed off by Marie Curie")).to_be_visible()
    context.close()


def test_on_a_phone_nothing_is_cut_off_and_thumbs_hit(office: WebWorld, base: str, browser: Browser) -> None:
    context = browser.new_context(viewport=PHONE, is_mobile=True, has_touch=True, color_scheme="dark")  # type: ignore[arg-type]
    page = context.new_page()
    enter(page, office, base)
    page.goto(base + MMR + "/edit")
    page.get_by_label("Limits").fill("An" + "y" * 90)
    page.get_by_role("button", name="Save as a draft").tap()
    page.wait_for_url("**/changes/*")
    change = page.url.removeprefix(base)
    lists = ["/evidence", "/evidence?status=unsigned", "/changes", "/packs", "/changes/new"]
    for path in [*lists, change, f"{change}/edit", MMR, f"{MMR}/versions"]:
        page.goto(base + path)
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide == 0, path
        for button in page.locator("main button:visible, main .button:visible").all():
            box = button.bounding_box()
            assert box is not None
            assert box["height"] >= FINGER or box["width"] <= 1, f"{path}: {button.inner_text()}"
    context.close()

"""Words of replies in a real browser: changed without scripts, by keys, and on a phone, where nothing is cut off."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.servers.browser import Chromium
from tests.test_browser_story import FINGER, PHONE, enter
from tests.web_client import serving
from tests.web_world import WebWorld, a_world, fill

EXIT = "/templates/en/short_exit"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[WebWorld]:
    office = fill(a_world(tmp_path))
    yield office
    office.store.close()


@pytest.fixture
def base(office: WebWorld) -> Iterator[str]:
    with serving(office) as base:
        yield base


@pytest.fixture
def browser(chromium: Chromium) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        yield playwright.chromium.connect_over_cdp(chromium.endpoint)


def test_without_scripts_words_are_previewed_saved_and_put_in_force(
    office: WebWorld, base: str, browser: Browser
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    enter(page, office, base)
    page.get_by_role("link", name="Evidence", exact=True).click()
    page.get_by_role("link", name="Templates").click()
    page.get_by_role("link", name="Way out, shorter").click()
    box = page.get_by_label("One wording a line")
    box.fill("Write to us.\nSTOP {{ oops }}")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("alert")).to_contain_text("Line 1:")
    expect(page.get_by_role("alert")).to_contain_text("unknown placeholder {{ oops }}", ignore_case=True)
    expect(box).to_have_value("Write to us.\nSTOP {{ oops }}")
    box.fill("Reply STOP, and we leave you alone.")
    page.get_by_label("Why, for your colleagues").press("Enter")  # looks first, saves nothing
    expect(page.locator(".previews").first).to_contain_text("Reply STOP, and we leave you alone.")
    page.get_by_role("button", name="Save as a new version").click()
    expect(page.get_by_role("status")).to_contain_text("Version 1 is saved.")
    page.get_by_role("button", name="Put version 1 in force").click()
    expect(page.locator(".headline")).to_contain_text("ours, version 1 by Grace Hopper")
    page.get_by_role("button", name="Back to the shipped words").click()
    expect(page.locator(".headline")).to_contain_text("shipped")
    context.close()


def test_on_a_phone_nothing_is_cut_off_and_thumbs_hit(office: WebWorld, base: str, browser: Browser) -> None:
    context = browser.new_context(viewport=PHONE, is_mobile=True, has_touch=True, color_scheme="dark")  # type: ignore[arg-type]
    page = context.new_page()
    enter(page, office, base)
    for path in ("/templates/en", EXIT, "/templates/en/10-full"):
        page.goto(base + path)
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide == 0, path
    page.goto(base + EXIT)
    page.get_by_label("One wording a line").fill("STOP ends it.")
    page.get_by_role("button", name="Preview").tap()
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide == 0
    for one in (*page.locator("main button").all(), *page.locator("main summary").all()):
        box = one.bounding_box()
        assert box is not None
        assert box["height"] >= FINGER, one.inner_text()
    context.close()

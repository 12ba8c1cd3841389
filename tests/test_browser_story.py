"""The queue in a real browser: from a sign-in link to an approved reply, by mouse, keys, phone, and without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from bot import cases
from bot.life import State
from tests.servers.browser import Chromium
from tests.web_client import serving
from tests.web_world import WebWorld, a_world, fill

PHONE = {"width": 360, "height": 780}
FINGER = 44  # pixels; what a thumb hits


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
def complaints(page: Page) -> Iterator[list[str]]:
    """What the browser had to object, the content policy included. Nothing, at the end of every story."""
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    yield heard
    assert heard == []


def enter(page: Page, office: WebWorld, base: str) -> None:
    """Sign in by link."""
    page.goto(base + office.link())
    page.get_by_role("button", name="Sign in as Grace Hopper").click()
    expect(page.get_by_role("heading", name="Queue")).to_be_visible()


def test_from_the_link_to_a_published_reply(office: WebWorld, base: str, page: Page, complaints: list[str]) -> None:
    enter(page, office, base)
    page.get_by_role("link", name="my cousin swears").click()
    expect(page.get_by_text("no clinician has signed off this entry")).to_be_visible()
    text = page.get_by_label("Wording of the reply")
    draft = text.input_value()
    text.fill("x" * 301)
    expect(page.locator(".counter.over")).to_have_text("301 of 300 graphemes")
    text.fill(f"You are an idiot. {draft[:100]}")
    expect(page.locator(".remarks .blocks").first).to_be_visible()
    text.fill(draft.replace("are no more likely", "are not more likely"))
    expect(page.locator(".preview .words")).to_contain_text("are not more likely")
    expect(page.locator(".counter")).not_to_have_class("counter over")
    page.get_by_role("button", name="Approve").click()

    case = office.of("rosa")
    flash = page.locator(f"#status-{case}")
    expect(flash).to_contain_text("Approved by Grace Hopper. The reply goes out in")
    expect(flash.get_by_role("button", name="Undo")).to_be_visible()
    assert "are not more likely" in office.case(case).approved_text
    for state in (State.SENDING, State.PUBLISHED):
        with office.store.write() as session:
            cases.change(session, cases.get(session, case), state, who="the office", why=state, now=office.clock.now())
    expect(flash).to_contain_text("Published")


def test_a_slip_is_undone(office: WebWorld, base: str, page: Page, complaints: list[str]) -> None:
    enter(page, office, base)
    page.goto(f"{base}/case/{office.of('ned')}")
    seconds = page.locator("[data-seconds]")
    before = int(seconds.inner_text())
    expect(seconds).not_to_have_text(str(before))
    page.keyboard.press("u")
    expect(page.get_by_label("Wording of the reply")).to_be_visible()
    assert office.case(office.of("ned")).state == State.PROPOSED


def test_new_cases_appear_without_moving_the_reader(
    office: WebWorld, base: str, page: Page, complaints: list[str]
) -> None:
    enter(page, office, base)
    rosa = f"case-{office.of('rosa')}"
    page.locator(f"#{rosa}").focus()
    office.propose(office.says("new", "@check so MMR does it, yes?"), "mmr-vaccine-autism")
    expect(page.get_by_role("link", name="so MMR does it")).to_be_visible()
    assert page.evaluate("document.activeElement.id") == rosa
    expect(page.locator("#badge")).to_contain_text("1 new")
    expect(page).to_have_title("(1) Queue · Example Medical Society")


def test_typed_text_survives_what_others_do(office: WebWorld, base: str, page: Page, complaints: list[str]) -> None:
    enter(page, office, base)
    case = office.of("rosa")
    page.goto(f"{base}/case/{case}")
    page.get_by_label("Wording of the reply").fill("An hour of work.")
    with office.store.write() as session:
        row = cases.get(session, case)
        cases.change(session, row, State.FILED, who="Ed", why="filed for statistics", now=office.clock.now())
    expect(page.locator(f"#status-{case}")).to_contain_text("Filed")
    expect(page.get_by_label("Wording of the reply")).to_have_value("An hour of work.")


def test_everything_by_keys(office: WebWorld, base: str, page: Page, complaints: list[str]) -> None:
    enter(page, office, base)
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    for key in "jkj":
        page.keyboard.press(key)
    while page.evaluate("document.activeElement.id") != f"case-{office.of('rosa')}":
        page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{base}/case/{office.of('rosa')}")
    page.keyboard.press("e")
    text = page.get_by_label("Wording of the reply")
    expect(text).to_be_focused()
    page.keyboard.type("adju?")
    assert text.input_value().endswith("adju?")
    for _ in "adju?":
        page.keyboard.press("Backspace")
    page.keyboard.press("Escape")
    expect(text).not_to_be_focused()
    page.keyboard.press("a")
    page.wait_for_url("**/case/*?done=*")
    expect(page.locator(f"#status-{office.of('rosa')}")).to_contain_text("Approved")
    page.keyboard.press("u")
    page.wait_for_url(f"{base}/case/{office.of('rosa')}")
    page.keyboard.press("d")
    expect(page.get_by_label("Wrong claim")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(f"#status-{office.of('rosa')}")).to_contain_text("Declined")
    assert office.case(office.of("rosa")).reason == "they were right"


def test_hostile_words_do_nothing(office: WebWorld, base: str, page: Page, complaints: list[str]) -> None:
    enter(page, office, base)
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{base}/case/{office.of('kim')}")
    page.get_by_label("Wording of the reply").fill("<img src=https://evil.example/x onerror=alert(1)> \u202etxt")
    expect(page.locator(".preview .words")).to_contain_text("<img src=")
    expect(page.locator(".preview .odd")).to_have_text("RLO")
    assert dialogs == []
    assert [url for url in asked if not url.startswith(base)] == []


def test_many_pages_use_up_no_connections_and_an_old_one_wakes_up(office: WebWorld, base: str, page: Page) -> None:
    enter(page, office, base)
    for path in ("/log", "/evidence", "/thread", "/stop", "/accounts", "/people", "/log", "/evidence"):
        page.goto(base + path)
    for path in ("/log", "/people", "/accounts", "/stop", "/thread", "/evidence", "/log", "/"):
        page.go_back(wait_until="commit")  # a page from the browser's memory never loads again
        expect(page).to_have_url(base + path)
    expect(page.get_by_role("heading", name="Queue")).to_be_visible()
    office.propose(office.says("new", "@check so MMR does it, yes?"), "mmr-vaccine-autism")
    expect(page.get_by_role("link", name="so MMR does it")).to_be_visible()


@pytest.fixture
def browser(chromium: Chromium) -> Iterator[Browser]:
    """For contexts of other kinds: no scripts, a phone, a dark room."""
    with sync_playwright() as playwright:
        yield playwright.chromium.connect_over_cdp(chromium.endpoint)


def test_without_scripts_one_can_read_edit_approve_and_undo(office: WebWorld, base: str, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    enter(page, office, base)
    page.get_by_role("link", name="my cousin swears").click()
    text = page.get_by_label("Wording of the reply")
    text.fill(text.input_value().replace("are no more likely", "are not more likely"))
    page.get_by_role("button", name="Approve").click()
    case = office.of("rosa")
    expect(page.locator(f"#status-{case}")).to_contain_text("The reply goes out in")
    assert "are not more likely" in office.case(case).approved_text
    page.get_by_role("button", name="Undo").click()
    assert office.case(case).state == State.PROPOSED
    page.get_by_text("Decline", exact=False).first.click()
    page.get_by_label("Tone").check()
    page.get_by_role("button", name="Decline this draft").click()
    assert office.case(case).state == State.DECLINED
    context.close()


def test_on_a_phone_nothing_is_cut_off_and_thumbs_hit(office: WebWorld, base: str, browser: Browser) -> None:
    context = browser.new_context(viewport=PHONE, is_mobile=True, has_touch=True, color_scheme="dark")  # type: ignore[arg-type]
    page = context.new_page()
    enter(page, office, base)
    paths = ["/", "/thread", "/evidence", "/evidence/mmr-vaccine-autism", "/log", "/accounts", "/people", "/stop"]
    paths += ["/numbers", "/me", "/me/notifications", "/second-looks", "/agreement", "/find?q=sugar"]
    for path in [*paths, *(f"/case/{office.of(one)}" for one in ("rosa", "kim", "sam", "ned", "omar@town.example"))]:
        page.goto(base + path)
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide == 0, path
    page.goto(f"{base}/case/{office.of('rosa')}")
    for name in ("Approve", "Save", "I answer from my own account", "File for statistics"):
        box = page.get_by_role("button", name=name).bounding_box()
        assert box is not None
        assert box["height"] >= FINGER, name
    page.get_by_role("button", name="Approve").tap()
    expect(page.locator(f"#status-{office.of('rosa')}")).to_contain_text("Approved")
    context.close()

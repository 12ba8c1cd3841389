"""Stories at the desk in a real browser: two editors at one case, four eyes, a blind second look, keys only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from bot.evidence import registry
from bot.life import State
from bot.model import Network
from bot.rights import Role
from bot.web.app import create_app
from tests.servers.browser import Chromium
from tests.web_client import serving
from tests.web_world import MASTODON, WebWorld, a_world, fill


@pytest.fixture
def office(tmp_path: Path) -> Iterator[WebWorld]:
    """An office in which every decided case is looked at twice."""
    made = a_world(tmp_path)
    made.hands = replace(made.hands, second_look_share=1.0)
    made.app = create_app(made.hands)
    yield fill(made)
    made.store.close()


@pytest.fixture
def base(office: WebWorld) -> Iterator[str]:
    with serving(office) as url:
        yield url


@pytest.fixture
def browser(chromium: Chromium) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        yield playwright.chromium.connect_over_cdp(chromium.endpoint)


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """What any of the browsers had to object, the content policy included. Nothing, at the end of every story."""
    heard: list[str] = []
    yield heard
    assert [line for line in heard if "status of 422" not in line] == []  # the refusal that a story asks for


def at_desk(browser: Browser, office: WebWorld, base: str, complaints: list[str], name: str) -> Page:
    """A person at a browser of their own, signed in."""
    page = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB").new_page()
    page.set_default_timeout(10_000)
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(base + office.link(name, Role.EDITOR))
    page.get_by_role("button", name=f"Sign in as {name}").click()
    expect(page.get_by_role("heading", name="Queue")).to_be_visible()
    return page


def test_two_editors_side_by_side_see_each_other_and_only_one_decides(
    office: WebWorld, base: str, browser: Browser, complaints: list[str]
) -> None:
    grace = at_desk(browser, office, base, complaints, "Grace Hopper")
    ada = at_desk(browser, office, base, complaints, "Ada Lovelace")
    rosa = office.of("rosa")
    for page in (grace, ada):
        page.goto(f"{base}/case/{rosa}")

    box = grace.get_by_label("Wording of the reply")
    box.fill(box.input_value().replace("are no more likely", "are not more likely"))
    expect(grace.locator("#hold")).to_contain_text("You hold this case")

    ada.goto(base)
    expect(ada.locator(f"#case-{rosa}")).to_contain_text("Grace Hopper works on it")
    ada.locator(f"#case-{rosa}").click()
    expect(ada.locator("#hold")).to_contain_text("Grace Hopper works on it until")
    expect(ada.get_by_text("Grace Hopper typed something")).to_be_visible()
    ada.get_by_role("button", name="Approve").click()
    expect(ada.get_by_role("alert")).to_contain_text("Grace Hopper is working on this case")

    grace.get_by_role("button", name="Approve").click()
    expect(grace.locator(f"#status-{rosa}")).to_contain_text("Approved by Grace Hopper")
    assert (office.case(rosa).state, office.case(rosa).approved_by) == (State.APPROVED, "Grace Hopper")
    ada.goto(base)
    expect(ada.locator(f"#case-{rosa}")).to_have_count(0)


def test_what_one_decides_disappears_from_the_other_s_list_by_itself(
    office: WebWorld, base: str, browser: Browser, complaints: list[str]
) -> None:
    grace = at_desk(browser, office, base, complaints, "Grace Hopper")
    ada = at_desk(browser, office, base, complaints, "Ada Lovelace")
    rosa, uma = office.of("rosa"), office.of("uma")
    ada.locator(f'input[value^="{uma}:"]').check()
    grace.goto(f"{base}/case/{rosa}")
    grace.keyboard.press("d")
    grace.get_by_label("Tone").check()
    grace.get_by_role("button", name="Decline this draft").click()

    expect(ada.locator(f"#case-{rosa}")).to_have_count(0)
    expect(ada.locator(f'input[value^="{uma}:"]')).to_be_checked()


def test_four_eyes_on_one_case(office: WebWorld, base: str, browser: Browser, complaints: list[str]) -> None:
    grace = at_desk(browser, office, base, complaints, "Grace Hopper")
    ada = at_desk(browser, office, base, complaints, "Ada Lovelace")
    with office.store.write() as session:
        registry.sign_off(session, "fever-causes-brain-damage", by="Dr Ana Example", now=office.clock.now())
    post = office.says("liv@town.example", "@check does a fever fry the brain?", network=Network.MASTODON)
    pia = office.propose(post, "fever-causes-brain-damage", account=MASTODON)
    assert office.case(pia).sensitivity == "high-care"
    grace.goto(f"{base}/case/{pia}")
    expect(grace.get_by_text("Two people must say yes")).to_be_visible()
    grace.get_by_role("button", name="Approve").click()
    assert office.case(pia).state == State.PROPOSED

    ada.goto(base)
    expect(ada.locator(f"#case-{pia}")).to_contain_text("1 yes so far")
    ada.locator(f"#case-{pia}").click()
    expect(ada.get_by_text("Grace Hopper said yes just now")).to_be_visible()
    ada.get_by_role("button", name="Approve").click()
    expect(ada.locator(f"#status-{pia}")).to_contain_text("Approved by Ada Lovelace")


def test_a_blind_second_look(office: WebWorld, base: str, browser: Browser, complaints: list[str]) -> None:
    grace = at_desk(browser, office, base, complaints, "Grace Hopper")
    rosa = office.of("rosa")
    grace.goto(f"{base}/case/{rosa}")
    grace.get_by_role("button", name="Approve").click()

    ada = at_desk(browser, office, base, complaints, "Ada Lovelace")
    ada.get_by_role("link", name="for a blind second look").click()
    expect(ada.get_by_text("my cousin swears the MMR jab")).to_be_visible()
    expect(ada.get_by_text("Grace Hopper")).to_have_count(0)
    ada.get_by_role("button", name="I would approve it").click()
    expect(ada.get_by_role("status").first).to_contain_text("your colleague approved it, you would approve it")
    ada.goto(f"{base}/agreement")
    expect(ada.get_by_text("agreed on 1")).to_be_visible()


def test_a_case_from_taking_it_to_the_next_one_by_keys_alone(
    office: WebWorld, base: str, browser: Browser, complaints: list[str]
) -> None:
    page = at_desk(browser, office, base, complaints, "Grace Hopper")
    page.keyboard.press("n")
    expect(page.locator("#hold")).to_contain_text("You hold this case")
    page.goto(f"{base}/case/{office.of('omar@town.example')}")
    page.keyboard.press("c")
    expect(page.locator("#hold")).to_contain_text("You hold this case")
    before = page.get_by_label("Wording of the reply").input_value()
    page.keyboard.press("2")
    expect(page.get_by_label("Wording of the reply")).not_to_have_value(before)
    page.keyboard.press("o")
    expect(page.locator("#others")).to_contain_text("It is this one")
    page.keyboard.press("Control+k")
    page.keyboard.type("sugar")
    expect(page.locator("#found")).to_contain_text("Sugar makes children hyperactive")
    page.keyboard.press("Escape")
    page.keyboard.press("s")
    expect(page.get_by_label("Lay it aside because")).to_be_visible()
    page.keyboard.press("a")
    expect(page.locator(".status.approved").first).to_contain_text("Approved by Grace Hopper")

"""The browser story on real networks: an office in its own process, a real Chromium, and the reply on the server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from bot.life import State
from tests.real_office import EDITOR, RealOffice
from tests.servers.bluesky import BlueskyNet
from tests.servers.browser import Chromium
from tests.servers.mastodon import MastodonServer

CLAIM = "The MMR vaccine causes autism, everybody knows it"
UNDO = 2  # seconds; long enough to see the countdown
PUBLISHED_WITHIN = 60_000  # milliseconds; the undo delay, the gates, the call
BEFORE, AFTER = "are no more likely", "are not more likely"  # what the editor changes


@pytest.fixture
def office(tmp_path: Path) -> Iterator[RealOffice]:
    office = RealOffice(tmp_path, undo_seconds=UNDO)
    yield office
    office.close()


def sign_in(page: Page, office: RealOffice) -> None:
    """By the link that the office printed; the first person says who they are."""
    page.goto(office.url)
    page.get_by_label("Your name").fill(EDITOR)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    page.get_by_role("link", name="Queue").click()
    expect(page.get_by_role("heading", name="Queue")).to_be_visible()


def open_the_case(page: Page) -> str:
    """Read what alice wrote; the wording of the draft."""
    page.get_by_role("link", name="everybody knows it").click()
    expect(page.locator(".main-post .words")).to_contain_text(CLAIM)
    expect(page.get_by_text("The author asked us")).to_be_visible()
    return page.get_by_label("Wording of the reply").input_value()


def test_an_editor_reads_edits_and_approves_and_bluesky_holds_exactly_that_reply(
    office: RealOffice, bluesky_net: BlueskyNet, page: Page
) -> None:
    net, bot, alice = bluesky_net, bluesky_net.new_account("desk"), bluesky_net.new_account("alice")
    office.connect_bluesky(handle=bot.handle, did=bot.did, password=bot.password, pds=net.pds, jetstream=net.jetstream)
    office.start()
    sign_in(page, office)
    root = net.post_as(net.new_account("bob"), "who has a question for the journal club?")
    text = f"@{bot.handle} {CLAIM}"
    end = len(f"@{bot.handle}".encode())
    feature = {"$type": "app.bsky.richtext.facet#mention", "did": bot.did}
    facet = {"index": {"byteStart": 0, "byteEnd": end}, "features": [feature]}
    asked = net.post_as(alice, text, reply={"root": root, "parent": root}, facets=[facet])
    net.process_all()
    office.until(lambda: any(case.state == State.PROPOSED for case in office.cases()), "a draft")

    draft = open_the_case(page)
    box = page.get_by_label("Wording of the reply")
    box.fill(f"{draft} {'x' * 300}")
    expect(page.locator(".counter.over")).to_contain_text("of 300 graphemes")
    wording = draft.replace(BEFORE, AFTER)
    box.fill(wording)
    expect(page.locator(".preview .words")).to_have_text(wording)
    expect(page.locator(".counter.over")).to_have_count(0)
    page.get_by_role("button", name="Approve").click()
    flash = page.locator(f"#status-{office.cases()[0].id}")
    expect(flash).to_contain_text(f"by {EDITOR}")
    expect(flash).to_contain_text("Published", timeout=PUBLISHED_WITHIN)

    (record,) = net.call(
        bot, "GET", "com.atproto.repo.listRecords", repo=bot.did, collection="app.bsky.feed.post", limit=100
    )["records"]
    assert record["value"]["text"] == wording != draft
    assert record["value"]["reply"] == {"root": root, "parent": asked}
    assert office.cases()[0].approved_by == EDITOR


@pytest.fixture
def plain(chromium: Chromium) -> Iterator[Page]:
    """A page without scripts."""
    with sync_playwright() as playwright:
        browser: Browser = playwright.chromium.connect_over_cdp(chromium.endpoint)
        context = browser.new_context(java_script_enabled=False)
        yield context.new_page()
        context.close()


def words_of(status: dict[str, Any]) -> list[str]:
    """The words of a status, without its markup."""
    return unescape(re.sub(r"<[^>]+>", "", re.sub(r"<br ?/?>|</p>", " ", str(status["content"])))).split()


def test_without_scripts_an_editor_approves_and_mastodon_holds_exactly_that_reply(
    office: RealOffice, mastodon_server: MastodonServer, plain: Page
) -> None:
    me = mastodon_server.call("bot", "GET", "/api/v1/accounts/verify_credentials")
    office.connect_mastodon(
        server=mastodon_server.url, token=mastodon_server.tokens["bot"], actor=me["uri"], handle=me["acct"]
    )
    office.start()
    post = mastodon_server.post_as("alice", f"@bot {CLAIM}")
    office.until(lambda: any(case.state == State.PROPOSED for case in office.cases()), "a draft")
    sign_in(plain, office)

    draft = open_the_case(plain)
    wording = draft.replace(BEFORE, AFTER)
    assert wording != draft
    plain.get_by_label("Wording of the reply").fill(wording)
    plain.get_by_role("button", name="Approve").click()
    (case,) = office.cases()
    expect(plain.locator(f"#status-{case.id}")).to_contain_text(f"by {EDITOR}")
    office.until(lambda: office.cases()[0].state == State.PUBLISHED, "published")
    plain.reload()
    expect(plain.locator(f"#status-{case.id}")).to_contain_text("Published")

    thread = mastodon_server.call("alice", "GET", f"/api/v1/statuses/{post['id']}/context")["descendants"]
    (reply,) = [one for one in thread if one["account"]["username"] == "bot"]
    assert reply["in_reply_to_id"] == post["id"]
    assert words_of(reply) == f"{case.address}{wording}".split()

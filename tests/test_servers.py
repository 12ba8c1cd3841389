"""The real servers of the tests: each starts, answers, and listens on this machine only."""

import httpx
import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.servers.bluesky import BlueskyNet
from tests.servers.mastodon import MastodonServer


def test_bluesky_shows_a_new_account_in_its_appview(bluesky_net: BlueskyNet):
    ada = bluesky_net.new_account("ada")

    bluesky_net.process_all()

    with httpx.Client(trust_env=False) as http:
        profile = http.get(
            f"{bluesky_net.appview}/xrpc/app.bsky.actor.getProfile", params={"actor": ada.did}, timeout=20
        ).json()
    assert profile["handle"] == ada.handle


def test_mastodon_begins_every_test_without_posts_and_without_faults(mastodon_server: MastodonServer):
    mastodon_server.post_as("alice", "good morning @bot")
    mastodon_server.fault("status", status=503)
    with pytest.raises(httpx.HTTPStatusError, match="503"):
        mastodon_server.call("bot", "GET", "/api/v1/notifications")

    mastodon_server.reset()

    assert mastodon_server.call("bot", "GET", "/api/v1/notifications") == []


def test_mastodon_can_tell_a_bot_from_a_person(mastodon_server: MastodonServer):
    flags = {
        name: mastodon_server.call(name, "GET", "/api/v1/accounts/verify_credentials")["bot"] for name in ("bot", "bob")
    }

    assert flags == {"bot": True, "bob": False}


def test_postgres_gives_an_empty_database_that_survives_a_crash(postgres_url: str):
    with psycopg.connect(postgres_url.replace("+psycopg", "")) as connection:
        tables = connection.execute("select count(*) from pg_tables where schemaname = 'public'").fetchone()
        fsync = connection.execute("show fsync").fetchone()

    assert (tables, fsync) == ((0,), ("on",))


def test_the_browser_shows_a_page(page: Page):
    page.set_content("<h1>Queue</h1>")

    expect(page.get_by_role("heading")).to_have_text("Queue")


async def test_async_tests_still_run_after_the_browser():
    assert True

"""The troublemaker fails at the moment a test asks for, on a real server."""

import threading
from collections.abc import Iterator

import httpx
import pytest

from tests.servers.bluesky import BlueskyNet
from tests.servers.mastodon import MastodonServer
from tests.servers.proxy import At, Proxy, in_front_of

STATUSES = "/api/v1/statuses"


@pytest.fixture
def proxy(mastodon_server: MastodonServer) -> Iterator[Proxy]:
    with in_front_of(mastodon_server.url) as running:
        yield running


def post(proxy: Proxy, server: MastodonServer) -> httpx.Response:
    headers = {"Authorization": f"Bearer {server.tokens['bot']}"}
    return httpx.post(proxy.url + STATUSES, headers=headers, json={"status": "hello"}, trust_env=False)


def posts_of_bot(server: MastodonServer) -> int:
    me = server.call("bot", "GET", "/api/v1/accounts/verify_credentials")
    return len(server.call("bot", "GET", f"/api/v1/accounts/{me['id']}/statuses"))


def test_without_trouble_it_only_passes_on(proxy: Proxy, mastodon_server: MastodonServer):
    assert post(proxy, mastodon_server).json()["content"] == "<p>hello</p>"
    assert [(seen.method, seen.path, seen.status) for seen in proxy.seen] == [("POST", STATUSES, 200)]


@pytest.mark.parametrize(("at", "posts"), [(At.ARRIVED, 0), (At.ACCEPTED, 1)])
def test_a_dropped_connection_says_nothing_about_what_the_server_did(
    proxy: Proxy, mastodon_server: MastodonServer, at: At, posts: int
):
    proxy.trouble("POST", STATUSES, at=at)

    with pytest.raises(httpx.RemoteProtocolError):
        post(proxy, mastodon_server)

    assert posts_of_bot(mastodon_server) == posts


def test_a_500_after_the_server_accepted(proxy: Proxy, mastodon_server: MastodonServer):
    proxy.trouble("POST", STATUSES, at=At.ACCEPTED, status=500)

    assert [post(proxy, mastodon_server).status_code for _ in range(2)] == [500, 200]
    assert posts_of_bot(mastodon_server) == 2


def test_a_call_into_the_test_after_the_answer(proxy: Proxy, mastodon_server: MastodonServer):
    called = threading.Event()
    proxy.trouble("POST", STATUSES, at=At.ANSWERED, call=called.set)

    assert post(proxy, mastodon_server).status_code == 200

    assert called.wait(10)


def test_a_bluesky_session_stays_behind_the_proxy(bluesky_net: BlueskyNet):
    bot = bluesky_net.accounts["bot"]
    with in_front_of(bluesky_net.pds) as proxy:
        login = {"identifier": bot.handle, "password": bot.password}
        session = httpx.post(f"{proxy.url}/xrpc/com.atproto.server.createSession", json=login, trust_env=False).json()

        assert session["didDoc"]["service"][0]["serviceEndpoint"] == proxy.url

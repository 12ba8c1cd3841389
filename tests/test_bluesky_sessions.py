"""The Bluesky adapter keeps one session, and says what happened when the way to the server is bad."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest

from bot.errors import LoggedOut, SlowDown, Unclear, Unreachable
from tests.contract_bluesky import MemoryKeeper, a_platform, a_reply, posts_of
from tests.servers.bluesky import Account, BlueskyNet
from tests.servers.proxy import At, in_front_of

GET = "com.atproto.repo.getRecord"
PUT = "/xrpc/com.atproto.repo.putRecord"


@pytest.fixture
def bot(bluesky_net: BlueskyNet) -> Account:
    return bluesky_net.new_account("checker")


@pytest.fixture
def alice(bluesky_net: BlueskyNet) -> Account:
    return bluesky_net.new_account("alice")


# --- sessions


async def test_a_kept_session_is_used_again_without_a_login(bluesky_net, bot):
    keeper = MemoryKeeper()
    for _ in range(5):
        platform = a_platform(bluesky_net, bot, keeper=keeper)
        assert (await platform.open()).id == bot.did
        await platform.find(a_reply(platform, "nothing"))
        await platform.close()

    assert len(keeper.logins) == 1


async def test_a_revoked_session_costs_one_login(bluesky_net, bot):
    keeper = MemoryKeeper()
    platform = a_platform(bluesky_net, bot, keeper=keeper)
    await platform.open()
    revoke(bluesky_net, keeper.session)
    await platform.close()

    # The access token is still taken for its two hours; only when it is refused too must we log in.
    keeper.session = with_broken_access(keeper.session)
    again = a_platform(bluesky_net, bot, keeper=keeper, account=bot.did)
    said = await again.publish(a_reply(again, "Still here."))

    assert said.uri.startswith(f"at://{bot.did}/")
    assert len(keeper.logins) == 2
    await again.close()


async def test_a_session_that_another_process_renewed_is_taken_over_without_a_login(bluesky_net, bot):
    keeper, elsewhere = MemoryKeeper(), MemoryKeeper()
    ours = a_platform(bluesky_net, bot, keeper=keeper)
    await ours.open()
    old = keeper.session
    theirs = a_platform(
        bluesky_net, bot, keeper=elsewhere
    )  # another process of the office: its own login stands for a renewal
    await theirs.open()
    await theirs.close()
    revoke(bluesky_net, old)
    keeper.session = with_broken_access(old)
    third = a_platform(bluesky_net, bot, keeper=keeper, account=bot.did)
    await third.open()  # has read the old session
    keeper.session = elsewhere.session  # and then the other process saved the new one

    said = await third.publish(a_reply(third, "Renewed elsewhere."))

    assert said.uri.startswith(f"at://{bot.did}/")
    assert len(keeper.logins) == 1
    await third.close()
    await ours.close()


@pytest.mark.parametrize("kept", ["half a li", "{handle}:::{did}:::junk:::junk:::{pds}", "::::::::::::"])
async def test_a_session_that_is_no_session_is_replaced(bluesky_net, bot, kept: str):
    keeper = MemoryKeeper(session=kept.format(handle=bot.handle, did=bot.did, pds=bluesky_net.pds))
    platform = a_platform(bluesky_net, bot, keeper=keeper)

    said = await platform.publish(a_reply(platform, "Here I am."))

    assert said.uri.startswith(f"at://{bot.did}/")
    assert len(keeper.logins) == 1
    await platform.close()


async def test_a_handle_that_became_somebody_else_is_not_used(bluesky_net, bot, alice):
    keeper = MemoryKeeper()
    platform = a_platform(bluesky_net, bot, keeper=keeper, account=alice.did)

    with pytest.raises(LoggedOut, match="is now"):
        await platform.publish(a_reply(platform, "As whom?"))

    assert keeper.session is None
    await platform.close()


async def test_nobody_logs_in_a_fourth_time_in_a_day(bluesky_net, bot):
    keeper = MemoryKeeper()
    platform = a_platform(bluesky_net, replace(bot, password="wrong"), keeper=keeper)

    for _ in range(5):
        with pytest.raises(LoggedOut):
            await platform.open()

    assert len(keeper.logins) == 3
    await platform.close()


def revoke(net: BlueskyNet, session: str) -> None:
    """What deleting the session on the server does."""
    refresh = session.split(":::")[3]
    answer = httpx.post(
        f"{net.pds}/xrpc/com.atproto.server.deleteSession",
        headers={"Authorization": f"Bearer {refresh}"},
        trust_env=False,
    )
    answer.raise_for_status()


def with_broken_access(session: str) -> str:
    """The same session with an access token whose signature the server refuses."""
    parts = session.split(":::")
    parts[2] = parts[2][:-6] + "AAAAAA"
    return ":::".join(parts)


# --- trouble on the way


async def test_a_lost_answer_is_unclear_and_found_by_reading_back(bluesky_net, bot):
    with in_front_of(bluesky_net.pds) as proxy:
        platform = a_platform(bluesky_net, bot, pds=proxy.url)
        note = a_reply(platform, "Said once.")
        proxy.trouble("POST", PUT, at=At.ACCEPTED)

        with pytest.raises(Unclear):
            await platform.publish(note)

        assert await platform.find(note) == await platform.publish(note)
        assert len(posts_of(bluesky_net, bot)) == 1
        await platform.close()


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_a_server_error_is_unclear_when_we_write_and_unreachable_when_we_read(bluesky_net, bot, status):
    with in_front_of(bluesky_net.pds) as proxy:
        platform = a_platform(bluesky_net, bot, pds=proxy.url)
        note = a_reply(platform, "Said once.")
        proxy.trouble("POST", PUT, at=At.ARRIVED, status=status)
        proxy.trouble("GET", GET, at=At.ARRIVED, status=status)

        with pytest.raises(Unclear):
            await platform.publish(note)
        with pytest.raises(Unreachable):
            await platform.find(note)

        await platform.publish(note)
        await platform.close()


async def test_a_server_that_is_not_there_is_unreachable(bluesky_net, bot):
    with in_front_of(bluesky_net.pds) as proxy:
        pass
    platform = a_platform(bluesky_net, bot, pds=proxy.url)

    with pytest.raises(Unreachable):
        await platform.publish(a_reply(platform, "Not said."))
    await platform.close()


async def test_a_rate_limit_is_said_with_a_bounded_wait(bluesky_net, bot):
    with in_front_of(bluesky_net.pds) as proxy:
        platform = a_platform(bluesky_net, bot, pds=proxy.url)
        proxy.trouble("POST", PUT, at=At.ARRIVED, status=429)

        with pytest.raises(SlowDown) as told:
            await platform.publish(a_reply(platform, "Not yet."))

        assert 0 < told.value.seconds <= 3600
        assert posts_of(bluesky_net, bot) == []
        await platform.close()

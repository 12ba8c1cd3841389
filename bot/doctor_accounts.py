"""The doctor's look at our accounts: token, scopes, bot flag, rules, limits, clock. It renews a session, no more."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import account_checks, leases, rulings
from bot.account_checks import Finding, fail, ok, warn
from bot.accounts import LOGINS_A_DAY, Keeper, bluesky_id, mastodon_id, recent_logins
from bot.clock import SystemClock
from bot.doctor_house import BROKEN
from bot.errors import LoggedOut, PlatformError
from bot.platforms import bluesky_setup, mastodon_setup
from bot.platforms.bluesky_session import BlueskySession
from bot.platforms.mastodon_setup import SCOPES, Token
from bot.settings import BlueskySettings, MastodonSettings, Settings
from bot.store.engine import Store
from bot.store.models import AccountRow
from bot.vault import Vault, open_vault

PATIENCE = 25.0  # seconds for everything about one account
AGAIN = "run `scrutineer init` and connect the account again"
NETWORK = "is the network up, and the server? Try again in a while"


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What every examination needs."""

    settings: Settings
    store: Store
    vault: Vault


async def examine(settings: Settings, store: Store) -> list[tuple[str, list[Finding]]]:
    """All accounts, side by side, in bounded time, each with what was found."""
    key = settings.secret_key.get_secret_value() if settings.secret_key else None
    if key is None and not (settings.data_dir / "secret.key").exists():
        return [("all accounts", [fail("without the key for secrets none can be looked at", AGAIN)])]
    try:
        house = House(settings=settings, store=store, vault=open_vault(key, settings.data_dir))
        left = _left_over(house)
    except BROKEN as error:
        return [("all accounts", [fail(str(error), AGAIN)])]
    parts = await asyncio.gather(
        *(_one(bluesky_id(one), "app_password", house, _bluesky(one, house)) for one in settings.bluesky),
        *(_one(mastodon_id(one), "token", house, _mastodon(one, house)) for one in settings.mastodon),
    )
    return [*parts, *left]


Ask = Callable[[AccountRow, str], Awaitable[list[Finding]]]


async def _one(name: str, secret_name: str, house: House, ask: Ask) -> tuple[str, list[Finding]]:
    """What our tables say about an account, then what its network says."""
    found: list[Finding] = []
    try:
        with house.store.read() as session:
            row = session.get(AccountRow, name)
            secret = house.vault.get(session, f"{name}/{secret_name}")
            if row is not None:
                found += _decided(session, row)
        if row is None or not secret:
            found.append(fail("it is in the settings, but was never connected here", AGAIN))
        else:
            async with asyncio.timeout(PATIENCE):
                found += await ask(row, secret)
    except TimeoutError:
        found.append(fail(f"no answer within {PATIENCE:.0f} seconds", NETWORK))
    except LoggedOut as error:
        found.append(fail(str(error), AGAIN))
    except PlatformError as error:
        found.append(fail(str(error), NETWORK))
    except BROKEN as error:
        found.append(fail(str(error).splitlines()[0], AGAIN))
    return name, found


def _decided(session: Session, row: AccountRow) -> Iterable[Finding]:
    """What people decided about it."""
    if row.paused:
        yield fail(f"paused: {row.paused}", "mend the cause, then connect the account again with `scrutineer init`")
    if row.sending:
        yield ok("sending is on")
    else:
        yield ok("sending is off; an administrator turns it on in the desk, under Accounts")
    ruling = next((one for one in rulings.history(session, row.id) if one.setting == rulings.HASHTAG_REPLIES), None)
    if row.hashtag_replies == "allowed" and ruling is not None:
        yield ok(f"replies to hashtag posts are allowed by {ruling.by}, {ruling.at:%Y-%m-%d}: {ruling.why}")
    elif row.hashtag_replies == "allowed":
        yield fail("replies to hashtag posts are allowed, but nobody decided it", "decide it in the desk: Accounts")
    else:
        yield ok("replies to hashtag posts are off: people must ask us")
    logins = len(recent_logins(row.logins, SystemClock().now()))
    if logins >= LOGINS_A_DAY:
        yield warn(f"{logins} logins within a day: no more are made before tomorrow", "does the app password work?")


def _mastodon(account: MastodonSettings, house: House) -> Ask:
    async def ask(row: AccountRow, secret: str) -> list[Finding]:
        contact = house.settings.contact
        server = await mastodon_setup.describe(account.server, contact=contact)
        host = urlsplit(account.server).netloc
        found = [
            account_checks.clock(server.says_it_is, SystemClock().now(), host),
            account_checks.limits(server.limits),
            account_checks.rules(server.rules, row.profile.get("rules") or {}),
        ]
        told = row.profile.get("scopes")
        token = Token(secret=secret, scopes=tuple(told) if told else None)
        us = await mastodon_setup.who_am_i(account.server, token, contact=contact)
        return [
            account_checks.identity(us, row.remote_id),
            *found,
            account_checks.scopes(us.scopes, SCOPES),
            *account_checks.profile(us, organisation=house.settings.organisation, contact=contact),
        ]

    return ask


def _bluesky(account: BlueskySettings, house: House) -> Ask:
    async def ask(row: AccountRow, secret: str) -> list[Finding]:
        server = await bluesky_setup.describe(account.pds)
        host = urlsplit(account.pds).netloc
        now = SystemClock().now()
        found = [account_checks.clock(server.says_it_is, now, host), account_checks.limits(server.limits)]
        owner, lease = leases.new_owner(), f"listen:{row.id}"
        with house.store.write() as session:
            ours = leases.hold(session, lease, owner, now=now)
        if not ours:  # two owners of one session revoke each other's tokens
            return [ok("the running office holds its session and would pause it if the session were refused"), *found]
        try:
            return await _signed_in(account, row, secret, house, found)
        finally:
            with house.store.write() as session:
                leases.release(session, owner)

    return ask


async def _signed_in(
    account: BlueskySettings, row: AccountRow, secret: str, house: House, found: Sequence[Finding]
) -> list[Finding]:
    clock = SystemClock()
    keeper = Keeper(store=house.store, vault=house.vault, clock=clock, account=row.id)
    session = BlueskySession(
        handle=account.handle, password=secret, pds=account.pds, keeper=keeper, clock=clock, account=row.remote_id
    )
    try:
        us = await bluesky_setup.who_am_i(session)
    finally:
        await session.close()
    organisation, contact = house.settings.organisation, house.settings.contact
    return [
        account_checks.identity(us, row.remote_id),
        *found,
        *account_checks.profile(us, organisation=organisation, contact=contact),
    ]


def _left_over(house: House) -> list[tuple[str, list[Finding]]]:
    names = {bluesky_id(one) for one in house.settings.bluesky}
    names |= {mastodon_id(one) for one in house.settings.mastodon}
    with house.store.read() as session:
        rows = [row.id for row in session.scalars(select(AccountRow)) if row.public]
    forgotten = warn("connected, but not in the settings: nobody reads it", AGAIN)
    return [(one, [forgotten]) for one in rows if one not in names]

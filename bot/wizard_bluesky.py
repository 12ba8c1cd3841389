"""The Bluesky part of the wizard: handle, server, app password, self-label. It asks and checks; it keeps nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

from bot import account_checks, talk
from bot.account_checks import Finding
from bot.accounts import LOGINS_A_DAY, recent_logins
from bot.clock import SystemClock
from bot.connecting import NewAccount
from bot.errors import LoggedOut, PlatformError
from bot.platforms import bluesky_setup as setup
from bot.platforms.bluesky_session import BlueskySession
from bot.platforms.facts import Server, Us, server_address
from bot.settings import Settings
from bot.store.engine import Store
from bot.store.models import AccountRow

T = TypeVar("T")

APP_PASSWORDS = "https://bsky.app/settings/app-passwords"


class FirstKeeper:
    """Fulfils `ports.SessionKeeper` in memory, until the account is kept. Counts logins of earlier days and tries."""

    def __init__(self, logins: list[str]) -> None:
        self.logins = logins
        self.session: str | None = None

    def load(self) -> str | None:
        """Always a new login: the password is what we want to try."""
        return self.session

    def save(self, session: str) -> None:
        """Remember it."""
        self.session = session

    def may_log_in(self, now: datetime) -> bool:
        """Is another login allowed today?"""
        return len(recent_logins(self.logins, now)) < LOGINS_A_DAY

    def logged_in(self, now: datetime) -> None:
        """Count a login, good or not."""
        self.logins = [*recent_logins(self.logins, now), now.astimezone(UTC).isoformat()]


def connect(settings: Settings, store: Store) -> NewAccount | None:
    """Everything needed to keep the account, or None if the person gave up."""
    handle = talk.ask("Handle of the account (for example check.example.org)", read=setup.handle)
    known = next((one.pds for one in settings.bluesky if one.handle == handle), "")
    talk.say("The account lives on a server (PDS). Most live on bsky.social. Leave it empty to look it up.")
    typed = talk.ask("Server", known or None, read=_address, optional=True)
    pds = typed or asyncio.run(setup.find_server(handle)) or setup.ENTRYWAY
    server = talk.wait(f"asking {pds}", lambda: setup.describe(pds))
    if server is None:
        return None
    talk.show(about_server(server, pds))
    name = name_of(handle)
    keeper = FirstKeeper(logins(store, name))
    opened = _log_in(handle, pds, keeper)
    count(store, name, keeper)
    if opened is None:
        return None
    password, us = opened
    us = _profile(handle, pds, password, keeper, us, settings)
    return new_account(handle, server, password, us, keeper)


def about_server(server: Server, pds: str) -> list[Finding]:
    """What to know about a server before going on."""
    return [
        account_checks.ok(f"{pds} answers"),
        account_checks.limits(server.limits),
        account_checks.clock(server.says_it_is, SystemClock().now(), pds),
    ]


def name_of(handle: str) -> str:
    """The name of this account in our tables."""
    return f"bluesky/{handle}"


def new_account(handle: str, server: Server, password: str, us: Us, keeper: FirstKeeper) -> NewAccount:
    """All that is kept about a Bluesky account."""
    return NewAccount(
        id=name_of(handle),
        us=us,
        server=server.base,
        limits=server.limits,
        secrets={"app_password": password, "session": keeper.session or ""},
        more={},
        logins=keeper.logins,
    )


def _log_in(handle: str, pds: str, keeper: FirstKeeper) -> tuple[str, Us] | None:
    """The app password, and the account it opens."""
    talk.step(
        "Access",
        f"Make an app password at {APP_PASSWORDS} (one for this office alone, without access to direct messages)."
        " Never give the main password to any program.",
    )
    while True:
        password = talk.secret("App password")
        if not setup.is_app_password(password):
            if setup.is_bluesky(pds):
                talk.trouble("That is not an app password: those look like xxxx-xxxx-xxxx-xxxx. It was not sent.")
                continue
            talk.trouble("That does not look like an app password (xxxx-xxxx-xxxx-xxxx); other servers may differ.")
            if not talk.yes("Is it surely not the main password of the account?"):
                continue
        try:
            talk.say("… logging in (servers count this; three times a day is the most we do)")
            us = with_session(handle, pds, password, keeper, setup.who_am_i)
        except LoggedOut as error:
            talk.trouble(str(error))
            if not keeper.may_log_in(SystemClock().now()) or not talk.yes("Try another password?", default=True):
                return None
        except PlatformError as error:
            talk.trouble(str(error))
            if not talk.yes("Try again?"):
                return None
        else:
            talk.show([account_checks.ok(f"signed in as @{us.handle or handle}")])
            return password, us


def _profile(handle: str, pds: str, password: str, keeper: FirstKeeper, us: Us, settings: Settings) -> Us:
    talk.step("The profile", "People must see at a glance that this is a bot, whose it is, and how to be left alone.")
    if not us.is_bot:
        talk.show([account_checks.bot_mark(us)])
        if talk.yes('Shall I add the self-label "bot" to the profile now?', default=True):
            try:
                us = replace(us, is_bot=with_session(handle, pds, password, keeper, label).is_bot)
            except PlatformError as error:
                talk.trouble(str(error))
    talk.show(account_checks.profile(us, organisation=settings.organisation, contact=settings.contact))
    return us


async def label(session: BlueskySession) -> Us:
    """Add the self-label; the profile as it is then."""
    await setup.set_bot_label(session)
    return await setup.who_am_i(session)


def with_session(
    handle: str, pds: str, password: str, keeper: FirstKeeper, work: Callable[[BlueskySession], Awaitable[T]]
) -> T:
    """One conversation with the server, signed in."""

    async def talk_to_it() -> T:
        session = BlueskySession(handle=handle, password=password, pds=pds, keeper=keeper, clock=SystemClock())
        try:
            return await work(session)
        finally:
            await session.close()

    return asyncio.run(talk_to_it())


def logins(store: Store, name: str) -> list[str]:
    """The logins of this account so far."""
    with store.read() as session:
        row = session.get(AccountRow, name)
        return list(row.logins) if row else []


def count(store: Store, name: str, keeper: FirstKeeper) -> None:
    """Logins count even when nothing else of this step is kept."""
    with store.write() as session:
        row = session.get(AccountRow, name)
        if row is not None:
            row.logins = list(keeper.logins)


def _address(text: str) -> str:
    return server_address(text) if text else ""

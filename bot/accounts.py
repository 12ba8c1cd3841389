"""Connect the accounts of the settings to their networks. One of `app.py`'s hands: it builds adapters, no more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from bot import audit
from bot.audit import OFFICE
from bot.errors import BadSettings
from bot.platforms.bluesky import BlueskyPlatform
from bot.platforms.mastodon import MastodonPlatform
from bot.ports import Clock, Connected, Platform
from bot.settings import BlueskySettings, MastodonSettings, Settings
from bot.store.engine import Store
from bot.store.models import AccountRow
from bot.vault import Vault

LOGINS_A_DAY = 3  # servers allow few; more than this means that something is wrong
DAY = timedelta(hours=24)


class Keeper:
    """Fulfils `ports.SessionKeeper`: the session of one account, encrypted, and the times of its logins."""

    def __init__(self, *, store: Store, vault: Vault, clock: Clock, account: str) -> None:
        self._store = store
        self._vault = vault
        self._clock = clock
        self._account = account

    def load(self) -> str | None:
        """The session as last saved, or None."""
        with self._store.read() as session:
            return self._vault.get(session, f"{self._account}/session")

    def save(self, session: str) -> None:
        """Keep a rotated session."""
        with self._store.write() as database:
            self._vault.put(database, f"{self._account}/session", session, now=self._clock.now())

    def may_log_in(self, now: datetime) -> bool:
        """Is a login with the password still allowed today?"""
        with self._store.read() as session:
            row = session.get(AccountRow, self._account)
            return row is not None and len(recent_logins(row.logins, now)) < LOGINS_A_DAY

    def logged_in(self, now: datetime) -> None:
        """Count a login."""
        with self._store.write() as session:
            row = session.get(AccountRow, self._account)
            if row is not None:
                row.logins = [*recent_logins(row.logins, now), now.astimezone(UTC).isoformat()]
                audit.note(session, who=OFFICE, what="logged in", now=now, account=self._account)


class Facts:
    """Fulfils `ports.ServerMemory`: how the server of one account counts, beside the account."""

    def __init__(self, *, store: Store, account: str) -> None:
        self._store = store
        self._account = account

    def load(self) -> Mapping[str, str | int]:
        """What was last kept."""
        with self._store.read() as session:
            row = session.get(AccountRow, self._account)
            kept: Mapping[str, str | int] = row.profile.get("counting", {}) if row else {}
            return kept

    def save(self, facts: Mapping[str, str | int]) -> None:
        """Keep what the server just said."""
        with self._store.write() as session:
            row = session.get(AccountRow, self._account)
            if row is not None:
                row.profile = {**row.profile, "counting": dict(facts)}


def bluesky_id(account: BlueskySettings) -> str:
    """The name of a Bluesky account in our tables."""
    return f"bluesky/{account.handle}"


def mastodon_id(account: MastodonSettings) -> str:
    """The name of a Mastodon account in our tables."""
    return f"mastodon/{urlsplit(account.server).netloc}"


def connect(settings: Settings, store: Store, vault: Vault, clock: Clock) -> list[Connected]:
    """Every account of the settings with its adapter. Opens no connection. Raises `BadSettings` with the remedy."""
    found: list[Connected] = []
    stream = settings.jetstream_url
    for bluesky in settings.bluesky:
        name = bluesky_id(bluesky)
        row, secret = _stored(store, vault, name, f"{name}/app_password")
        platform: Platform = BlueskyPlatform(
            handle=bluesky.handle,
            password=secret,
            keeper=Keeper(store=store, vault=vault, clock=clock, account=name),
            clock=clock,
            pds=bluesky.pds,
            account=row.remote_id,
            jetstream=stream,
            tags=settings.tags,
        )
        stream = ""  # the public stream is the same for every account: one of them reads it
        found.append(Connected(id=name, remote_id=row.remote_id, platform=platform))
    for mastodon in settings.mastodon:
        name = mastodon_id(mastodon)
        row, secret = _stored(store, vault, name, f"{name}/token")
        platform = MastodonPlatform(
            mastodon.server,
            secret,
            tags=settings.tags,
            vantage=mastodon.vantage,
            contact=settings.contact,
            streaming=mastodon.streaming,
            memory=Facts(store=store, account=name),
        )
        found.append(Connected(id=name, remote_id=row.remote_id, platform=platform))
    return found


def _stored(store: Store, vault: Vault, name: str, secret: str) -> tuple[AccountRow, str]:
    with store.read() as session:
        row, value = session.get(AccountRow, name), vault.get(session, secret)
    if row is None or value is None:
        raise BadSettings(f"{name} is in the settings, but was never connected here; run `scrutineer init`")
    return row, value


def recent_logins(logins: Iterable[str], now: datetime) -> list[str]:
    """Those of these moments that lie within the last day."""
    return [one for one in logins if datetime.fromisoformat(one) > now - DAY]

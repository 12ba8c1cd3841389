"""Connect and examine an account on a Mastodon-like server: rules, app, token, bot flag. It touches no post."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlencode

from bot.errors import PlatformError, Refused, Unreachable
from bot.model import Network
from bot.platforms.facts import Server, Us, server_address
from bot.platforms.mastodon_http import Answer, MastodonHttp
from bot.platforms.mastodon_limits import read_instance
from bot.platforms.mastodon_wire import Malformed, Viewpoint, read_account

PATIENCE = 10.0  # seconds of silence; a person waits at the keyboard
OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"  # the server shows the code, the person types it
SCOPES = (
    "read:accounts",
    "read:follows",  # whether the author of a post blocks us
    "read:notifications",
    "read:search",
    "read:statuses",
    "write:follows",
    "write:statuses",
)
"""All that this office asks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """This office, registered with a server."""

    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What opens our account. `scopes` None: the server did not say."""

    secret: str = field(repr=False)
    scopes: tuple[str, ...] | None = None


def address(typed: str) -> str:
    """The address of a server from what a person typed: a name, a URL, even a whole handle. Raises `ValueError`."""
    return server_address(typed if "://" in typed else typed.rsplit("@", 1)[-1])


async def describe(base: str, *, contact: str = "") -> Server:
    """What the server says about itself: /api/v2/instance, or v1 where that is missing. `Unreachable` if neither."""
    async with _http(base, "", contact) as http:
        for path in ("/api/v2/instance", "/api/v1/instance"):
            answer = await http.get(path)
            if answer.status == 200 and isinstance(answer.body, Mapping):
                break
        else:
            raise Unreachable(f"{http.host} does not answer like a Mastodon server (status {answer.status})")
        instance = read_instance(answer.body, http.base)
        return Server(
            base=http.base,
            version=instance.version,
            limits=(("characters", instance.max_characters),),
            rules=await _rules(http) or instance.rules,
            says_it_is=_clock(answer),
        )


async def register(base: str, *, website: str = "", contact: str = "") -> App:
    """Register this office as an application."""
    fields = [("client_name", "Scrutineer"), ("redirect_uris", OUT_OF_BAND), ("scopes", " ".join(SCOPES))]
    if website:
        fields.append(("website", website))
    async with _http(base, "", contact) as http:
        raw = http.checked(await http.write("POST", "/api/v1/apps", fields), writing=True)
        made = App(client_id=_word(raw, "client_id"), client_secret=_word(raw, "client_secret"))
    if not made.client_id or not made.client_secret:
        raise Refused(f"{http.host} registered us without telling the keys; paste a token instead")
    return made


def authorization_url(base: str, app: App) -> str:
    """Where a person, signed in as the bot account, allows what we ask for and gets a code."""
    asked = {
        "response_type": "code",
        "client_id": app.client_id,
        "redirect_uri": OUT_OF_BAND,
        "scope": " ".join(SCOPES),
    }
    return f"{base}/oauth/authorize?{urlencode(asked)}"


async def exchange(base: str, app: App, code: str, *, contact: str = "") -> Token:
    """The token for a code. `Refused` if the code is wrong, used or old."""
    fields = [
        ("grant_type", "authorization_code"),
        ("code", code.strip()),
        ("client_id", app.client_id),
        ("client_secret", app.client_secret),
        ("redirect_uri", OUT_OF_BAND),
        ("scope", " ".join(SCOPES)),
    ]
    async with _http(base, "", contact) as http:
        raw = http.checked(await http.write("POST", "/oauth/token", fields), writing=True)
    if not (secret := _word(raw, "access_token")):
        raise Refused(f"{http.host} gave no token for this code; open the address again for a new one")
    return Token(secret=secret, scopes=tuple(_word(raw, "scope").split()) or None)


async def who_am_i(base: str, token: Token, *, contact: str = "") -> Us:
    """Our account and what the token may do. `LoggedOut` if the token is no good."""
    async with _http(base, token.secret, contact) as http:
        raw = http.checked(await http.get("/api/v1/accounts/verify_credentials"))
        scopes = token.scopes or await _scopes(http)
    return _us(raw, http, scopes)


async def set_bot_flag(base: str, token: Token, *, contact: str = "") -> Us:
    """Tick "This is an automated account". Needs the scope write:accounts."""
    async with _http(base, token.secret, contact) as http:
        answer = await http.write("PATCH", "/api/v1/accounts/update_credentials", [("bot", "true")])
        return _us(http.checked(answer, writing=True), http, token.scopes)


def _us(raw: object, http: MastodonHttp, scopes: tuple[str, ...] | None) -> Us:
    try:
        me = read_account(raw, Viewpoint(base=http.base, domain=http.host, me="us"))
    except Malformed as error:
        raise Unreachable(f"{http.host} shows our account in a way we cannot read: {error}") from error
    return Us(
        network=Network.MASTODON,
        id=me.id,
        handle=me.handle,
        display_name=me.display_name,
        bio=me.bio,
        is_bot=me.is_bot,
        scopes=scopes,
    )


@asynccontextmanager
async def _http(base: str, token: str, contact: str) -> AsyncIterator[MastodonHttp]:
    agent = f"Scrutineer (+{contact})" if contact else "Scrutineer (a person approves every reply)"
    http = MastodonHttp(base, token, user_agent=agent, timeout=PATIENCE)
    try:
        yield http
    finally:
        http.close()


async def _rules(http: MastodonHttp) -> tuple[str, ...]:
    answer = await http.get("/api/v1/instance/rules")
    found = answer.body if answer.status == 200 and isinstance(answer.body, list) else []
    rules = (": ".join(part for part in (_word(one, "text"), _word(one, "hint")) if part) for one in found)
    return tuple(rule for rule in rules if rule)


async def _scopes(http: MastodonHttp) -> tuple[str, ...] | None:
    """What our application may do, from servers that tell (Mastodon 4.3 and newer)."""
    try:
        raw = http.checked(await http.get("/api/v1/apps/verify_credentials"))
    except PlatformError:
        return None
    told = raw.get("scopes") if isinstance(raw, Mapping) else None
    return tuple(one for one in told if isinstance(one, str)) or None if isinstance(told, list) else None


def _clock(answer: Answer) -> datetime | None:
    try:
        return parsedate_to_datetime(answer.headers.get("Date", ""))
    except ValueError:
        return None


def _word(raw: object, key: str) -> str:
    value = raw.get(key) if isinstance(raw, Mapping) else None
    return value.strip() if isinstance(value, str) else ""

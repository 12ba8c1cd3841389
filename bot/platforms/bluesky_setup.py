"""Connect and examine a Bluesky account: its server, its session, its profile and self-label. It touches no post."""

from __future__ import annotations

import re
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx
from atproto_core.exceptions import AtProtocolError
from atproto_identity.resolver import AsyncIdResolver

from bot.errors import Refused, Unreachable
from bot.model import Network
from bot.platforms.bluesky_posts import Json, as_object, as_text
from bot.platforms.bluesky_session import BlueskySession
from bot.platforms.bluesky_text import MOST_BYTES, MOST_GRAPHEMES
from bot.platforms.bluesky_wire import Wire
from bot.platforms.facts import Server, Us

ENTRYWAY = "https://bsky.social"
LIMITS = (("graphemes", MOST_GRAPHEMES), ("bytes", MOST_BYTES))
PROFILE = "app.bsky.actor.profile"
SELF_LABELS = "com.atproto.label.defs#selfLabels"
_APP_PASSWORD = re.compile(r"[a-z0-9]{4}(-[a-z0-9]{4}){3}")
_HANDLE = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
_PATIENCE = 5.0  # seconds per look-up; a person waits at the keyboard


def handle(typed: str) -> str:
    """A handle from what a person typed. Raises `ValueError`."""
    text = typed.strip().removeprefix("https://bsky.app/profile/").lstrip("@").rstrip("/").lower()
    if not _HANDLE.fullmatch(text):
        raise ValueError(f"{typed.strip()!r} is not a handle; write it like check.example.org or check.bsky.social")
    return text


def is_app_password(text: str) -> bool:
    """Has it the form of an app password (xxxx-xxxx-xxxx-xxxx)? Main passwords hardly ever do."""
    return bool(_APP_PASSWORD.fullmatch(text))


def is_bluesky(pds: str) -> bool:
    """Is this a server of Bluesky's own, whose app passwords all look alike?"""
    host = urlsplit(pds).hostname or ""
    return host == "bsky.social" or host.endswith(".bsky.network")


async def find_server(name: str) -> str:
    """The server that holds this account, from its DID document; "" if that cannot be found."""
    resolver = AsyncIdResolver(timeout=_PATIENCE)
    try:
        did = await resolver.handle.resolve(name)
        document = await resolver.did.resolve(did) if did else None
    except (AtProtocolError, httpx.HTTPError, OSError, ValueError):
        return ""
    found = as_text(document.get_pds_endpoint()) if document else ""
    return ENTRYWAY if found and is_bluesky(found) else found.rstrip("/")


async def describe(pds: str) -> Server:
    """What the server says about itself. `Unreachable` if it is no Bluesky server."""
    wire = Wire()
    try:
        answer = await wire.get(f"{pds}/xrpc/com.atproto.server.describeServer")
    except Refused as refusal:
        raise Unreachable(f"{pds} does not answer like a Bluesky server: {refusal}") from refusal
    finally:
        await wire.close()
    if not as_text(as_object(answer.content).get("did")):
        raise Unreachable(f"{pds} does not answer like a Bluesky server")
    return Server(base=pds, limits=LIMITS, says_it_is=_clock(answer.headers.get("date", "")))


async def who_am_i(session: BlueskySession) -> Us:
    """Our account: is the session good, how does the profile look? `LoggedOut` if handle or password are refused."""
    did = await session.connect()
    told = await session.query("com.atproto.server.getSession")
    _, profile = await _profile(session, did)
    return Us(
        network=Network.BLUESKY,
        id=did,
        handle=as_text(told.get("handle")),
        display_name=as_text(profile.get("displayName")),
        bio=as_text(profile.get("description")),
        is_bot="bot" in _labels(profile),
    )


async def set_bot_label(session: BlueskySession) -> None:
    """Add the self-label "bot" to the profile, keeping everything else; refused if the profile changed meanwhile."""
    did = await session.connect()
    cid, profile = await _profile(session, did)
    values = [*_labels(profile), "bot"] if "bot" not in _labels(profile) else _labels(profile)
    record = {**profile, "$type": PROFILE, "labels": {"$type": SELF_LABELS, "values": [{"val": one} for one in values]}}
    await session.procedure(
        "com.atproto.repo.putRecord",
        {"repo": did, "collection": PROFILE, "rkey": "self", "record": record, "swapRecord": cid or None},
    )


async def _profile(session: BlueskySession, did: str) -> tuple[str, Json]:
    """The profile record and its CID; empty for a new account."""
    try:
        answer = await session.query("com.atproto.repo.getRecord", repo=did, collection=PROFILE, rkey="self")
    except Refused:  # old servers have no name for "not there"; writing then only creates
        return "", {}
    return as_text(answer.get("cid")), as_object(answer.get("value"))


def _labels(profile: Json) -> list[str]:
    values = as_object(profile.get("labels")).get("values")
    return [as_text(as_object(one).get("val")) for one in values] if isinstance(values, list) else []


def _clock(date: str) -> datetime | None:
    try:
        return parsedate_to_datetime(date)
    except ValueError:
        return None

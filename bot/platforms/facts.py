"""What a server and our account on it look like, as read at set-up and by the doctor. Values only: it asks nobody."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from bot.model import Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server that may hold our account. `says_it_is` is its clock, None where it sends no date."""

    base: str
    version: str = ""
    limits: tuple[tuple[str, int], ...] = ()  # unit, most that fit
    rules: tuple[str, ...] = ()
    says_it_is: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Us:
    """Our own account, as its server shows it. `scopes` None: the server does not tell what the token may do."""

    network: Network
    id: str  # DID, actor URL
    handle: str
    display_name: str = ""
    bio: str = ""
    is_bot: bool = False
    scopes: tuple[str, ...] | None = None


def server_address(typed: str) -> str:
    """The address of a server from what a person typed. Raises `ValueError` with the remedy.

    Without encryption only this very machine may be addressed: passwords and tokens travel there.
    """
    text = typed.strip()
    advice = f"{text!r} is not the address of a server; write it like social.example"
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError as error:
        raise ValueError(advice) from error
    if parts.scheme not in ("https", "http") or not host or ("." not in host and host != "localhost"):
        raise ValueError(advice)
    if any(letter.isspace() for letter in host):
        raise ValueError(advice)
    if parts.scheme == "http" and not _is_here(host):
        raise ValueError("passwords and tokens would travel in the clear: use https://")
    return f"{parts.scheme}://{host}" + (f":{port}" if port else "")


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

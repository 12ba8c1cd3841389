"""Where the desk stands, and which addresses lead back into it. Pure but for the request."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from fastapi import Request

from bot.passkeys import Site
from bot.web.hands import Hands

OUTSIDE = ("/sign-in", "/sign-out", "/prove")  # nobody wants to land there after signing in


def base_of(request: Request, hands: Hands) -> str:
    """The address of the desk, without a slash at its end."""
    return (hands.public_url or str(request.base_url)).rstrip("/")


def passkey_site(request: Request, hands: Hands) -> Site | None:
    """The desk as passkeys know it; None where browsers make none: at a bare number, or without TLS."""
    parts = urlsplit(base_of(request, hands))
    domain = parts.hostname or ""
    if not domain or _is_number(domain) or (parts.scheme != "https" and domain != "localhost"):
        return None
    return Site(domain=domain, origin=f"{parts.scheme}://{parts.netloc}")


def local(wanted: str) -> str:
    """A page of ours to go on to, or "/": never another site, whatever the address pretends."""
    odd = any(ord(sign) <= 32 or ord(sign) == 127 or sign == "\\" for sign in wanted)
    if odd or not wanted.startswith("/") or wanted.startswith("//") or len(wanted) > 500:
        return "/"
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return "/"
    if parts.scheme or parts.netloc or any(parts.path == one or parts.path.startswith(one + "/") for one in OUTSIDE):
        return "/"
    return wanted


def wanted_page(request: Request) -> str:
    """The page this visitor is on, or where a form of theirs stood."""
    if request.method in {"GET", "HEAD"}:
        return local(request.url.path + (f"?{request.url.query}" if request.url.query else ""))
    came = urlsplit(request.headers.get("referer", ""))
    return local(came.path) if came.netloc == request.headers.get("host") else "/"


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True

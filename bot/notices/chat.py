"""Send a letter to a chat, through apprise, which is loaded only when it is used and may not be there (extra `notify`).

Only services with an address of their own are reached, and servers that an administrator named: apprise itself would
also write to files, to programs of this machine, and to any address of its network.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from bot.errors import Refused, Unreachable
from bot.notices.apart import apart
from bot.notices.values import Letter

SERVICES = {
    "slack": "Slack",
    "discord": "Discord",
    "tgram": "Telegram",
    "gchat": "Google Chat",
    "pover": "Pushover",
}
OWN_SERVERS = {
    "matrix": "Matrix",
    "matrixs": "Matrix",
    "mmost": "Mattermost",
    "mmosts": "Mattermost",
    "rocket": "Rocket.Chat",
    "rockets": "Rocket.Chat",
    "ntfy": "ntfy",
    "ntfys": "ntfy",
    "gotify": "Gotify",
    "gotifys": "Gotify",
}
SECONDS = 30.0
LONGEST_URL = 1_000  # characters


def installed() -> bool:
    """Is apprise there? It is not loaded to find out."""
    return importlib.util.find_spec("apprise") is not None


def read(url: str, own_hosts: Collection[str]) -> str:
    """The name of the service that an apprise address leads to. Raises `Refused`, in words for whoever typed it."""
    text = url.strip()
    if len(text) > LONGEST_URL or not text.isprintable() or any(letter.isspace() or letter == "\\" for letter in text):
        raise Refused("this is no apprise address")
    try:
        parts = urlsplit(text)
        host = (parts.hostname or "").lower()
    except ValueError as error:
        raise Refused("this is no apprise address") from error
    if parts.scheme in SERVICES:
        return SERVICES[parts.scheme]
    if parts.scheme not in OWN_SERVERS:
        known = ", ".join(sorted({*SERVICES.values(), *OWN_SERVERS.values()}))
        raise Refused(f"this is no apprise address of a service we use; there are {known}")
    if host not in {one.lower() for one in own_hosts}:
        raise Refused(f"the server {host!r} is not among those an administrator named (notify.chat_hosts)")
    return f"{OWN_SERVERS[parts.scheme]} on {host}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """Sends through apprise."""

    own_hosts: tuple[str, ...] = ()
    seconds: float = SECONDS

    async def send(self, letter: Letter) -> None:
        """Send it, once."""
        service = read(letter.address, self.own_hosts)
        if not await apart(lambda: self._send(letter), seconds=self.seconds):
            raise Unreachable(f"{service} did not take the message")

    def _send(self, letter: Letter) -> bool:
        try:
            apprise: Any = importlib.import_module("apprise")
        except ImportError as error:
            raise Refused("apprise is not installed here (extra `notify`); an administrator should look") from error
        asset = apprise.AppriseAsset(http_redirects=False, async_mode=False)
        way = apprise.Apprise.instantiate(letter.address, asset=asset, suppress_exceptions=True)
        if way is None:
            raise Refused("apprise does not understand this address")
        scheme = urlsplit(letter.address.strip()).scheme
        if scheme in OWN_SERVERS and str(way.host).lower() not in {one.lower() for one in self.own_hosts}:
            raise Refused("this address names another server in disguise")
        # whatever the address asks for in its query: no detours, real certificates, and an end
        way.redirects, way.verify_certificate = False, True
        way.socket_connect_timeout = way.socket_read_timeout = self.seconds / 2
        return bool(way.notify(body=letter.text, title=letter.subject, notify_type=apprise.NotifyType.INFO))

"""Ask an address that a person gave us, without being used against our own network.

The address is resolved once, every answer must be public, and the connection goes to what was checked: a name that
changes its mind afterwards gains nothing. No redirect is followed, time and size are bounded.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx

from bot.errors import Refused, Unreachable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Net = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""From a name and a port to addresses, as text. Raises `OSError` when there are none."""

SECONDS = 10.0  # for everything together: look-up, connection, answer
MOST_BYTES = 64 * 1024  # of an answer; what comes after is not read
LONGEST_URL = 2_000  # characters

# The special registries of IANA, written out: what Python calls global depends on its version.
_CLOSED_V4 = (
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24"),
    *("192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"),
    *("224.0.0.0/4", "240.0.0.0/4"),
)
_CLOSED_V6 = ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
_CLOSED: tuple[Net, ...] = tuple(ipaddress.ip_network(one) for one in (*_CLOSED_V4, *_CLOSED_V6))
_OPEN_V6 = ipaddress.IPv6Network("2000::/3")  # everything else is local, reserved, multicast, or holds an IPv4 address
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)", re.ASCII)
_NUMBER = re.compile(r"(0x[0-9a-f]*|[0-9]+)", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An address, taken apart. It was not resolved yet."""

    secure: bool
    host: str  # in lower case, ASCII, without brackets
    port: int
    path: str  # with its query

    @property
    def netloc(self) -> str:
        """Host and port as they stand in an address."""
        usual = 443 if self.secure else 80
        return _bracketed(self.host) + ("" if self.port == usual else f":{self.port}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back. `body` holds at most as much as was asked for."""

    status: int
    body: bytes


def read(url: str) -> Target:
    """Take an address apart. Raises `Refused`, in words for whoever typed it, if it is none that we would ask."""
    text = url.strip()
    if len(text) > LONGEST_URL or not text.isprintable() or any(letter.isspace() or letter == "\\" for letter in text):
        raise Refused("this is no web address")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise Refused("this is no web address") from error
    if parts.scheme not in ("https", "http"):
        raise Refused("only https:// addresses are used")
    if parts.username is not None or parts.password is not None:
        raise Refused("the address must not hold a name or password; put a key into its path, or check our signature")
    host = _host(parts.hostname or "")
    secure = parts.scheme == "https"
    query = f"?{parts.query}" if parts.query else ""
    path = (parts.path or "/") + query
    if not path.isascii():
        raise Refused("write the address in plain letters, others percent-encoded")
    return Target(secure=secure, host=host, port=(443 if secure else 80) if port is None else port, path=path)


def is_public(address: str) -> bool:
    """May a stranger's address lead there? An IPv4 address inside an IPv6 one is looked at as what it is."""
    found = _unwrapped(ipaddress.ip_address(address.partition("%")[0]))
    if isinstance(found, ipaddress.IPv6Address) and found not in _OPEN_V6:
        return False
    return not any(found in net for net in _CLOSED if net.version == found.version)


def networks(names: Sequence[str]) -> tuple[Net, ...]:
    """Networks as written in the settings. Raises `ValueError`."""
    return tuple(ipaddress.ip_network(one, strict=False) for one in names)


async def look_up(host: str, port: int) -> Sequence[str]:
    """The addresses of a name, by the resolver of this machine."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(where[0]) for *_, where in found))


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """Sends requests to addresses that people gave us. `allowed` are the private networks an administrator named."""

    allowed: tuple[Net, ...] = ()
    resolve: Resolve = look_up
    seconds: float = SECONDS
    most: int = MOST_BYTES
    tls: ssl.SSLContext | None = field(default=None, repr=False)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send it, once. Raises `Refused` for an address we do not ask, `Unreachable` if nothing answers in time."""
        target = read(url)
        try:
            async with asyncio.timeout(self.seconds):
                return await self._send(target, await self.checked(target), body, headers)
        except TimeoutError as error:
            raise Unreachable(f"no answer within {self.seconds:g} seconds") from error
        except httpx.HTTPError as error:
            why = "its certificate cannot be trusted" if "CERTIFICATE_VERIFY" in str(error) else type(error).__name__
            raise Unreachable(f"no answer ({why})") from error

    async def checked(self, target: Target) -> str:
        """The one address to connect to. Every address of the name must be allowed, so that none can be slipped in."""
        try:
            found = (target.host,) if _is_address(target.host) else await self.resolve(target.host, target.port)
        except (OSError, UnicodeError) as error:
            raise Unreachable(f"the name {target.host} is not known") from error
        if not found:
            raise Unreachable(f"the name {target.host} is not known")
        named = [self._is_named(address) for address in found]
        if not all(by_name or is_public(address) for by_name, address in zip(named, found, strict=True)):
            raise Refused("it leads into a private network; an administrator can allow that in the settings")
        if not target.secure and not all(named):
            raise Refused("only https:// addresses are used")
        return found[0]

    def _is_named(self, address: str) -> bool:
        found = _unwrapped(ipaddress.ip_address(address.partition("%")[0]))
        return any(found in net for net in self.allowed if net.version == found.version)

    async def _send(self, target: Target, address: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        scheme = "https" if target.secure else "http"
        async with (
            httpx.AsyncClient(
                timeout=self.seconds, follow_redirects=False, trust_env=False, verify=self.tls or True
            ) as client,
            client.stream(
                "POST",
                f"{scheme}://{_bracketed(address)}:{target.port}{target.path}",
                content=body,
                headers={**headers, "Host": target.netloc, "Accept-Encoding": "identity"},
                extensions={"sni_hostname": target.host},
            ) as response,
        ):
            kept = b""
            async for part in response.aiter_raw():
                kept += part
                if len(kept) >= self.most:
                    break
            return Answer(status=response.status_code, body=kept[: self.most])


def _host(name: str) -> str:
    """The host in ASCII. Numbers in disguise (decimal, octal, hexadecimal, short) are refused, not guessed."""
    if ":" in name:
        try:
            if "%" in name:  # a zone: such an address means something on this machine only
                raise ValueError(name)
            return str(ipaddress.IPv6Address(name))
        except ValueError as error:
            raise Refused("this is no web address") from error
    try:
        host = name.encode("idna").decode().lower().removesuffix(".")
    except UnicodeError as error:
        raise Refused("this is no web address") from error
    labels = host.split(".")
    if not host or not all(_LABEL.fullmatch(label) for label in labels):
        raise Refused("this is no web address")
    if _NUMBER.fullmatch(labels[-1]):
        try:
            return str(ipaddress.IPv4Address(host))
        except ValueError as error:
            raise Refused("write the host by its name, or as four plain numbers") from error
    return host


def _is_address(host: str) -> bool:
    return ":" in host or _NUMBER.fullmatch(host.rpartition(".")[2]) is not None


def _unwrapped(address: Address) -> Address:
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host

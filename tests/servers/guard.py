"""Keeps the tests on this machine: any connection or name look-up beyond loopback is refused, loudly.

It guards this Python process. Servers and browsers that the tests start are told to stay on loopback themselves.
"""

import ipaddress
import socket
from collections.abc import Callable
from typing import Any

LOCAL_NAMES = {"", "localhost", "localhost.localdomain", "testserver"}


class BeyondThisMachine(AssertionError):
    """A test tried to reach another machine. Use a fixture of tests/conftest.py, or the fake network."""


def is_local(host: object) -> bool:
    """Whether an address or name means this machine. No name is looked up to find out."""
    if host is None:
        return True
    name = host.decode() if isinstance(host, bytes) else str(host)
    if name in LOCAL_NAMES or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def check(host: object, what: str) -> None:
    """Raise unless `host` is this machine."""
    if not is_local(host):
        raise BeyondThisMachine(f"a test tried to {what} {host!r}; tests stay on this machine")


def _host_of(sock: socket.socket, address: Any) -> object:
    return address[0] if sock.family in (socket.AF_INET, socket.AF_INET6) else None


def install() -> Callable[[], None]:
    """Put the guard in place; the result takes it away again."""
    connect, connect_ex, sendto = socket.socket.connect, socket.socket.connect_ex, socket.socket.sendto
    getaddrinfo = socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:
        check(_host_of(self, address), "connect to")
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        check(_host_of(self, address), "connect to")
        return connect_ex(self, address)

    def guarded_sendto(self: socket.socket, data: bytes, *arguments: Any) -> int:
        check(_host_of(self, arguments[-1]), "send to")
        return sendto(self, data, *arguments)

    def guarded_getaddrinfo(host: Any, *arguments: Any, **options: Any) -> Any:
        check(host, "look up")
        return getaddrinfo(host, *arguments, **options)

    def put(*functions: Any) -> None:
        socket.socket.connect, socket.socket.connect_ex, socket.socket.sendto, socket.getaddrinfo = functions

    put(guarded_connect, guarded_connect_ex, guarded_sendto, guarded_getaddrinfo)
    return lambda: put(connect, connect_ex, sendto, getaddrinfo)

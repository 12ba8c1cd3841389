"""Tests stay on this machine, and an attempt to leave it says so."""

import asyncio
import socket

import httpx
import pytest

from tests.servers.guard import BeyondThisMachine, is_local


def test_connecting_to_another_machine_is_refused():
    with socket.socket() as sock, pytest.raises(BeyondThisMachine, match=r"192\.0\.2\.1"):
        sock.connect(("192.0.2.1", 80))


def test_looking_up_another_machine_is_refused():
    with pytest.raises(BeyondThisMachine, match=r"bsky\.social"):
        socket.getaddrinfo("bsky.social", 443)


def test_sending_a_datagram_to_another_machine_is_refused():
    with socket.socket(type=socket.SOCK_DGRAM) as sock, pytest.raises(BeyondThisMachine):
        sock.sendto(b"hello", ("192.0.2.1", 53))


async def test_async_clients_are_refused_too():
    async with httpx.AsyncClient(trust_env=False) as http:
        with pytest.RaisesGroup(BeyondThisMachine):  # httpx connects inside a task group
            await http.get("http://192.0.2.1/")
    with pytest.raises(BeyondThisMachine):
        await asyncio.open_connection("2001:db8::1", 443)


def test_this_machine_is_reachable():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        assert is_local("localhost")
        assert is_local("::1")
        assert not is_local("localhost.example.org")

"""Addresses that people give us are asked without being used against our own network."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from bot.errors import Refused, Unreachable
from bot.outgoing_guard import Answer, Guard, is_public, networks, read
from tests.servers.certificates import self_signed

LOOPBACK = networks(["127.0.0.0/8"])
PUBLIC = "93.184.215.14"


class Receiver:
    """A web server on loopback that keeps what it was sent. `say` decides what it answers."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.heard: list[tuple[str, dict[str, str], bytes]] = []
        self.say: Callable[[BaseHTTPRequestHandler], None] = lambda one: status(one, 204)
        self.gone = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.heard.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                receiver.say(self)

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        if tls is not None:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        self.gone.set()
        self.server.shutdown()
        self.server.server_close()


def status(request: BaseHTTPRequestHandler, number: int, **headers: str) -> None:
    request.send_response(number)
    for name, value in headers.items():
        request.send_header(name, value)
    request.send_header("content-length", "0")
    request.end_headers()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


class Names:
    """A resolver: each name has answers, used up one after the other; the last one stays."""

    def __init__(self, **answers: Sequence[Sequence[str]]) -> None:
        self.asked: list[str] = []
        self._answers = {name.replace("_", "."): list(one) for name, one in answers.items()}

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        left = self._answers.get(host)
        if left is None:
            raise OSError("no such name")
        return left.pop(0) if len(left) > 1 else left[0]


async def post(guard: Guard, url: str) -> Answer:
    return await guard.post(url, b"{}", {"X-One": "1"})


@pytest.mark.parametrize(
    "address",
    [
        *("0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1"),
        *("172.31.255.255", "192.0.0.8", "192.0.2.1", "192.168.1.1", "198.18.0.1", "198.51.100.7", "203.0.113.9"),
        *("224.0.0.1", "240.0.0.1", "255.255.255.255", "192.88.99.1"),
        *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "ff02::1", "2001:db8::1", "2001::1"),
        *("2002:7f00:1::", "3fff::1", "64:ff9b:1::1", "100::1", "::127.0.0.1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "64:ff9b::127.0.0.1", "64:ff9b::a00:1"),
    ],
)
def test_no_address_of_a_private_or_special_network_is_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    [PUBLIC, "1.1.1.1", "172.32.0.1", "100.63.255.255", "2606:2800:21f::1", f"::ffff:{PUBLIC}", f"64:ff9b::{PUBLIC}"],
)
def test_an_ordinary_address_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        *("file:///etc/passwd", "ftp://hook.example/", "gopher://hook.example/", "javascript:alert(1)", "hook.example"),
        *("//hook.example/", "https://", "https:///x", "https://user@hook.example/", "https://a:b@hook.example/"),
        *("https://2130706433/", "https://0x7f000001/", "https://0x7f.1/", "https://017700000001/", "https://127.1/"),
        *("https://0177.0.0.1/", "https://127.0.0.01/", "https://256.1.1.1/", "https://1.2.3.4.5/", "https://0/"),
        *("https://[::1", "https://[zz::1]/", "https://[fe80::1%25eth0]/", "https://a..b/", "https://-a.example/"),
        *("https://hook.example\\@127.0.0.1/", "https://hook.example:99999/", "https://hook.example:x/"),
        *("https://hook.example/ x", "https://hook.example/\r\nHost: evil", "https://hook.example/ä", "x" * 3000),
        *("https://ex\u00adample.com\u2028/", "https://１２７.０.０.１.x y/"),
    ],
)
def test_what_is_no_plain_web_address_is_refused_in_words(url: str) -> None:
    with pytest.raises(Refused, match=r"\w+"):
        read(url)


def test_a_plain_address_is_taken_apart() -> None:
    found = read(" https://Hook.Example:8443/a?b=c#d ")

    assert (found.secure, found.host, found.port, found.path) == (True, "hook.example", 8443, "/a?b=c")
    assert found.netloc == "hook.example:8443"
    assert read("https://[2606:2800::1]").netloc == "[2606:2800::1]"
    assert read("https://bücher.example/").host == "xn--bcher-kva.example"
    assert read("https://１２７.０.０.１/").host == "127.0.0.1", "full-width digits are digits: judged like them"


@pytest.mark.parametrize("address", ["127.0.0.1", "::ffff:127.0.0.1", "10.0.0.1", "fd00::1", "169.254.169.254"])
async def test_a_name_that_leads_into_a_private_network_is_refused_before_any_connection(
    receiver: Receiver, address: str
) -> None:
    guard = Guard(resolve=Names(hook_example=[[address]]))

    with pytest.raises(Refused, match="private network; an administrator can allow"):
        await post(guard, f"https://hook.example:{receiver.port}/")
    assert receiver.heard == []


async def test_one_private_address_among_public_ones_is_enough_to_refuse(receiver: Receiver) -> None:
    guard = Guard(resolve=Names(hook_example=[[PUBLIC, "127.0.0.1"]]))

    with pytest.raises(Refused, match="private network"):
        await post(guard, f"https://hook.example:{receiver.port}/")


async def test_a_private_address_written_out_is_refused(receiver: Receiver) -> None:
    for host in ("127.0.0.1", "[::1]", "[::ffff:127.0.0.1]"):
        with pytest.raises(Refused):
            await post(Guard(), f"https://{host}:{receiver.port}/")
    assert receiver.heard == []


async def test_an_administrator_may_allow_a_private_network_and_only_that_one(receiver: Receiver) -> None:
    names = Names(hook_example=[["127.0.0.1"]], other_example=[["10.0.0.1"]])
    guard = Guard(allowed=LOOPBACK, resolve=names)

    answer = await post(guard, f"http://hook.example:{receiver.port}/a?b=c")

    assert answer == Answer(status=204, body=b"")
    ((path, headers, body),) = receiver.heard
    assert (path, headers["host"], headers["x-one"], body) == ("/a?b=c", f"hook.example:{receiver.port}", "1", b"{}")
    with pytest.raises(Refused, match="private network"):
        await post(guard, "http://other.example/")


async def test_plain_http_is_for_allowed_private_networks_only() -> None:
    with pytest.raises(Refused, match="only https"):
        await post(Guard(allowed=LOOPBACK, resolve=Names(hook_example=[[PUBLIC]])), "http://hook.example/")


async def test_a_name_that_changes_its_mind_after_the_check_gains_nothing(receiver: Receiver) -> None:
    """DNS rebinding: the connection goes to the address that was checked, and the name is looked up once."""
    names = Names(hook_example=[["127.0.0.1"], ["10.9.9.9"]])

    answer = await post(Guard(allowed=LOOPBACK, resolve=names), f"http://hook.example:{receiver.port}/")

    assert answer.status == 204
    assert names.asked == ["hook.example"]


async def test_no_redirect_is_followed(receiver: Receiver) -> None:
    receiver.say = lambda one: status(one, 307, location=f"http://127.0.0.1:{receiver.port}/inside")

    answer = await post(Guard(allowed=LOOPBACK), f"http://127.0.0.1:{receiver.port}/")

    assert answer.status == 307
    assert [path for path, *_ in receiver.heard] == ["/"]


async def test_of_an_endless_answer_only_so_much_is_read(receiver: Receiver) -> None:
    def endless(one: BaseHTTPRequestHandler) -> None:
        one.send_response(200)
        one.end_headers()
        while not receiver.gone.is_set():
            one.wfile.write(b"x" * 65_536)

    receiver.say = endless

    answer = await post(Guard(allowed=LOOPBACK, most=1_000), f"http://127.0.0.1:{receiver.port}/")

    assert answer.status == 200
    assert len(answer.body) == 1_000


async def test_a_slow_drip_a_silence_and_a_slow_resolver_end_at_the_time_limit(receiver: Receiver) -> None:
    def drip(one: BaseHTTPRequestHandler) -> None:
        one.send_response(200)
        one.end_headers()
        while not receiver.gone.wait(0.05):
            one.wfile.write(b" ")

    async def never(host: str, port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        return ()

    for say in (drip, lambda _: receiver.gone.wait(60)):
        receiver.say = say  # type: ignore[assignment]
        with pytest.raises(Unreachable, match=r"within 0\.3 seconds"):
            await post(Guard(allowed=LOOPBACK, seconds=0.3), f"http://127.0.0.1:{receiver.port}/")
    with pytest.raises(Unreachable, match=r"within 0\.1 seconds"):
        await post(Guard(seconds=0.1, resolve=never), "https://hook.example/")


async def test_nobody_at_the_address_and_a_name_nobody_knows() -> None:
    with pytest.raises(Unreachable, match="ConnectError"):
        await post(Guard(allowed=LOOPBACK), "http://127.0.0.1:9/")
    for empty in (Names(), Names(hook_example=[[]])):
        with pytest.raises(Unreachable, match=r"hook\.example is not known"):
            await post(Guard(resolve=empty), "https://hook.example/")


@pytest.mark.parametrize(
    ("name", "trusted", "fine"),
    [("hook.example", True, True), ("hook.example", False, False), ("other.example", True, False)],
)
async def test_the_certificate_is_checked_for_the_name_though_we_connect_to_an_address(
    tmp_path: Path, name: str, trusted: bool, fine: bool
) -> None:
    server, client = self_signed(tmp_path, "hook.example")
    receiver = Receiver(server)
    more: dict[str, Any] = {"tls": client} if trusted else {}
    guard = Guard(allowed=LOOPBACK, resolve=Names(**{name.replace(".", "_"): [["127.0.0.1"]]}), **more)
    try:
        if fine:
            assert (await post(guard, f"https://{name}:{receiver.port}/")).status == 204
        else:
            with pytest.raises(Unreachable, match="certificate cannot be trusted"):
                await post(guard, f"https://{name}:{receiver.port}/")
            assert receiver.heard == []
    finally:
        receiver.close()


def test_networks_are_read_from_settings() -> None:
    assert networks(["10.1.0.0/16", "::1"]) == (ipaddress.ip_network("10.1.0.0/16"), ipaddress.ip_network("::1/128"))
    with pytest.raises(ValueError, match="local"):
        networks(["local"])

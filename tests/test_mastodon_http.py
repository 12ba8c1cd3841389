"""What a hostile or broken server can do to one request: bounded in time and size, and it never travels elsewhere."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.errors import Unclear, Unreachable
from bot.platforms import mastodon_http
from bot.platforms.mastodon_http import MastodonHttp


@contextmanager
def a_server(behave: Callable[[socket.socket], None], *, greets: bool = True) -> Iterator[str]:
    """One that takes connections, reads the request if it `greets`, and then behaves as the test says."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)

        def serve() -> None:
            while not over.is_set():
                try:
                    connection, _ = listener.accept()
                except TimeoutError:
                    continue
                connection.settimeout(5)
                with connection:
                    try:
                        if greets:
                            connection.recv(65536)
                        behave(connection)
                    except OSError:
                        continue  # the client had enough

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        over.set()
        thread.join()


def answers(head: str, body: bytes = b"") -> Callable[[socket.socket], None]:
    def behave(connection: socket.socket) -> None:
        connection.sendall(f"HTTP/1.1 {head}\r\nConnection: close\r\n\r\n".encode() + body)

    return behave


def drips(connection: socket.socket) -> None:
    """An answer that never ends, one byte at a time, each soon enough to keep a plain time-out quiet."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    for _ in range(60):
        connection.sendall(b" ")
        threading.Event().wait(0.05)


def drips_in_the_head(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    for _ in range(60):
        connection.sendall(b"x")
        threading.Event().wait(0.05)


BOMB = gzip.compress(b" " * 50_000_000)  # 49 kB on the wire
ENDLESS = b"[" * 20_000_000

BROKEN = {
    "a redirect into the house": answers("302 Found\r\nLocation: http://127.0.0.1:1/secret"),
    "no answer": lambda connection: None,
    "garbage": lambda connection: connection.sendall(b"\x00\x01\x02 not http\r\n\r\n"),
    "a cut body": answers("200 OK\r\nContent-Length: 1000", b'{"id": "1"'),
    "a broken chunk": answers("200 OK\r\nTransfer-Encoding: chunked", b"zzz\r\n{}\r\n"),
    "a bomb": answers(f"200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(BOMB)}", BOMB),
    "a broken gzip": answers("200 OK\r\nContent-Encoding: gzip", b"not gzip at all"),
    "too much": answers("200 OK", ENDLESS),
}


def a_client(url: str) -> MastodonHttp:
    return MastodonHttp(url, "secret-token", user_agent="test", timeout=1)


@pytest.mark.parametrize("name", BROKEN)
async def test_reading_from_a_broken_server_changes_nothing(name: str):
    with a_server(BROKEN[name]) as url:
        http = a_client(url)
        with pytest.raises(Unreachable):
            await http.get("/api/v1/whatever")
        http.close()


@pytest.mark.parametrize("name", [name for name in BROKEN if "redirect" not in name])
async def test_writing_to_a_broken_server_is_unclear(name: str):
    with a_server(BROKEN[name]) as url:
        http = a_client(url)
        with pytest.raises(Unclear):
            await http.write("POST", "/api/v1/statuses", [("status", "x")])
        http.close()


async def test_deeply_nested_json_is_no_json():
    with a_server(answers("200 OK", b"[" * 100_000)) as url:
        http = a_client(url)
        assert (await http.get("/")).body is None
        http.close()


async def test_an_answer_that_drips_for_ever_is_given_up(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(mastodon_http, "WHOLE_ANSWER", 0.3)
    with a_server(drips) as url:
        http = a_client(url)
        async with asyncio.timeout(10):
            with pytest.raises(Unreachable):
                await http.get("/")
        http.close()


async def test_a_head_that_drips_for_ever_does_not_hold_up_the_next_call(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(mastodon_http, "GIVE_UP", 0.5)
    with a_server(drips_in_the_head) as url:
        http = a_client(url)
        async with asyncio.timeout(10):
            for _ in range(2):
                with pytest.raises(Unreachable):
                    await http.get("/")
        http.close()


async def test_a_cancelled_call_leaves_the_line_usable():
    with a_server(answers("200 OK", b"{}")) as url:
        http = a_client(url)
        waiting = asyncio.create_task(http.get("/"))
        await asyncio.sleep(0)
        waiting.cancel()

        assert (await http.get("/")).body == {}
        http.close()


async def test_a_name_that_does_not_exist_was_surely_sent_nothing():
    http = a_client("http://no-such-name.localhost:1")
    with pytest.raises(Unreachable):
        await http.write("POST", "/", [("status", "x")])
    http.close()


async def test_a_certificate_we_do_not_trust_was_surely_sent_nothing(tmp_path: Path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path))
    with a_server(lambda connection: context.wrap_socket(connection, server_side=True).close(), greets=False) as url:
        http = a_client(url.replace("http://127.0.0.1", "https://localhost"))
        with pytest.raises(Unreachable):
            await http.write("POST", "/", [("status", "x")])
        http.close()


def self_signed(folder: Path) -> Path:
    """A certificate for localhost that nobody vouches for, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    path = folder / "server.pem"
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    path.write_bytes(private + builder.sign(key, hashes.SHA256()).public_bytes(pem))
    return path


async def test_the_token_is_in_no_error_message():
    with a_server(answers("403 Forbidden", b'{"error": "nope"}')) as url:
        http = a_client(url)
        with pytest.raises(Exception, match="nope") as caught:
            http.checked(await http.get("/"))
        http.close()

    assert "secret-token" not in str(caught.value)

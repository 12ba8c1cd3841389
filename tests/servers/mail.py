"""A real mail server (aiosmtpd) on loopback, in the loop of the test, that can be told to make trouble."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass
class Mailbox:
    """What arrived, and how the server should behave. The names of the handlers are aiosmtpd's."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)
    secured: list[bool] = field(default_factory=list)
    signed_in: list[str] = field(default_factory=list)
    to_recipients: str = "250 OK"
    to_data: str = "250 OK"
    drops_after_data: bool = False
    hangs_at_data: asyncio.Event | None = None
    drops_at_quit: bool = False
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.to_recipients.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.to_recipients

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.hangs_at_data is not None:
            await self.hangs_at_data.wait()
        content = envelope.content
        assert isinstance(content, bytes)
        if self.to_data.startswith("250"):
            self.mails.append(message_from_bytes(content, policy=policy.default))  # type: ignore[arg-type]
            self.envelopes.append((str(envelope.mail_from), list(envelope.rcpt_tos)))
            self.secured.append(session.ssl is not None)
            self.arrived.set()
        if self.drops_after_data:
            server.transport.abort()
        return self.to_data

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.drops_at_quit:
            server.transport.abort()
        return "221 Bye"

    def authenticate(self, _server: SMTP, _session: Session, _envelope: Envelope, _how: str, data: Any) -> AuthResult:
        """Ada's password is sesame."""
        fine = isinstance(data, LoginPassword) and (data.login, data.password) == (b"ada", b"sesame")
        if fine:
            self.signed_in.append("ada")
        return AuthResult(success=fine, handled=fine)


@asynccontextmanager
async def mail_server(
    *, tls: ssl.SSLContext | None = None, implicit: ssl.SSLContext | None = None, **more: Any
) -> AsyncIterator[Mailbox]:
    """A server on a free port. `tls` offers STARTTLS, `implicit` is TLS from the first byte."""
    box = Mailbox()

    def protocol() -> SMTP:
        return SMTP(box, tls_context=tls, hostname="mail.test", authenticator=box.authenticate, **more)

    async with _listening(protocol, implicit) as port:
        box.port = port
        yield box


class Silent(asyncio.Protocol):
    """Listens only."""


@asynccontextmanager
async def silent_server() -> AsyncIterator[int]:
    """Takes the connection and never says a word."""
    async with _listening(Silent, None) as port:
        yield port


@asynccontextmanager
async def _listening(protocol: Callable[[], asyncio.BaseProtocol], tls: ssl.SSLContext | None) -> AsyncIterator[int]:
    loop = asyncio.get_running_loop()
    connections: list[tuple[asyncio.Transport, asyncio.Event]] = []

    def watched() -> asyncio.BaseProtocol:
        one, lost = protocol(), asyncio.Event()
        connected, disconnected = one.connection_made, one.connection_lost

        def connection_made(transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.Transport)
            connections.append((transport, lost))
            connected(transport)

        def connection_lost(error: Exception | None) -> None:
            disconnected(error)
            lost.set()

        one.connection_made, one.connection_lost = connection_made, connection_lost  # type: ignore[method-assign]
        return one

    server = await loop.create_server(watched, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for transport, lost in connections:
            transport.abort()
            await lost.wait()

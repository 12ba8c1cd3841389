"""Security headers on every response, and a limit on what may be sent to us. It knows no page."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "form-action 'self'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    # not "no-referrer": browsers would then send `Origin: null` with our own forms
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
ONE_YEAR = "max-age=31536000; includeSubDomains"
LARGEST_BODY = 256 * 1024  # bytes; the longest honest form is an evidence entry with some hundred exemplars
UPLOADS = "/packs"
LARGEST_UPLOAD = 9 * 1024 * 1024  # bytes; an evidence pack, and the form around it


def dress(headers: MutableHeaders, *, secure: bool) -> None:
    """Put every security header on a response."""
    for name, value in HEADERS.items():
        headers[name] = value
    if secure:
        headers["Strict-Transport-Security"] = ONE_YEAR
    headers.setdefault("Cache-Control", "no-store")


def _keepable(scope: Scope) -> bool:
    return str(scope["path"]).startswith("/static/")


class SecurityHeaders:
    """Plain ASGI, so that live streams pass through unbuffered."""

    def __init__(self, app: ASGIApp, *, secure: bool) -> None:
        self.app = app
        self.secure = secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if _keepable(scope):
                    headers["Cache-Control"] = "no-cache"  # kept, but asked for again: a new version shows at once
                dress(headers, secure=self.secure)
            await send(message)

        if refusal := _too_much(scope):
            await refusal(scope, receive, dressed)
        else:
            await self.app(scope, receive, dressed)


def _too_much(scope: Scope) -> Response | None:
    if scope["method"] in {"GET", "HEAD"}:
        return None
    length = Headers(scope=scope).get("content-length", "")
    if not length.isdecimal():
        return PlainTextResponse("The length of the form is missing.\n", status_code=411)
    largest = LARGEST_UPLOAD if scope["path"] == UPLOADS else LARGEST_BODY
    if int(length) > largest:
        return PlainTextResponse("This form is too large.\n", status_code=413)
    return None

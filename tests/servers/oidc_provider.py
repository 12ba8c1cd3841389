"""An OpenID Connect provider on a free loopback port: discovery, keys, code flow with PKCE, ID tokens with RS256.

It is strict with its client, as a real one is, and misbehaves on request. It knows nothing of the desk.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

import uvicorn
from fastapi import FastAPI, Form, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

Trick = Literal[
    "",
    "wrong nonce",
    "no nonce",
    "wrong audience",
    "expired",
    "no expiry",
    "issued tomorrow",
    "algorithm none",
    "signed by a stranger",
    "signed with the client's secret",
    "another issuer",
    "another issuer in the answer",
    "altered payload",
    "no subject",
    "meant for another party",
    "no id token",
    "refuses",
    "wrong state",
    "wrong at_hash",
]
A_DAY = 86_400
CLIENT, SECRET = "the-desk", "a-client-secret-long-enough-for-hs256"


class OidcProvider:
    """The provider. Set `person` and `trick` before somebody signs in; `asked` holds what it was asked."""

    def __init__(self, issuer: str, now: Callable[[], float]) -> None:
        self.issuer = issuer
        self.now = now
        self.trick: Trick = ""
        self.calls_itself = issuer
        self.person: dict[str, Any] = {"sub": "u-1", "name": "Ada Lovelace"}
        self.asked: list[dict[str, str]] = []
        self.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
        self._codes: dict[str, dict[str, str]] = {}
        self.app = self._routes()

    def new_key(self) -> None:
        """Sign with another key from now on."""
        self.key = RSAKey.generate_key(2048, {"kid": secrets.token_hex(4), "use": "sig", "alg": "RS256"})

    def _routes(self) -> FastAPI:
        app = FastAPI(openapi_url=None)

        @app.get("/.well-known/openid-configuration")
        def about() -> JSONResponse:
            return JSONResponse(
                {
                    "issuer": self.calls_itself,
                    "authorization_endpoint": f"{self.issuer}/authorize",
                    "token_endpoint": f"{self.issuer}/token",
                    "jwks_uri": f"{self.issuer}/keys",
                    "response_types_supported": ["code"],
                    "subject_types_supported": ["public"],
                    "id_token_signing_alg_values_supported": ["RS256"],
                }
            )

        @app.get("/keys")
        def keys() -> JSONResponse:
            return JSONResponse({"keys": [self.key.as_dict(private=False)]})

        @app.get("/authorize")
        def authorize(request: Request) -> Response:
            return self._authorize(dict(request.query_params))

        @app.post("/token")
        def token(
            request: Request,
            grant_type: Annotated[str, Form()],
            code: Annotated[str, Form()],
            redirect_uri: Annotated[str, Form()],
            code_verifier: Annotated[str, Form()],
        ) -> Response:
            given = base64.b64decode(request.headers.get("authorization", "").removeprefix("Basic ") or b"").decode()
            asked = self._codes.pop(code, None)  # a code works once
            digest = hashlib.sha256(code_verifier.encode()).digest()
            fits = (
                asked is not None
                and grant_type == "authorization_code"
                and asked["redirect_uri"] == redirect_uri
                and asked["code_challenge"] == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            )
            if given != f"{CLIENT}:{SECRET}":
                return JSONResponse({"error": "invalid_client"}, status_code=401)
            if asked is None or not fits:
                return JSONResponse({"error": "invalid_grant"}, status_code=400)
            return JSONResponse(self._tokens(asked))

        return app

    def _authorize(self, asked: dict[str, str]) -> Response:
        self.asked.append(asked)
        wanted = {"client_id": CLIENT, "response_type": "code", "code_challenge_method": "S256"}
        faults = [name for name, value in wanted.items() if asked.get(name) != value]
        faults += [name for name in ("state", "nonce", "code_challenge", "redirect_uri") if not asked.get(name)]
        if faults or "openid" not in asked.get("scope", "").split():
            return JSONResponse({"error": "invalid_request", "faults": faults}, status_code=400)
        state = "x" * 30 if self.trick == "wrong state" else asked["state"]
        if self.trick == "refuses":
            answer = {"error": "access_denied", "error_description": "<b>no</b>", "state": state}
        else:
            code = secrets.token_urlsafe(16)
            self._codes[code] = asked
            answer = {"code": code, "state": state}
        answer["iss"] = "https://evil.example" if self.trick == "another issuer in the answer" else self.issuer
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(answer)}", status_code=302)

    def _tokens(self, asked: dict[str, str]) -> dict[str, Any]:
        access = secrets.token_urlsafe(16)
        tokens: dict[str, Any] = {"access_token": access, "token_type": "Bearer", "expires_in": 300}
        if self.trick != "no id token":
            tokens["id_token"] = self._signed(self._claims(asked, access))
        return tokens

    def _claims(self, asked: dict[str, str], access: str) -> dict[str, Any]:
        now = int(self.now())
        half = hashlib.sha256(access.encode()).digest()[:16]
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
            "auth_time": now if asked.get("prompt") == "login" else now - 3600,
            "at_hash": base64.urlsafe_b64encode(half).rstrip(b"=").decode(),
        } | self.person
        changes: dict[str, dict[str, Any]] = {
            "wrong nonce": {"nonce": "another"},
            "wrong audience": {"aud": "another-client"},
            "expired": {"iat": now - A_DAY, "exp": now - 300},
            "issued tomorrow": {"iat": now + A_DAY, "nbf": now + A_DAY, "exp": now + 2 * A_DAY},
            "another issuer": {"iss": "https://evil.example"},
            "meant for another party": {"aud": [CLIENT, "another-client"], "azp": "another-client"},
            "wrong at_hash": {"at_hash": "x" * 22},
        }
        claims |= changes.get(self.trick, {})
        gone = {"no nonce": "nonce", "no expiry": "exp", "no subject": "sub"}.get(self.trick)
        return {name: value for name, value in claims.items() if name != gone}

    def _signed(self, claims: dict[str, Any]) -> str:
        header = {"alg": "RS256", "kid": self.key.kid}
        if self.trick == "algorithm none":
            return ".".join(_b64(json.dumps(part).encode()) for part in ({"alg": "none"}, claims)) + "."
        if self.trick == "signed by a stranger":
            return jwt.encode(header, claims, RSAKey.generate_key(2048))
        if self.trick == "signed with the client's secret":
            return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET))
        token = jwt.encode(header, claims, self.key)
        if self.trick == "altered payload":
            head, _, signature = token.split(".")
            return f"{head}.{_b64(json.dumps(claims | {'sub': 'somebody-else'}).encode())}.{signature}"
        return token


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class _Quiet(uvicorn.Server):
    """A server in a thread leaves the signals of the process alone."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextmanager
def providing(now: Callable[[], float]) -> Iterator[OidcProvider]:
    """A provider that answers until the block ends."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen()  # from here on whoever calls is heard, however long the server takes to start
    provider = OidcProvider(f"http://127.0.0.1:{listening.getsockname()[1]}", now)
    config = uvicorn.Config(provider.app, log_level="warning", lifespan="off", timeout_graceful_shutdown=2)
    server = _Quiet(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listening.close()

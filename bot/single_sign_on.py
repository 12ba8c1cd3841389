"""Single sign-on with OpenID Connect: code flow with PKCE, and every claim of the ID token checked.

Loaded only where it is configured (the extra `oidc`). Whose login it is, others decide.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
import structlog
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from bot.errors import NotAllowed
from bot.logins import Begun, Login
from bot.oidc_settings import OidcSettings
from bot.people import Role

log = structlog.get_logger("single sign-on")

PATIENCE = 10.0  # seconds for one call to the provider
LEEWAY = 60  # seconds that its clock may differ from ours
SIGNED_WITH = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")  # never none
SCOPES = "openid profile email"
NO = "signing in through single sign-on did not work; try again, or ask an administrator"
TROUBLES = (OAuthError, JoseError, httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError)


class OidcSignOn:
    """One provider. Its addresses are asked for once, its keys again when one is missing."""

    def __init__(self, settings: OidcSettings) -> None:
        self.name = settings.name
        self.newcomers = settings.newcomers == "auditor"
        self._settings = settings
        self._roles = settings.role_of_group()
        self._lock = threading.Lock()
        self._about: dict[str, Any] = {}
        self._keys: KeySet | None = None

    def begin(self, back: str, *, anew: bool) -> Begun:
        """Start a round trip."""
        nonce, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
        more = {"prompt": "login", "max_age": "0"} if anew else {}
        try:
            with self._client(back) as client:
                url, state = client.create_authorization_url(
                    self._discover()["authorization_endpoint"], code_verifier=verifier, nonce=nonce, **more
                )
        except TROUBLES as error:
            raise self._no("the provider cannot be asked", error) from error
        return Begun(url=url, memory={"state": state, "nonce": nonce, "verifier": verifier})

    def finish(self, back: str, memory: dict[str, str], answer: dict[str, str], *, anew: bool, now: datetime) -> Login:
        """Trade the code for an ID token, and believe it only if everything fits."""
        try:
            about = self._discover()
            if not hmac.compare_digest(answer.get("state", "").encode(), memory["state"].encode()):
                raise ValueError("another state")
            if answer.get("iss", about["issuer"]) != about["issuer"]:  # RFC 9207: an answer of another provider
                raise ValueError("an answer of another issuer")
            if "code" not in answer:
                raise ValueError(f"no code: {answer.get('error', '')[:60]}")
            with self._client(back) as client:
                tokens = client.fetch_token(
                    about["token_endpoint"], code=answer["code"], code_verifier=memory["verifier"]
                )
            claims = self._claims(tokens["id_token"], tokens.get("access_token", ""), memory["nonce"], now)
            if anew and now.timestamp() - float(claims["auth_time"]) > LEEWAY:
                raise ValueError("the person was not asked again")
            return self._login(claims)
        except TROUBLES as error:
            raise self._no("an answer was refused", error) from error

    def _claims(self, token: str, access_token: str, nonce: str, now: datetime) -> Mapping[str, Any]:
        decoded = self._decode(token)
        options = {
            "iss": {"essential": True, "value": self._settings.issuer_address},
            "aud": {"essential": True, "value": self._settings.client_id},
            "sub": {"essential": True},
            "exp": {"essential": True},
            "nonce": {"essential": True, "value": nonce},
        }
        params = {"nonce": nonce, "client_id": self._settings.client_id, "access_token": access_token}
        claims = CodeIDToken(decoded.claims, decoded.header, options, params)
        claims.validate(now=int(now.timestamp()), leeway=LEEWAY)
        found: Mapping[str, Any] = decoded.claims
        return found

    def _decode(self, token: str) -> jwt.Token:
        try:
            return jwt.decode(token, self._key_set(), algorithms=SIGNED_WITH)
        except (JoseError, ValueError):  # perhaps the provider has new keys
            return jwt.decode(token, self._key_set(again=True), algorithms=SIGNED_WITH)

    def _login(self, claims: Mapping[str, Any]) -> Login:
        subject = claims["sub"]
        if not isinstance(subject, str) or not 1 <= len(subject) <= 255:
            raise ValueError("no subject")
        self._known_domain(claims)
        name = next((claims[one] for one in ("name", "preferred_username", "email") if claims.get(one)), "")
        return Login(
            issuer=self._settings.issuer_address,
            subject=subject,
            name=str(name),
            role=self._role(claims.get(self._settings.groups_claim)),
            strong=bool(set(self._settings.second_factor) & {*_words(claims.get("amr")), *_words(claims.get("acr"))}),
        )

    def _known_domain(self, claims: Mapping[str, Any]) -> None:
        """Where mail domains are named, a confirmed address of one of them is needed."""
        if not self._settings.domains:
            return
        domain = str(claims.get("email", "")).rpartition("@")[2].casefold()
        allowed = {one.strip().lstrip("@").casefold() for one in self._settings.domains}
        if domain not in allowed or claims.get("email_verified") is not True:
            raise ValueError("a mail address of another domain, or none that was confirmed")

    def _role(self, groups: object) -> Role | None:
        theirs = set(_words(groups))
        return next((role for group, role in self._roles if group in theirs), None)

    def _discover(self) -> dict[str, Any]:
        with self._lock:
            if not self._about:
                issuer = self._settings.issuer_address
                about = self._fetch(issuer.rstrip("/") + "/.well-known/openid-configuration")
                if about.get("issuer") != issuer:
                    raise ValueError(f"it calls itself {about.get('issuer')!r}, the settings call it {issuer!r}")
                for one in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                    if urlsplit(about[one]).scheme != urlsplit(issuer).scheme:
                        raise ValueError(f"{one} is not as safe as the issuer")
                self._about = about
            return self._about

    def _key_set(self, *, again: bool = False) -> KeySet:
        about = self._discover()
        with self._lock:
            if self._keys is None or again:
                self._keys = KeySet.import_key_set(self._fetch(about["jwks_uri"]))  # type: ignore[arg-type]
            return self._keys

    def _fetch(self, url: str) -> dict[str, Any]:
        answer = httpx.get(url, timeout=PATIENCE)
        answer.raise_for_status()
        found = answer.json()
        if not isinstance(found, dict):
            raise ValueError(f"{url} is not what it should be")
        return found

    def _client(self, back: str) -> Any:
        secret = self._settings.client_secret
        return OAuth2Client(
            client_id=self._settings.client_id,
            client_secret=secret.get_secret_value() if secret else None,
            token_endpoint_auth_method="client_secret_basic" if secret else "none",
            scope=SCOPES,
            redirect_uri=back,
            code_challenge_method="S256",
            timeout=PATIENCE,
        )

    def _no(self, what: str, error: Exception) -> NotAllowed:
        log.warning(what, issuer=self._settings.issuer_address, error=f"{type(error).__name__}: {error}"[:200])
        return NotAllowed(NO)


def _words(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []

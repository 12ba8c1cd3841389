"""Build the office for the command line, loading only what this office needs: an adapter library costs seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.errors import BadSettings
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.logins import SignOn
    from bot.office import Office
    from bot.ports import Listener


def open_office(settings: Settings, *, live: bool = False) -> Office:
    """A built office, with the adapters its accounts need."""
    from bot.app import build  # noqa: PLC0415  loads web and store

    sign_on = _sign_on(settings)
    if settings.practice:
        return build(settings, public_stream=_public_stream, sign_on=sign_on, live=live)
    from bot.accounts import connect  # noqa: PLC0415  loads the libraries of both networks

    return build(settings, connect=connect, sign_on=sign_on)


def _sign_on(settings: Settings) -> SignOn | None:
    if not settings.oidc.issuer:
        return None
    try:
        from bot.single_sign_on import OidcSignOn  # noqa: PLC0415  an extra, and only here
    except ImportError as error:
        raise BadSettings(
            f"oidc.issuer: single sign-on needs {error.name}; run `pip install 'scrutineer[oidc]'`, or empty it"
        ) from error
    return OidcSignOn(settings.oidc)


def _public_stream(url: str) -> Listener:
    from bot.platforms.bluesky_stream import BlueskyStream  # noqa: PLC0415  loads the library of one network

    return BlueskyStream(url)

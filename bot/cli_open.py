"""Build the office for the command line, loading only what this office needs: an adapter library costs seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.settings import Settings

if TYPE_CHECKING:
    from bot.office import Office
    from bot.ports import Listener


def open_office(settings: Settings, *, live: bool = False) -> Office:
    """A built office, with the adapters its accounts need."""
    from bot.app import build  # noqa: PLC0415  loads web and store

    if settings.practice:
        return build(settings, public_stream=_public_stream, live=live)
    from bot.accounts import connect  # noqa: PLC0415  loads the libraries of both networks

    return build(settings, connect=connect)


def _public_stream(url: str) -> Listener:
    from bot.platforms.bluesky_stream import BlueskyStream  # noqa: PLC0415  loads the library of one network

    return BlueskyStream(url)

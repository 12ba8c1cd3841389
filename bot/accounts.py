"""Connect the accounts of the settings to their networks. One of `app.py`'s hands: it builds adapters, no more."""

from __future__ import annotations

from collections.abc import Iterator

from bot.ports import Clock, Listener, Platform
from bot.settings import Settings
from bot.store.engine import Store
from bot.vault import Vault


def connect(settings: Settings, store: Store, vault: Vault, clock: Clock) -> Iterator[tuple[str, Platform]]:
    """Every account of the settings with its adapter."""
    yield from ()


def sources(settings: Settings, platform: Platform) -> list[Listener]:
    """Where the posts of an account come from."""
    return [platform]

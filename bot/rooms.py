"""How much each network lets us say, for words that no account sends yet. It asks a connected account where it can."""

from __future__ import annotations

from dataclasses import dataclass

import regex

from bot.model import Author, Network
from bot.platforms import bluesky_text
from bot.ports import Measure, Ruler

MASTODON_ROOM, A_LINK = 500, 23  # characters, as Mastodon counts unless a server says otherwise
WIDE_ROOM = 5000  # characters; servers that allow more than others often allow so many
_URL = regex.compile(r"https?://\S+")
SOMEBODY = Author(network=Network.MASTODON, id="somebody", handle="somebody@server.example")


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How much a network lets us say; without a connected account, as it is by default. `wide`: a generous server."""

    network: Network
    ruler: Ruler | None
    wide: bool = False

    @property
    def address(self) -> str:
        """What stands before a reply."""
        if self.ruler is not None:
            return self.ruler.address(SOMEBODY, note=False)
        return f"@{SOMEBODY.handle} " if self.network is Network.MASTODON else ""

    def measure(self, text: str) -> tuple[Measure, ...]:
        """The counters of the text with its address."""
        whole = self.address + text
        if self.ruler is not None:
            return self.ruler.measure(whole)
        if self.network is Network.BLUESKY:
            return bluesky_text.measure(whole)
        used = bluesky_text.graphemes(_URL.sub("x" * A_LINK, whole))
        return (Measure(unit="characters", used=used, limit=WIDE_ROOM if self.wide else MASTODON_ROOM),)

    def fits(self, text: str) -> bool:
        """Is there room for it?"""
        return all(one.used <= one.limit for one in self.measure(text))

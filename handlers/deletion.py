"""A post is gone: whatever we said or were going to say about it goes too. It asks nobody."""

from __future__ import annotations

from bot.decisions import Decision, Withdraw
from bot.desk import Desk
from bot.model import Event, Vanished


def deletion(event: Event, desk: Desk) -> Decision | None:
    """Withdraw with the author."""
    match event:
        case Vanished(ref=ref):
            return Withdraw(ref=ref, reason="the author deleted the post")
    return None

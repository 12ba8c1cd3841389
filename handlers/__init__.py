"""The judgement: what we do when something happens. First answer wins. Pure: no I/O, no clock.

The order is the policy. Leaving beats everything; being asked beats being found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from bot.decisions import Decision, Ignore
from bot.desk import Desk
from bot.model import Event
from handlers.answer import answer
from handlers.deletion import deletion
from handlers.edit import edit
from handlers.hashtag import hashtag
from handlers.mention import mention
from handlers.opt_out import opt_out
from handlers.take_up import take_up

Handler = Callable[[Event, Desk], Decision | None]

HANDLERS: tuple[Handler, ...] = (opt_out, deletion, edit, answer, take_up, mention, hashtag)


def decide(event: Event, desk: Desk, handlers: Iterable[Handler] = HANDLERS) -> Decision:
    """The first answer down the line; nothing to say is an answer too."""
    for handler in handlers:
        decision = handler(event, desk)
        if decision is not None:
            return decision
    return Ignore(reason="nothing here concerns us")

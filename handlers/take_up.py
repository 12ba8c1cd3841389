"""A person took a suggestion of the matcher up: read the post as if the matcher were sure. Every gate still stands."""

from __future__ import annotations

from dataclasses import replace

from bot.decisions import Decision
from bot.desk import Desk
from bot.model import Action, Arrived, Context, Event, Match, Post, Via
from handlers.hashtag import read_hashtag
from handlers.mention import read_mention


def take_up(event: Event, desk: Desk) -> Decision | None:
    """Propose what was only suggested, on the basis on which the post reached us. It still has to be approved."""
    match event:
        case Arrived(post=post, via=Via.TAKEN_UP):
            trusting = replace(desk, match=lambda one, context: _taken_up(desk, one, context))
            return read_mention(post, trusting) if post.mentions_us else read_hashtag(post, trusting)
    return None


def _taken_up(desk: Desk, post: Post, context: Context) -> Match:
    found = desk.match(post, context)
    return replace(found, action=Action.DRAFT) if found.action is Action.SUGGEST else found

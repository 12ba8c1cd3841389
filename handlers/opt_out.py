"""Leaving beats everything: blocks, opt-out words, DELETE, and those who left before. It answers nobody."""

from __future__ import annotations

from bot.decisions import Decision, Forget, Ignore, Withdraw
from bot.desk import Desk
from bot.model import Arrived, Blocked, Edited, Event, Post, Ref, Via
from handlers.manners.words import delete_word, opt_out_word
from handlers.subjects import answers_us, is_ours

THEY_LEFT = "they opted out"
ASKED_TO_DELETE = "they asked us to delete it"


def opt_out(event: Event, desk: Desk) -> Decision | None:
    """Forget whoever leaves; take down what they want gone; stay silent towards those who left."""
    match event:
        case Blocked(author=author):
            return Forget(author=author, how="they block us")
        case Arrived(post=post) | Edited(post=post):
            if is_ours(post.author, desk):
                return None
            return _leaving(event, post, desk) or (
                Ignore(reason=THEY_LEFT) if post.author.id in desk.opted_out else None
            )
    return None


def _leaving(event: Event, post: Post, desk: Desk) -> Decision | None:
    if not _addressed_to_us(event, post, desk):
        return None
    if (unwanted := _our_reply(post, desk)) and delete_word(post):
        return Withdraw(ref=unwanted, reason=ASKED_TO_DELETE)
    if word := opt_out_word(post):
        return Forget(author=post.author, how=f"their whole message was “{word}”")
    return None


def _addressed_to_us(event: Event, post: Post, desk: Desk) -> bool:
    called = isinstance(event, Arrived) and event.via in (Via.MENTION, Via.ANSWER)
    return called or post.mentions_us or answers_us(post, desk)


def _our_reply(post: Post, desk: Desk) -> Ref | None:
    """The reply of ours that this post stands under, if its author has a say in it: the person we answered,
    or somebody whose post stands above it."""
    parent = desk.context.parent
    ours = parent.ref if parent and is_ours(parent.author, desk) else post.reply_to
    if ours is None or not answers_us(post, desk):
        return None
    answered = any(one.author_id == post.author.id for one in desk.said if one.remote_uri == ours.uri)
    above = any(one.author.id == post.author.id for one in desk.context.above)
    return ours if answered or above else None

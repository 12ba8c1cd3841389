"""How often: per author and per thread, counted from what we said before. Only the numbers, never the people."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.desk import Said
from bot.model import Post


def thread_of(post: Post) -> str:
    """What names the thread a post stands in: its root, else itself."""
    return (post.root or post.ref).uri


def per_author(said: Iterable[Said], author_id: str, *, days: int, now: datetime) -> str:
    """Why this author may not be answered yet; "" if they may. A date ahead of the clock counts as just now."""
    recent = [one.at for one in said if one.author_id == author_id and now - one.at < timedelta(days=days)]
    if not recent:
        return ""
    return f"we answered this person on {max(recent):%Y-%m-%d}: at most one reply in {days} days"


def per_thread(said: Iterable[Said], thread_uri: str, *, most: int) -> str:
    """Why nothing more may be said in this thread; "" if it may."""
    here = sum(one.thread_uri == thread_uri for one in said)
    if here < most:
        return ""
    return f"we have spoken in this thread already: at most {most} {'reply' if most == 1 else 'replies'} per thread"

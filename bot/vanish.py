"""A post is gone: forget its words wherever the office keeps them. What identifies it stays, so that it stays gone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import cases
from bot.model import Arrived, Edited, Post, Via
from bot.store import codec
from bot.store.models import CaseRow, EventRow

WORDS: dict[str, Any] = {"text": "", "media_alts": [], "links": [], "tags": [], "langs": []}
KINDS = (*(f"arrived:{via}" for via in (Via.TAG, Via.MENTION, Via.ANSWER)), "edited")


def wordless(event: Arrived | Edited) -> Arrived | Edited:
    """The same event about a post of which only its identity is left."""
    return replace(event, post=replace(event.post, text="", media_alts=(), links=(), tags=(), langs=()))


def has_vanished(session: Session, post: Post) -> bool:
    """Did we hear that this post is gone, perhaps before we heard of the post itself?"""
    heard = select(EventRow.id).where(
        EventRow.kind == "vanished", EventRow.network == post.ref.network.value, EventRow.uri == post.ref.uri
    )
    return session.scalar(heard.limit(1)) is not None


def forget_words(session: Session, network: str, uri: str) -> None:
    """Clean the inbox, every case about the post, and the threads it stands in. What is undecided cleans itself."""
    about = cases.about(session, network, uri)
    for case in about:
        if case.match and uri in (case.uri, case.subject_uri):
            case.match = {**case.match, "reasons": []}  # they may quote the post
    threads = {case.thread_uri for case in about}
    beside = session.scalars(select(CaseRow).where(CaseRow.network == network, CaseRow.thread_uri.in_(threads)))
    concerned = {case.id: case for case in (*about, *beside)}.values()
    for case in concerned:
        case.said_before = ""
        for name in ("post", "subject", "context"):
            setattr(case, name, _without(getattr(case, name), uri))
    uris = {uri, *(case.uri for case in concerned)}
    for row in session.scalars(
        select(EventRow).where(
            EventRow.kind.in_(KINDS),
            EventRow.network == network,
            EventRow.uri.in_(uris),
            EventRow.handled_at.is_not(None),
        )
    ):
        row.payload, row.context = _without(row.payload, uri), _without(row.context, uri)


def forget_event(row: EventRow, event: Arrived | Edited) -> None:
    """Keep of this event only which post it was about."""
    row.payload, row.context = codec.dump(wordless(event)), None


def _without(value: Any, uri: str) -> Any:
    """The same JSON without what the post said."""
    if isinstance(value, list):
        return [_without(one, uri) for one in value]
    if not isinstance(value, dict):
        return value
    cleaned = {key: _without(one, uri) for key, one in value.items()}
    ref = value.get("ref")
    if isinstance(ref, dict) and ref.get("uri") == uri and "text" in value:
        cleaned |= {key: word for key, word in WORDS.items() if key in value}
    return cleaned

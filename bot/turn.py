"""One turn: event → first decision → saved, in one transaction. It is given its judgement and voice; it has none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from bot import lay_desk, vanish
from bot.carry_out import carry_out
from bot.decisions import Decision, Forget, Ignore, Propose
from bot.desk import Desk
from bot.drafted import Drafted
from bot.lay_desk import Limits
from bot.matching.second import Question
from bot.model import Arrived, Context, Edited, Event, Match, Post, Via
from bot.ports import Look, Ruler
from bot.store import codec
from bot.store.models import AccountRow, EventRow

Compose = Callable[[Session, Propose, Ruler], Drafted | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What a turn is given: judgement, matching, voice, and the networks' own way of counting."""

    decide: Callable[[Event, Desk], Decision]
    match: Callable[[Session], Callable[[Post, Context], Match]]  # the index of the table as it is now
    compose: Compose
    ruler: Callable[[str], Ruler]  # by account id
    limits: Limits = Limits()
    # with a second reader: a match that notes what it has not read yet
    unread: Callable[[Session, list[Question]], Callable[[Post, Context], Match]] | None = None


def needs_look(session: Session, event_id: int, tools: Tools, *, now: datetime) -> Post | None:
    """The post that must be looked at on its network before this event can be decided well, or None.

    A post that asked us is always read with its thread. A post we merely found is looked at only if it would
    lead to anything, so that a busy tag costs no requests.
    """
    row = _open_event(session, event_id)
    if row is None or row.context is not None:
        return None
    event = codec.load_event(row.kind, row.payload)
    if not isinstance(event, Arrived | Edited):
        return None
    post = event.post
    if isinstance(event, Arrived) and event.via == Via.TAKEN_UP:
        return post  # hours may have passed
    if post.author.known and not post.reply_to and not post.quotes:
        return None
    if isinstance(event, Arrived) and event.via == Via.TAG:
        decision = tools.decide(event, _desk(session, row, event, Context(), tools, now))
        if isinstance(decision, Ignore):
            return None
    return post


def unread(session: Session, event_id: int, tools: Tools, *, now: datetime) -> tuple[Question, ...]:
    """What the second reader must read before this event can be decided; nothing when there is none."""
    row = _open_event(session, event_id)
    if row is None or tools.unread is None or row.context == GONE:
        return ()
    event = codec.load_event(row.kind, row.payload)
    context = codec.load(Context, row.context) if row.context else Context()
    questions: list[Question] = []
    account = lay_desk.account(session, row.account)
    match = tools.unread(session, questions)
    tools.decide(event, lay_desk.desk(session, event, context, account, limits=tools.limits, match=match, now=now))
    return tuple(questions)


def remember_look(session: Session, event_id: int, look: Look | None) -> None:
    """Keep what was seen, so that a retry does not ask the network again. None: the post is gone."""
    row = _open_event(session, event_id)
    if row is None:
        return
    event = codec.load_event(row.kind, row.payload)
    if look is not None and isinstance(event, Arrived | Edited):
        seen = replace(
            look.post,
            mentions_us=look.post.mentions_us or event.post.mentions_us,
            tags=look.post.tags or event.post.tags,
        )
        row.payload = codec.dump(replace(event, post=seen))
    row.context = codec.dump(look.context) if look else GONE


GONE = {"gone": True}  # stands in `EventRow.context` when the post was not there any more


def take_turn(session: Session, event_id: int, tools: Tools, *, now: datetime) -> Decision | None:
    """Decide one event and save what follows. None if it was decided before."""
    row = _open_event(session, event_id)
    if row is None:
        return None
    event = codec.load_event(row.kind, row.payload)
    vanished = isinstance(event, Arrived) and vanish.has_vanished(session, event.post)
    gone = vanished or row.context == GONE
    context = codec.load(Context, row.context) if row.context and not gone else Context()
    desk = _desk(session, row, event, context, tools, now)
    decision = tools.decide(event, desk)
    if gone and not isinstance(decision, Forget):  # whoever says STOP and deletes it, or blocks us, has said it
        decision = Ignore(reason="the post was gone before we could read it")
    unwanted = vanished or (gone and not desk.filed)
    if isinstance(event, Arrived | Edited) and (unwanted or event.post.author.id in desk.opted_out):
        event, context = vanish.wordless(event), Context()
        vanish.forget_event(row, event)
    account = lay_desk.account(session, row.account)
    carry_out(session, event, decision, context, account, _voice(session, account, tools), now=now)
    row.handled_at = now
    row.decision = _in_words(decision)
    return decision


def _voice(session: Session, account: AccountRow, tools: Tools) -> Callable[[Propose], Drafted | None]:
    ruler = tools.ruler(account.id)
    return lambda propose: tools.compose(session, propose, ruler)


def _desk(session: Session, row: EventRow, event: Event, context: Context, tools: Tools, now: datetime) -> Desk:
    account = lay_desk.account(session, row.account)
    return lay_desk.desk(session, event, context, account, limits=tools.limits, match=tools.match(session), now=now)


def _open_event(session: Session, event_id: int) -> EventRow | None:
    row = session.get(EventRow, event_id)
    return row if row is not None and row.handled_at is None else None


def _in_words(decision: Decision) -> str:
    reason = getattr(decision, "reason", "") or getattr(decision, "how", "") or getattr(decision, "lock", "")
    return f"{type(decision).__name__.lower()}: {reason}".rstrip(": ")

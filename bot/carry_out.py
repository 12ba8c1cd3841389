"""Carry a decision out in the store: make and move cases, opt people out. It decides nothing and sends nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from bot import audit, cases, ledger, review, vanish
from bot.audit import OFFICE
from bot.decisions import Decision, Escalate, Forget, Ignore, Propose, Withdraw
from bot.drafted import Drafted
from bot.lay_desk import thread_uri
from bot.life import IN_FLIGHT, MOVES, OPEN, State
from bot.model import Arrived, Basis, Context, Edited, Event, Post, Vanished, Via
from bot.store import codec
from bot.store.models import AccountRow, CaseRow, OptOutRow

REDRAFTED = (State.PROPOSED, State.IGNORED, State.APPROVED, State.FAILED)

Voice = Callable[[Propose], Drafted | None]


def carry_out(
    session: Session,
    event: Event,
    decision: Decision,
    context: Context,
    account: AccountRow,
    voice: Voice,
    *,
    now: datetime,
) -> None:
    """Save what follows from a decision, in the caller's transaction."""
    match decision:
        case Ignore():
            if isinstance(event, Arrived):
                _ignore(session, event, decision, context, account, now)
        case Propose():
            _propose(session, event, decision, context, account, voice(decision), now)
        case Escalate(post=post, reason=reason):
            _escalate(session, event, post, context, account, reason, now)
        case Withdraw(ref=ref, reason=reason):
            withdraw_about(session, ref.network, ref.uri, reason, now, drop_text=isinstance(event, Vanished))
        case Forget(author=author, how=how):
            forget(session, author.network, author.id, handle=author.handle, how=how, now=now)


def _ignore(
    session: Session, event: Arrived, ignore: Ignore, context: Context, account: AccountRow, now: datetime
) -> None:
    case = cases.of_post(session, event.post.ref.network, event.post.ref.uri)
    if case is None:
        case = _new_case(session, event.post, event.post, context, account, event.via, now)
        case.match = codec.dump(ignore.perhaps) if ignore.perhaps else None
        cases.change(session, case, State.IGNORED, who=OFFICE, why=ignore.reason, now=now)
    elif event.via == Via.TAKEN_UP and case.state == State.IGNORED:
        case.match, case.reason, case.updated_at = None, ignore.reason, now
        audit.note(session, who=OFFICE, what="no draft was made", now=now, case_id=case.id, why=ignore.reason)


def _propose(
    session: Session,
    event: Event,
    propose: Propose,
    context: Context,
    account: AccountRow,
    drafted: Drafted | None,
    now: datetime,
) -> None:
    via = event.via if isinstance(event, Arrived) else Via.TAG
    case = cases.of_post(session, propose.to.ref.network, propose.to.ref.uri)
    if case is None:
        case = _new_case(session, propose.to, propose.subject, context, account, via, now)
    elif case.state not in REDRAFTED or ledger.in_doubt(session, case.id):
        audit.note(session, who=OFFICE, what="seen again", now=now, case_id=case.id)
        return
    if drafted is None:
        if State.IGNORED in MOVES[State(case.state)]:
            cases.change(session, case, State.IGNORED, who=OFFICE, why="no wording fits this network", now=now)
        return
    before = _words_before(case, propose)
    case.changed = isinstance(event, Edited) and bool(before)
    case.said_before = (case.said_before or before) if case.changed else ""
    _fill(case, propose, context, drafted)
    case.expires_at = now + cases.LIFE_OF_A_DRAFT[via if via in cases.LIFE_OF_A_DRAFT else Via.TAG]
    case.updated_at = now
    why = "the author edited the post: please read it again" if case.changed else "a draft is waiting"
    if case.state == State.PROPOSED:
        audit.note(session, who=OFFICE, what="drafted again", now=now, case_id=case.id, why=why)
        cases.flush(session)
        return
    review.unapprove(session, case)
    cases.change(session, case, State.PROPOSED, who=OFFICE, why=why, now=now, entry=case.entry_id, basis=case.basis)


def _words_before(case: CaseRow, propose: Propose) -> str:
    """What the post, or the one it asks about, said when the draft was made, if it says something else now."""
    both = ((case.subject, propose.subject), (case.post, propose.to))
    return next((str(then["text"]) for then, now in both if then["text"] != now.text), "")


def _fill(case: CaseRow, propose: Propose, context: Context, drafted: Drafted) -> None:
    """Write what is proposed into the case: what the editor will see and approve."""
    case.post, case.subject = codec.dump(propose.to), codec.dump(propose.subject)
    case.context = codec.dump(context)
    case.subject_uri, case.subject_author_id = propose.subject.ref.uri, propose.subject.author.id
    case.thread_uri = thread_uri(propose.to)
    case.entry_id, case.entry_version = propose.match.entry_id, propose.match.entry_version
    case.match = codec.dump(propose.match)
    case.sensitivity = drafted.sensitivity.value
    case.basis, case.proof, case.lock, case.note = propose.basis.value, propose.proof, propose.lock, propose.note
    case.asked_by = codec.dump(propose.asked_by) if propose.asked_by else None
    case.lang, case.address, case.draft, case.template = (
        drafted.lang,
        drafted.address,
        drafted.text,
        drafted.template,
    )


def _escalate(
    session: Session,
    event: Event,
    post: Post,
    context: Context,
    account: AccountRow,
    reason: str,
    now: datetime,
) -> None:
    via = event.via if isinstance(event, Arrived) else Via.TAG
    case = cases.of_post(session, post.ref.network, post.ref.uri)
    if case is None:
        case = _new_case(session, post, post, context, account, via, now)
    if State.ESCALATED not in MOVES[State(case.state)] and State.PROPOSED in MOVES[State(case.state)]:
        review.unapprove(session, case)  # the approval was for another text: nothing may be sent on it
        cases.change(session, case, State.PROPOSED, who=OFFICE, why=reason, now=now)
    if State(case.state) not in IN_FLIGHT:  # what is under way is judged by the post its words were approved for
        case.post, case.context = codec.dump(post), codec.dump(context)
    if State.ESCALATED in MOVES[State(case.state)]:
        case.entry_id, case.match, case.draft = None, None, ""
        case.expires_at = now + cases.LIFE_OF_A_DRAFT[Via.MENTION]
        cases.change(session, case, State.ESCALATED, who=OFFICE, why=reason, now=now)
    else:  # already published, for instance: a person should look, the state stays
        case.changed, case.reason, case.updated_at = True, reason, now
        audit.note(session, who=OFFICE, what="please look again", now=now, case_id=case.id, why=reason)


def withdraw_about(session: Session, network: str, uri: str, reason: str, now: datetime, *, drop_text: bool) -> None:
    """Take back all we said or were going to say about a post; `drop_text` also forgets what it said."""
    for case in cases.about(session, network, uri):
        if State(case.state) in OPEN | {State.IGNORED}:
            cases.change(session, case, State.WITHDRAWN, who=OFFICE, why=reason, now=now)
        elif case.state == State.PUBLISHED or State(case.state) in IN_FLIGHT:
            review.take_back(session, case, who=OFFICE, why=reason, now=now)
    if drop_text:
        vanish.forget_words(session, network, uri)


def forget(session: Session, network: str, author_id: str, *, handle: str, how: str, now: datetime) -> None:
    """Never address this account again; take back what still waits for it."""
    row = session.get(OptOutRow, (network, author_id))
    if row is None:
        session.add(OptOutRow(network=network, author_id=author_id, handle=handle, how=how, at=now))
    else:
        row.lifted_at = None
    audit.note(session, who=OFFICE, what="opted out", now=now, network=network, author=author_id, how=how)
    for case in cases.of_author(session, network, author_id):
        if State(case.state) in OPEN:
            cases.change(session, case, State.WITHDRAWN, who=OFFICE, why="they opted out", now=now)


def _new_case(
    session: Session, to: Post, subject: Post, context: Context, account: AccountRow, via: str, now: datetime
) -> CaseRow:
    case = CaseRow(
        state=State.RECEIVED.value,
        account=account.id,
        network=to.ref.network.value,
        uri=to.ref.uri,
        subject_uri=subject.ref.uri,
        thread_uri=thread_uri(to),
        author_id=to.author.id,
        subject_author_id=subject.author.id,
        via=via,
        post=codec.dump(to),
        subject=codec.dump(subject),
        context=codec.dump(context),
        basis=Basis.NONE.value,
        created_at=now,
        updated_at=now,
    )
    session.add(case)
    session.flush()
    return case

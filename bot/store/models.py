"""The tables of the office: inbox, cases, deliveries, jobs, accounts. Shapes only: no queries, no rules."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from bot.life import State
from bot.store.columns import UtcDateTime

Json = dict[str, Any]


class Base(DeclarativeBase):
    """Root of all tables."""

    type_annotation_map = {datetime: UtcDateTime, Json: JSON, list[Any]: JSON, str: Text}  # noqa: RUF012


class EventRow(Base):
    """The inbox: everything that was heard and concerns us, once."""

    __tablename__ = "event"
    __table_args__ = (
        UniqueConstraint("kind", "network", "uri", "version", name="uq_event_once"),
        # holds all that the figures count, so that they never read the payloads
        Index("ix_event_received", "received_at", "kind", "network", "source"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))  # arrived:<via>, edited, vanished, blocked
    network: Mapped[str] = mapped_column(String(16))
    uri: Mapped[str]
    version: Mapped[str] = mapped_column(default="")
    source: Mapped[str]
    account: Mapped[str] = mapped_column(String(200))
    payload: Mapped[Json]
    context: Mapped[Json | None] = mapped_column(default=None)
    received_at: Mapped[datetime]
    handled_at: Mapped[datetime | None] = mapped_column(default=None)
    decision: Mapped[str] = mapped_column(default="")


class CursorRow(Base):
    """Where each source stands. Written in the same transaction as the events before it."""

    __tablename__ = "cursor"

    source: Mapped[str] = mapped_column(String(200), primary_key=True)
    value: Mapped[str]
    updated_at: Mapped[datetime]
    heard_at: Mapped[datetime]
    skipped: Mapped[int] = mapped_column(default=0)  # malformed items left out so far


class GapRow(Base):
    """A stretch of a source that we may have missed, shown to people until filled."""

    __tablename__ = "gap"

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(200))
    why: Mapped[str]
    before_cursor: Mapped[str] = mapped_column(default="")
    noticed_at: Mapped[datetime]
    closed_at: Mapped[datetime | None] = mapped_column(default=None)


class AccountRow(Base):
    """One account of ours on one network. `sending` is off until an administrator turns it on."""

    __tablename__ = "account"

    id: Mapped[str] = mapped_column(String(200), primary_key=True)  # e.g. bluesky/check.example.org
    network: Mapped[str] = mapped_column(String(16))
    remote_id: Mapped[str]  # DID, actor URL
    handle: Mapped[str]
    server: Mapped[str]
    public: Mapped[bool] = mapped_column(default=True)  # False: the fake network; nothing reaches people
    sending: Mapped[bool] = mapped_column(default=False)
    hashtag_replies: Mapped[str] = mapped_column(String(16), default="off")  # off, allowed
    paused: Mapped[str] = mapped_column(default="")  # why the account is paused ("" = not)
    profile: Mapped[Json] = mapped_column(default=dict)  # rules, limits, bot flag as last read
    logins: Mapped[list[Any]] = mapped_column(default=list)  # ISO times of the last password logins


class CaseRow(Base):
    """One post that may get one reply, from first sight to last outcome."""

    __tablename__ = "case"
    __table_args__ = (
        UniqueConstraint("network", "uri", name="uq_case_per_post"),
        Index("ix_case_state", "state", "created_at"),
        Index("ix_case_subject", "network", "subject_uri"),
        Index("ix_case_author", "network", "author_id"),
        Index("ix_case_thread", "network", "thread_uri"),
        Index("ix_case_rank", "rank_at", "id", "parked"),
        Index("ix_case_entry", "entry_id", "rank_at"),
        Index("ix_case_suggested", "state", "suggested"),
        Index("ix_case_updated", "state", "updated_at"),
        Index("ix_case_created", "created_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(default=1)
    state: Mapped[str] = mapped_column(String(16), default=State.RECEIVED.value)
    account: Mapped[str] = mapped_column(ForeignKey("account.id"))
    network: Mapped[str] = mapped_column(String(16))
    uri: Mapped[str]  # the post we would answer
    subject_uri: Mapped[str]  # the post that makes the claim (often the same)
    thread_uri: Mapped[str]  # root of the thread
    author_id: Mapped[str]  # who would be answered
    subject_author_id: Mapped[str]
    via: Mapped[str] = mapped_column(String(16))
    post: Mapped[Json]  # snapshot the draft was made from
    subject: Mapped[Json]
    context: Mapped[Json]
    changed: Mapped[bool] = mapped_column(default=False)  # the author edited the post since the draft
    entry_id: Mapped[str | None] = mapped_column(default=None)
    entry_version: Mapped[int | None] = mapped_column(default=None)
    match: Mapped[Json | None] = mapped_column(default=None)
    sensitivity: Mapped[str] = mapped_column(String(16), default="standard")
    basis: Mapped[str] = mapped_column(String(32), default="none")
    proof: Mapped[str] = mapped_column(default="")
    asked_by: Mapped[Json | None] = mapped_column(default=None)
    lock: Mapped[str] = mapped_column(default="")  # why a public reply is not allowed ("" = it is)
    note: Mapped[bool] = mapped_column(default=False)  # own-timeline note instead of a reply in the thread
    lang: Mapped[str] = mapped_column(String(16), default="en")
    address: Mapped[str] = mapped_column(default="")  # what stands before the text so that the person hears it
    draft: Mapped[str] = mapped_column(default="")  # without the address
    template: Mapped[str] = mapped_column(default="")
    reason: Mapped[str] = mapped_column(default="")  # why the case is in its state, in words
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    expires_at: Mapped[datetime | None] = mapped_column(default=None)
    looked_at: Mapped[datetime | None] = mapped_column(default=None)  # when its posts were last looked at again
    approved_by: Mapped[str] = mapped_column(default="")
    approved_at: Mapped[datetime | None] = mapped_column(default=None)
    approved_text: Mapped[str] = mapped_column(default="")  # address and draft, exactly as approved
    send_after: Mapped[datetime | None] = mapped_column(default=None)
    closed_by: Mapped[str] = mapped_column(default="")
    remote_uri: Mapped[str] = mapped_column(default="")
    remote_url: Mapped[str] = mapped_column(default="")
    rank_at: Mapped[datetime | None] = mapped_column(
        default=None
    )  # its place in the queue (bot/priority.py), if it waits
    suggested: Mapped[bool] = mapped_column(default=False)  # the matcher sees a claim, but is not sure enough to draft
    words: Mapped[str] = mapped_column(default="")  # what search looks through, see bot/store/derived.py
    parked: Mapped[str] = mapped_column(default="")  # why an editor laid it aside ("" = it was not)
    needs: Mapped[str] = mapped_column(String(16), default="")  # whose yes an editor asked for, see bot/eyes.py
    said_before: Mapped[str] = mapped_column(default="")  # what the post said when the draft was made, if it changed
    rests_on: Mapped[Json] = mapped_column(default=dict)  # sentence of an editor's → citation it rests on

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class DeliveryRow(Base):
    """The outbox ledger: one row per approved text, written before the network call."""

    __tablename__ = "delivery"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), index=True)
    account: Mapped[str] = mapped_column(ForeignKey("account.id"))
    state: Mapped[str] = mapped_column(String(16))  # intent, confirmed, unknown, absent, refused, withdrawn
    outgoing: Mapped[Json]
    remote: Mapped[Json | None] = mapped_column(default=None)
    attempts: Mapped[int] = mapped_column(default=0)
    looked: Mapped[int] = mapped_column(default=0)  # read-backs since the last attempt
    basis: Mapped[str] = mapped_column(String(32))
    proof: Mapped[str]
    entry_id: Mapped[str]
    entry_version: Mapped[int]
    approved_by: Mapped[str]
    author_id: Mapped[str]
    thread_uri: Mapped[str]
    intent_at: Mapped[datetime]
    settled_at: Mapped[datetime | None] = mapped_column(default=None)
    error: Mapped[str] = mapped_column(default="")


class JobRow(Base):
    """Durable work. `due_at` is run time, retry time and lease expiry at once (a visibility timeout)."""

    __tablename__ = "job"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    unique_key: Mapped[str] = mapped_column(String(200), unique=True)
    payload: Mapped[Json] = mapped_column(default=dict)
    due_at: Mapped[datetime]
    fence: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    max_attempts: Mapped[int] = mapped_column(default=8)
    worker: Mapped[str] = mapped_column(default="")
    last_error: Mapped[str] = mapped_column(default="")
    finished_at: Mapped[datetime | None] = mapped_column(default=None)
    dead: Mapped[bool] = mapped_column(default=False)  # gave up: a person should look


Index(
    "ix_job_due",
    JobRow.due_at,
    sqlite_where=JobRow.finished_at.is_(None),
    postgresql_where=JobRow.finished_at.is_(None),
)


class LeaseRow(Base):
    """Who owns something that must be single: an account's session, a stream, the scheduler."""

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    owner: Mapped[str]
    expires_at: Mapped[datetime]


class OptOutRow(Base):
    """Who must never be addressed again, and how they told us."""

    __tablename__ = "opt_out"

    network: Mapped[str] = mapped_column(String(16), primary_key=True)
    author_id: Mapped[str] = mapped_column(Text, primary_key=True)
    handle: Mapped[str]
    how: Mapped[str]
    at: Mapped[datetime]
    lifted_at: Mapped[datetime | None] = mapped_column(default=None)

"""The tables of the people and papers: users, sessions, evidence, switches, audit. Shapes only."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.models import Base, Json


class UserRow(Base):
    """A named person of the office."""

    __tablename__ = "user"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)  # how approvals are signed
    role: Mapped[str] = mapped_column(String(16))  # see `bot.people.Role`
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None] = mapped_column(default=None)
    signed_in_at: Mapped[datetime | None] = mapped_column(default=None)  # None: invited, not here yet
    password: Mapped[str] = mapped_column(default="")  # argon2; "": none
    totp_at: Mapped[datetime | None] = mapped_column(default=None)  # set: an authenticator is in use
    totp_step: Mapped[int] = mapped_column(default=0)  # the last step that was used; none is taken twice
    handle: Mapped[str] = mapped_column(String(64), default="")  # what passkeys know the person by; made at random


class SignInLinkRow(Base):
    """A one-time sign-in link. Only the hash of its token is kept."""

    __tablename__ = "sign_in_link"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None] = mapped_column(default=None)


class WebSessionRow(Base):
    """A signed-in browser. Only the hash of its token is kept; revoke by deleting the row."""

    __tablename__ = "web_session"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    csrf: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    agent: Mapped[str] = mapped_column(default="")
    method: Mapped[str] = mapped_column(String(16), default="link")  # link, password, passkey, sso
    strong: Mapped[bool] = mapped_column(default=False)  # a second factor was given
    proven_at: Mapped[datetime | None] = mapped_column(default=None)  # when the person last showed that it is them


class PackRow(Base):
    """One import of an evidence pack: who, when, from which file."""

    __tablename__ = "pack"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    table_version: Mapped[str] = mapped_column(String(64))
    imported_by: Mapped[str]
    imported_at: Mapped[datetime]
    entries: Mapped[int]


class EntryRow(Base):
    """An entry of the evidence table: which version counts now. `retired_at` set: drafts no more."""

    __tablename__ = "entry"

    id: Mapped[str] = mapped_column(String(100), primary_key=True)
    version: Mapped[int]
    retired_at: Mapped[datetime | None] = mapped_column(default=None)


class EntryVersionRow(Base):
    """One version of an entry, kept for good."""

    __tablename__ = "entry_version"

    entry_id: Mapped[str] = mapped_column(ForeignKey("entry.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    data: Mapped[Json]
    digest: Mapped[str] = mapped_column(String(64))
    pack_id: Mapped[int | None] = mapped_column(ForeignKey("pack.id"), default=None)
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    note: Mapped[str] = mapped_column(default="", server_default="")


class SwitchRow(Base):
    """The kill switch, one row ('publishing'). Set: nothing is published."""

    __tablename__ = "switch"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    stopped: Mapped[bool]
    reason: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]


class RulingRow(Base):
    """A recorded decision of an administrator: what, who, when, why. Without an account it is about the office."""

    __tablename__ = "ruling"

    id: Mapped[int] = mapped_column(primary_key=True)
    account: Mapped[str | None] = mapped_column(ForeignKey("account.id"))
    setting: Mapped[str] = mapped_column(String(64))
    value: Mapped[str]
    by: Mapped[str]
    why: Mapped[str]
    at: Mapped[datetime]


class AuditRow(Base):
    """What happened, in order. Its highest id is the clock that live pages watch.

    `place`, `content` and `seal` come within a minute, see `bot.audit_chain`. `erased`: words of a person were taken
    out.
    """

    __tablename__ = "audit"
    __table_args__ = (
        Index("ix_audit_case", "case_id"),
        Index("ix_audit_what", "what", "at"),
        UniqueConstraint("place", name="uq_audit_place"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    who: Mapped[str]
    what: Mapped[str] = mapped_column(String(64))
    case_id: Mapped[int | None] = mapped_column(default=None)
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    place: Mapped[int | None] = mapped_column(default=None)
    content: Mapped[str | None] = mapped_column(String(64), default=None)
    seal: Mapped[str | None] = mapped_column(String(64), default=None)
    erased: Mapped[bool] = mapped_column(default=False)


class SecretRow(Base):
    """A secret, encrypted with a key that is kept outside the database."""

    __tablename__ = "secret"

    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    value: Mapped[bytes] = mapped_column(LargeBinary)
    updated_at: Mapped[datetime]


class SecondReadingRow(Base):
    """What a second reader said of one post and one claim. The texts themselves are not kept, only their hash."""

    __tablename__ = "second_reading"

    model: Mapped[str] = mapped_column(String(200), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    answer: Mapped[dict[str, Any] | None] = mapped_column(JSON, default=None)
    trouble: Mapped[str] = mapped_column(default="")
    asked_at: Mapped[datetime]


class ReplyTemplateRow(Base):
    """One version of what the office says in place of a phrase or a layout that ships. Its text never changes.

    At most one version of a name is in force; `retired` was in force once. `by_id` is the person behind the name `by`.
    """

    __tablename__ = "reply_template"
    __table_args__ = (
        UniqueConstraint("lang", "name", "version", name="uq_reply_template_version"),
        Index("ix_reply_template_state", "lang", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lang: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(64))
    version: Mapped[int]
    text: Mapped[str]
    note: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(String(16))  # draft, in_force, retired
    by: Mapped[str] = mapped_column(String(100))
    by_id: Mapped[int]
    at: Mapped[datetime]
    put_by: Mapped[str] = mapped_column(String(100), default="")
    put_at: Mapped[datetime | None] = mapped_column(default=None)

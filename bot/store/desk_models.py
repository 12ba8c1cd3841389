"""The tables of the desk: who holds a case, what was typed, who signed, what a second person said. Shapes only."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.models import Base


class HoldRow(Base):
    """Who works on a case just now. Past `until` it holds nobody off."""

    __tablename__ = "hold"

    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), primary_key=True)
    who: Mapped[str] = mapped_column(String(100))
    since: Mapped[datetime]
    until: Mapped[datetime]


class JottingRow(Base):
    """What somebody typed into a draft and did not save yet. It outlives their hold on the case."""

    __tablename__ = "jotting"

    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), primary_key=True)
    who: Mapped[str] = mapped_column(String(100), primary_key=True)
    text: Mapped[str]
    at: Mapped[datetime]


class RemarkRow(Base):
    """A note to colleagues beside a case. `to` names the one who is asked ("": nobody in particular)."""

    __tablename__ = "remark"
    __table_args__ = (Index("ix_remark_to", "to", "answered_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), index=True)
    who: Mapped[str] = mapped_column(String(100))
    to: Mapped[str] = mapped_column(String(100), default="")
    text: Mapped[str]
    at: Mapped[datetime]
    answered_at: Mapped[datetime | None] = mapped_column(default=None)


class SignatureRow(Base):
    """One person's yes to exactly these words on this version of the entry (`digest`), where one is not enough."""

    __tablename__ = "signature"
    __table_args__ = (UniqueConstraint("case_id", "who", name="uq_signature_once"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"))
    who: Mapped[str] = mapped_column(String(100))
    role: Mapped[str] = mapped_column(String(32))
    digest: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]


class SecondLookRow(Base):
    """A decided case that somebody else judges again without knowing what was decided."""

    __tablename__ = "second_look"
    __table_args__ = (Index("ix_second_look_open", "second_at"),)

    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), primary_key=True)
    entry_id: Mapped[str] = mapped_column(String(100))
    text: Mapped[str]  # the draft as it stood when the first decided
    first_who: Mapped[str] = mapped_column(String(100))
    first_said: Mapped[str] = mapped_column(String(32))  # approve, or a reason to decline
    first_at: Mapped[datetime]
    second_who: Mapped[str] = mapped_column(String(100), default="")
    second_said: Mapped[str] = mapped_column(String(32), default="")
    second_at: Mapped[datetime | None] = mapped_column(default=None)


class TaskRow(Base):
    """Something a person should do that is not a case, e.g. look at an entry on which editors disagree."""

    __tablename__ = "task"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    entry_id: Mapped[str] = mapped_column(String(100), index=True)
    why: Mapped[str]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None] = mapped_column(default=None)
    closed_by: Mapped[str] = mapped_column(default="")


class SavedFilterRow(Base):
    """A view of the queue that a person keeps: the query of its address."""

    __tablename__ = "saved_filter"
    __table_args__ = (UniqueConstraint("user_id", "name", name="uq_saved_filter_name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    name: Mapped[str] = mapped_column(String(60))
    query: Mapped[str]

"""The tables of notifications: what each person wants to hear of, by which way, and was told. Shapes only."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.models import Base


class NoticeWishRow(Base):
    """What one person wants to hear of, and when. Without a row the defaults count."""

    __tablename__ = "notice_wish"

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True)
    new_cases: Mapped[bool] = mapped_column(default=True)
    on_you: Mapped[bool] = mapped_column(default=True)
    expiring: Mapped[bool] = mapped_column(default=True)
    trouble: Mapped[bool] = mapped_column(default=True)  # counts for administrators only
    every_minutes: Mapped[int] = mapped_column(default=15)
    quiet_from: Mapped[str] = mapped_column(String(5), default="")  # "22:00" in `zone`; "" means no quiet hours
    quiet_to: Mapped[str] = mapped_column(String(5), default="")
    zone: Mapped[str] = mapped_column(String(64), default="UTC")
    wake_in_crisis: Mapped[bool] = mapped_column(default=True)


class NoticeChannelRow(Base):
    """One way to one person. The address itself, and what signs for it, are kept encrypted."""

    __tablename__ = "notice_channel"

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True)
    channel: Mapped[str] = mapped_column(String(16), primary_key=True)  # mail, webhook, chat
    on: Mapped[bool] = mapped_column(default=True)
    shown: Mapped[str]  # as much of the address as may be seen on a page
    failures: Mapped[int] = mapped_column(default=0)  # in a row
    trouble: Mapped[str] = mapped_column(default="")  # how the last try failed ("" = it did not)
    retry_at: Mapped[datetime | None] = mapped_column(default=None)
    given_up_at: Mapped[datetime | None] = mapped_column(default=None)  # when the office switched it off
    digest_at: Mapped[datetime | None] = mapped_column(default=None)
    urgent_at: Mapped[datetime | None] = mapped_column(default=None)
    sent_at: Mapped[datetime | None] = mapped_column(default=None)


class NoticeMessageRow(Base):
    """One message to one person over one channel. Its words are made at the moment of sending."""

    __tablename__ = "notice_message"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    channel: Mapped[str] = mapped_column(String(16))
    kind: Mapped[str] = mapped_column(String(16))  # digest, crisis, test
    things: Mapped[list[Any]] = mapped_column(JSON, default=list)  # keys of what it tells
    made_at: Mapped[datetime]
    settled_at: Mapped[datetime | None] = mapped_column(default=None)
    outcome: Mapped[str] = mapped_column(String(16), default="")  # sent, moot, dropped


class NoticeToldRow(Base):
    """The slot of one thing: each person hears of it once over each channel."""

    __tablename__ = "notice_told"

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True)
    channel: Mapped[str] = mapped_column(String(16), primary_key=True)
    thing: Mapped[str] = mapped_column(String(300), primary_key=True)
    at: Mapped[datetime]

"""The tables behind signing in: factors, logins elsewhere, half-done steps, failed tries, house rules. Shapes only."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.models import Base


class PasskeyRow(Base):
    """A passkey of a person. Only its public half is here."""

    __tablename__ = "passkey"
    __table_args__ = (UniqueConstraint("credential", name="uq_passkey_credential"), Index("ix_passkey_user", "user_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    credential: Mapped[str] = mapped_column(String(1400))  # base64url of at most 1023 bytes
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int]
    name: Mapped[str] = mapped_column(String(60))
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None] = mapped_column(default=None)


class RecoveryCodeRow(Base):
    """A recovery code. Only its hash is kept; it works once."""

    __tablename__ = "recovery_code"
    __table_args__ = (Index("ix_recovery_code_user", "user_id"),)

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    used_at: Mapped[datetime | None] = mapped_column(default=None)


class LoginRow(Base):
    """A login at the single sign-on provider that belongs to a person. `role`: what the provider's groups gave."""

    __tablename__ = "login"
    __table_args__ = (Index("ix_login_user", "user_id"),)

    issuer: Mapped[str] = mapped_column(String(300), primary_key=True)
    subject: Mapped[str] = mapped_column(String(255), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    role: Mapped[str] = mapped_column(String(16), default="")
    linked_at: Mapped[datetime]


class SignInStepRow(Base):
    """A sign-in that waits for its next step (a second factor, a passkey, an answer of the provider). Works once."""

    __tablename__ = "sign_in_step"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), default=None)
    data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    expires_at: Mapped[datetime]


class SignInTryRow(Base):
    """Failed tries of one account or one address. The key is a hash: people type passwords into the wrong field."""

    __tablename__ = "sign_in_try"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int]
    next_at: Mapped[datetime]


class HouseRuleRow(Base):
    """A rule of the office that an administrator changed: what, who, when, why."""

    __tablename__ = "house_rule"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[str] = mapped_column(String(32))
    by: Mapped[str]
    why: Mapped[str]
    at: Mapped[datetime]

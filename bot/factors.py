"""The second factor: codes of an authenticator app, and recovery codes. Passkeys have a file of their own.

The secret of an authenticator stays encrypted in the vault; of a recovery code only the hash is kept.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from datetime import datetime

import pyotp
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from bot import audit
from bot.errors import NotAllowed
from bot.sessions import hashed
from bot.store.office_models import UserRow
from bot.store.sign_in_models import LoginRow, PasskeyRow, RecoveryCodeRow
from bot.vault import Vault

STEP = 30  # seconds; what every authenticator app takes
EITHER_SIDE = 1  # steps that a phone's clock may be off
RECOVERY_CODES = 10
DIGITS = 6


def has_second(session: Session, user: UserRow) -> bool:
    """Does this person have an authenticator or a passkey?"""
    return user.totp_at is not None or has_passkey(session, user.id)


def has_passkey(session: Session, user_id: int) -> bool:
    """Does this person have a passkey?"""
    return bool(session.scalar(select(func.count()).select_from(PasskeyRow).where(PasskeyRow.user_id == user_id)))


def can_return(session: Session, user: UserRow) -> bool:
    """Could this person sign in again without a link?"""
    linked = session.scalar(select(func.count()).select_from(LoginRow).where(LoginRow.user_id == user.id))
    return bool(user.password or linked or has_passkey(session, user.id))


def can_prove(session: Session, user: UserRow) -> bool:
    """Is there anything by which this person could show that it is them?"""
    return can_return(session, user) or user.totp_at is not None


# --- the authenticator


def offer(session: Session, vault: Vault, user: UserRow, *, now: datetime) -> None:
    """A new secret, not in use before a code of it was given."""
    vault.put(session, _offered(user.id), pyotp.random_base32(), now=now)


def offered(session: Session, vault: Vault, user: UserRow, *, organisation: str) -> tuple[str, str] | None:
    """The secret that waits for its first code: (secret, address for the app)."""
    secret = vault.get(session, _offered(user.id))
    return (secret, _address(secret, user, organisation)) if secret else None


def take_up(session: Session, vault: Vault, user: UserRow, code: str, *, now: datetime) -> None:
    """The app shows the right code: from now on it counts. Raises `NotAllowed`."""
    secret = vault.get(session, _offered(user.id))
    if secret is None:
        raise NotAllowed("there is no new authenticator to confirm; begin again")
    step = _step_of(secret, code, now=now, after=0)
    if step is None:
        raise NotAllowed("this code does not fit; check the clock of your phone, and type the code it shows now")
    vault.put(session, _in_use(user.id), secret, now=now)
    vault.drop(session, _offered(user.id))
    replaced = user.totp_at is not None
    user.totp_at, user.totp_step = now, step
    audit.note(session, who=user.name, what="authenticator replaced" if replaced else "authenticator added", now=now)


def code_fits(session: Session, vault: Vault, user: UserRow, code: str, *, now: datetime) -> bool:
    """Is this a code of the authenticator that was not used before? It is used up by this."""
    secret = vault.get(session, _in_use(user.id)) if user.totp_at is not None else None
    step = _step_of(secret, code, now=now, after=user.totp_step) if secret else None
    if step is None:
        return False
    newer = update(UserRow).where(UserRow.id == user.id, UserRow.totp_step < step).values(totp_step=step)
    used: int = session.execute(newer).rowcount  # type: ignore[attr-defined]
    return used == 1  # of two at once one gets in


def remove(session: Session, vault: Vault, user: UserRow, *, by: str, now: datetime) -> None:
    """The authenticator counts no more."""
    if user.totp_at is not None:
        audit.note(session, who=by, what="authenticator removed", now=now, name=user.name)
    user.totp_at, user.totp_step = None, 0
    vault.drop(session, _in_use(user.id))
    vault.drop(session, _offered(user.id))
    forget_orphans(session, user)


def reset(session: Session, vault: Vault, user: UserRow, *, by: str, now: datetime, why: str = "") -> None:
    """Somebody lost their phone: every second factor of theirs is gone."""
    session.execute(delete(PasskeyRow).where(PasskeyRow.user_id == user.id))
    remove(session, vault, user, by=by, now=now)
    audit.note(session, who=by, what="second factor reset", now=now, name=user.name, why=why)


# --- recovery codes


def new_recovery_codes(session: Session, user: UserRow, *, now: datetime) -> tuple[str, ...]:
    """Ten codes, each good for one sign-in; older ones stop working. They are shown once."""
    session.execute(delete(RecoveryCodeRow).where(RecoveryCodeRow.user_id == user.id))
    codes = tuple(_code() for _ in range(RECOVERY_CODES))
    session.add_all(RecoveryCodeRow(code_hash=hashed(_plain(code)), user_id=user.id) for code in codes)
    audit.note(session, who=user.name, what="recovery codes made", now=now)
    return codes


def recovery_codes_left(session: Session, user_id: int) -> int:
    """How many are left."""
    query = select(func.count()).select_from(RecoveryCodeRow)
    return session.scalar(query.where(RecoveryCodeRow.user_id == user_id, RecoveryCodeRow.used_at.is_(None))) or 0


def use_recovery_code(session: Session, user: UserRow, code: str, *, now: datetime) -> bool:
    """Is this one of their codes? It is used up by this."""
    theirs = (RecoveryCodeRow.code_hash == hashed(_plain(code)), RecoveryCodeRow.user_id == user.id)
    used = update(RecoveryCodeRow).where(*theirs, RecoveryCodeRow.used_at.is_(None)).values(used_at=now)
    if session.execute(used).rowcount != 1:  # type: ignore[attr-defined]
        return False
    left = recovery_codes_left(session, user.id)
    audit.note(session, who=user.name, what="recovery code used", now=now, left=left)
    return True


def second_fits(session: Session, vault: Vault, user: UserRow, typed: str, *, now: datetime) -> bool:
    """What a person types into the one box: a code of the app, or a recovery code."""
    if len(typed.replace(" ", "")) == DIGITS:
        return code_fits(session, vault, user, typed, now=now)
    return use_recovery_code(session, user, typed, now=now)


def forget_orphans(session: Session, user: UserRow) -> None:
    """Recovery codes stand in for a second factor; without one they are worth nothing."""
    session.flush()
    if not has_second(session, user):
        session.execute(delete(RecoveryCodeRow).where(RecoveryCodeRow.user_id == user.id))


def _step_of(secret: str, code: str, *, now: datetime, after: int) -> int | None:
    code = code.replace(" ", "")
    if len(code) != DIGITS or not code.isascii() or not code.isdecimal():
        return None
    here = int(now.timestamp()) // STEP
    app = pyotp.TOTP(secret)
    for step in range(here - EITHER_SIDE, here + EITHER_SIDE + 1):
        if step > after and hmac.compare_digest(app.generate_otp(step), code):
            return step
    return None


def _address(secret: str, user: UserRow, organisation: str) -> str:
    return pyotp.TOTP(secret).provisioning_uri(name=user.name, issuer_name=f"Scrutineer {organisation}")


def _code() -> str:
    letters = base64.b32encode(secrets.token_bytes(10)).decode().lower()
    return "-".join(letters[at : at + 4] for at in range(0, 16, 4))


def _plain(code: str) -> str:
    return code.strip().lower().replace("-", "").replace(" ", "")


def _in_use(user_id: int) -> str:
    return f"totp:{user_id}"


def _offered(user_id: int) -> str:
    return f"totp-offered:{user_id}"

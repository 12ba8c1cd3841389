"""Passkeys: register and check them with the webauthn library. The user is always verified, so one is two factors."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from bot import audit, factors
from bot.errors import NotAllowed
from bot.store.codec import clean_text
from bot.store.office_models import UserRow
from bot.store.sign_in_models import PasskeyRow

MOST = 20  # passkeys of one person
LONGEST_NAME = 60  # characters
NO_FIT = "the passkey was not accepted; try again, or use another way"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where the desk stands, as browsers know it."""

    domain: str  # without scheme and port: what a passkey belongs to
    origin: str


def of_person(session: Session, user_id: int) -> list[PasskeyRow]:
    """Their passkeys, oldest first."""
    return list(session.scalars(select(PasskeyRow).where(PasskeyRow.user_id == user_id).order_by(PasskeyRow.id)))


def new_options(session: Session, user: UserRow, site: Site, *, organisation: str) -> tuple[str, str]:
    """What a browser needs to make a passkey: (options as JSON, challenge to remember)."""
    if not user.handle:
        user.handle = secrets.token_urlsafe(32)
    options = generate_registration_options(
        rp_id=site.domain,
        rp_name=f"Scrutineer {organisation}",
        user_id=user.handle.encode(),
        user_name=user.name,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=_descriptors(of_person(session, user.id)),
    )
    return options_to_json(options), bytes_to_base64url(options.challenge)


def add(
    session: Session, user: UserRow, answer: str, site: Site, *, challenge: str, name: str, now: datetime
) -> PasskeyRow:
    """Keep a new passkey. Raises `NotAllowed`."""
    if len(of_person(session, user.id)) >= MOST:
        raise NotAllowed(f"{MOST} passkeys are enough; remove one first")
    try:
        made = verify_registration_response(
            credential=answer,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=site.domain,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError) as error:
        raise NotAllowed(NO_FIT) from error
    credential = bytes_to_base64url(made.credential_id)
    if session.scalar(select(PasskeyRow).where(PasskeyRow.credential == credential)) is not None:
        raise NotAllowed("this passkey is known already")
    name = clean_text(name).strip()[:LONGEST_NAME] or f"Passkey of {now:%Y-%m-%d}"
    row = PasskeyRow(
        user_id=user.id,
        credential=credential,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        name=name,
        created_at=now,
    )
    session.add(row)
    session.flush()
    audit.note(session, who=user.name, what="passkey added", now=now, passkey=name)
    return row


def check_options(session: Session, site: Site, *, user_id: int | None = None) -> tuple[str, str]:
    """What a browser needs to show a passkey: any known one, or one of this person. (options as JSON, challenge)."""
    allowed = _descriptors(of_person(session, user_id)) if user_id is not None else None
    options = generate_authentication_options(
        rp_id=site.domain, allow_credentials=allowed, user_verification=UserVerificationRequirement.REQUIRED
    )
    return options_to_json(options), bytes_to_base64url(options.challenge)


def check(session: Session, answer: str, site: Site, *, challenge: str, now: datetime) -> UserRow | None:
    """Whose passkey signed this challenge, here and now; None if nobody's. Its counter only ever grows."""
    try:
        given = parse_authentication_credential_json(answer)
        wanted = select(PasskeyRow).where(PasskeyRow.credential == bytes_to_base64url(given.raw_id))
        row = session.scalar(wanted.with_for_update())
        user = session.get(UserRow, row.user_id) if row is not None else None
        if row is None or user is None or user.disabled_at is not None:
            return None
        seen = verify_authentication_response(
            credential=given,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=site.domain,
            expected_origin=site.origin,
            credential_public_key=row.public_key,
            credential_current_sign_count=row.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError):
        return None
    handle = given.response.user_handle
    if handle is not None and handle != user.handle.encode():
        return None
    row.sign_count, row.used_at = seen.new_sign_count, now
    return user


def remove(session: Session, user: UserRow, passkey_id: int, *, now: datetime) -> None:
    """Forget a passkey of this person. Raises `NotAllowed` for one of somebody else."""
    row = session.get(PasskeyRow, passkey_id)
    if row is None or row.user_id != user.id:
        raise NotAllowed("you have no such passkey")
    audit.note(session, who=user.name, what="passkey removed", now=now, passkey=row.name)
    session.delete(row)
    factors.forget_orphans(session, user)


def _descriptors(rows: list[PasskeyRow]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(row.credential)) for row in rows]

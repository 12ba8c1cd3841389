"""What each role may do, as one table. Pages declare the right they need; nothing here knows a page or the database."""

from __future__ import annotations

from enum import StrEnum

from bot.model import Sensitivity


class Role(StrEnum):
    """What a person is here for."""

    ADMINISTRATOR = "administrator"
    EDITOR = "editor"
    CLINICAL_REVIEWER = "reviewer"
    EVIDENCE_CURATOR = "curator"
    AUDITOR = "auditor"


class Right(StrEnum):
    """Something a person may do. The value is how the reference page names it."""

    READ = "read every page but People"
    OWN = "own account: password, second factor, sessions"
    DRAFT = "try a wording"
    DECIDE = "decide cases"
    DECIDE_SENSITIVE = "approve what needs expert review"
    EDIT_EVIDENCE = "edit evidence"
    SIGN_OFF = "sign off evidence"
    TEND = "look after sources and the practice feed"
    STOP = "stop publishing"
    RESUME = "resume publishing"
    MANAGE_ACCOUNTS = "decide about accounts"
    MANAGE_PEOPLE = "manage people"


_EVERYBODY = frozenset({Right.READ, Right.OWN})
_EDITOR = _EVERYBODY | {Right.DRAFT, Right.DECIDE, Right.TEND, Right.STOP}
_CLINICAL = frozenset({Right.DECIDE_SENSITIVE, Right.SIGN_OFF})

RIGHTS: dict[Role, frozenset[Right]] = {
    Role.ADMINISTRATOR: frozenset(Right) - _CLINICAL,  # running the office makes nobody a clinician
    Role.EDITOR: _EDITOR,
    Role.CLINICAL_REVIEWER: _EDITOR | _CLINICAL,
    Role.EVIDENCE_CURATOR: _EVERYBODY | {Right.EDIT_EVIDENCE, Right.STOP},
    Role.AUDITOR: _EVERYBODY,
}

# Whoever holds one of these speaks for the office, or decides who does: they need a second factor to use it.
NEEDS_SECOND_FACTOR = frozenset(
    {
        Right.DECIDE,
        Right.DECIDE_SENSITIVE,
        Right.EDIT_EVIDENCE,
        Right.SIGN_OFF,
        Right.RESUME,
        Right.MANAGE_ACCOUNTS,
        Right.MANAGE_PEOPLE,
    }
)


def may(role: Role, right: Right) -> bool:
    """May a person of this role do this?"""
    return right in RIGHTS[role]


def needs_second_factor(role: Role) -> bool:
    """Does this role hold a right that asks for a second factor?"""
    return bool(RIGHTS[role] & NEEDS_SECOND_FACTOR)


def why_not_approve(role: Role, sensitivity: str) -> str:
    """Why a person of this role may not approve a case of this sensitivity ("" if they may)."""
    if not may(role, Right.DECIDE):
        return "your role reads cases and does not decide them"
    if sensitivity == Sensitivity.EXPERT_REVIEW and not may(role, Right.DECIDE_SENSITIVE):
        return "this claim needs expert review: a clinical reviewer approves it, or you file it"
    return ""

"""Your account: adding and removing an authenticator, passkeys and recovery codes. A secret is shown once, or never."""

from __future__ import annotations

from typing import Annotated

import segno
from fastapi import APIRouter, Form, Path
from fastapi.responses import RedirectResponse, Response
from markupsafe import Markup
from sqlalchemy.orm import Session

from bot import factors, passkeys, steps
from bot.errors import NotAllowed
from bot.store.office_models import UserRow
from bot.web.auth import cookies
from bot.web.auth.approver import MOST
from bot.web.auth.guard import Forbidden
from bot.web.auth.site import passkey_site
from bot.web.pages.me import PAGE, account_page, anew, with_session
from bot.web.visit import MyselfProven, Visit

router = APIRouter()

STEP = "new passkey"
NO_SITE = "Passkeys need https, or localhost."


@router.post("/me/authenticator")
def offer(visit: MyselfProven) -> Response:
    """A new secret for an app; the old one counts until the new one is confirmed."""
    with visit.hands.store.write() as session:
        factors.offer(session, visit.hands.vault, _me(visit, session), now=visit.now)
    return RedirectResponse("/me/authenticator", status_code=303)


@router.get("/me/authenticator")
def show(visit: MyselfProven) -> Response:
    """The square to photograph, until it is confirmed."""
    return _show(visit)


@router.post("/me/authenticator/confirm")
def confirm(visit: MyselfProven, code: Annotated[str, Form(max_length=100)] = "") -> Response:
    """The app shows the right code: from now on it counts."""
    try:
        with visit.hands.store.write() as session:
            user = _me(visit, session)
            factors.take_up(session, visit.hands.vault, user, code, now=visit.now)
            stronger = _stronger(visit, session, user)
    except NotAllowed as error:
        return _show(visit, problem=str(error))
    return _shown(visit, *stronger)


@router.post("/me/authenticator/remove")
def remove(visit: MyselfProven) -> Response:
    """The app counts no more."""
    with visit.hands.store.write() as session:
        user = _me(visit, session)
        factors.remove(session, visit.hands.vault, user, by=user.name, now=visit.now)
        return _weaker(visit, session, user)


@router.post("/me/recovery-codes")
def recovery(visit: MyselfProven) -> Response:
    """Ten new codes, shown this once. Older ones stop working."""
    with visit.hands.store.write() as session:
        user = _me(visit, session)
        if not factors.has_second(session, user):
            raise NotAllowed("recovery codes stand in for a second factor; set one up first")
        codes = factors.new_recovery_codes(session, user, now=visit.now)
    return visit.page("codes.html", codes=codes, fresh=False)


@router.post("/me/passkeys/begin")
def begin(visit: MyselfProven) -> Response:
    """What the browser needs to make a passkey."""
    site = passkey_site(visit.request, visit.hands)
    if site is None:
        raise Forbidden(NO_SITE)
    with visit.hands.store.write() as session:
        user = _me(visit, session)
        options, challenge = passkeys.new_options(session, user, site, organisation=visit.hands.organisation)
        token = steps.begin(session, STEP, now=visit.now, user_id=user.id, challenge=challenge)
    response = Response(options, media_type="application/json")
    cookies.put(response, visit.hands, cookies.PASSKEY, token, life=steps.STEP_LIFE)
    return response


@router.post("/me/passkeys")
def add(
    visit: MyselfProven,
    credential: Annotated[str, Form(max_length=20_000)] = "",
    name: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Keep the passkey that the browser made."""
    site = passkey_site(visit.request, visit.hands)
    try:
        with visit.hands.store.write() as session:
            token = cookies.read(visit.request, visit.hands, cookies.PASSKEY)
            step = steps.take(session, STEP, token, now=visit.now)
            if site is None or step is None or step.user_id != visit.person.user_id:
                raise NotAllowed(passkeys.NO_FIT)
            user = _me(visit, session)
            challenge = step.data["challenge"]
            passkeys.add(session, user, credential, site, challenge=challenge, name=name, now=visit.now)
            stronger = _stronger(visit, session, user)
    except NotAllowed as error:
        return account_page(visit, problem=str(error))
    return _shown(visit, *stronger)


@router.post("/me/passkeys/{passkey}/remove")
def remove_passkey(visit: MyselfProven, passkey: Annotated[int, Path(ge=1, le=MOST)]) -> Response:
    """Forget one of their own passkeys."""
    with visit.hands.store.write() as session:
        user = _me(visit, session)
        passkeys.remove(session, user, passkey, now=visit.now)
        return _weaker(visit, session, user)


def _stronger(visit: Visit, session: Session, user: UserRow) -> tuple[str, tuple[str, ...]]:
    """A new second factor counts at once in this session, and the first one brings recovery codes: (token, codes)."""
    token = anew(visit, session, strong=True)
    left = factors.recovery_codes_left(session, user.id)
    return token, () if left else factors.new_recovery_codes(session, user, now=visit.now)


def _shown(visit: Visit, token: str, codes: tuple[str, ...]) -> Response:
    """Back to the account, by way of the codes where there are new ones."""
    page = visit.page("codes.html", codes=codes, fresh=True) if codes else RedirectResponse(PAGE, status_code=303)
    return with_session(visit, page, token)


def _weaker(visit: Visit, session: Session, user: UserRow) -> Response:
    token = anew(visit, session, strong=None if factors.has_second(session, user) else False)
    return with_session(visit, RedirectResponse(PAGE, status_code=303), token)


def _show(visit: Visit, *, problem: str = "") -> Response:
    with visit.hands.store.read() as session:
        offered = factors.offered(
            session, visit.hands.vault, _me(visit, session), organisation=visit.hands.organisation
        )
    if offered is None:
        return RedirectResponse(PAGE, status_code=303)
    secret, address = offered
    square = segno.make(address, error="m").svg_inline(border=2, omitsize=True, dark="#000", light="#fff")
    return visit.page(
        "authenticator.html",
        status=422 if problem else 200,
        problem=problem,
        square=Markup(square),  # noqa: S704  drawn by segno: paths and numbers, no text of anybody
        secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
    )


def _me(visit: Visit, session: Session) -> UserRow:
    return session.get_one(UserRow, visit.person.user_id)

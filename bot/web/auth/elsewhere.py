"""The way in by the organisation's single sign-on. One way back serves all: signing in, connecting, proving."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException

from bot import logins, people, sessions, steps
from bot.errors import NotAllowed
from bot.logins import Login
from bot.sessions import hashed
from bot.steps import Step
from bot.store.office_models import UserRow
from bot.web import words
from bot.web.auth import cookies
from bot.web.auth.guard import Whoever, hands_of
from bot.web.auth.letting_in import ACCOUNT_PAGE, Admitted, admit, carry, lead_in
from bot.web.auth.sign_in import sign_in_page
from bot.web.auth.site import base_of, local
from bot.web.visit import Myself, MyselfProven

router = APIRouter()

STEP = "elsewhere"
BACK = "/sign-in/sso/back"
UNKNOWN = "nobody here knows this login yet: ask an administrator for an invitation, and open it first"


@router.get("/sign-in/sso")
def sign_in(request: Request, next: str = "/", link: str = "") -> Response:  # noqa: A002  as in every address
    """To the provider. With a `link` in hand, the login is connected to the person it is for."""
    return start(request, why="in", wanted=local(next), link=hashed(link) if link else "")


@router.get("/me/sso")
def connect(visit: MyselfProven) -> Response:
    """To the provider, to connect its login with this person."""
    return start(visit.request, why="connect", wanted=ACCOUNT_PAGE, user_id=visit.person.user_id)


@router.get("/prove/sso")
def prove(visit: Myself, next: str = "/") -> Response:  # noqa: A002
    """To the provider, which asks the person again."""
    return start(visit.request, why="prove", wanted=local(next), user_id=visit.person.user_id)


@router.get(BACK)
def back(request: Request, person: Whoever) -> Response:
    """From the provider: check what it says, and do what the round trip was for."""
    hands = hands_of(request)
    if hands.sign_on is None:
        raise HTTPException(404)
    now = hands.clock.now()
    with hands.store.write() as session:
        step = steps.take(session, STEP, cookies.read(request, hands, cookies.ELSEWHERE), now=now)
    try:
        if step is None:
            raise NotAllowed("this took too long, or was done already; begin again")
        memory, why = step.data["memory"], step.data["why"]
        answer = dict(request.query_params)
        login = hands.sign_on.finish(_back(request), memory, answer, anew=why == "prove", now=now)
        if why == "in":
            with hands.store.write() as session:
                return lead_in(request, _let_in(session, request, step, login))
        if person is None or person.user_id != step.user_id:
            raise NotAllowed("you are somebody else meanwhile; sign in and begin again")
        return _of_somebody(request, step, login)
    except NotAllowed as error:
        if person is not None:
            raise
        return sign_in_page(request, status=422, problem=words.sentence(str(error)))


def start(request: Request, *, why: str, wanted: str, user_id: int | None = None, link: str = "") -> Response:
    """Send the browser off, and remember what for."""
    hands = hands_of(request)
    if hands.sign_on is None:
        raise HTTPException(404)
    begun = hands.sign_on.begin(_back(request), anew=why == "prove")
    now = hands.clock.now()
    with hands.store.write() as session:
        token = steps.begin(
            session, STEP, now=now, user_id=user_id, why=why, wanted=wanted, link=link, memory=begun.memory
        )
    response = RedirectResponse(begun.url, status_code=303)
    cookies.put(response, hands, cookies.ELSEWHERE, token, life=steps.STEP_LIFE)
    return response


def _let_in(session: Session, request: Request, step: Step, login: Login) -> Admitted:
    hands = hands_of(request)
    now = hands.clock.now()
    if link := step.data["link"]:
        user = people.use_hashed_link(session, link, now=now, name=login.name)
        if user is None:
            raise NotAllowed("this invitation no longer works; ask for a new one")
        logins.connect(session, user, login, now=now)
    else:
        user = logins.owner(session, login)
        if user is None and hands.sign_on is not None and hands.sign_on.newcomers:
            user = logins.newcomer(session, login, now=now)
        if user is None:
            raise NotAllowed(UNKNOWN)
    logins.follow_groups(session, user, login, now=now)
    return admit(session, request, user, method="sso", strong=login.strong, wanted=step.data["wanted"])


def _of_somebody(request: Request, step: Step, login: Login) -> Response:
    """The round trip of a person who is signed in already."""
    hands = hands_of(request)
    now = hands.clock.now()
    token: str | None = cookies.read(request, hands, cookies.SESSION)
    with hands.store.write() as session:
        user = session.get_one(UserRow, step.user_id)
        if step.data["why"] == "connect":
            logins.connect(session, user, login, now=now)
        else:
            owner = logins.owner(session, login)
            if owner is None or owner.id != user.id:
                raise NotAllowed("this is the login of somebody else")
            token = sessions.renew(session, token or "", now=now, strong=True if login.strong else None)
    response = RedirectResponse(step.data["wanted"], status_code=303)
    if token:
        carry(request, response, token)
    cookies.drop(response, hands, cookies.ELSEWHERE)
    return response


def _back(request: Request) -> str:
    return base_of(request, hands_of(request)) + BACK

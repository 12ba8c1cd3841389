"""Pages for when something is wrong: plain words, an id to quote, and never the details of an error."""

from __future__ import annotations

import secrets
from urllib.parse import quote

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from bot import factors
from bot.errors import NotAllowed, Stale
from bot.store.office_models import UserRow
from bot.web.auth.guard import Forbidden, NotSignedIn, ProveFirst, SecondFactorFirst, hands_of, whoever
from bot.web.auth.sign_in import sign_in_page
from bot.web.auth.site import wanted_page
from bot.web.headers import dress
from bot.web.visit import render

log = structlog.get_logger(__name__)

SENTENCES = {
    404: "There is no such page here.",
    405: "This address does not take that kind of request.",
}


def install(app: FastAPI) -> None:
    """Every error ends as a page of ours."""

    @app.exception_handler(NotSignedIn)
    def not_signed_in(request: Request, error: NotSignedIn) -> Response:
        return sign_in_page(request, status=401, ended=True, wanted=wanted_page(request), typed=error.typed)

    @app.exception_handler(ProveFirst)
    def prove_first(request: Request, error: ProveFirst) -> Response:
        return RedirectResponse(f"/prove?next={quote(wanted_page(request), safe='/')}", status_code=303)

    @app.exception_handler(SecondFactorFirst)
    def second_factor_first(request: Request, error: SecondFactorFirst) -> Response:
        return _second_factor_first(request)

    @app.exception_handler(Forbidden)
    def forbidden(request: Request, error: Forbidden) -> Response:
        return _page(request, 403, str(error))

    @app.exception_handler(NotAllowed)
    def not_allowed(request: Request, error: NotAllowed) -> Response:
        return _page(request, 422, str(error))

    @app.exception_handler(Stale)
    def stale(request: Request, error: Stale) -> Response:
        return _page(request, 409, str(error))

    @app.exception_handler(RequestValidationError)
    def invalid(request: Request, error: RequestValidationError) -> Response:
        in_address = any(one["loc"][:1] == ("path",) for one in error.errors())
        return _page(request, 404, SENTENCES[404]) if in_address else _page(request, 422, _named(error))

    @app.exception_handler(HTTPException)
    def http(request: Request, error: HTTPException) -> Response:
        return _page(request, error.status_code, SENTENCES.get(error.status_code, "This did not work."))

    @app.exception_handler(Exception)
    def broken(request: Request, error: Exception) -> Response:
        # Starlette answers from outside our middleware here, so the headers are put on by hand.
        response = _page(request, 500, "Something went wrong on our side. Nothing was sent because of it.")
        dress(response.headers, secure=hands_of(request).secure_cookies)
        return response


def _second_factor_first(request: Request) -> Response:
    """Where the second factor is given, or set up; what was typed is kept in sight."""
    hands, wanted = hands_of(request), quote(wanted_page(request), safe="/")
    person = whoever(request)
    with hands.store.read() as session:
        user = session.get(UserRow, person.user_id) if person is not None else None
        to = (
            f"/prove?next={wanted}"
            if user is not None and factors.has_second(session, user)
            else f"/me?wanted={wanted}"
        )
    typed = getattr(request.state, "typed", "")
    if not typed.strip():
        return RedirectResponse(to, status_code=303)
    return HTMLResponse(render(request, "second_first.html", to=to, typed=typed), status_code=403)


def _named(error: RequestValidationError) -> str:
    fields = sorted({str(one["loc"][-1]) for one in error.errors()})
    return f"The form is not complete. Please check: {', '.join(fields)}."


def _page(request: Request, status: int, sentence: str) -> HTMLResponse:
    number = secrets.token_hex(4)
    if status >= 500:
        log.error("page failed", problem=number, status=status)
    page = render(request, "problem.html", status=status, sentence=sentence, number=number)
    return HTMLResponse(page, status_code=status)

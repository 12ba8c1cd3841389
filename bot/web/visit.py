"""One visit to one page: who, with which hands, and how the page is rendered. It holds no page of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy.orm import Session

from bot import audit, factors, house_rules, switch, upkeep
from bot.review import Declined
from bot.rights import NEEDS_SECOND_FACTOR, RIGHTS, Right, Role, may
from bot.sessions import SignedIn
from bot.store.office_models import UserRow
from bot.web import inert, lists, words
from bot.web.auth.guard import SAFE, Forbidden, ProveFirst, SecondFactorFirst, hands_of, signed_in
from bot.web.hands import Hands

TEMPLATES = Path(__file__).parent / "templates"
PROOF_LASTS = timedelta(minutes=15)  # after that, whoever changes keys or roles shows again that it is them


def environment() -> Environment:
    """Templates of ours only: escaped, strict, and with the filters that make foreign text inert."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        inert=inert.inert,
        linked=inert.linked,
        marked=inert.marked,
        web=inert.web,
        when=words.when,
        state=words.state,
        basis=words.basis,
        verdict=words.verdict,
        certainty=words.certainty,
        network=words.network,
        stance=words.stance,
        language=words.language,
        sentence=words.sentence,
        source=words.source,
        role=words.role,
        method=words.method,
        browser=words.browser,
    )
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Everything a route needs: the request, the hands, the person."""

    request: Request
    hands: Hands
    person: SignedIn

    @property
    def now(self) -> datetime:
        """The time by the office clock."""
        return self.hands.clock.now()

    @property
    def by_htmx(self) -> bool:
        """Does a script of ours ask for a part of a page?"""
        return self.request.headers.get("HX-Request") == "true"

    def page(self, template: str, *, status: int = 200, **more: Any) -> HTMLResponse:
        """A whole page, with what its frame shows: name, counts, troubles, and the banners."""
        unheard = sum(bool(why) for _, why in self.hands.sources())
        with self.hands.store.read() as session:
            kept = upkeep.look(session)
            frame = {
                "troubles_seen": kept.troubles + unheard,
                "paused": kept.paused,
                "stopped": switch.why_stopped(session, self.hands.stop_flag),
                "waiting": lists.count_waiting(session),
                "newest": lists.newest(session),
                "latest": audit.latest(session),
                "homeless": not self.hands.demo and not factors.can_return(session, self._user(session)),
            }
        return self.part(template, status=status, **frame, **more)

    def _user(self, session: Session) -> UserRow:
        return session.get_one(UserRow, self.person.user_id)

    def part(self, template: str, *, status: int = 200, **more: Any) -> HTMLResponse:
        """A template on its own."""
        body = render(
            self.request,
            template,
            person=self.person,
            admin=self.person.role is Role.ADMINISTRATOR,
            may={right.name.lower() for right in RIGHTS[self.person.role]},
            reasons=list(Declined),
            now=self.now,
            **more,
        )
        return HTMLResponse(body, status_code=status)


def render(request: Request, template: str, **more: Any) -> str:
    """Render for anybody, signed in or not."""
    hands = hands_of(request)
    env: Environment = request.app.state.templates
    return env.get_template(template).render(
        organisation=hands.organisation, demo=hands.demo, path=request.url.path, **more
    )


@dataclass(frozen=True, slots=True)
class Needs:
    """What a route asks of its visitor. `fresh`: they must have shown lately that it is them."""

    right: Right
    fresh: bool = False
    __globals__ = globals()  # where FastAPI looks up what the annotations below mean

    def __call__(self, request: Request, person: Annotated[SignedIn, Depends(signed_in)]) -> Visit:
        """Their visit; or `Forbidden`, `SecondFactorFirst`, `ProveFirst`."""
        if not may(person.role, self.right):
            raise Forbidden(f"As {words.role(person.role)} you may not do this. Ask an administrator.")
        visit = Visit(request=request, hands=hands_of(request), person=person)
        if request.method not in SAFE and self.right in NEEDS_SECOND_FACTOR and not person.strong:
            with visit.hands.store.read() as session:
                if house_rules.second_factor_required(session, practice=visit.hands.demo):
                    raise SecondFactorFirst
        if self.fresh and not visit.hands.demo and person.proven_at + PROOF_LASTS < visit.now:
            with visit.hands.store.read() as session:
                if factors.can_prove(session, session.get_one(UserRow, person.user_id)):
                    raise ProveFirst
        return visit


Visitor = Annotated[Visit, Depends(Needs(Right.READ))]
Myself = Annotated[Visit, Depends(Needs(Right.OWN))]
MyselfProven = Annotated[Visit, Depends(Needs(Right.OWN, fresh=True))]
Decider = Annotated[Visit, Depends(Needs(Right.DECIDE))]
SignerOff = Annotated[Visit, Depends(Needs(Right.SIGN_OFF))]
Curator = Annotated[Visit, Depends(Needs(Right.EDIT_EVIDENCE))]
Drafter = Annotated[Visit, Depends(Needs(Right.DRAFT))]
Tender = Annotated[Visit, Depends(Needs(Right.TEND))]
Stopper = Annotated[Visit, Depends(Needs(Right.STOP))]
Resumer = Annotated[Visit, Depends(Needs(Right.RESUME))]
AccountManager = Annotated[Visit, Depends(Needs(Right.MANAGE_ACCOUNTS))]
Administrator = Annotated[Visit, Depends(Needs(Right.MANAGE_PEOPLE))]
AdministratorProven = Annotated[Visit, Depends(Needs(Right.MANAGE_PEOPLE, fresh=True))]

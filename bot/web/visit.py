"""One visit to one page: who, with which hands, and how the page is rendered. It holds no page of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot import audit, switch, upkeep
from bot.people import Role, SignedIn
from bot.review import Declined
from bot.web import inert, lists, words
from bot.web.auth.guard import administrator, hands_of, signed_in
from bot.web.hands import Hands

TEMPLATES = Path(__file__).parent / "templates"


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
            }
        return self.part(template, status=status, **frame, **more)

    def part(self, template: str, *, status: int = 200, **more: Any) -> HTMLResponse:
        """A template on its own."""
        body = render(
            self.request,
            template,
            person=self.person,
            admin=self.person.role is Role.ADMINISTRATOR,
            may_decide=True,
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


def visitor(request: Request, person: Annotated[SignedIn, Depends(signed_in)]) -> Visit:
    """A signed-in person's visit."""
    return Visit(request=request, hands=hands_of(request), person=person)


def admin_visitor(request: Request, person: Annotated[SignedIn, Depends(administrator)]) -> Visit:
    """An administrator's visit."""
    return Visit(request=request, hands=hands_of(request), person=person)


Visitor = Annotated[Visit, Depends(visitor)]
Administrator = Annotated[Visit, Depends(admin_visitor)]

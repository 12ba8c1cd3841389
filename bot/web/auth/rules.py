"""Which right each route asks for, read from the routes themselves; and the few that ask for none, as a list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, APIRouter

from bot.rights import RIGHTS, Right, Role
from bot.web.visit import Needs

# Open to everybody: the ways in, and what machines ask. Nothing of the office shows there.
OPEN = frozenset(
    {
        ("GET", "/sign-in"),
        ("POST", "/sign-in"),
        ("GET", "/sign-in/second"),
        ("POST", "/sign-in/second"),
        ("POST", "/sign-in/passkey/begin"),
        ("POST", "/sign-in/passkey"),
        ("GET", "/sign-in/sso"),
        ("GET", "/sign-in/sso/back"),
        ("GET", "/sign-in/{token}"),
        ("POST", "/sign-in/{token}"),
        ("GET", "/healthz"),
        ("GET", "/metrics"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What one route asks for."""

    method: str
    path: str
    rights: frozenset[Right]
    fresh: bool

    @property
    def open(self) -> bool:
        """May everybody come, even nobody in particular?"""
        return (self.method, self.path) in OPEN

    def admits(self, role: Role) -> bool:
        """May this role use the route?"""
        return self.open or (bool(self.rights) and self.rights <= RIGHTS[role])


def rules_of(routers: Iterable[APIRouter]) -> tuple[Rule, ...]:
    """The rules of all routes, by path."""
    found = [rule for router in routers for route in router.routes for rule in rules_of_route(route)]
    return tuple(sorted(found, key=lambda rule: (rule.path, rule.method)))


def rules_of_route(route: object) -> Iterator[Rule]:
    """One for each method. A route that is none of ours has no right at all: nobody may use it."""
    needs = tuple(_needs(route.dependant)) if isinstance(route, APIRoute) else ()
    for method in sorted(getattr(route, "methods", None) or ()):
        yield Rule(
            method=method,
            path=str(getattr(route, "path", "")),
            rights=frozenset(one.right for one in needs),
            fresh=any(one.fresh for one in needs),
        )


def _needs(dependant: Dependant) -> Iterator[Needs]:
    if isinstance(dependant.call, Needs):
        yield dependant.call
    for inner in dependant.dependencies:
        yield from _needs(inner)

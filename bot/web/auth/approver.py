"""May this person approve this very case? The rule itself stands in `bot.rights`."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path

from bot.rights import Right, why_not_approve
from bot.web import lists, words
from bot.web.auth.guard import Forbidden
from bot.web.visit import Needs, Visit

MOST = 2**31 - 1  # the largest number every database takes as an id


def approver(
    visit: Annotated[Visit, Depends(Needs(Right.DECIDE))], case_id: Annotated[int, Path(ge=1, le=MOST)]
) -> Visit:
    """A visit to approve; `Forbidden` where the claim needs another role. Practice is for everybody."""
    with visit.hands.store.read() as session:
        case = lists.find(session, case_id)
    why = why_not_approve(visit.person.role, case.sensitivity) if case and not visit.hands.demo else ""
    if why:
        raise Forbidden(words.sentence(why))
    return visit


Approver = Annotated[Visit, Depends(approver)]

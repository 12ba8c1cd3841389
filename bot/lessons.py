"""What editors teach the matcher: their decisions as labelled posts, in the form that training reads.

Handles, links and hashtags' signs are taken out; the words stay, so the file is for the institution's own use.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.evidence import registry
from bot.life import State
from bot.matching.normalise import clean
from bot.model import Post, Stance
from bot.review import Declined
from bot.store import codec
from bot.store.models import CaseRow

TAUGHT = {
    Declined.WRONG_CLAIM: (Stance.UNRELATED, False),
    Declined.THEY_WERE_RIGHT: (Stance.DENIES, False),
    Declined.LEAVE_ALONE: (Stance.ASSERTS, True),
}
AGREED = (State.APPROVED, State.SENDING, State.UNKNOWN, State.PUBLISHED)  # a person said yes: they do assert it


def export(session: Session) -> Iterator[str]:
    """One JSON line per entry: its claim, its exemplars, and every post that an editor decided about."""
    posts: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in session.scalars(select(CaseRow).where(CaseRow.entry_id.is_not(None)).order_by(CaseRow.id)):
        label = _label(row)
        text = clean(codec.load(Post, row.subject).text)
        if label is not None and row.entry_id is not None and text:
            stance, leave_alone = label
            posts[row.entry_id].append(
                {
                    "text": text,
                    "stance": stance.value,
                    "lang": _lang(row),
                    "leave_alone": leave_alone,
                    "tags": [f"case {row.id}"],
                }
            )
    for entry_id, found in sorted(posts.items()):
        entry = registry.current(session, entry_id)
        if entry is not None:
            exemplars = {
                "asserts": list(entry.paraphrases),
                "denies": list(entry.negations),
                "asks": list(entry.questions),
            }
            told = {"claim_id": entry_id, "claim": entry.claim, "exemplars": exemplars, "posts": found}
            yield json.dumps(told, ensure_ascii=False)


def _label(row: CaseRow) -> tuple[Stance, bool] | None:
    if row.state in AGREED:
        return Stance.ASSERTS, False
    if row.state != State.DECLINED:
        return None
    reason = row.reason.partition(":")[0]
    return next((label for declined, label in TAUGHT.items() if declined.value == reason), None)


def _lang(row: CaseRow) -> str:
    langs = codec.load(Post, row.subject).langs
    return langs[0].partition("-")[0] if langs else "en"

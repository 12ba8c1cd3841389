"""What would other thresholds have done? Stored posts are matched again with both, and the differences listed.

It writes nothing, and it says only what the matcher would do: manners and people come after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.errors import NotAllowed
from bot.matchers import Matchers
from bot.matching.matcher import Matcher
from bot.model import Action, Context, Match, Post
from bot.store import codec
from bot.store.models import CaseRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One stored post that other thresholds would treat otherwise."""

    case_id: int
    state: str
    text: str
    entry_id: str | None
    certainty: float
    before: Action
    after: Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Counts with the thresholds in force and with the others, and every change."""

    posts: int
    suggest: tuple[float, float]  # in force, tried
    confident: tuple[float, float]
    drafts: tuple[int, int]
    suggestions: tuple[int, int]
    changes: tuple[Change, ...]

    @property
    def gained(self) -> tuple[Change, ...]:
        """Drafts that would be new."""
        return tuple(one for one in self.changes if _drafts(one.after) and not _drafts(one.before))

    @property
    def lost(self) -> tuple[Change, ...]:
        """Drafts that would not be made."""
        return tuple(one for one in self.changes if _drafts(one.before) and not _drafts(one.after))


def simulate(
    session: Session, matchers: Matchers, *, since: datetime, suggest: float | None, confident: float | None
) -> Outcome:
    """Match every post stored since then. Raises `NotAllowed` for thresholds without sense, or without models."""
    matcher = matchers.of(session)
    if not isinstance(matcher, Matcher):
        raise NotAllowed(f"nothing can be simulated: {matchers.trouble}")
    now = matcher.weights
    tried = replace(
        now,
        suggest=now.suggest if suggest is None else suggest,
        confident=now.confident if confident is None else confident,
    )
    if not 0.0 <= tried.suggest <= tried.confident <= 1.0:
        raise NotAllowed(
            f"suggest ({tried.suggest:g}) must not be above confident ({tried.confident:g}), both between 0 and 1"
        )
    other = matcher.with_weights(tried)
    pairs: list[tuple[CaseRow, str, Match, Match]] = []
    for row in session.scalars(select(CaseRow).where(CaseRow.created_at >= since).order_by(CaseRow.id)):
        text, around = texts_of(row)
        if text:
            seen = matcher.judge(text, around)
            pairs.append((row, text, matcher.decide(seen, around), other.decide(seen, around)))
    return Outcome(
        posts=len(pairs),
        suggest=(now.suggest, tried.suggest),
        confident=(now.confident, tried.confident),
        drafts=(sum(one.drafts for _, _, one, _ in pairs), sum(two.drafts for _, _, _, two in pairs)),
        suggestions=(_suggestions([one for _, _, one, _ in pairs]), _suggestions([two for _, _, _, two in pairs])),
        changes=tuple(
            Change(
                case_id=row.id,
                state=row.state,
                text=text,
                entry_id=one.entry_id,
                certainty=one.grounds.certainty,
                before=one.action,
                after=two.action,
            )
            for row, text, one, two in pairs
            if one.action is not two.action
        ),
    )


def texts_of(row: CaseRow) -> tuple[str, tuple[str, ...]]:
    """The post that was judged and those above it; "" when its words are not kept any more."""
    subject = codec.load(Post, row.subject)
    context = codec.load(Context, row.context) if row.context else Context()
    around = tuple(post.text for post in context.above if post.ref.uri != subject.ref.uri)
    return "\n".join([subject.text, *subject.media_alts]).strip(), around


def _suggestions(found: Sequence[Match]) -> int:
    return sum(one.action is Action.SUGGEST for one in found)


def _drafts(action: Action) -> bool:
    return action in (Action.DRAFT, Action.EXPERT_REVIEW)

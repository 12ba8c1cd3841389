"""What stands around a case and helps to decide it: who works on it, who must say yes, what we know of the author."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot import eyes, holds, remarks
from bot.eyes import Needed
from bot.life import State
from bot.model import Author
from bot.priority import facts_of, head_starts
from bot.store.desk_models import HoldRow, JottingRow, RemarkRow, SignatureRow
from bot.store.models import CaseRow, OptOutRow
from bot.store.office_models import UserRow
from bot.web import words

NEW = timedelta(days=30)  # an account younger than this belongs to somebody who may be new here
MINOR = re.compile(r"\b1[2-7]\b(?! ?(?:%|k|h|years|countries))|\b(?:teen|high school|sixth form|year (?:9|1[0-3]))\b")
UNWELL = re.compile(
    r"\b(?:patient|warrior|survivor|chronic(?:ally)?|disabled|spoonie|grieving|widow(?:er)?|in remission|living with)\b"
)
MOST_CONTACTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What we know of the author of a post."""

    contacts: tuple[CaseRow, ...]  # other cases with them, newest first
    published: int  # replies of ours to them that stand
    left: str  # how they opted out ("" = they did not)
    relation: str  # whether they follow us
    careful: tuple[str, ...]  # signals why to be careful, in words


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """Everything beside the case itself."""

    holder: HoldRow | None
    mine: bool
    typed: tuple[JottingRow, ...]
    remarks: tuple[RemarkRow, ...]
    colleagues: tuple[str, ...]
    needed: Needed
    signed: tuple[SignatureRow, ...]
    missing: str  # what an approval of the draft as it stands lacks
    why_here: tuple[str, ...]  # what moved the case forward in the queue
    alike: int  # other waiting drafts about the same entry
    author: Known
    diff: tuple[tuple[str, str], ...]  # the post since the draft: ("same" | "gone" | "new", words)


def around(session: Session, row: CaseRow, author: Author, who: str, now: datetime) -> Around:
    """Look it all up."""
    holder = holds.holder(session, row.id, now)
    signed = tuple(eyes.signatures(session, row, row.draft))
    others = select(UserRow.name).where(UserRow.disabled_at.is_(None), UserRow.name != who).order_by(UserRow.name)
    alike = select(func.count()).where(
        CaseRow.rank_at.is_not(None), CaseRow.entry_id == row.entry_id, CaseRow.id != row.id
    )
    return Around(
        holder=holder,
        mine=holder is not None and holder.who == who,
        typed=tuple(holds.jottings(session, row.id)) if row.state == State.PROPOSED else (),
        remarks=tuple(remarks.of_case(session, row.id)),
        colleagues=tuple(session.scalars(others.limit(200))),
        needed=eyes.needed(session, row),
        signed=signed,
        missing=eyes.still_missing(session, row, row.draft) if signed else "",
        why_here=tuple(why for _, why in head_starts(facts_of(row))),
        alike=(session.scalar(alike) or 0) if row.entry_id else 0,
        author=_known(session, row, author, now),
        diff=tuple(diff(row.said_before, str(row.subject.get("text") or ""))) if row.said_before else (),
    )


def diff(before: str, after: str) -> list[tuple[str, str]]:
    """Word by word, what stayed, went and came."""
    old, new = before.split(), after.split()
    found: list[tuple[str, str]] = []
    for kind, a, b, c, d in difflib.SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        if kind == "equal":
            found.append(("same", " ".join(old[a:b])))
        else:
            found += [(what, " ".join(part)) for what, part in (("gone", old[a:b]), ("new", new[c:d])) if part]
    return found


def _known(session: Session, row: CaseRow, author: Author, now: datetime) -> Known:
    theirs = (CaseRow.author_id == author.id) | (CaseRow.subject_author_id == author.id)
    query = select(CaseRow).where(CaseRow.network == row.network, theirs, CaseRow.id != row.id)
    contacts: Sequence[CaseRow] = session.scalars(query.order_by(CaseRow.id.desc()).limit(MOST_CONTACTS)).all()
    standing = select(func.count()).where(
        CaseRow.network == row.network, CaseRow.author_id == author.id, CaseRow.state == State.PUBLISHED.value
    )
    out = session.get(OptOutRow, (row.network, author.id))
    return Known(
        contacts=tuple(contacts),
        published=session.scalar(standing) or 0,
        left=out.how if out is not None and out.lifted_at is None else "",
        relation="follows our account" if author.follows_us else "",
        careful=tuple(_careful(author, now)),
    )


def _careful(author: Author, now: datetime) -> list[str]:
    bio = f"{author.display_name} {author.bio}".casefold()
    found = []
    if author.created_at is not None and now - author.created_at < NEW:
        found.append(f"new account, {words.when(author.created_at, now)}")
    if MINOR.search(bio):
        found.append("the profile may be that of a young person")
    if UNWELL.search(bio):
        found.append("the profile speaks of an illness or a loss")
    if author.is_locked:
        found.append("approves followers by hand")
    return found

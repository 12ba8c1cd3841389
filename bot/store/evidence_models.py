"""The tables around the evidence table: cards to find entries by, proposed changes, look-ups, uploads. Shapes only."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.models import Base, Json


class EntryCardRow(Base):
    """What an entry is found by, as its version in force says it. Made from that version; never the truth itself."""

    __tablename__ = "entry_card"

    entry_id: Mapped[str] = mapped_column(ForeignKey("entry.id"), primary_key=True)
    version: Mapped[int]
    claim: Mapped[str]
    correction: Mapped[str]
    words: Mapped[str]  # every searchable text, case-folded, each between line breaks
    verdict: Mapped[str] = mapped_column(String(16))
    certainty: Mapped[str] = mapped_column(String(16))
    sensitivity: Mapped[str] = mapped_column(String(16))
    topics: Mapped[str]  # each between line breaks
    sources: Mapped[str]  # doi:… and pmid:…, each between line breaks
    review_by: Mapped[date | None]
    signed: Mapped[bool]
    citations: Mapped[str] = mapped_column(String(16))  # retracted, corrected, unchecked, ok
    retired: Mapped[bool] = mapped_column(default=False)
    changed_at: Mapped[datetime]


class ProposalRow(Base):
    """A change of the evidence table that somebody proposes and somebody else publishes."""

    __tablename__ = "proposal"
    __table_args__ = (Index("ix_proposal_entry", "entry_id"), Index("ix_proposal_state", "state"))

    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(default=1)
    entry_id: Mapped[str] = mapped_column(String(100))
    kind: Mapped[str] = mapped_column(String(16))  # new, edit, retire, revive
    base: Mapped[int]  # the version it was made from; 0 for a new entry
    data: Mapped[Json]  # the entry as typed
    note: Mapped[str]
    state: Mapped[str] = mapped_column(String(16))  # draft, waiting, published, rejected, withdrawn
    by: Mapped[str]
    by_user: Mapped[int | None] = mapped_column(default=None)  # a name may change, a person may not
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    decided_by: Mapped[str] = mapped_column(default="")
    decided_at: Mapped[datetime | None] = mapped_column(default=None)
    why: Mapped[str] = mapped_column(default="")
    became: Mapped[int | None] = mapped_column(default=None)  # the version it was published as

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class LookupAnswerRow(Base):
    """What Crossref or PubMed said about one source, and when."""

    __tablename__ = "lookup_answer"

    key: Mapped[str] = mapped_column(String(256), primary_key=True)  # doi:… or pmid:…
    answer: Mapped[dict[str, Any] | None] = mapped_column(JSON, default=None)
    trouble: Mapped[str] = mapped_column(default="")  # why there is no answer, when asking again would not help
    asked_at: Mapped[datetime]


class PackUploadRow(Base):
    """A pack that was uploaded and previewed, until somebody takes it in. Its digest names its very bytes."""

    __tablename__ = "pack_upload"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(8))  # jsonl, csv
    data: Mapped[bytes] = mapped_column(LargeBinary)
    by: Mapped[str]
    by_user: Mapped[int | None] = mapped_column(default=None)
    at: Mapped[datetime]

"""The shape of one row of an evidence pack, and its way into `Evidence` and back. It reads and writes no file."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from bot.model import Certainty, Citation, Evidence, Sensitivity, Verdict

LONGEST_TEXT = 4_000  # characters in one field; the longest correction in the starter pack has under 400
LONGEST_EXEMPLAR = 600  # characters; an exemplar is a short post
MOST_ITEMS = 200  # per list; more exemplars than this slow matching and help nobody

ID = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")
DOI = re.compile(r"10\.\d{4,9}/[^\s\"<>]{1,200}")
PMID = re.compile(r"\d{1,9}")
URL = re.compile(r"https?://[^\s\"<>]{3,2000}")
UNREADABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def _clean(text: str) -> str:
    if found := UNREADABLE.search(text):
        raise ValueError(f"holds an unreadable character (U+{ord(found[0]):04X}): delete it")
    return text.strip()


def _filled(text: str) -> str:
    if not text:
        raise ValueError("is empty: write something here")
    return text


def _a_date(value: object) -> object:
    if value is None or value == "":
        return None
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value.strip()):
        try:
            return date.fromisoformat(value.strip())
        except ValueError as error:
            raise ValueError(f"is no date of the calendar ({error}): write it as YYYY-MM-DD") from error
    raise ValueError("is not a date: write it as YYYY-MM-DD")


def _one_of(words: list[str]) -> BeforeValidator:
    def check(value: object) -> object:
        if isinstance(value, str) and value.strip() in words:
            return value.strip()
        raise ValueError(f"is not one of the known words: use {', '.join(words)}")

    return BeforeValidator(check)


Text = Annotated[str, Field(max_length=LONGEST_TEXT), AfterValidator(_clean)]
FilledText = Annotated[Text, AfterValidator(_filled)]
Exemplar = Annotated[FilledText, Field(max_length=LONGEST_EXEMPLAR)]
Exemplars = Annotated[list[Exemplar], Field(max_length=MOST_ITEMS)]
Words = Annotated[list[FilledText], Field(max_length=MOST_ITEMS)]
Day = Annotated[date | None, BeforeValidator(_a_date)]


class Row(BaseModel):
    """What both kinds of rows share: exact types, no unknown fields, no later change."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class CitationRow(Row):
    """One source of an entry."""

    key: FilledText
    title: FilledText
    first_author: Text = ""
    journal: Text = ""
    year: Annotated[int | None, Field(ge=1600, le=2200)] = None
    doi: Text = ""
    pmid: Text = ""
    url: Text = ""
    verified: bool = False
    verification_level: Text = ""
    flagged: Text = ""

    @field_validator("doi")
    @classmethod
    def _doi(cls, value: str) -> str:
        if value and not DOI.fullmatch(value):
            raise ValueError("is not a DOI: write it bare, as 10.1000/abc, without https://doi.org/")
        return value

    @field_validator("pmid")
    @classmethod
    def _pmid(cls, value: str) -> str:
        if value and not PMID.fullmatch(value):
            raise ValueError("is not a PubMed id: write digits only")
        return value

    @field_validator("url")
    @classmethod
    def _url(cls, value: str) -> str:
        if value and not URL.fullmatch(value):
            raise ValueError("is not a web address: begin it with https://")
        return value


class EntryRow(Row):
    """One entry, as it stands in a JSONL line or, with lists unfolded, in a CSV row."""

    id: FilledText
    version: Annotated[int, Field(ge=1)] = 1
    claim: Exemplar
    paraphrases: Exemplars = []
    negations: Exemplars = []
    questions: Exemplars = []
    verdict: Annotated[str, _one_of([word.value for word in Verdict])]
    correction_short: FilledText
    correction_long: Text = ""
    certainty: Annotated[str, _one_of([word.value for word in Certainty])]
    certainty_basis: Text = ""
    topics: Words = []
    audience: Words = []
    sensitivity: Annotated[str, _one_of([word.value for word in Sensitivity])] = Sensitivity.STANDARD.value
    limits: Text = ""
    retraction_notes: Text = ""
    citations: Annotated[list[CitationRow], Field(max_length=MOST_ITEMS)] = []
    last_reviewed: Day = None
    review_by: Day = None
    status: Text = "draft-needs-clinician-signoff"
    signed_off_by: Text = ""
    signed_off_on: Day = None

    @field_validator("id")
    @classmethod
    def _id(cls, value: str) -> str:
        if not ID.fullmatch(value):
            raise ValueError("is not an id: use up to 80 small letters, digits and hyphens")
        return value

    @field_validator("citations")
    @classmethod
    def _keys(cls, value: list[CitationRow]) -> list[CitationRow]:
        keys = [citation.key for citation in value]
        if twice := sorted({key for key in keys if keys.count(key) > 1}):
            raise ValueError(f"uses the key {twice[0]!r} twice: give each citation its own key")
        return value

    def evidence(self) -> Evidence:
        """The row as the rest of the office knows it."""
        fields: dict[str, Any] = {name: getattr(self, name) for name in type(self).model_fields}
        for name in LISTS:
            fields[name] = tuple(fields[name])
        fields["verdict"] = Verdict(self.verdict)
        fields["certainty"] = Certainty(self.certainty)
        fields["sensitivity"] = Sensitivity(self.sensitivity)
        fields["citations"] = tuple(Citation(**dict(citation)) for citation in self.citations)
        return Evidence(**fields)


LISTS = ("paraphrases", "negations", "questions", "topics", "audience")
COLUMNS = tuple(EntryRow.model_fields)
CITATION_COLUMNS = tuple(CitationRow.model_fields)
REQUIRED = tuple(name for name, info in EntryRow.model_fields.items() if info.is_required())


def plain(entry: Evidence) -> dict[str, Any]:
    """One entry as JSON can hold it, every column present and in the order of `COLUMNS`."""
    row: dict[str, Any] = {}
    for name in COLUMNS:
        value = getattr(entry, name)
        if name == "citations":
            value = [{key: getattr(source, key) for key in CITATION_COLUMNS} for source in value]
        elif name in LISTS:
            value = list(value)
        elif isinstance(value, date):
            value = value.isoformat()
        elif value is not None and not isinstance(value, int):
            value = str(value)
        row[name] = value
    return row

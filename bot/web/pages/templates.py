"""The words of replies, to read and to change: preview, versions, putting one in force. It composes nothing itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from bot import own_words
from bot.errors import NotAllowed, Stale
from bot.own_words import Hand, Name
from bot.store.office_models import ReplyTemplateRow
from bot.trial import Piece, Trial
from bot.web import pieces
from bot.web.around import diff
from bot.web.pages.case import MOST, typed
from bot.web.visit import Curator, Visit, Visitor

router = APIRouter()

Version = Annotated[int, Query(ge=0, le=MOST)]
Seen = Annotated[int, Form(ge=0, le=MOST)]
LINE_END = " ↵ "  # a line break in a comparison, which shows words
PLACEHOLDER = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
NOT_SAVED = "This was not saved. Your words are still in the box."
NOT_IN_FORCE = "This version was not put in force. Change its words, and save them as a new version."


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """One version, and what it changed."""

    row: ReplyTemplateRow
    diff: tuple[tuple[str, str], ...]  # against the version before it, or what ships
    why_not: str  # why this person may not put it in force


@router.get("/templates")
def spoken(visit: Visitor) -> HTMLResponse:
    """The words of the language in which drafts are written."""
    return words(visit, visit.hands.workshop.spoken())


@router.get("/templates/{lang}")
def words(visit: Visitor, lang: str) -> HTMLResponse:
    """Every phrase and layout of a language: shipped, or ours."""
    shop = visit.hands.workshop
    if lang not in shop.languages():
        raise HTTPException(404)
    with visit.hands.store.read() as session:
        ours = own_words.of_language(session, lang)
        alone = own_words.works_alone(session)
    return visit.page(
        "templates.html",
        lang=lang,
        languages=shop.languages(),
        spoken=shop.spoken(),
        groups=pieces.grouped(shop.pieces(lang)),
        ours=ours,
        current=own_words.current,
        broken=_broken(visit, lang),
        alone=alone,
        title=pieces.title,
    )


@router.get("/templates/{lang}/{name}")
def piece(visit: Visitor, lang: str, name: str, version: Version = 0, saved: Version = 0) -> HTMLResponse:
    """One phrase or layout: its words, the box to change them, its versions. `version` shows how that one reads."""
    return _page(visit, _piece(visit, lang, name), lang, version=version, saved=saved)


@router.post("/templates/{lang}/{name}")
def change(
    visit: Curator,
    lang: str,
    name: str,
    act: Annotated[Literal["preview", "save"], Form()] = "preview",
    text: Annotated[str, Form()] = "",
    note: Annotated[str, Form()] = "",
) -> Response:
    """Preview what was typed, or save it as a version. What was typed stays in the box."""
    found, words = _piece(visit, lang, name), typed(text)
    trial = visit.hands.workshop.try_out(lang, name, words)
    if act == "preview" or not trial.passed:
        return _page(
            visit, found, lang, text=words, note=typed(note), trial=trial, refusal=NOT_SAVED if act == "save" else ""
        )
    try:
        with visit.hands.store.write() as session:
            row = own_words.write(session, _name(lang, found), words, typed(note), hand=_hand(visit), now=visit.now)
    except (NotAllowed, Stale) as error:
        return _page(visit, found, lang, text=words, note=typed(note), trial=trial, problem=str(error))
    return RedirectResponse(f"{_address(lang, name)}?version={row.version}&saved={row.version}", status_code=303)


@router.post("/templates/{lang}/{name}/force")
def force(visit: Curator, lang: str, name: str, version: Seen, seen: Seen) -> Response:
    """Put a version in force. It is tried once more: other words, entries or rules may have changed since."""
    found = _piece(visit, lang, name)
    with visit.hands.store.read() as session:
        rows = own_words.versions(session, _name(lang, found))
    row = next((one for one in rows if one.version == version), None)
    if row is not None and not (trial := visit.hands.workshop.try_out(lang, name, row.text)).passed:
        return _page(visit, found, lang, text=row.text, trial=trial, refusal=NOT_IN_FORCE)
    try:
        with visit.hands.store.write() as session:
            own_words.put_in_force(session, _name(lang, found), version, seen=seen, hand=_hand(visit), now=visit.now)
    except (NotAllowed, Stale) as error:
        return _page(visit, found, lang, problem=str(error))
    return RedirectResponse(_address(lang, name), status_code=303)


@router.post("/templates/{lang}/{name}/shipped")
def shipped(visit: Curator, lang: str, name: str, seen: Seen) -> Response:
    """Back to what ships."""
    found = _piece(visit, lang, name)
    try:
        with visit.hands.store.write() as session:
            own_words.back_to_shipped(session, _name(lang, found), seen=seen, hand=_hand(visit), now=visit.now)
    except (NotAllowed, Stale) as error:
        return _page(visit, found, lang, problem=str(error))
    return RedirectResponse(_address(lang, name), status_code=303)


def _page(
    visit: Visit,
    found: Piece,
    lang: str,
    *,
    version: int = 0,
    saved: int = 0,
    text: str | None = None,
    note: str = "",
    trial: Trial | None = None,
    refusal: str = "",
    problem: str = "",
) -> HTMLResponse:
    what = _name(lang, found)
    with visit.hands.store.read() as session:
        rows = own_words.versions(session, what)
        past = tuple(
            Past(
                row=row,
                diff=tuple(diff(_one_line(_before(rows, row, found)), _one_line(row.text))),
                why_not=own_words.why_not(session, row, _hand(visit)),
            )
            for row in rows
        )
        alone = own_words.works_alone(session)
    shown = next((row for row in rows if row.version == version), None)
    if version and shown is None:
        raise HTTPException(404)
    now = own_words.current(rows)
    said = now.text if now is not None else found.shipped
    if shown is not None and trial is None:
        trial = visit.hands.workshop.try_out(lang, found.name, shown.text)
    box = text if text is not None else shown.text if shown is not None else said
    return visit.page(
        "template.html",
        status=422 if refusal or problem else 200,
        lang=lang,
        piece=found,
        title=pieces.title(found),
        about=pieces.about(found),
        spoken=visit.hands.workshop.spoken(),
        said=said,
        in_force=now,
        box=box,
        note=note,
        changed=tuple(diff(_one_line(said), _one_line(box))) if trial is not None and box != said else (),
        trial=trial,
        refusal=refusal,
        problem=problem,
        shown=shown,
        saved=saved,
        past=past,
        alone=alone,
        address=_address(lang, found.name),
        broken=_broken(visit, lang).get(found.name, ""),
    )


def _before(rows: Sequence[ReplyTemplateRow], row: ReplyTemplateRow, found: Piece) -> str:
    return next((one.text for one in rows if one.version < row.version), found.shipped)


def _one_line(text: str) -> str:
    """For comparing word by word: a placeholder is one word."""
    return PLACEHOLDER.sub(r"{{\1}}", LINE_END.join(line.strip() for line in text.splitlines()))


def _broken(visit: Visit, lang: str) -> dict[str, str]:
    return {name: why for where, name, why in visit.hands.workshop.troubles() if where == lang}


def _piece(visit: Visit, lang: str, name: str) -> Piece:
    if lang in visit.hands.workshop.languages():
        for one in visit.hands.workshop.pieces(lang):
            if one.name == name:
                return one
    raise HTTPException(404)


def _name(lang: str, found: Piece) -> Name:
    return Name(lang=lang, name=found.name, shipped=found.shipped)


def _hand(visit: Visit) -> Hand:
    return Hand(name=visit.person.name, id=visit.person.user_id, practice=visit.hands.demo)


def _address(lang: str, name: str) -> str:
    return f"/templates/{quote(lang)}/{quote(name)}"

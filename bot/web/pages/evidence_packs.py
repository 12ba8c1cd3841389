"""Evidence packs through the browser: download the table, upload a pack, preview it, and take it in as previewed."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, File, Form, Path, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from bot import rulings
from bot.errors import BadPack, NotAllowed, Stale
from bot.evidence import registry, uploads
from bot.evidence.diff import changes
from bot.evidence.pack import to_csv, to_jsonl
from bot.evidence.proposals import Who
from bot.store.evidence_models import PackUploadRow
from bot.web.visit import Curator, Visit, Visitor

router = APIRouter()

Digest = Annotated[str, Path(pattern="^[0-9a-f]{64}$")]
MOST_SHOWN = 100  # changed entries whose differences are shown
KINDS = {"jsonl": "application/x-ndjson", "csv": "text/csv"}


@router.get("/packs")
def packs(visit: Visitor) -> HTMLResponse:
    """Out and in."""
    return _list(visit)


@router.get("/packs/table.{kind}")
def download(visit: Visitor, kind: Literal["jsonl", "csv"]) -> Response:
    """The table in force, as `scrutineer evidence export` writes it."""
    with visit.hands.store.read() as session:
        entries = registry.in_force(session)
    name = f"evidence-{visit.now.date()}.{kind}"
    return Response(
        (to_jsonl if kind == "jsonl" else to_csv)(entries),
        media_type=f"{KINDS[kind]}; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@router.post("/packs")
def upload(visit: Curator, pack: Annotated[UploadFile, File()]) -> Response:
    """Keep a pack and show what it would do; nothing is taken in yet."""
    data = pack.file.read(uploads.LARGEST + 1)
    if len(data) > uploads.LARGEST:
        return _list(visit, problem="This file is too large for the browser; use `scrutineer evidence import`.")
    if not data:
        return _list(visit, problem="Choose a file first.")
    try:
        with visit.hands.store.write() as session:
            row = uploads.keep(session, data, name=pack.filename or "", who=_who(visit), now=visit.now)
            digest = row.digest
    except BadPack as error:
        return _list(visit, problem=str(error), rows=error.rows)
    return RedirectResponse(f"/packs/{digest}", status_code=303)


@router.get("/packs/{digest}")
def look(visit: Visitor, digest: Digest) -> HTMLResponse:
    """What a pack would do."""
    return _preview(visit, digest)


@router.post("/packs/{digest}/take-in")
def take_in(visit: Curator, digest: Digest, table: Annotated[str, Form(max_length=64)] = "") -> Response:
    """Take it in, exactly as previewed."""
    try:
        with visit.hands.store.write() as session:
            alone = rulings.may_publish_alone(session, practice=visit.hands.demo)
            uploads.take_in(session, digest, table=table, alone=alone, who=_who(visit), now=visit.now)
    except (NotAllowed, Stale) as error:
        return _preview(visit, digest, problem=str(error), status=409 if isinstance(error, Stale) else 422)
    return RedirectResponse("/evidence?sort=changed", status_code=303)


@router.post("/packs/{digest}/put-away")
def put_away(visit: Curator, digest: Digest) -> Response:
    """Nobody takes it in."""
    with visit.hands.store.write() as session:
        uploads.put_away(session, digest, who=_who(visit), now=visit.now)
    return RedirectResponse("/packs", status_code=303)


def _who(visit: Visit) -> Who:
    return Who(name=visit.person.name, user=visit.person.user_id)


def _list(visit: Visit, *, problem: str = "", rows: tuple[str, ...] = ()) -> HTMLResponse:
    with visit.hands.store.read() as session:
        waiting = uploads.waiting(session)
    status = 422 if problem else 200
    megabytes = uploads.LARGEST // (1024 * 1024)
    return visit.page("packs.html", status=status, problem=problem, rows=rows, packs=waiting, megabytes=megabytes)


def _preview(visit: Visit, digest: str, *, problem: str = "", status: int = 200) -> HTMLResponse:
    with visit.hands.store.read() as session:
        row = session.get(PackUploadRow, digest)
        if row is None:
            raise HTTPException(404)
        found = uploads.preview(session, row)
        alone = rulings.may_publish_alone(session, practice=visit.hands.demo)
    shown = [(after, changes(before, after)) for before, after in found.changed[:MOST_SHOWN]]
    return visit.page(
        "pack.html",
        status=status,
        problem=problem,
        pack=row,
        found=found,
        shown=shown,
        more=max(0, len(found.changed) - MOST_SHOWN),
        alone=alone,
        mine=row.by_user == visit.person.user_id,
    )

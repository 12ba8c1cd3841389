"""A pack through the browser: refused with every row named, previewed, and taken in exactly as previewed, by two."""

from __future__ import annotations

import hashlib
import html
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from bot.evidence import registry, uploads
from bot.evidence.pack import read_pack, to_csv, to_jsonl
from bot.model import SIGNED_OFF, Evidence
from bot.people import Role
from bot.store.evidence_models import PackUploadRow
from bot.store.office_models import AuditRow
from bot.web.headers import LARGEST_BODY, LARGEST_UPLOAD
from tests.builders import some_evidence
from tests.web_client import field_of, sign_in, token
from tests.web_world import WebWorld, a_world

MOON = some_evidence("moon-cheese", claim="The moon is made of cheese.", signed_off_by="Dr From Elsewhere")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[WebWorld]:
    office = a_world(tmp_path)
    yield office
    office.store.close()


@pytest.fixture
def grace(office: WebWorld) -> TestClient:
    return sign_in(office)


@pytest.fixture
def ada(office: WebWorld) -> TestClient:
    return sign_in(office, "Ada Lovelace", Role.ADMINISTRATOR)


def in_force(office: WebWorld) -> dict[str, Evidence]:
    with office.store.read() as session:
        return {entry.id: entry for entry in registry.in_force(session)}


def upload(client: TestClient, data: bytes, name: str = "pack.jsonl") -> tuple[int, str, str]:
    """Status, where it leads, and the page."""
    found = client.post("/packs", data={"csrf": token(client.get("/packs").text)}, files={"pack": (name, data)})
    return found.status_code, found.headers.get("location", ""), html.unescape(found.text)


def a_pack(office: WebWorld) -> bytes:
    """One new entry, one changed, one that loses its signature, two the same."""
    table = in_force(office)
    changed = replace(table["mmr-vaccine-autism"], limits="Only adults.")
    signed = replace(table["ulcers-stress-spicy-food"], signed_off_by="", status="draft", signed_off_on=None)
    return to_jsonl([MOON, changed, signed, table["ten-percent-brain"], table["learning-styles"]]).encode()


def test_a_pack_is_previewed_and_a_second_person_takes_it_in(
    office: WebWorld, grace: TestClient, ada: TestClient
) -> None:
    pack = a_pack(office)
    with office.store.write() as session:
        registry.retire(session, "ten-percent-brain", by="tests", now=office.clock.now(), why="test")
    before = in_force(office)
    status, path, _ = upload(grace, pack)
    assert (status, path) == (303, f"/packs/{hashlib.sha256(pack).hexdigest()}")
    page = html.unescape(grace.get(path).text)
    for words in (
        "<dt>New</dt><dd>1</dd>",
        "<dt>Changed</dt><dd>2</dd>",
        "<dt>Unchanged</dt><dd>1</dd>",
        "<dt>Retired here, in force again</dt><dd>1</dd>",
        "<dt>Not in the pack</dt><dd>56, they stay as they are</dd>",
        "1 entry says that a clinician signed",
        "1 entry loses its signature",
        "<ins>Only adults.</ins>",
        "A second person must take it in",
    ):
        assert words in page, words
    assert in_force(office) == before
    table = field_of(ada.get(path).text, "table")
    mine = {"csrf": token(grace.get("/packs").text), "table": table}
    assert grace.post(f"{path}/take-in", data=mine).status_code == 422
    theirs = {"csrf": token(ada.get("/packs").text), "table": table}
    assert ada.post(f"{path}/take-in", data=theirs).status_code == 303
    after = in_force(office)
    assert after["moon-cheese"] == replace(MOON, version=1)
    assert after["mmr-vaccine-autism"].limits == "Only adults."
    assert "ten-percent-brain" in after
    with office.store.read() as session:
        line = session.scalars(select(AuditRow).where(AuditRow.what == "pack taken in")).one()
        assert session.scalars(select(PackUploadRow)).all() == []
    assert (line.who, line.detail["uploaded_by"]) == ("Ada Lovelace", "Grace Hopper")
    assert line.detail["digest"] == path.removeprefix("/packs/")
    assert line.detail["before"] != line.detail["after"]


def test_a_table_that_changed_since_the_preview_stops_it(office: WebWorld, grace: TestClient, ada: TestClient) -> None:
    _, path, _ = upload(grace, to_jsonl([MOON]).encode())
    seen = field_of(ada.get(path).text, "table")
    with office.store.write() as session:
        registry.sign_off(session, "mmr-vaccine-autism", by="Dr A", now=office.clock.now())
    data = {"csrf": token(ada.get("/packs").text), "table": seen}
    assert ada.post(f"{path}/take-in", data=data).status_code == 409
    assert "moon-cheese" not in in_force(office)


def test_what_is_taken_in_are_the_bytes_that_were_previewed(
    office: WebWorld, grace: TestClient, ada: TestClient
) -> None:
    _, first, _ = upload(grace, to_jsonl([MOON]).encode())
    _, second, _ = upload(grace, to_jsonl([replace(MOON, claim="The moon is made of stone.")]).encode())
    assert first != second
    data = {"csrf": token(ada.get("/packs").text), "table": field_of(ada.get(first).text, "table")}
    assert ada.post(f"{first}/take-in", data=data).status_code == 303
    assert in_force(office)["moon-cheese"].claim == MOON.claim
    assert ada.post(f"{first}/take-in", data=data).status_code == 404
    assert ada.post(f"{second}/put-away", data=data).status_code == 303
    assert ada.get(second).status_code == 404


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"", "pack.jsonl", "Choose a file first"),
        (b'{"id": "half', "pack.jsonl", 'row 1 (\'{"id": "half\'): the last line looks cut off'),
        (b"id,claim\r\nx,y\r\n", "pack.csv", "row 1, column verdict: the column is missing: add it"),
        (to_jsonl([MOON]).replace('"false"', '"flase"').encode(), "pack.jsonl", "row 1, column verdict ('flase')"),
        (b"\xff\xfe\x00", "pack.jsonl", "UTF-16"),
        (b"=cmd|' /C calc'!A0", "<script>.csv", "unknown column"),
    ],
)
def test_a_pack_that_cannot_be_read_is_refused_whole_with_row_and_column(
    office: WebWorld, grace: TestClient, data: bytes, name: str, words: str
) -> None:
    status, _, page = upload(grace, data, name)

    assert (status, words in page) == (422, True), page[page.find("notice danger") :][:600]
    with office.store.read() as session:
        assert session.scalars(select(PackUploadRow)).all() == []


def test_only_packs_may_be_large_and_even_they_have_a_limit(office: WebWorld, grace: TestClient) -> None:
    lines = to_jsonl([replace(MOON, id=f"moon-{number}") for number in range(1000)]).encode()
    assert LARGEST_BODY < len(lines) < LARGEST_UPLOAD
    assert upload(grace, lines)[0] == 303
    status, _, page = upload(grace, b" " * (uploads.LARGEST + 1))
    assert (status, "too large for the browser" in page) == (422, True)
    assert upload(grace, b" " * (LARGEST_UPLOAD + 1))[0] == 413
    long = grace.post("/changes/rule", data={"csrf": token(grace.get("/packs").text), "why": "x" * LARGEST_BODY})
    assert long.status_code == 413


def test_only_who_edits_evidence_uploads_and_everybody_may_download(office: WebWorld) -> None:
    ed = sign_in(office, "Ed", Role.EDITOR)
    assert upload(ed, to_jsonl([MOON]).encode())[0] == 403
    assert "A curator or an administrator can upload one" in ed.get("/packs").text
    table = list(in_force(office).values())
    for kind, write in (("jsonl", to_jsonl), ("csv", to_csv)):
        found = ed.get(f"/packs/table.{kind}")
        assert found.content == write(table).encode(), kind
        assert found.headers["content-disposition"].startswith('attachment; filename="evidence-')
    assert ed.get("/packs/table.exe").status_code == 404
    assert TestClient(office.app, follow_redirects=False).get("/packs/table.csv").status_code == 401


def test_an_entry_signed_elsewhere_keeps_name_and_date_on_the_way(office: WebWorld) -> None:
    signed = replace(MOON, status=SIGNED_OFF, signed_off_on=MOON.last_reviewed)
    for kind, write in (("jsonl", to_jsonl), ("csv", to_csv)):
        assert read_pack(write([signed]).encode(), kind=kind) == (signed,)  # type: ignore[arg-type]

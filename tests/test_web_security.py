"""What every page promises: headers, no change without a token, no foreign text that acts."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from sqlalchemy import text
from starlette.testclient import TestClient

import bot.web
from bot.people import Role
from bot.store.models import Base
from bot.web.auth.rules import OPEN
from bot.web.inert import inert, linked, web
from tests.web_client import form, sign_in, token
from tests.web_world import HOSTILE, WebWorld, a_world, fill

TABLES = [name for name in Base.metadata.tables if name != "web_session"]

VENDOR = Path(bot.web.__file__).parent / "static" / "vendor"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[WebWorld]:
    office = fill(a_world(tmp_path))
    yield office
    office.store.close()


def routes(app: FastAPI, method: str) -> list[str]:
    """Every path that takes this method, wherever a router put it."""
    found = [route.path for route in _all(app.routes) if method in (route.methods or ())]
    assert found, "the application shows its routes in another way now"
    return found


def _all(routes: object) -> Iterator[APIRoute]:
    for route in routes:  # type: ignore[attr-defined]
        if isinstance(route, APIRoute):
            yield route
        elif hasattr(route, "original_router"):
            yield from _all(route.original_router.routes)


def concrete(path: str) -> str:
    """The path with something real in it."""
    return path.replace("{case_id}", "1").replace("{entry_id}", "mmr-vaccine-autism").replace("{token}", "nothing")


def readable(app: FastAPI) -> list[str]:
    """Every page that ends by itself."""
    return [concrete(path) for path in routes(app, "GET") if path != "/events"]


def snapshot(office: WebWorld) -> str:
    """Everything in the store, but for sessions."""
    with office.store.read() as session:
        rows = [session.execute(text(f'SELECT * FROM "{name}"')).all() for name in TABLES]
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def test_every_page_has_its_headers_and_nothing_from_elsewhere(office: WebWorld) -> None:
    client = sign_in(office)
    paths = [
        *readable(office.app),
        "/static/desk.css",
        "/static/vendor/htmx.min.js",
        "/nowhere",
        "/case/999",
        "/case/x",
    ]
    for path in [*paths, f"/case/{office.of('kim')}"]:
        answer = client.get(path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        for wanted in ("object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"):
            assert wanted in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        if answer.headers.get("content-type", "").startswith("text/html"):
            assert answer.headers["cache-control"] == "no-store"
            assert not re.search(r"<script(?![^>]*\bsrc=\"/static/)", answer.text), path
            assert not re.search(r"\s(?:style|on\w+)\s*=\s*[\"']", _tags(answer.text)), path
            assert not re.search(r"<(?:img|link|iframe|video|source)[^>]+(?:src|href)=\"(?!/)", answer.text), path


def _tags(page: str) -> str:
    return "".join(re.findall(r"<[a-z][^>]*>", page))


def test_an_error_page_is_plain_and_carries_headers_and_a_number(tmp_path: Path) -> None:
    office = a_world(tmp_path)
    client = TestClient(office.app, raise_server_exceptions=False)

    @office.app.get("/broken")
    def broken() -> None:
        raise RuntimeError("canary-secret")

    answer = client.get("/broken")
    assert answer.status_code == 500
    assert "canary" not in answer.text
    assert re.search(r"<code>[0-9a-f]{8}</code>", answer.text)
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    office.store.close()


def test_every_page_but_the_open_ones_needs_a_person(office: WebWorld) -> None:
    stranger = TestClient(office.app, follow_redirects=False)
    for path in routes(office.app, "GET"):
        if ("GET", path) not in OPEN:
            assert stranger.get(concrete(path)).status_code == 401, path
    for path in routes(office.app, "POST"):
        if ("POST", path) not in OPEN:
            assert stranger.post(concrete(path)).status_code == 401, path


def test_no_change_without_the_token_of_this_session(office: WebWorld) -> None:
    client, other = sign_in(office), sign_in(office, "Ed", Role.EDITOR)
    foreign = token(other.get("/").text)
    own = token(client.get("/").text)
    before = snapshot(office)
    posts = routes(office.app, "POST")
    assert len(posts) > 12
    for path in map(concrete, posts):
        sent = {"version": "1", "text": "hello", "reason": "other", "on": "1", "why": "x", "name": "Eve", "user": "1"}
        assert client.post(path, data=sent).status_code == 403, path
        assert client.post(path, data=sent | {"csrf": foreign}).status_code == 403, path
        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "null"}):
            assert client.post(path, data=sent | {"csrf": own}, headers=headers).status_code == 403, path
    assert snapshot(office) == before


def test_reading_never_changes_anything(office: WebWorld) -> None:
    client = sign_in(office)
    before = snapshot(office)
    for path in [*readable(office.app), *(f"/case/{number}" for number in range(1, 12))]:
        client.get(path)
        client.head(path)
    assert snapshot(office) == before


def test_what_a_stranger_wrote_never_becomes_markup(office: WebWorld) -> None:
    client = sign_in(office)
    for path in ("/", "/?show=passed", f"/case/{office.of('kim')}", "/thread", "/log"):
        page = client.get(path).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "<b>bold" not in page
        assert "</textarea><form" not in page
        assert 'href="https://evil.example' not in page
        for invisible in "\u202e\u202c\u200b\u2066\u2069\x07":
            assert invisible not in page, path
    page = client.get(f"/case/{office.of('kim')}").text
    assert "{{7*7}}" in page
    assert ">RLO</span>gnp.exe" in page


def test_what_an_editor_typed_comes_back_as_text(office: WebWorld) -> None:
    client = sign_in(office)
    case = office.of("rosa")
    typed = form(client, case, text=HOSTILE)
    for path, status in (("approve", 422), ("check", 200), ("edit", 303), ("approve", 409)):
        response = client.post(f"/case/{case}/{path}", data=typed)
        assert response.status_code == status
        answer = response.text
        assert "<script>alert" not in answer
        assert "</textarea><form" not in answer


def test_too_much_is_refused_before_it_is_read(office: WebWorld) -> None:
    client = sign_in(office)
    assert client.post("/case/1/check", data={"text": "x" * 300_000}).status_code == 413
    long = {"csrf": token(client.get("/").text), "text": "x" * 30_000}
    assert client.post("/case/1/check", data=long).status_code == 422


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("a\u200bb", "ZWSP"),
        ("a\u202eb", "RLO"),
        ("a\ufeffb", "BOM"),
        ("a\x00b", "U+0000"),
        ("a\u3164b", "U+3164"),
        ("a\u2028b", "U+2028"),
        ("a\U000e0041b", "U+E0041"),
    ],
)
def test_invisible_characters_are_shown(given: str, shown: str) -> None:
    assert f">{shown}</span>" in inert(given)
    assert given[1] not in inert(given)


@pytest.mark.parametrize(
    "honest",
    ["👩\u200d⚕\ufe0f", "👨🏽\u200d🚀", "می\u200cخواهم", "क्\u200dष", "🏴\U000e0067\U000e0062\U000e007f", "a\n\tb"],
)
def test_joiners_that_belong_to_a_script_or_an_emoji_are_left_alone(honest: str) -> None:
    assert inert(honest) == honest


def test_only_web_addresses_become_links() -> None:
    assert 'href="https://doi.org/10.1/x"' in linked("See https://doi.org/10.1/x.", "bluesky")
    assert ">doi.org/10.1002/14651858.CD000…</a>" in linked("https://doi.org/10.1002/14651858.CD000247", "mastodon")
    assert "<a" not in linked("javascript:alert(1) data:text/html,x", "bluesky")
    assert web("https://ok.example/x") == "https://ok.example/x"
    for bad in ("javascript:alert(1)", "//evil.example", "data:text/html,x", "https://", "http://[", "", None):
        assert web(bad) == ""


def test_the_vendored_scripts_are_what_their_hashes_say() -> None:
    lines = (VENDOR / "SHA256SUMS").read_text().splitlines()
    listed = dict(reversed(line.split()) for line in lines if not line.startswith("#"))
    assert set(listed) == {path.name for path in VENDOR.glob("*.js")}
    for name, digest in listed.items():
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == digest


def test_health_and_metrics_are_open_and_say_why(office: WebWorld) -> None:
    stranger = TestClient(office.app)
    assert stranger.get("/healthz").json() == {"ready": True, "reasons": []}
    office.health.append("the database is locked")
    answer = stranger.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["reasons"] == ["the database is locked"]
    assert "scrutineer_cases" in stranger.get("/metrics").text

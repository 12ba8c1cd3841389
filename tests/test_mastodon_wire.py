"""Golden pairs: what a server said (``tests/wire/mastodon/*.json``), and the values we make of it, side by side."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from bot.errors import Gone, LoggedOut, PlatformError, Refused, SlowDown, Unclear, Unreachable
from bot.model import Author, Network
from bot.platforms.mastodon_http import Answer, MastodonHttp
from bot.platforms.mastodon_lane import Source
from bot.platforms.mastodon_limits import Budget, count, named_pause, names_in, read_instance
from bot.platforms.mastodon_text import read_html, same_text
from bot.platforms.mastodon_wire import (
    Malformed,
    Viewpoint,
    in_thread,
    number_of,
    read_account,
    read_many,
    read_quoted,
    read_status,
    with_relation,
)

WIRE = Path(__file__).parent / "wire" / "mastodon"
HOME = Viewpoint(
    base="http://localhost:3000",
    domain="localhost:3000",
    account="http://localhost:3000/ap/users/117440810532227399",
    url="http://localhost:3000/@mastodonpy_test",
    handle="mastodonpy_test@localhost:3000",
    me="117440810532227399",
)
CHECK = Viewpoint(
    base="https://gts.example",
    domain="gts.example",
    account="https://home.example/users/check",
    url="https://home.example/@check",
    handle="check@home.example",
)
ELSEWHERE = {"status.gotosocial": CHECK, "status.akkoma_quote": CHECK}


def at(name: str) -> Viewpoint:
    return ELSEWHERE.get(name, HOME)


def read(name: str, raw: Any) -> Any:
    """The values we make of a wire file; its name begins with what it holds."""
    match name.partition(".")[0]:
        case "status":
            return {"post": read_status(raw, at(name)), "quoted": read_quoted(raw, at(name))}
        case "account":
            return read_account(raw, at(name))
        case "timeline":
            return read_many(raw, at(name))
        case "notifications":
            return [
                {
                    "id": number_of(one),
                    "type": one["type"],
                    "post": one.get("status") and read_status(one["status"], HOME),
                }
                for one in raw
            ]
        case "relationships":
            return with_relation(Author(network=Network.MASTODON, id="https://a.example/users/a"), raw)
        case "instance":
            return read_instance(raw, "https://server.example")
        case "answer":
            return outcome(raw)
    raise AssertionError(f"no reader for {name}")


def outcome(raw: Any) -> dict[str, Any]:
    """What an answer means, when reading and when writing."""
    http = MastodonHttp("https://server.example", "token", user_agent="test")
    answer = Answer(status=raw["status"], headers=raw["headers"], body=raw["body"])
    return {"reading": meaning(http, answer, writing=False), "writing": meaning(http, answer, writing=True)}


def meaning(http: MastodonHttp, answer: Answer, *, writing: bool) -> str:
    try:
        http.checked(answer, writing=writing)
    except PlatformError as error:
        return f"{type(error).__name__}: {error}"
    return "good"


def plain(value: Any) -> Any:
    """A value as JSON; fields that say nothing are left out, so that a pair is quick to read."""
    if is_dataclass(value):
        shown = {field.name: plain(getattr(value, field.name)) for field in fields(value)}
        return {name: one for name, one in shown.items() if one not in ("", [], None, False)}
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, StrEnum) else value


PAIRS = sorted(path.name.removesuffix(".expected.json") for path in WIRE.glob("*.expected.json"))
RECORDED = sorted(path.name.removesuffix(".json") for path in WIRE.glob("*.json") if "expected" not in path.name)


@pytest.mark.parametrize("name", PAIRS)
def test_the_wire_becomes_the_value_beside_it(name: str):
    raw = json.loads((WIRE / f"{name}.json").read_text(encoding="utf-8"))
    expected = json.loads((WIRE / f"{name}.expected.json").read_text(encoding="utf-8"))

    assert plain(read(name, raw)) == expected


def test_every_recording_has_its_expected_value():
    assert [name for name in RECORDED if name not in PAIRS and name != "malformed"] == []


@pytest.mark.parametrize("raw", json.loads((WIRE / "malformed.json").read_text(encoding="utf-8")))
def test_what_makes_no_sense_is_malformed_and_nothing_worse(raw: Any):
    with pytest.raises(Malformed):
        read_status(raw, HOME)


def test_an_answer_to_somebody_keeps_its_true_parent_and_root():
    raw = json.loads((WIRE / "status.reply.json").read_text(encoding="utf-8"))
    above = [json.loads((WIRE / f"status.{name}.json").read_text(encoding="utf-8")) for name in ("plain", "link")]

    post = in_thread(read_status(raw, HOME), read_many(above, HOME))

    assert post.reply_to is not None
    assert post.root is not None
    assert (post.reply_to.uri, post.root.uri) == (above[1]["uri"], above[0]["uri"])


@pytest.mark.parametrize(
    ("sent", "html"),
    [
        ("No.\n\nSee https://doi.org/10.7326/M18-2101", '<p>No.</p><p>See <a href="https://doi.org/10.7326/M18-2101">'
         '<span class="invisible">https://</span><span class="">doi.org/10.7326/M18-2101</span></a></p>'),
        ("@alice@far.example No.", '<p><a class="mention" href="https://far.example">@<span>alice</span></a> No.</p>'),
        ("a  b &\n c < d", "<p>a b &amp;<br />c &lt; d</p>"),
        ("na\u0131\u0308ve é", "<p>na\u0131\u0308ve e\u0301</p>"),
    ],
)  # fmt: skip
def test_our_own_words_are_recognised_in_the_html_that_comes_back(sent: str, html: str):
    assert same_text(sent, read_html(html).full)
    assert not same_text(sent + " more", read_html(html).full)


@pytest.mark.parametrize(
    ("text", "characters"),
    [
        ("", 0),
        ("abc", 3),
        ("👩‍👩‍👧 é", 3),
        ("https://example.org/" + "x" * 200, 23),
        ("see https://a.org/x.", 4 + 23 + 1),
        ("https://no.such-end/x", len("https://no.such-end/x")),  # not a link to the server either
        ("@alice@a-very-long-server.example hi", len("@alice hi")),
        ("@alice hi", len("@alice hi")),
        ("mail me: alice@server.example", len("mail me: alice@server.example")),
    ],
)
def test_characters_are_counted_as_the_server_does(text: str, characters: int):
    assert count(text) == characters


def test_every_name_that_would_be_notified_is_seen():
    assert names_in("@alice@far.example and @bob, not a@b.c nor https://x.example/@eve") == ("alice@far.example", "bob")


NOW = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 60.0),
        ({"Retry-After": "30"}, 30.0),
        ({"X-RateLimit-Reset": "2026-12-01T12:05:00.000Z"}, 300.0),
        ({"X-RateLimit-Reset": str(int(NOW.timestamp()) + 120)}, 120.0),
        ({"X-RateLimit-Reset": "45"}, 45.0),
        ({"X-RateLimit-Reset": "2026-12-01T11:00:00Z"}, 5.0),
        ({"X-RateLimit-Reset": "soon"}, 60.0),
        ({"X-RateLimit-Reset": "2026-12-01T13:05:00Z", "Date": "Tue, 01 Dec 2026 13:00:00 GMT"}, 300.0),
    ],
)
def test_every_way_to_name_a_pause_is_understood(headers: dict[str, str], seconds: float):
    assert named_pause(headers, NOW) == pytest.approx(seconds)


def test_a_reset_in_55_years_is_a_bounded_wait():
    far = {"X-RateLimit-Reset": "2081-01-01T00:00:00Z"}
    http = MastodonHttp("https://server.example", "token", user_agent="test")

    with pytest.raises(SlowDown) as caught:
        http.checked(Answer(status=429, headers=far, body=None), writing=True)

    assert caught.value.seconds <= 3600


@pytest.mark.parametrize(
    ("status", "body", "reading", "writing"),
    [
        (200, {"id": "1"}, None, None),
        (200, None, Unreachable, Unclear),  # cut or garbled
        (400, {}, Refused, Refused),
        (401, {}, LoggedOut, LoggedOut),
        (403, {}, Refused, Refused),
        (404, {}, Gone, Gone),
        (408, {}, Unreachable, Unclear),
        (422, {}, Refused, Refused),
        (429, {}, SlowDown, SlowDown),
        (500, {}, Unreachable, Unclear),
        (503, None, Unreachable, Unclear),
        (504, None, Unreachable, Unclear),
    ],
)
def test_each_status_code_says_what_to_do_next(status: int, body: Any, reading: type | None, writing: type | None):
    http = MastodonHttp("https://server.example", "token", user_agent="test")
    for expected, is_writing in ((reading, False), (writing, True)):
        said = meaning(http, Answer(status=status, headers={}, body=body), writing=is_writing)
        assert said.partition(":")[0] == (expected.__name__ if expected else "good")


def test_a_minute_never_sees_more_paged_requests_than_the_budget():
    seconds = [0.0]
    budget = Budget(20, clock=lambda: seconds[0])
    sent = []
    while seconds[0] < 300:
        if budget.wait() <= 0:
            budget.spend()
            sent.append(seconds[0])
        seconds[0] += max(budget.wait(), 0.1)

    assert len(sent) <= 20 * 6
    assert max(sum(1 for other in sent if one <= other < one + 60) for one in sent) <= 20


def test_a_source_asks_for_the_newest_page_first_and_then_forward():
    source = Source(name="x", path="/y", tag="meded")
    first = source.fields()
    source.cursor = "01ABC"

    assert first == [("limit", "40")]
    assert source.fields() == [("limit", "40"), ("min_id", "01ABC")]

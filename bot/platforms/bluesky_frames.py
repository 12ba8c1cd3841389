"""Jetstream v2 frames: which of them concern us, and as which event. Pure and fast: every public post passes here.

It keeps no position and opens no connection; `bluesky_stream.py` does.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic_core import from_json

from bot.model import Arrived, Blocked, Edited, Event, Network, Ref, Vanished, Via
from bot.platforms.bluesky_posts import POST, Json, Malformed, Marks, as_object, as_time, build, only_id
from bot.ports import Concern

BLOCK = "app.bsky.graph.block"

_NSID = "network.bsky.jetstream.subscribeEvents"
COMMIT = f"{_NSID}#commit"
INFO = f"{_NSID}#info"
_BESIDE_THE_POINT = frozenset({f"{_NSID}#{kind}" for kind in ("identity", "account", "sync")})

MARGIN = timedelta(seconds=10)  # two Jetstream hosts witness the same event at slightly different times
OLDEST = 10**15  # the smallest cursor read as a time; far below any host's floor, so it means "all you have"


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where we are in a stream. A number counts on one host only; the time also counts on another."""

    seq: int
    witnessed: str = ""
    host: str = ""

    def __str__(self) -> str:
        return f"{self.seq} {self.witnessed or '-'} {self.host or '-'}"

    @classmethod
    def read(cls, cursor: str) -> Position | None:
        """A kept cursor (or a bare number), or None for what is none."""
        seq, witnessed, host = [*cursor.split(" "), "-", "-"][:3]
        if not (seq.isascii() and seq.isdigit()):
            return None
        return cls(
            seq=int(seq),
            witnessed="" if witnessed == "-" else witnessed,
            host="" if host == "-" else host,
        )

    @property
    def time(self) -> datetime | None:
        """When the last event was witnessed."""
        return as_time(self.witnessed)

    def as_time_cursor(self) -> int | None:
        """This position for a host that numbers events otherwise: a little earlier, in microseconds."""
        if self.time is None:
            return None
        return max(OLDEST, int((self.time - MARGIN).timestamp() * 1e6))


def read_payload(raw: str | bytes) -> Json:
    """The payload of a message frame, or the error frame itself (`$type` "error")."""
    try:
        frame: Any = from_json(raw, cache_strings="keys")
    except ValueError:
        # The fast parser refuses lone surrogates; the slow one keeps them, and `clean` mends them later.
        frame = _read_slowly(raw)
    if not isinstance(frame, dict):
        raise Malformed("a frame that is no object")
    kind = frame.get("$type")
    if kind == "message" and isinstance(payload := frame.get("payload"), dict):
        return payload
    if kind == "error":
        return frame
    raise Malformed("a frame of unknown type, or without payload")


def _read_slowly(raw: str | bytes) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as fault:
        raise Malformed("a frame that is no JSON") from fault


def sift(payload: Json, concern: Concern, us: str = "") -> Event | None:
    """The event this frame means to us, or None. `us` is our DID, if we have an account."""
    kind = payload.get("$type")
    if kind != COMMIT:
        if kind in _BESIDE_THE_POINT:
            return None
        raise Malformed(f"an event of unknown type {str(kind)[:80]!r}")
    try:
        collection, operation = payload["collection"], payload["operation"]
        did, rkey = payload["did"], payload["rkey"]
    except KeyError as missing:
        raise Malformed(f"a commit without {missing}") from None
    if not (isinstance(did, str) and isinstance(rkey, str) and did.startswith("did:")):
        raise Malformed("a commit without did or rkey")
    if collection == POST:
        return _post(payload, operation, did, rkey, concern, us)
    if collection == BLOCK and operation == "create" and us:
        blocks_us = as_object(payload.get("record")).get("subject") == us
        return Blocked(author=only_id(did)) if blocks_us else None
    return None


def _post(payload: Json, operation: object, did: str, rkey: str, concern: Concern, us: str) -> Event | None:
    uri = f"at://{did}/{POST}/{rkey}"
    if operation == "delete":
        known = concern.known(uri)
        return Vanished(ref=Ref(network=Network.BLUESKY, uri=uri)) if known else None
    if operation not in ("create", "update"):
        raise Malformed(f"an unknown operation {str(operation)[:80]!r}")
    record = payload.get("record")
    if not isinstance(record, dict):
        raise Malformed("a post without a record")
    if did == us:
        return None  # our own words are no news
    marks = Marks(record)
    edited = operation == "update" and concern.known(uri)
    via = Via.TAG if edited else concern.post(marks.text, marks.tags, marks.dids(), marks.parents())
    if not via:
        return None
    cid = payload.get("cid")
    if not isinstance(cid, str):
        raise Malformed("a post without a cid")
    seen_at = as_time(payload.get("witnessedAt") or payload.get("time"))
    post = build(uri, cid, record, marks, only_id(did), us=us, seen_at=seen_at)
    return Edited(post=post) if edited else Arrived(post=post, via=via)

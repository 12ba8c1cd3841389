"""What the Jetstream stand-in has seen: a PDS's firehose, read into numbered events that know both wires.

It holds everything in memory and opens no door of its own.
"""

import asyncio
import base64
import json
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import libipld
import websockets
import zstandard

NSID = "network.bsky.jetstream.subscribeEvents"
MICROSECONDS = 10**15  # a cursor this large is a time, not a number
BIGGEST_FRAME = 2**26  # bytes; a commit with many blobs is large
RETRY_AFTER = 0.3  # seconds until we ask a PDS again that hung up
DICTIONARY_BYTES = 16384
DICTIONARY_SAMPLES = 4000
DICTIONARY_ID = 20260101


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One event, as we keep it."""

    seq: int
    microseconds: int
    did: str
    kind: str
    body: dict[str, Any]

    def as_v1(self) -> str | None:
        """The old wire; it has no sync events."""
        if self.kind == "sync":
            return None
        words = {"did": self.did, "time_us": self.microseconds, "cursor": self.seq, "kind": self.kind}
        return compact({**words, self.kind: self.body})

    def as_v2(self) -> str:
        """The new wire: an XRPC message."""
        moment = datetime.fromtimestamp(self.microseconds // 10**6, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        moment += f".{self.microseconds % 10**6:06d}Z"
        head = {"$type": f"{NSID}#{self.kind}", "seq": self.seq, "did": self.did, "time": moment, "witnessedAt": moment}
        return compact(message({**head, **(self.body if self.kind == "commit" else {self.kind: self.body})}))


def compact(value: Any) -> str:
    """JSON without spaces, as Jetstream sends it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def message(payload: dict[str, Any]) -> dict[str, Any]:
    """The envelope of every v2 frame."""
    return {"$type": "message", "payload": payload}


def jsonable(value: Any) -> Any:
    """DAG-CBOR as the JSON of the AT protocol; libipld gives CID links as plain strings."""
    if isinstance(value, bytes | bytearray):
        return {"$bytes": base64.b64encode(value).decode().rstrip("=")}
    if isinstance(value, list):
        return [jsonable(item) for item in value]
    if isinstance(value, dict):
        plain = {key: jsonable(item) for key, item in value.items()}
        if plain.get("$type") == "blob" and isinstance(plain.get("ref"), str):
            plain["ref"] = {"$link": plain["ref"]}
        return plain
    return value


def cid_string(cid: bytes | str | None) -> str | None:
    """A CID in the form people read."""
    return cid if cid is None or isinstance(cid, str) else libipld.encode_cid(cid)


class Log:
    """Everything seen so far, in memory; readers wait for more."""

    def __init__(self, floor: int) -> None:
        self.entries: list[Entry] = []
        self.grown = asyncio.Condition()
        self.floor = floor  # cursors below are too old
        self._dictionary: zstandard.ZstdCompressionDict | None = None

    async def add(self, did: str, kind: str, body: dict[str, Any]) -> None:
        """Append one event; times never repeat, as on the real server."""
        now = time.time_ns() // 1000
        if self.entries:
            now = max(now, self.entries[-1].microseconds + 1)
        async with self.grown:
            self.entries.append(Entry(seq=len(self.entries) + 1, microseconds=now, did=did, kind=kind, body=body))
            self.grown.notify_all()

    def start(self, cursor: str, *, v2: bool) -> tuple[int, str | None]:
        """Where to begin reading, and a notice for the reader. Raises LookupError for a cursor that is too old."""
        end = len(self.entries)
        if not cursor:
            return end, None
        number = int(cursor)
        if number < 0:
            raise ValueError("negative cursor")
        if number >= MICROSECONDS:
            return next((at for at, entry in enumerate(self.entries) if entry.microseconds >= number), end), None
        if number < self.floor and v2:
            raise LookupError(f"cursor {number} below lookback floor {self.floor}")
        if number > end:
            return end, ("FutureCursor" if v2 else None)
        return max(number, self.floor, 1) - 1, None

    async def longer_than(self, position: int) -> None:
        """Return once there is something behind `position`."""
        async with self.grown:
            await self.grown.wait_for(lambda: position < len(self.entries))

    @property
    def dictionary_id(self) -> int | None:
        """The dictionary that clients may name, once one of them has fetched it."""
        return self._dictionary.dict_id() if self._dictionary else None

    def dictionary(self) -> zstandard.ZstdCompressionDict:
        """A dictionary made from what we saw, at the first request for it."""
        if self._dictionary is None:
            seen = [entry.as_v2().encode() for entry in self.entries] or [b"{}"]
            many = (seen * (DICTIONARY_SAMPLES // 2 // len(seen) + 1))[:DICTIONARY_SAMPLES]
            samples = [sample + str(at).encode() for at, sample in enumerate(many)]
            self._dictionary = zstandard.train_dictionary(DICTIONARY_BYTES, samples, dict_id=DICTIONARY_ID)
        return self._dictionary


async def follow(pds: str, log: Log) -> None:
    """Read the PDS's firehose into the log, for ever."""
    seen = 0
    while True:
        try:
            address = f"{pds}/xrpc/com.atproto.sync.subscribeRepos?cursor={seen}"
            async with websockets.connect(address, max_size=BIGGEST_FRAME, proxy=None) as firehose:
                async for frame in firehose:
                    head, body = libipld.decode_dag_cbor_multi(frame)
                    if head.get("op") == 1:
                        seen = body.get("seq", seen)
                        await take_in(log, head.get("t"), body)
        except (OSError, websockets.exceptions.WebSocketException) as error:
            print("the PDS hung up:", type(error).__name__, error, file=sys.stderr)
            await asyncio.sleep(RETRY_AFTER)


async def take_in(log: Log, kind: str, body: dict[str, Any]) -> None:
    """One frame of the firehose: a commit becomes one event for each of its operations."""
    if kind in ("#identity", "#account", "#sync"):
        await log.add(body["did"], kind[1:], jsonable(body))
    elif kind == "#commit":
        blocks = libipld.decode_car(bytes(body["blocks"]))[1]
        for operation in body["ops"]:
            collection, rkey = operation["path"].split("/", 1)
            commit = {"rev": body["rev"], "operation": operation["action"], "collection": collection, "rkey": rkey}
            if operation["action"] != "delete":
                commit["record"] = jsonable(blocks[operation["cid"]])
                commit["cid"] = cid_string(operation["cid"])
            await log.add(body["repo"], "commit", commit)

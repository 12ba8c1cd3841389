"""A Jetstream on loopback: turns one PDS's subscribeRepos into the v1 and v2 wires that Jetstream's clients read.

No package registry has a Jetstream server, so this stands in for it. It does not know v1's ``compress=true`` (that
needs Bluesky's own dictionary), it never drops a slow reader, and it looks back to the start unless JETSTREAM_FLOOR
is set.

usage: python -m tests.servers.jetstream_stand_in WS_ADDRESS_OF_PDS PORT, then::

    ws://127.0.0.1:PORT/subscribe                                         v1: bare JSON, options_update, requireHello
    ws://127.0.0.1:PORT/xrpc/network.bsky.jetstream.subscribeEvents       v2: xrpc.v1.json frames, cursors by number
    http://127.0.0.1:PORT/xrpc/network.bsky.jetstream.getZstdDictionary   a dictionary that clients fetch and use
"""

import asyncio
import json
import os
import signal
import sys
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

import websockets
import zstandard
from websockets.asyncio.server import Request, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Response

from tests.servers.jetstream_log import NSID, Entry, Log, follow, message

V1_PATH = "/subscribe"
V2_PATH = f"/xrpc/{NSID}"
DICTIONARY_PATH = "/xrpc/network.bsky.jetstream.getZstdDictionary"
SUBPROTOCOL = websockets.Subprotocol("xrpc.v1.json")
KINDS = {"commit", "identity", "account", "sync"}

Query = dict[str, list[str]]


@dataclass(slots=True)
class Filter:
    """What one reader wants to see; empty means all."""

    collections: list[str] = field(default_factory=list)
    dids: set[str] = field(default_factory=set)
    kinds: set[str] = field(default_factory=set)
    biggest: int = 0  # bytes; 0 means any

    def wants(self, entry: Entry) -> bool:
        """Whether the event may pass, its size aside."""
        if (self.kinds and entry.kind not in self.kinds) or (self.dids and entry.did not in self.dids):
            return False
        if entry.kind != "commit" or not self.collections:
            return True
        name = entry.body["collection"]
        return any(name.startswith(want[:-1]) if want.endswith(".*") else name == want for want in self.collections)


class Server:
    """The door: checks the request, then sends until the reader leaves."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self._starts: dict[ServerConnection, tuple[bool, Query, int, str | None]] = {}

    def admit(self, connection: ServerConnection, request: Request) -> Response | None:
        """Refuse a bad request in Jetstream's words, answer the dictionary, or let the reader in."""
        address = urlsplit(request.path)
        query = parse_qs(address.query)
        if address.path == DICTIONARY_PATH:
            return answer(HTTPStatus.OK, "application/octet-stream", self.log.dictionary().as_bytes())
        if address.path not in (V1_PATH, V2_PATH):
            return refuse("NotFound", address.path, status=HTTPStatus.NOT_FOUND)
        v2 = address.path == V2_PATH
        if v2 and (refusal := self._refuse_v2(query)):
            return refusal
        try:
            self._starts[connection] = (v2, query, *self.log.start(query.get("cursor", [""])[0], v2=v2))
        except LookupError as error:
            return refuse("CursorTooOld", str(error))
        except ValueError as error:
            return refuse("InvalidRequest", f"invalid cursor: {error}")
        return None

    def _refuse_v2(self, query: Query) -> Response | None:
        for old, new in (("wantedCollections", "collections"), ("wantedDids", "dids")):
            if old in query:
                return refuse("InvalidRequest", f"{old} is the v1 name; use {new}")
        if unknown := set(query.get("kinds", [])) - KINDS:
            return refuse("InvalidRequest", f"unknown kinds {sorted(unknown)}")
        wanted = query.get("zstdDictionary", [""])[0]
        if wanted and int(wanted) != self.log.dictionary_id:
            return refuse("UnknownZstdDictionary", "fetch the current dictionary")
        return None

    async def serve(self, connection: ServerConnection) -> None:
        """Send to one reader until either side ends."""
        v2, query, at, notice = self._starts.pop(connection)
        wanted = Filter(
            collections=query.get("collections" if v2 else "wantedCollections", []),
            dids=set(query.get("dids" if v2 else "wantedDids", [])),
            kinds=set(query.get("kinds", [])),
            biggest=int(query.get("maxMessageSizeBytes", ["0"])[0] or 0),
        )
        packed = v2 and bool(query.get("zstdDictionary"))
        compressor = zstandard.ZstdCompressor(dict_data=self.log.dictionary()) if packed else None
        hello = asyncio.Event()
        if v2 or query.get("requireHello") != ["true"]:
            hello.set()

        async def send() -> None:
            position = at
            await hello.wait()
            if notice:
                await connection.send(json.dumps(message({"$type": f"{NSID}#info", "name": notice})))
            while True:
                for entry in self.log.entries[position:]:
                    position = entry.seq
                    text = (entry.as_v2() if v2 else entry.as_v1()) if wanted.wants(entry) else None
                    if text is not None and not (wanted.biggest and len(text.encode()) > wanted.biggest):
                        await connection.send(compressor.compress(text.encode()) if compressor else text)
                await self.log.longer_than(position)

        # The one that listens ends when the reader leaves, or when we shut down.
        tasks = [asyncio.create_task(listen(connection, wanted, hello, v2=v2)), asyncio.create_task(send())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def listen(connection: ServerConnection, wanted: Filter, hello: asyncio.Event, *, v2: bool) -> None:
    """What readers say: v1 may change its filter, v2 must be silent."""
    async for text in connection:
        if v2:
            await connection.close(1008, "server push only")
            return
        said = json.loads(text)
        if said.get("type") == "options_update":
            options = said["payload"]
            wanted.collections = options.get("wantedCollections") or []
            wanted.dids = set(options.get("wantedDids") or [])
            wanted.biggest = max(0, options.get("maxMessageSizeBytes") or 0)
            hello.set()


def answer(status: HTTPStatus, kind: str, body: bytes) -> Response:
    """A plain HTTP answer."""
    headers = Headers({"Content-Type": kind, "Content-Length": str(len(body)), "Connection": "close"})
    return Response(status, status.phrase, headers, body)


def refuse(name: str, words: str, *, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> Response:
    """An XRPC error."""
    return answer(status, "application/json", json.dumps({"error": name, "message": words}).encode())


async def main() -> None:
    """Serve until a signal comes."""
    pds, port = sys.argv[1].rstrip("/"), int(sys.argv[2])
    stop = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    log = Log(floor=int(os.environ.get("JETSTREAM_FLOOR", "0")))
    server = Server(log)
    following = asyncio.create_task(follow(pds, log))
    async with serve(
        server.serve,
        "127.0.0.1",
        port,
        process_request=server.admit,
        subprotocols=[SUBPROTOCOL],
        select_subprotocol=lambda _, offered: SUBPROTOCOL if SUBPROTOCOL in offered else None,
        compression=None,
        max_size=10_000_000,
    ):
        print("ready", flush=True)
        await stop.wait()
    following.cancel()


if __name__ == "__main__":
    asyncio.run(main())

"""Local Jetstream stand-in for tests: PDS com.atproto.sync.subscribeRepos -> Jetstream frames on loopback.
  ws://127.0.0.1:PORT/subscribe                                       legacy v1 wire (bare JSON, wantedCollections, wantedDids, options_update, requireHello)
  ws://127.0.0.1:PORT/xrpc/network.bsky.jetstream.subscribeEvents     v2 wire (xrpc.v1.json frames, kinds/dids/collections, seq cursor, zstdDictionary)
  http://127.0.0.1:PORT/xrpc/network.bsky.jetstream.getZstdDictionary our own trained dictionary (clients fetch it, so any dictionary is right)
usage: jetstream_stand_in.py WS_PDS_URL PORT    Not covered: v1 compress=true (needs Bluesky's dictionary 1612007021), slow-consumer detection, 36 h lookback floor (set FLOOR)."""

import asyncio, base64, json, os, signal, sys, time
from datetime import datetime, timezone
from http import HTTPStatus
from urllib.parse import urlsplit, parse_qs
import libipld, websockets, zstandard
from websockets.asyncio.server import serve
from websockets.datastructures import Headers
from websockets.http11 import Response

NS = "network.bsky.jetstream.subscribeEvents"
LOG, NEW = [], asyncio.Condition()  # LOG[i] = {'seq': i + 1, 'us': ..., 'did': ..., 'kind': ..., 'body': {...}}
FLOOR = int(os.environ.get("JETSTREAM_FLOOR", 0))  # seq below which a cursor is too old
DICT = None


def jsonable(v):
    if isinstance(v, (bytes, bytearray)):
        return {"$bytes": base64.b64encode(v).decode().rstrip("=")}
    if isinstance(v, list):
        return [jsonable(x) for x in v]
    if isinstance(v, dict):
        d = {k: jsonable(x) for k, x in v.items()}
        if d.get("$type") == "blob" and isinstance(d.get("ref"), str):
            d["ref"] = {"$link": d["ref"]}  # libipld gives CID links as str
        return d
    return v


def cidstr(c):
    if c is None or isinstance(c, str):
        return c
    return libipld.encode_cid(c)


async def add(did, kind, body):
    us = time.time_ns() // 1000
    if LOG and us <= LOG[-1]["us"]:
        us = LOG[-1]["us"] + 1  # strictly monotonic, as in the real server
    async with NEW:
        LOG.append({"seq": len(LOG) + 1, "us": us, "did": did, "kind": kind, "body": body})
        NEW.notify_all()


async def pump(pds):
    cursor = 0
    while True:
        try:
            async with websockets.connect(
                f"{pds}/xrpc/com.atproto.sync.subscribeRepos?cursor={cursor}", max_size=2**26, proxy=None
            ) as ws:
                async for f in ws:
                    h, b = libipld.decode_dag_cbor_multi(f)
                    if h.get("op") != 1:
                        continue
                    t = h.get("t")
                    cursor = b.get("seq", cursor)
                    if t == "#commit":
                        blocks = libipld.decode_car(bytes(b["blocks"]))[1]
                        for op in b["ops"]:
                            coll, rkey = op["path"].split("/", 1)
                            c = {"rev": b["rev"], "operation": op["action"], "collection": coll, "rkey": rkey}
                            if op["action"] != "delete":
                                c["record"] = jsonable(blocks[op["cid"]])
                                c["cid"] = cidstr(op["cid"])
                            await add(b["repo"], "commit", c)
                    elif t in ("#identity", "#account", "#sync"):
                        await add(b["did"], t[1:], jsonable({k: v for k, v in b.items()}))
        except (OSError, websockets.exceptions.WebSocketException) as e:
            print("pump", type(e).__name__, e, file=sys.stderr)
            await asyncio.sleep(0.3)


def coll_match(pats, coll):
    return not pats or any(coll.startswith(p[:-1]) if p.endswith(".*") else coll == p for p in pats)


def v1(e):
    if e["kind"] == "sync":
        return None
    return json.dumps(
        {"did": e["did"], "time_us": e["us"], "cursor": e["seq"], "kind": e["kind"], e["kind"]: e["body"]},
        ensure_ascii=False,
        separators=(",", ":"),
    )


def v2(e):
    t = datetime.fromtimestamp(e["us"] / 1e6, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.") + f"{e['us'] % 1000000:06d}Z"
    p = {"$type": f"{NS}#{e['kind']}", "seq": e["seq"], "did": e["did"], "time": t, "witnessedAt": t}
    p.update(e["body"] if e["kind"] == "commit" else {e["kind"]: e["body"]})
    return json.dumps({"$type": "message", "payload": p}, ensure_ascii=False, separators=(",", ":"))


def start_index(q, is_v2):
    c = q.get("cursor", [""])[0]
    if c == "":
        return len(LOG), None
    n = int(c)
    if n < 0:
        raise ValueError("negative cursor")
    if n >= 10**15:
        return next((i for i, e in enumerate(LOG) if e["us"] >= n), len(LOG)), None
    if n > len(LOG):
        return len(LOG), ("FutureCursor" if is_v2 else None)
    if n < FLOOR:
        if is_v2:
            raise LookupError(f"cursor {n} below lookback floor {FLOOR}")
        n = FLOOR
    return max(n, 1) - 1, None


def xrpc_err(conn, status, name, msg):
    b = json.dumps({"error": name, "message": msg}).encode()
    return Response(
        status,
        HTTPStatus(status).phrase,
        Headers([("Content-Type", "application/json"), ("Content-Length", str(len(b))), ("Connection", "close")]),
        b,
    )


def get_dict():
    global DICT
    if DICT is None:
        s = [v2(e).encode() for e in LOG] or [b"{}"]
        s = (s * (2000 // len(s) + 1))[:4000]
        s = [x + str(i).encode() for i, x in enumerate(s)]
        DICT = zstandard.train_dictionary(16384, s, dict_id=20260101)
    return DICT


def process_request(conn, req):
    u = urlsplit(req.path)
    q = parse_qs(u.query)
    if u.path == "/xrpc/network.bsky.jetstream.getZstdDictionary":
        b = get_dict().as_bytes()
        return Response(
            200,
            "OK",
            Headers(
                [("Content-Type", "application/octet-stream"), ("Content-Length", str(len(b))), ("Connection", "close")]
            ),
            b,
        )
    if u.path == f"/xrpc/{NS}":
        for old, new in (("wantedCollections", "collections"), ("wantedDids", "dids")):
            if old in q:
                return xrpc_err(conn, 400, "InvalidRequest", f"{old} is the v1 name; use {new}")
        bad = set(q.get("kinds", [])) - {"commit", "identity", "account", "sync"}
        if bad:
            return xrpc_err(conn, 400, "InvalidRequest", f"unknown kinds {sorted(bad)}")
        if q.get("zstdDictionary") and (DICT is None or int(q["zstdDictionary"][0]) != DICT.dict_id()):
            return xrpc_err(conn, 400, "UnknownZstdDictionary", "fetch the current dictionary")
    elif u.path != "/subscribe":
        return xrpc_err(conn, 404, "NotFound", u.path)
    try:
        conn.fj = (u.path != "/subscribe", q, *start_index(q, u.path != "/subscribe"))
    except LookupError as e:
        return xrpc_err(conn, 400, "CursorTooOld", str(e))
    except ValueError as e:
        return xrpc_err(conn, 400, "InvalidRequest", f"invalid cursor: {e}")


async def handler(conn):
    is_v2, q, i, notice = conn.fj
    flt = {
        "c": q.get("collections" if is_v2 else "wantedCollections", []),
        "d": set(q.get("dids" if is_v2 else "wantedDids", [])),
        "k": set(q.get("kinds", [])),
        "m": int(q.get("maxMessageSizeBytes", ["0"])[0] or 0),
    }
    z = zstandard.ZstdCompressor(dict_data=get_dict()) if is_v2 and q.get("zstdDictionary") else None
    hello = asyncio.Event()

    async def reader():
        async for m in conn:
            if is_v2:
                await conn.close(1008, "server push only")
                return
            m = json.loads(m)
            if m.get("type") == "options_update":
                p = m["payload"]
                flt.update(
                    c=p.get("wantedCollections") or [],
                    d=set(p.get("wantedDids") or []),
                    m=max(0, p.get("maxMessageSizeBytes") or 0),
                )
                hello.set()

    async def sender():
        nonlocal i
        if not is_v2 and q.get("requireHello") == ["true"]:
            await hello.wait()
        if notice:
            await conn.send(json.dumps({"$type": "message", "payload": {"$type": f"{NS}#info", "name": notice}}))
        while True:
            while i < len(LOG):
                e = LOG[i]
                i += 1
                if flt["k"] and e["kind"] not in flt["k"] or flt["d"] and e["did"] not in flt["d"]:
                    continue
                if e["kind"] == "commit" and not coll_match(flt["c"], e["body"]["collection"]):
                    continue
                s = v2(e) if is_v2 else v1(e)
                if s is None or flt["m"] and len(s.encode()) > flt["m"]:
                    continue
                await conn.send(z.compress(s.encode()) if z else s)
            async with NEW:
                await NEW.wait_for(lambda: i < len(LOG))

    tasks = [
        asyncio.create_task(reader()),
        asyncio.create_task(sender()),
    ]  # the reader ends when the client (or our shutdown) closes
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for t in tasks:
            t.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def main():
    pds, port = sys.argv[1].rstrip("/"), int(sys.argv[2])
    stop = asyncio.Event()
    for s in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(s, stop.set)
    t = asyncio.create_task(pump(pds))
    async with serve(
        handler,
        "127.0.0.1",
        port,
        process_request=process_request,
        subprotocols=["xrpc.v1.json"],
        select_subprotocol=lambda c, offered: "xrpc.v1.json" if "xrpc.v1.json" in offered else None,
        compression=None,
        max_size=10_000_000,
    ):
        print("ready", flush=True)
        await stop.wait()
    t.cancel()


if __name__ == "__main__":
    asyncio.run(main())

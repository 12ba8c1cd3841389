"""Crossref and PubMed on loopback: recorded answers, and every kind of trouble. It holds no assertion."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from bot.evidence.lookups.cache import Lookups
from bot.evidence.lookups.crossref import Crossref
from bot.evidence.lookups.http import Catalogue
from bot.evidence.lookups.pubmed import PubMed
from bot.ports import Clock
from bot.store.engine import Store

WIRE = Path(__file__).parent / "wire" / "lookups"
HVIID, WAKEFIELD, HOSTILE = "10.7326/M18-2101", "10.1016/S0140-6736(97)11096-0", "10.1000/hostile"
NAMES = {HVIID.casefold(): "hviid", WAKEFIELD.casefold(): "wakefield", HOSTILE: "hostile"}
NOTHING = b'{"status": "ok", "message-type": "work-list", "message": {"total-results": 0, "items": []}}'
CONTACT = "desk@office.example"

Answer = Callable[[BaseHTTPRequestHandler], None]


class Catalogues:
    """Both catalogues on one port. `say` answers in their place while it is set."""

    def __init__(self) -> None:
        self.say: Answer | None = None
        self.asked: list[str] = []
        self.agents: list[str] = []
        self.gone = threading.Event()
        catalogues = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                catalogues.asked.append(self.path)
                catalogues.agents.append(self.headers["user-agent"])
                if catalogues.say is not None:
                    catalogues.say(self)
                else:
                    body = recorded(self.path)
                    answer(self, 200 if body else 404, body or b"Resource not found.")

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def lookups(self, store: Store, clock: Clock) -> Lookups:
        """Look-ups that ask here and do not pause."""
        crossref, pubmed = (self.catalogue(name) for name in ("Crossref", "PubMed"))
        return Lookups(store=store, clock=clock, crossref=Crossref(crossref), pubmed=PubMed(pubmed))

    def catalogue(self, name: str = "Crossref", *, seconds: float = 5.0, most: int = 100_000) -> Catalogue:
        """The way to one of them."""
        return Catalogue(name, self.url, contact=CONTACT, seconds=seconds, pause=0.0, most=most)

    def close(self) -> None:
        """Nobody answers any more."""
        self.gone.set()
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def catalogues() -> Iterator[Catalogues]:
    """Both catalogues, until the end."""
    found = Catalogues()
    try:
        yield found
    finally:
        found.close()


def recorded(path: str) -> bytes | None:
    """What was recorded for this address."""
    parts = urlsplit(path)
    query = parse_qs(parts.query)
    if parts.path.startswith("/works/"):
        name = NAMES.get(unquote(parts.path[7:]).casefold())
        return (WIRE / f"crossref-{name}.json").read_bytes() if name else None
    if parts.path == "/works":
        name = NAMES.get(query["filter"][0].removeprefix("updates:").casefold(), "")
        file = WIRE / f"crossref-{name}-updates.json"
        return file.read_bytes() if file.exists() else NOTHING
    pmid = query["id"][0]
    file = WIRE / f"pubmed-{pmid}.json"
    return (file if file.exists() else WIRE / "pubmed-unknown.json").read_bytes()


def answer(request: BaseHTTPRequestHandler, status: int, body: bytes = b"", **headers: str) -> None:
    """Answer in one piece."""
    request.send_response(status)
    for name, value in headers.items():
        request.send_header(name.replace("_", "-"), value)
    request.send_header("content-length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)

"""How tests reach the pages: a client that signs in and fills in forms, and a real server on a free port."""

from __future__ import annotations

import html
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.testclient import TestClient

from bot.people import Role
from tests.web_world import WebWorld


class Quiet(uvicorn.Server):
    """A server in a thread leaves the signals of the process alone."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextmanager
def serving(office: WebWorld) -> Iterator[str]:
    """The pages on a free port of this machine; the address. Ends when every stream has ended."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen()  # from here on whoever calls is heard, however long the server takes to start
    config = uvicorn.Config(office.app, log_level="warning", lifespan="off", timeout_graceful_shutdown=3)
    server = Quiet(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        office.stopping.set()
        server.should_exit = True
        thread.join(timeout=10)
        listening.close()


def sign_in(office: WebWorld, name: str = "Grace Hopper", role: Role = Role.ADMINISTRATOR) -> TestClient:
    """A browser without a window, signed in as this person."""
    scheme = "https" if office.hands.secure_cookies else "http"
    client = TestClient(office.app, base_url=f"{scheme}://testserver", follow_redirects=False)
    link = office.link(name, role)
    answer = client.post(link, data={"csrf": token(client.get(link).text)})
    assert answer.status_code == 303, answer.text
    return client


def token(page: str) -> str:
    """The token that the forms of this page carry."""
    return field_of(page, "csrf")


def field_of(page: str, name: str) -> str:
    """The value of the first hidden field of this name."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None, f"no field {name} on this page"
    return html.unescape(found.group(1))


def form(client: TestClient, case_id: int, **more: str) -> dict[str, str]:
    """What the browser would send from the page of this case, and what the person adds."""
    page = client.get(f"/case/{case_id}").text
    return {"csrf": token(page), "version": field_of(page, "version")} | more

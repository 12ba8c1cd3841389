"""The fixtures every test may ask for, the network guard, and the report on real servers.

Real servers start when the first test asks for one, once per run, on free loopback ports:

``bluesky_net``      BlueskyNet: pds, appview, plc, ozone, control, accounts["bot" | "alice" | "bob" | "labeler"],
                     new_account(name), process_all(), jetstream (address for the SDK's client), new_jetstream(floor=…).
                     One network for the whole run: ask for new accounts, do not count posts of others.
``mastodon_server``  MastodonServer: url, tokens["bot" | "alice" | "bob"], call(), post_as(), fault(), clear_faults().
                     Empty at the start of every test that asks for it.
``postgres_url``     ``postgresql+psycopg://…`` of a fresh, empty database; fsync is on. ``postgres`` is the cluster.
``page``             a Playwright page (sync API) in a fresh context of a real Chromium. ``chromium`` is the browser.

``tests/servers/proxy.py`` stands in front of any of them and fails before, or after, the server has accepted a request.

A test whose server is not installed is skipped, and the summary says so. With CI set it fails instead.
Importing this file starts nothing; the classes are in ``tests/servers``.
"""

import logging
import os
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol, TypeVar

import pytest
import structlog
from playwright.sync_api import Page

from tests.servers import guard
from tests.servers.bluesky import BlueskyNet
from tests.servers.browser import Chromium
from tests.servers.mastodon import MastodonServer
from tests.servers.postgres import Postgres
from tests.servers.process import MissingServer

REAL_SERVERS = ("bluesky", "mastodon", "postgres", "chromium")
HOW = "run scripts/test-servers"
IN_CI = bool(os.environ.get("CI"))
SAID = pytest.StashKey[dict[str, str]]()  # what became of each real server in this run


class Stoppable(Protocol):
    """What all servers have in common."""

    def stop(self) -> None: ...


S = TypeVar("S", bound=Stoppable)


def _serve(config: pytest.Config, name: str, start: Callable[[], S]) -> Iterator[S]:
    """Start a server and stop it after the last test; without it skip, or fail in CI."""
    said = config.stash[SAID]
    began = time.monotonic()
    try:
        server = start()
    except MissingServer as missing:
        said[name] = f"NOT tested, {missing} ({HOW})"
        if IN_CI:
            pytest.fail(f"{missing}; in CI every real server must be there ({HOW})", pytrace=False)
        pytest.skip(f"{missing} ({HOW})")
    said[name] = f"tested (started in {time.monotonic() - began:.1f} s)"
    yield server
    server.stop()


@pytest.fixture(scope="session")
def bluesky_net(pytestconfig: pytest.Config) -> Iterator[BlueskyNet]:
    """The real Bluesky network, for the whole run."""
    yield from _serve(pytestconfig, "bluesky", BlueskyNet)


@pytest.fixture(scope="session")
def _mastodon(pytestconfig: pytest.Config) -> Iterator[MastodonServer]:
    yield from _serve(pytestconfig, "mastodon", MastodonServer)


@pytest.fixture
def mastodon_server(_mastodon: MastodonServer) -> MastodonServer:
    """A Mastodon-API server with three people and no posts."""
    _mastodon.reset()
    return _mastodon


@pytest.fixture(scope="session")
def postgres(pytestconfig: pytest.Config) -> Iterator[Postgres]:
    """The PostgreSQL cluster, for the whole run."""
    yield from _serve(pytestconfig, "postgres", Postgres)


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """A fresh database, as SQLAlchemy wants its address."""
    name = postgres.create_database()
    yield postgres.url(name).replace("postgresql://", "postgresql+psycopg://")
    postgres.drop_database(name)


@pytest.fixture(scope="session")
def chromium(pytestconfig: pytest.Config) -> Iterator[Chromium]:
    """The browser, for the whole run."""
    yield from _serve(pytestconfig, "chromium", Chromium)


@pytest.fixture
def page(chromium: Chromium) -> Iterator[Page]:
    """A page in a fresh browser context. Use it in plain, not async, tests."""
    with chromium.new_page() as fresh:
        yield fresh


@pytest.fixture(scope="session", autouse=True)
def _nobody_leaves_this_machine() -> Iterator[None]:
    remove = guard.install()
    yield
    remove()


@pytest.fixture(autouse=True)
def _logging_stays_in_its_test() -> Iterator[None]:
    """A command line that sets up logging writes to the captured stderr of its own test, which is closed after it."""
    yield
    structlog.reset_defaults()
    root = logging.getLogger()
    root.handlers = [handler for handler in root.handlers if type(handler) is not logging.StreamHandler]


def pytest_configure(config: pytest.Config) -> None:
    """Begin the report on real servers; end a terminated run as Ctrl-C does, so that no server or folder stays."""
    config.stash[SAID] = {}
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Hand the report to the controller of parallel workers; in CI, fail a full run that left a server out."""
    said = session.config.stash[SAID]
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["real_servers"] = said
    elif _must_test_all(session.config) and exitstatus == 0 and _left_out(said):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a parallel worker tested."""
    for name, words in getattr(node, "workeroutput", {}).get("real_servers", {}).items():
        node.config.stash[SAID][name] = words


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say plainly which real servers were tested."""
    said = config.stash[SAID]
    terminalreporter.section("Real servers")
    for name in REAL_SERVERS:
        terminalreporter.line(f"{name + ':':10} {said.get(name, 'NOT tested, no test of this run asked for it')}")
    if _must_test_all(config) and _left_out(said):
        terminalreporter.line("In CI a full run must test all of them: this run fails.", red=True)


def _must_test_all(config: pytest.Config) -> bool:
    """A full run in CI: no files, words or marks chosen by hand."""
    full = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    return IN_CI and full and not config.getoption("keyword") and not config.getoption("markexpr")


def _left_out(said: dict[str, str]) -> list[str]:
    return [name for name in REAL_SERVERS if not said.get(name, "").startswith("tested")]

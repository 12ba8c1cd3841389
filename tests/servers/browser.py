"""Debian's Chromium in a process of its own, without a screen and without calling home; Playwright connects per test.

A Playwright that lives for a whole session would keep its event loop running in the main thread, and every async test
after it would fail. So only the browser is shared, and `new_page` opens and closes the rest.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.servers.process import MissingServer, Process

CHROMIUM = Path("/usr/bin/chromium")
START_WITHIN = 60.0  # seconds; about one on an idle machine
ARGUMENTS = [
    "--headless=new",
    "--no-sandbox",  # the tests may run as root
    "--disable-gpu",
    "--disable-dev-shm-usage",  # containers have a small /dev/shm
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE localhost , EXCLUDE 127.0.0.1",  # nothing beyond this machine
    "--remote-debugging-port=0",
]
SIGN = "DevTools listening on "


class Chromium:
    """A running browser; `endpoint` is where Playwright's ``connect_over_cdp`` finds it."""

    def __init__(self) -> None:
        if not CHROMIUM.exists():
            raise MissingServer("chromium is not installed")
        self._profile = tempfile.mkdtemp(prefix="scrutineer-chromium-")
        self._process = Process(
            [str(CHROMIUM), *ARGUMENTS, f"--user-data-dir={self._profile}", "about:blank"],
            ready=lambda line: SIGN in line,
            within=START_WITHIN,
        )
        self.endpoint = (self._process.ready_line or "").partition(SIGN)[2].strip()

    @contextmanager
    def new_page(self) -> Iterator[Page]:
        """A page in a fresh context: no cookies, nothing cached, 1280 x 800, quick to give up (10 s)."""
        with sync_playwright() as playwright:
            browser = playwright.chromium.connect_over_cdp(self.endpoint)
            context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
            context.set_default_timeout(10_000)
            try:
                yield context.new_page()
            finally:
                context.close()

    def stop(self) -> None:
        """Stop it and delete its profile."""
        self._process.stop()
        shutil.rmtree(self._profile, ignore_errors=True)

"""Takes the pictures in docs/images: a practice office in a throw-away folder, as its first person sees it.

`make screenshots` runs it. It opens no connection beyond this machine.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.servers.browser import Chromium

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
DRAFTS = 11  # what waits before the feed's first minute is over
QUEUE_HEIGHT, CASE_HEIGHT = 900, 980  # pixels, at 1280 wide


def main() -> None:
    """Open an office, look at it, close it."""
    with tempfile.TemporaryDirectory() as folder:
        env = {key: value for key, value in os.environ.items() if not key.startswith("SCRUTINEER_")}
        office = subprocess.Popen(
            [sys.executable, "-m", "bot.cli", "run"],
            cwd=folder,
            env=env | {"SCRUTINEER_PORT": "0", "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        chromium = Chromium()
        try:
            with chromium.new_page() as page:
                take(page, _link(office))
        finally:
            chromium.stop()
            office.terminate()
            office.communicate(timeout=30)


def take(page: Page, link: str) -> None:
    """The queue, and its first case."""
    page.goto(link)
    page.get_by_label("Your name").fill("Grace Hopper")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("[data-row]").nth(DRAFTS - 1)).to_be_visible()
    page.reload()
    page.set_viewport_size({"width": 1280, "height": QUEUE_HEIGHT})
    page.screenshot(path=IMAGES / "queue.png")
    page.get_by_role("link", name="settle this for our kitchen").click()
    expect(page.get_by_label("Wording of the reply")).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": CASE_HEIGHT})
    page.screenshot(path=IMAGES / "case.png")


def _link(office: subprocess.Popen[str]) -> str:
    for line in office.stdout or ():
        if found := re.search(r"https?://\S+/sign-in/[\w-]+", line):
            return found.group()
    raise SystemExit("the office did not start; run `make run` to see why")


if __name__ == "__main__":
    main()

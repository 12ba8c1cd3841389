"""A queue of very many cases: how soon its first page, its filters and its search are there, and what a page weighs.

The pages are asked through the application itself, signed in, with the real store on SQLite; no network, no browser.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert
from starlette.testclient import TestClient

from bench.figures import Figure
from bot.store.models import CaseRow
from tests.web_client import sign_in
from tests.web_world import a_world, fill

GOALS = {"first page": 300.0, "filter": 500.0, "search": 500.0, "search, nothing found": 500.0, "case": 300.0}  # ms
HEAVIEST = 150.0  # kB a page may weigh
PATHS = {
    "first page": "/",
    "filter": "/?network=bluesky&care=high-care&asked=yes",
    "search": "/?q=curtains+42",
    "search, nothing found": "/?q=zzzz",
}


def measure(cases: int, rounds: int) -> list[Figure]:
    """p95 of each view, and the heaviest page."""
    with tempfile.TemporaryDirectory() as folder:
        office = fill(a_world(Path(folder)))
        some = office.case(office.of("rosa"))
        values = {one.name: getattr(some, one.name) for one in CaseRow.__table__.columns if one.name != "id"}
        began = datetime.now(UTC) - timedelta(days=30)
        with office.store.write() as session:
            for start in range(0, cases, 5000):
                rows = [_row(values, number, began) for number in range(start, min(start + 5000, cases))]
                session.execute(insert(CaseRow), rows)
        client = sign_in(office)
        found, heaviest = [], 0.0
        for name, path in {**PATHS, "case": f"/case/{some.id}"}.items():
            slowest, weight = _p95(client, path, rounds)
            heaviest = max(heaviest, weight)
            found.append(
                Figure(name=f"desk: {name}", value=slowest, unit="ms", at_most=GOALS[name], on=f"{cases:,} cases, p95")
            )
        office.store.close()
    return [*found, Figure(name="desk: heaviest page", value=heaviest, unit="kB", at_most=HEAVIEST, on="HTML alone")]


def _row(values: dict[str, object], number: int, began: datetime) -> dict[str, object]:
    at = began + timedelta(seconds=20 * number)
    words = f"person{number} says that sugar makes kids run up the curtains, no. {number}"
    network = ("fake", "bluesky", "mastodon")[number % 3]
    return values | {
        "uri": f"bench://{number}",
        "author_id": f"person{number % 5000}",
        "subject_author_id": f"person{number % 5000}",
        "network": network,
        "words": words,
        "rank_at": at,
        "created_at": at,
        "sensitivity": "high-care" if number % 7 == 0 else "standard",
    }


def _p95(client: TestClient, path: str, rounds: int) -> tuple[float, float]:
    client.get(path)
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        answer = client.get(path)
        times.append(1000 * (time.perf_counter() - began))
        if answer.status_code != 200:
            raise RuntimeError(f"{path} answered {answer.status_code}")
    return statistics.quantiles(times, n=20)[-1] if len(times) > 1 else times[0], len(answer.content) / 1000

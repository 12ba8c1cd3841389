"""Starts the Jetstream stand-in in a process of its own, over one PDS."""

import os
import sys
from pathlib import Path

from tests.servers.process import Process, free_port

ROOT = Path(__file__).parents[2]
START_WITHIN = 30.0  # seconds; well below one on an idle machine


class Jetstream:
    """A running stand-in; `url` is what the SDK's client takes as its base address."""

    def __init__(self, pds: str, *, floor: int = 0) -> None:
        self.port = free_port()
        self.url = f"ws://127.0.0.1:{self.port}/xrpc"
        self.v1_url = f"ws://127.0.0.1:{self.port}/subscribe"
        self._process = Process(
            [sys.executable, "-m", "tests.servers.jetstream_stand_in", pds.replace("http", "ws", 1), str(self.port)],
            ready=lambda line: line.startswith("ready"),
            within=START_WITHIN,
            cwd=ROOT,
            env={**os.environ, "JETSTREAM_FLOOR": str(floor)},
        )

    def stop(self) -> None:
        """Stop it; safe to call twice."""
        self._process.stop()

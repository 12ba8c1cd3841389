"""A person at a terminal: starts a program, waits for its words, types answers. It asserts nothing else."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

PATIENCE = 30.0  # seconds until a question must have come
_COLOURS = re.compile(rb"\x1b\[[0-9;?]*[a-zA-Z]")


class NotAsked(AssertionError):
    """The program did not say what was waited for; the text holds what it said."""


class Terminal:
    """A running program. `seen` is everything it showed, echo included."""

    def __init__(self, command: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> None:
        self._screen, keyboard = pty.openpty()
        self._popen = subprocess.Popen(
            command,
            cwd=cwd,
            env={**env, "TERM": "dumb", "COLUMNS": "200"},
            stdin=keyboard,
            stdout=keyboard,
            stderr=keyboard,
            start_new_session=True,
        )
        os.close(keyboard)
        self._raw = b""
        self._read_up_to = 0

    @property
    def seen(self) -> str:
        """Everything on the screen so far."""
        return _COLOURS.sub(b"", self._raw).decode("utf-8", "replace").replace("\r\n", "\n")

    def wait_for(self, words: str) -> str:
        """Wait until these words appear after the last ones waited for; returns what stood before them."""
        deadline = time.monotonic() + PATIENCE
        while (at := self.seen.find(words, self._read_up_to)) < 0:
            if not self._more(deadline):
                raise NotAsked(f"waited for {words!r}; the program said:\n{self.seen[self._read_up_to :]}")
        before = self.seen[self._read_up_to : at]
        self._read_up_to = at + len(words)
        return before

    def answer(self, question: str, answer: str) -> None:
        """Wait for a question, and type the answer to it."""
        self.wait_for(question)
        os.write(self._screen, answer.encode() + b"\n")

    def answer_unseen(self, question: str, secret: str) -> None:
        """Type a secret, once the program has switched the echo off: the space after the question comes last."""
        self.wait_for(question)
        self.answer("(not shown while you type): ", secret)

    def end(self) -> int:
        """Wait until the program ends; returns its exit code."""
        deadline = time.monotonic() + PATIENCE
        while self._more(deadline):
            pass
        return self._popen.wait(PATIENCE)

    def close(self) -> None:
        """Stop it if it still runs. Call it once."""
        if self._popen.poll() is None:
            self._popen.kill()
            self._popen.wait()
        os.close(self._screen)

    def _more(self, deadline: float) -> bool:
        """Read what comes next; False at the end, or when it takes too long."""
        ready, _, _ = select.select([self._screen], [], [], max(deadline - time.monotonic(), 0))
        if not ready:
            return False
        try:
            piece = os.read(self._screen, 65536)
        except OSError:  # Linux says so when the other side is closed
            return False
        self._raw += piece
        return bool(piece)

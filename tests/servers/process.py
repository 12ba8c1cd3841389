"""One server process: start it, wait for the line that says it is ready, stop it with everything it started.

It never sleeps and never guesses; a server that dies early is reported with its last words.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

LAST_WORDS = 40  # lines of output kept for the error message
STOP_WITHIN = 15.0  # seconds a server gets to stop before it is killed


class MissingServer(Exception):
    """A program this server needs is not installed; the text says which."""


class DidNotStart(Exception):
    """The program is there, but it ended or stayed silent; the text holds its last words."""


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def run_as(user: str | None) -> list[str]:
    """Prefix for a command: run it as `user`, and let the kernel stop it when the test run is killed."""
    setpriv = shutil.which("setpriv")
    if setpriv is None:  # not Linux: an orphan is possible, another user is not
        if user:
            raise MissingServer("setpriv is not installed, and this server refuses to run as root")
        return []
    change = [f"--reuid={user}", f"--regid={user}", "--init-groups"] if user else []
    return [setpriv, *change, "--pdeathsig=INT"]


class Process:
    """A running server and what it prints."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        ready: Callable[[str], bool],
        within: float,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        user: str | None = None,
        pass_fds: Sequence[int] = (),
    ) -> None:
        """Start `command` and wait until one of its lines satisfies `ready`, at most `within` seconds."""
        self._lines: deque[str] = deque(maxlen=LAST_WORDS)
        self._ready = ready
        self._decided = threading.Event()
        self.ready_line: str | None = None
        self._popen = subprocess.Popen(
            [*run_as(user), *command],
            cwd=cwd,
            env=dict(os.environ if env is None else env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            pass_fds=pass_fds,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._decided.wait(within)
        if self.ready_line is None:
            state = self._popen.poll()
            self.stop()
            why = f"was silent for {within:g} s" if state is None else f"ended with {state}"
            raise DidNotStart(f"{' '.join(command)} {why}\n" + self.last_words())

    def _read(self) -> None:
        assert self._popen.stdout is not None
        for line in self._popen.stdout:
            self._lines.append(line.rstrip("\n"))
            if self.ready_line is None and self._ready(line):
                self.ready_line = line
                self._decided.set()
        self._decided.set()

    @property
    def pid(self) -> int:
        """The process id, and that of its process group."""
        return self._popen.pid

    def last_words(self) -> str:
        """The last lines the server printed."""
        return "\n".join(self._lines)

    def stop(self, with_signal: signal.Signals = signal.SIGTERM) -> None:
        """Ask it to stop, then make sure; safe to call twice."""
        if self._popen.poll() is None:
            self._popen.send_signal(with_signal)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._popen.wait(STOP_WITHIN)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._popen.pid, signal.SIGKILL)
        self._popen.wait()
        self._reader.join()
        if self._popen.stdout is not None:
            self._popen.stdout.close()

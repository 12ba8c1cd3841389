"""One structured line per step: ids and words, never post text or secrets. It configures logging, nothing else."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any, TextIO, cast

import structlog

NEVER_LOGGED = frozenset({"text", "token", "password", "secret", "cookie", "session"})
QUIET = ("apscheduler", "httpx", "httpcore", "websockets", "atproto", "alembic", "uvicorn")


def configure(*, style: str, level: str) -> None:
    """Set up logging for this process, to standard error."""
    number = getattr(logging, level.upper())
    final: Any = (
        structlog.processors.JSONRenderer()
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _redact,
            structlog.processors.format_exc_info,
            final,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, _Unbothered(sys.stderr))),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(
        level=max(number, logging.WARNING), stream=sys.stderr, format="%(levelname)s %(name)s %(message)s"
    )
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


class _Unbothered(io.TextIOBase):
    """A stream whose failures stop nobody: when the disk with the log is full, the office goes on."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, words: str) -> int:
        """Write, if that is possible."""
        with suppress(OSError, ValueError):  # ValueError: it was closed
            self._stream.write(words)
        return len(words)

    def flush(self) -> None:
        """Hand over, if that is possible."""
        with suppress(OSError, ValueError):
            self._stream.flush()


def _redact(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key in event.keys() & NEVER_LOGGED:
        event[key] = "(left out)"
    return event

"""Open the database and hand out transactions. Knows engines, not tables; `migrate` brings the tables up to date."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.orm import Session

from bot.errors import BadSettings
from bot.store import derived  # noqa: F401  whoever writes through us writes what is derived, too

BUSY_TIMEOUT_MS = 10_000
PING_TIMEOUT_MS = 1_000  # who asks for our health must get an answer before they lose patience
CONNECT_TIMEOUT = 10  # seconds; PostgreSQL's own is minutes
OLDEST_SQLITE = (3, 40, 0)  # Debian 12
ONE_OPENS = text("SELECT pg_advisory_xact_lock(7210331)")  # until its transaction ends, nobody else opens
MIGRATIONS = Path(__file__).parent / "migrations"


class Store:
    """Transactions on one database: `write()` takes the write lock at once, `read()` never blocks a writer."""

    def __init__(self, url: str) -> None:
        """Raises `BadSettings` if the URL cannot be used."""
        self.url = url
        self._writer = threading.Lock()  # SQLite has one writer: queue in memory, not in its busy-wait
        try:
            self.dialect = make_url(url).get_backend_name()
        except ArgumentError as error:
            raise BadSettings(
                f"database_url: {error}; use sqlite:///path or postgresql+psycopg://user@host/name"
            ) from error
        if self.dialect == "sqlite":
            self._write = _sqlite_engine(url, begin="BEGIN IMMEDIATE")
            self._read = _sqlite_engine(url, begin="BEGIN")
            self._ping = _sqlite_engine(url, begin="BEGIN IMMEDIATE", patience_ms=PING_TIMEOUT_MS)
        elif url.startswith("postgresql+psycopg://"):
            self._write = self._read = self._ping = create_engine(
                url, pool_pre_ping=True, hide_parameters=True, connect_args={"connect_timeout": CONNECT_TIMEOUT}
            )
        else:
            raise BadSettings(
                f"database_url: {self.dialect!r} is not supported; use sqlite:///path or postgresql+psycopg://…"
            )

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One write transaction: commits at the end, rolls back on any error."""
        turn = self._writer if self.dialect == "sqlite" else nullcontext()
        with turn, Session(self._write, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        """One read transaction on a consistent snapshot."""
        with Session(self._read, expire_on_commit=False) as session, session.begin():
            yield session

    def migrate(self) -> None:
        """Bring the tables to the newest version. Safe to run at every start."""
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        with self._write.connect() as connection:
            if self.dialect != "sqlite":  # where a writer is alone anyway
                connection.execute(ONE_OPENS)
            config.attributes["connection"] = connection
            try:
                command.upgrade(config, "head")
            except CommandError as error:  # its tables carry a version that this program has never heard of
                raise BadSettings(
                    f"database: made by a newer Scrutineer ({error}); run that version, or restore an older backup"
                ) from error
            connection.commit()

    def ping(self) -> str:
        """ "" when the database answers and can be written, else one line saying what is wrong."""
        try:
            with self._ping.connect() as connection:
                connection.execute(text("SELECT 1"))
        except OperationalError as error:
            return f"database: {error.orig}"
        return ""

    def close(self) -> None:
        """Give back all connections."""
        for engine in (self._write, self._read, self._ping):
            engine.dispose()


def _sqlite_engine(url: str, *, begin: str, patience_ms: int = BUSY_TIMEOUT_MS) -> Engine:
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise BadSettings(f"SQLite {sqlite3.sqlite_version} is too old; 3.40 or newer is needed (it comes with Python)")
    path = make_url(url).database
    if path and path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url,
        hide_parameters=True,  # errors are logged and kept with jobs: they must not carry what people wrote
        connect_args={"check_same_thread": False, "timeout": patience_ms / 1000},
    )

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        for pragma in (
            "journal_mode=WAL",
            "foreign_keys=ON",
            "synchronous=FULL",
            f"busy_timeout={patience_ms}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine

"""A private PostgreSQL cluster on loopback, run by a user that is not root; it leaves nothing behind."""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import psycopg
from psycopg import sql

from tests.servers.process import MissingServer, Process, free_port, run_as

START_WITHIN = 60.0  # seconds; 1-2 on an idle machine
SERVER_USER = "postgres"  # Debian's package makes it; initdb refuses to run as root
FAST_AND_LOOSE = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]  # for data nobody will miss


def find_programs() -> Path:
    """The folder with initdb and postgres of the newest version installed."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    found = str(debian[-1]) if debian else shutil.which("initdb")
    if found is None:
        raise MissingServer("PostgreSQL is not installed")
    return Path(found).resolve().parent


class Postgres:
    """A running cluster. `durable` keeps fsync on, as in production."""

    def __init__(self, *, durable: bool = True) -> None:
        programs = find_programs()
        self.port = free_port()
        self._count = 0
        self._folder = Path(tempfile.mkdtemp(prefix="scrutineer-pg-"))
        user = SERVER_USER if os.geteuid() == 0 else None
        if user:
            shutil.chown(self._folder, user, user)
        data = self._folder / "data"
        initdb = [
            programs / "initdb",
            "-D",
            data,
            "-U",
            "pg",
            "--auth=trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        ]
        subprocess.run([*run_as(user), *initdb], check=True, capture_output=True, cwd=self._folder)
        settings = [
            "listen_addresses=127.0.0.1",
            f"port={self.port}",
            f"unix_socket_directories={self._folder}",
            "max_connections=200",
            *([] if durable else FAST_AND_LOOSE),
        ]
        self._process = Process(
            [str(programs / "postgres"), "-D", str(data)] + [word for setting in settings for word in ("-c", setting)],
            ready=lambda line: "database system is ready to accept connections" in line,
            within=START_WITHIN,
            cwd=self._folder,
            user=user,
        )

    def url(self, database: str = "postgres") -> str:
        """Where psycopg and libpq find a database."""
        return f"postgresql://pg@127.0.0.1:{self.port}/{database}"

    def create_database(self) -> str:
        """A fresh, empty database; returns its name."""
        self._count += 1
        name = f"test_{self._count}"
        self._run(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return name

    def drop_database(self, name: str) -> None:
        """Remove a database, whoever is still connected to it."""
        self._run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _run(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(statement)

    def stop(self) -> None:
        """Stop without waiting for clients, and delete everything."""
        self._process.stop(signal.SIGQUIT)
        shutil.rmtree(self._folder, ignore_errors=True)

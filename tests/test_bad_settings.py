"""The command line as a person meets it: whatever is wrong gives one clear line and exit 1, never a traceback."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest
import structlog
from sqlalchemy import text

from bot.cli import main
from bot.last_words import FILE, explain
from bot.store.engine import Store
from tests.servers.process import free_port

ROOT = Path(__file__).parents[1]
STARTER = resources.files("bot.evidence").joinpath("starter", "starter.jsonl")


class Person:
    """Somebody at a terminal, with a folder of their own."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.file = folder / "scrutineer.toml"
        self._patch, self._capsys = monkeypatch, capsys

    def types(self, *arguments: str, config: str | bytes = "") -> tuple[int, str, str]:
        """Exit code, output, errors. The whole command line runs, in this process: starting Python is the slow part."""
        self.file.write_bytes(config if isinstance(config, bytes) else f"{config}\n".encode())
        self._patch.setattr(sys, "argv", ["scrutineer", *arguments, "--config", str(self.file)])
        with pytest.raises(SystemExit) as end:
            main()
        out, err = self._capsys.readouterr()
        return int(end.value.code or 0), out, err

    def is_told(self, *arguments: str, config: str | bytes = "") -> list[str]:
        """The lines on standard error of a command that must fail."""
        code, out, err = self.types(*arguments, config=config)
        assert code == 1, out + err
        assert "Traceback" not in out + err
        return err.strip().splitlines()

    def is_told_in_a_line(self, *arguments: str, config: str | bytes = "") -> str:
        (line,) = self.is_told(*arguments, config=config)
        assert line.startswith("scrutineer: ")
        return line


@pytest.fixture
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Person]:
    for name in [name for name in os.environ if name.startswith("SCRUTINEER_")]:
        monkeypatch.delenv(name)
    yield Person(tmp_path, monkeypatch, capsys)
    structlog.reset_defaults()  # the commands write their log to a stream that ends with this test


def data(folder: Path) -> str:
    return f'data_dir = "{folder / "var"}"\n'


def test_a_port_in_use_is_named_with_another_one_to_take(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        (tmp_path / "scrutineer.toml").write_text(f"{data(tmp_path)}port = {port}\n")
        done = subprocess.run(
            [sys.executable, "-m", "bot.cli", "run", "--config", str(tmp_path / "scrutineer.toml")],
            cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"scrutineer: port: {port} on 127.0.0.1 cannot be used (Address already in use)")
    assert "SCRUTINEER_PORT=" in line


def test_an_address_that_is_not_ours_is_named(person: Person, tmp_path: Path) -> None:
    line = person.is_told_in_a_line("run", config=data(tmp_path) + 'host = "192.0.2.1"\n')
    assert "on 192.0.2.1 cannot be used" in line


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ('organisation = "half', ("not valid TOML", "mend that line")),
        ('organization = "X"\n', ("organization: there is no such setting",)),
        ('port = "many"\n', ("port: ", "'many'")),
        ('[[mastodon]]\nserver = "m.example"\n', ("mastodon.0.server", "https://")),
        (b'organisation = "\xff\xfe"\n', ("not UTF-8 text",)),
    ],
)
def test_a_broken_file_of_settings_is_named_with_the_remedy(
    config: str | bytes, words: tuple[str, ...], person: Person, tmp_path: Path
) -> None:
    line = person.is_told_in_a_line("run", config=config)
    assert str(tmp_path / "scrutineer.toml") in line
    assert all(word in line for word in words), line


def test_a_broken_environment_variable_is_named(
    person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCRUTINEER_TAGS", "MedEd")
    line = person.is_told_in_a_line("run", config=data(tmp_path))
    assert "tags" in line
    assert "JSON" in line


def test_a_state_that_does_not_exist_is_answered_with_those_that_do(person: Person, tmp_path: Path) -> None:
    assert "proposed" in person.is_told_in_a_line("queue", "list", "--state", "lost", config=data(tmp_path))


def test_a_half_written_pack_is_refused_whole_with_the_row_that_is_broken(person: Person, tmp_path: Path) -> None:
    lines = STARTER.read_text().splitlines()
    pack = tmp_path / "pack.jsonl"
    pack.write_text("\n".join([*lines[:5], lines[5][:200]]))

    first, *rows = person.is_told("evidence", "import", str(pack), "--as", "Grace", config=data(tmp_path))

    assert first.startswith("scrutineer: ")
    assert "nothing was loaded" in first
    assert "row 6" in rows[0]
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize("content", [b"", b"\x00\xff\xfe" * 50, b"id,claim\nhalf"])
def test_what_is_no_pack_at_all_is_refused_in_words(content: bytes, person: Person, tmp_path: Path) -> None:
    pack = tmp_path / "pack.csv"
    pack.write_bytes(content)
    first, *_ = person.is_told("evidence", "import", str(pack), "--as", "Grace", config=data(tmp_path))
    assert first.startswith("scrutineer: ")
    assert "pack.csv" in first


@pytest.mark.parametrize("below", ["", "/deeper"])
def test_a_data_directory_that_cannot_be_one_is_named(below: str, person: Person, tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file stands where the folder should be")
    line = person.is_told_in_a_line("run", config=f'data_dir = "{tmp_path / "var"}{below}"\n')
    assert f"data_dir: {tmp_path / 'var'}{below} cannot be used" in line
    assert "check path, permissions and free space" in line


def test_a_database_that_can_only_be_read_is_named(person: Person, tmp_path: Path) -> None:
    file = tmp_path / "office.db"
    Store(f"sqlite:///{file}").migrate()
    url = f"sqlite:///file:{file}?mode=ro&uri=true"
    line = person.is_told_in_a_line("queue", "list", config=f'database_url = "{url}"\n')
    assert "attempt to write a readonly database" in line
    assert "permissions" in line


def test_a_file_that_is_no_database_is_named(person: Person, tmp_path: Path) -> None:
    file = tmp_path / "office.db"
    file.write_text("dear diary, " * 100)
    line = person.is_told_in_a_line("run", config=f'database_url = "sqlite:///{file}"\n')
    assert "file is not a database" in line
    assert "restore a backup" in line


def test_an_unreachable_postgresql_is_named_without_its_password(person: Person, tmp_path: Path) -> None:
    url = f"postgresql+psycopg://office:hunter2@127.0.0.1:{free_port()}/office"
    line = person.is_told_in_a_line("run", config=f'{data(tmp_path)}database_url = "{url}"\n')
    assert "check that the server runs" in line
    assert "hunter2" not in line


def test_a_database_of_a_newer_version_is_left_alone(person: Person, tmp_path: Path) -> None:
    file = tmp_path / "office.db"
    store = Store(f"sqlite:///{file}")
    store.migrate()
    with store.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    store.close()
    line = person.is_told_in_a_line("run", config=f'database_url = "sqlite:///{file}"\n')
    assert "made by a newer Scrutineer" in line
    assert "9999" in line


def test_stopping_works_with_the_database_locked_and_says_so(person: Person, tmp_path: Path) -> None:
    folder = tmp_path / "var"
    folder.mkdir()
    file = folder / "scrutineer.db"
    Store(f"sqlite:///{file}").migrate()
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    code, out, err = person.types("stop", "something is wrong", "--as", "Grace", config=data(tmp_path))
    holder.close()
    assert code == 0, err
    assert (folder / "STOP").read_text() == "Grace: something is wrong\n"
    assert "Publishing is stopped" in out
    assert "locked" in err
    assert "Traceback" not in err


def test_a_bug_of_ours_is_one_line_and_its_traceback_lies_in_a_private_file(tmp_path: Path) -> None:
    config = tmp_path / "scrutineer.toml"
    config.write_text(data(tmp_path))

    def explained(error: Exception) -> list[str]:
        with pytest.raises(type(error)) as caught:
            raise error
        return explain(caught.value, ["run", "--config", str(config)])

    (line,) = explained(ExceptionGroup("parts", [RuntimeError("the lamp\nis broken")]))
    kept = tmp_path / "var" / FILE
    assert str(kept) in line
    assert "\n" not in line
    assert "RuntimeError: the lamp" in kept.read_text()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600

    (other,) = explained(json.JSONDecodeError("what is this", "{", 0))
    assert "what is this" in other
    assert kept.read_text().count("Traceback") >= 2

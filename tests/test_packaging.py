"""What we ship is whole, and the locked exports agree with the lock, and the lock with pyproject.toml."""

import hashlib
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
EXPORTS = ("requirements.txt", "requirements-dev.txt", "deploy/requirements.txt")
NOT_SHIPPED = {"__pycache__"}
HOW = "run `make lock`"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names of the files in our wheel, built without any network."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (made,) = folder.glob("*.whl")
    with zipfile.ZipFile(made) as archive:
        return set(archive.namelist())


def files_of(*rooms: str) -> set[str]:
    return {
        path.relative_to(ROOT).as_posix()
        for room in rooms
        for path in (ROOT / room).rglob("*")
        if path.is_file() and NOT_SHIPPED.isdisjoint(path.parts)
    }


def tracked() -> set[str]:
    """The files git knows of; a stray file of an editor is nobody's loss."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=False, capture_output=True, text=True)
    return set(listed.stdout.splitlines()) or files_of("bot", "handlers", "replies")


def test_the_wheel_holds_every_file_of_the_three_rooms(wheel: set[str]):
    assert files_of("bot", "handlers", "replies") & tracked() - wheel == set()


@pytest.mark.parametrize(
    "pattern",
    [
        r"bot/evidence/starter/.+\.jsonl",
        r"bot/store/migrations/versions/.+\.py",
        r"bot/web/templates/.+\.html",
        r"bot/web/static/.+\.css",
        r"bot/web/static/.+\.js",
        r"replies/templates/en/.+\.txt",
        r"scrutineer-.+\.dist-info/licenses/LICENSE",
    ],
)
def test_the_wheel_holds_what_is_not_code(wheel: set[str], pattern: str):
    assert any(re.fullmatch(pattern, name) for name in wheel)


def test_the_wheel_holds_no_tests(wheel: set[str]):
    assert not [name for name in wheel if name.startswith(("tests/", "scripts/", "docs/"))]


def lock() -> dict[str, Any]:
    return tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))


def plain(requirement: str) -> str:
    """A requirement without spaces, quotes of one kind, its extras in order: two spellings of one thing are equal."""
    found = re.match(r"([A-Za-z0-9._-]+)\s*(?:\[([^]]*)\])?\s*(.*)", requirement)
    assert found, requirement
    name = re.sub(r"[-_.]+", "-", found[1]).lower()
    extras = ",".join(sorted(extra.strip() for extra in (found[2] or "").split(",") if extra.strip()))
    bounds = ",".join(sorted(bound.strip() for bound in found[3].split(",") if bound.strip()))
    return f"{name}[{extras}]{bounds}"


def as_lock_says(entry: dict[str, Any]) -> str:
    return plain(f"{entry['name']}[{','.join(entry.get('extras', []))}]{entry.get('specifier', '')}")


def test_the_lock_agrees_with_pyproject():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (ours,) = [package for package in lock()["package"] if package["name"] == "scrutineer"]
    wanted = [*project["project"]["dependencies"]]
    for extra in project["project"].get("optional-dependencies", {}).values():
        wanted += extra
    development = project["dependency-groups"]["dev"]

    assert sorted(map(as_lock_says, ours["metadata"]["requires-dist"])) == sorted(map(plain, wanted)), HOW
    locked = ours["metadata"]["requires-dev"]["dev"]
    assert sorted(map(as_lock_says, locked)) == sorted(map(plain, development)), HOW


@pytest.mark.parametrize("name", EXPORTS)
def test_the_exports_were_made_from_this_lock(name: str):
    sum_of_lock = hashlib.sha256((ROOT / "uv.lock").read_bytes()).hexdigest()

    assert sum_of_lock in (ROOT / name).read_text(encoding="utf-8").splitlines()[0], HOW


@pytest.mark.parametrize("name", EXPORTS)
def test_every_exported_version_and_hash_is_the_locked_one(name: str):
    hashes = {
        (package["name"], package["version"]): {file["hash"] for file in files(package)}
        for package in lock()["package"]
    }
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]

    assert lines
    for line in lines:
        found = re.match(r"([a-z0-9-]+)(?:\[[^]]*\])?==(\S+)", line)
        assert found, line
        assert set(re.findall(r"--hash=(\S+)", line)) == hashes[found[1], found[2]]


def files(package: dict[str, Any]) -> list[dict[str, str]]:
    return [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])]


def test_every_dependency_has_a_wheel_so_that_nobody_needs_a_compiler():
    assert [package["name"] for package in lock()["package"] if "sdist" in package and not package.get("wheels")] == []

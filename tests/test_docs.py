"""What the pages say is so: generated pages are current, commands exist, links lead somewhere."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from bot import docs
from bot.platforms.mastodon_setup import SCOPES
from bot.settings import Settings

ROOT = Path(__file__).parents[1]
VERBS = dict(docs.verbs())
WANTED = (
    *("run", "init", "check", "stop", "resume", "match", "replay", "forget"),
    *("queue list", "queue show", "queue approve", "queue decline"),
    *("evidence import", "evidence export", "evidence lint"),
)
PAGES = [
    ROOT / name
    for name in subprocess.run(
        ["git", "ls-files", "*.md"], cwd=ROOT, check=False, capture_output=True, text=True
    ).stdout.split()
]
EVERY_PAGE = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


@pytest.mark.parametrize("page", docs.pages(), ids=lambda page: page.name)
def test_a_page_written_from_the_code_is_current(page: Path):
    assert page.read_text(encoding="utf-8") == docs.pages()[page], "run: python -m bot.docs"


def test_every_setting_has_a_sentence():
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_every_verb_that_was_promised_is_there_and_explains_itself():
    assert set(WANTED) <= set(VERBS)
    assert [name for name, verb in VERBS.items() if not verb.help] == []
    assert [f"{name} {one.name}" for name, verb in VERBS.items() for one in verb.params if not one.help] == []


def test_the_first_page_names_the_two_commands():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    assert "make run" in readme
    assert "make test" in readme


@EVERY_PAGE
def test_every_command_on_a_page_exists(page: Path):
    """Lines of console examples that call scrutineer."""
    calls = re.findall(r"^\$ (?:\S*/)?scrutineer (.+?)(?:\s+#.*)?$", page.read_text(encoding="utf-8"), re.MULTILINE)

    for call in calls:
        words = shlex.split(call)
        name = next((name for name in (" ".join(words[:2]), words[0]) if name in VERBS), None)
        assert name, f"scrutineer {call}"
        options = {option for one in VERBS[name].params for option in one.opts} | {"--help"}
        assert {word.partition("=")[0] for word in words if word.startswith("-")} <= options, call


@EVERY_PAGE
def test_every_link_between_pages_leads_somewhere(page: Path):
    targets = re.findall(r"\]\(([^)\s#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))

    ours = [one for one in targets if "://" not in one and not one.startswith("mailto:")]
    assert [one for one in ours if not (page.parent / one).exists()] == []


def test_the_page_on_accounts_names_exactly_the_scopes_we_ask_for():
    page = (ROOT / "docs" / "how-to" / "connect-an-account.md").read_text(encoding="utf-8")

    assert " ".join(SCOPES) in page

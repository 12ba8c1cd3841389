"""The whole story by commands alone: set up without a question, asked on Mastodon, approved, and the reply stands."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

from tests.command import SCRUTINEER, environment, everything_in, scrutineer
from tests.servers.mastodon import MastodonServer

WITHIN = 90  # looks, a second apart at least


@contextmanager
def running(folder: Path) -> Iterator[None]:
    """`scrutineer run`, from the moment it is ready."""
    quick = environment(SCRUTINEER_PORT="0", SCRUTINEER_UNDO_SECONDS="0", SCRUTINEER_READ_BACK_SECONDS="0.5")
    with (folder / "office.log").open("w") as log:
        office = subprocess.Popen(
            [*SCRUTINEER, "run"], cwd=folder, env=quick, stdout=subprocess.PIPE, stderr=log, text=True
        )
    assert office.stdout is not None
    try:
        assert "http://" in office.stdout.readline(), (folder / "office.log").read_text()[-3000:]
        yield
    finally:
        office.terminate()
        office.wait(30)
        office.stdout.close()


def test_an_office_set_up_by_a_script_answers_somebody_who_asked(tmp_path: Path, mastodon_server: MastodonServer):
    folder, secret = tmp_path / "office", tmp_path / "token"
    folder.mkdir()
    canary = mastodon_server.tokens["bot"]
    secret.write_text(canary)
    name = f"mastodon/{mastodon_server.url.removeprefix('http://')}"
    said: list[str] = []

    def does(*words: str) -> str:
        ran = scrutineer(folder, *words)
        said.extend((ran.stdout, ran.stderr))
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def waiting() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(does("queue", "list", "--json"))
        return found

    account = ("--mastodon", mastodon_server.url, "--token-file", str(secret), "--rules-read-by", "Grace")
    does("init", "--organisation", "Example Clinic", *account)
    does("account", "sending", name, "on", "--as", "Grace", "--why", "agreed with the admins")
    does("evidence", "sign", "--all", "--as", "Dr Grace", "--yes")
    with running(folder):
        post = mastodon_server.post_as("alice", "@bot The MMR vaccine causes autism, everybody knows it")
        cases = next((found for _ in range(WITHIN) if (found := waiting())), [])
        assert [case["author"].split("@")[0] for case in cases] == ["alice"]
        does("queue", "approve", str(cases[0]["id"]), "--as", "Grace")
        replies: list[dict[str, Any]] = []
        pause = Event()
        for _ in range(WITHIN):
            replies = mastodon_server.call("alice", "GET", f"/api/v1/statuses/{post['id']}/context")["descendants"]
            if replies:
                break
            pause.wait(1)

    (reply,) = replies
    assert (reply["in_reply_to_id"], reply["account"]["username"]) == (post["id"], "bot")
    assert "Example Clinic" in reply["content"]
    assert canary.encode() not in everything_in(folder) + "".join(said).encode()

"""The whole story on a Mastodon-API server: somebody asks, an editor approves, the reply stands in the thread."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.life import State
from tests.real_office import EDITOR, RealOffice
from tests.servers.mastodon import MastodonServer


def connected(server: MastodonServer, folder: Path, url: str = "") -> RealOffice:
    """An office with the bot's account."""
    me = server.call("bot", "GET", "/api/v1/accounts/verify_credentials")
    office = RealOffice(folder)
    office.connect_mastodon(server=url or server.url, token=server.tokens["bot"], actor=me["uri"], handle=me["acct"])
    return office


@pytest.fixture
def office(mastodon_server: MastodonServer, tmp_path: Path) -> Iterator[RealOffice]:
    office = connected(mastodon_server, tmp_path)
    yield office
    office.close()


def replies_below(server: MastodonServer, status: str) -> list[dict[str, object]]:
    return [
        one
        for one in server.call("alice", "GET", f"/api/v1/statuses/{status}/context")["descendants"]
        if one["account"]["username"] == "bot"
    ]


def test_alice_asks_an_editor_approves_and_the_reply_stands_in_the_right_thread(
    office: RealOffice, mastodon_server: MastodonServer
) -> None:
    office.start()
    post = mastodon_server.post_as("alice", "@bot The MMR vaccine causes autism, everybody knows it")
    office.until(lambda: any(case.state == State.PROPOSED for case in office.cases()), "a draft")
    assert replies_below(mastodon_server, post["id"]) == []

    assert office.approve_all() == 1
    office.until(lambda: office.cases()[0].state == State.PUBLISHED, "published")

    (reply,) = replies_below(mastodon_server, post["id"])
    case = office.cases()[0]
    assert reply["in_reply_to_id"] == post["id"]
    assert reply["visibility"] == "unlisted"
    assert case.approved_by == EDITOR
    assert case.remote_uri == reply["uri"]
    assert [mention["acct"] for mention in reply["mentions"]] == ["alice"]  # type: ignore[attr-defined]


def test_bob_claims_alice_summons_and_only_alice_is_answered(
    office: RealOffice, mastodon_server: MastodonServer
) -> None:
    claim = mastodon_server.post_as("bob", "The MMR vaccine causes autism, everybody knows it")
    office.start()
    ask = mastodon_server.post_as("alice", "@bot is this true?", in_reply_to_id=claim["id"])
    office.until(lambda: any(case.state == State.PROPOSED for case in office.cases()), "a draft")
    (case,) = [case for case in office.cases() if case.state == State.PROPOSED]
    assert case.basis == "summoner"
    assert case.subject_uri == claim["uri"]
    assert case.asked_by is not None

    office.approve_all()
    office.until(lambda: any(case.state == State.PUBLISHED for case in office.cases()), "published")
    (reply,) = replies_below(mastodon_server, ask["id"])
    assert "bob" not in str(reply["content"])
    assert [mention["acct"] for mention in reply["mentions"]] == ["alice"]  # type: ignore[attr-defined]


def test_a_tagged_post_waits_behind_a_lock_and_nothing_is_said(
    office: RealOffice, mastodon_server: MastodonServer
) -> None:
    office.start()
    mastodon_server.post_as("alice", "The MMR vaccine causes autism, everybody knows it #MedEd")
    office.until(lambda: any(case.state == State.PROPOSED for case in office.cases()), "a locked draft")
    (case,) = office.cases()
    assert case.lock
    assert case.draft
    assert office.approve_all() == 0


def test_a_clean_stop_is_quick_and_leaves_nothing_held(office: RealOffice, mastodon_server: MastodonServer) -> None:
    office.start()
    assert office.stop() == 0
    office.start()  # a held lease would keep it from listening
    mastodon_server.post_as("alice", "@bot The MMR vaccine causes autism, everybody knows it")
    office.until(lambda: any(case.state == State.PROPOSED for case in office.cases()), "a draft")

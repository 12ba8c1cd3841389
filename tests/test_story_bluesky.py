"""The whole story on the real Bluesky network: PDS, AppView and the office in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.life import State
from tests.real_office import EDITOR, RealOffice
from tests.servers.bluesky import Account, BlueskyNet

CLAIM = "The MMR vaccine causes autism, everybody knows it"


@pytest.fixture
def bot(bluesky_net: BlueskyNet) -> Account:
    return bluesky_net.new_account("desk")


@pytest.fixture
def office(bluesky_net: BlueskyNet, bot: Account, tmp_path: Path) -> Iterator[RealOffice]:
    office = RealOffice(tmp_path)
    office.connect_bluesky(
        handle=bot.handle, did=bot.did, password=bot.password, pds=bluesky_net.pds, jetstream=bluesky_net.jetstream
    )
    yield office
    office.close()


def mention(text: str, bot: Account) -> dict[str, Any]:
    """Text and facet that name our account, as an app would write them."""
    name = f"@{bot.handle}"
    start = text.encode().index(name.encode())
    feature = {"$type": "app.bsky.richtext.facet#mention", "did": bot.did}
    return {"facets": [{"index": {"byteStart": start, "byteEnd": start + len(name)}, "features": [feature]}]}


def ours(net: BlueskyNet, bot: Account) -> list[dict[str, Any]]:
    """Every post of our account, as the PDS holds it."""
    listed = net.call(
        bot, "GET", "com.atproto.repo.listRecords", repo=bot.did, collection="app.bsky.feed.post", limit=100
    )
    return list(listed["records"])


def test_alice_asks_an_editor_approves_and_the_reply_stands_in_the_right_thread(
    office: RealOffice, bluesky_net: BlueskyNet, bot: Account
) -> None:
    alice, bob = bluesky_net.new_account("alice"), bluesky_net.new_account("bob")
    office.start()
    root = bluesky_net.post_as(bob, "who has a question for the journal club?")
    text = f"@{bot.handle} {CLAIM}"
    asked = bluesky_net.post_as(alice, text, reply={"root": root, "parent": root}, **mention(text, bot))
    bluesky_net.process_all()
    office.until(lambda: any(case.state == State.PROPOSED for case in office.cases()), "a draft")
    assert ours(bluesky_net, bot) == []

    case = office.cases()[0]
    assert case.uri == asked["uri"]
    office.approve_all()
    office.until(lambda: office.cases()[0].state == State.PUBLISHED, "published")

    (record,) = ours(bluesky_net, bot)
    case = office.cases()[0]
    assert case.approved_by == EDITOR
    assert record["uri"] == case.remote_uri
    assert record["value"]["reply"] == {"root": root, "parent": asked}
    assert record["value"]["text"] == case.approved_text


def test_a_tagged_post_is_seen_on_the_stream_and_its_deletion_too(
    office: RealOffice, bluesky_net: BlueskyNet, bot: Account
) -> None:
    alice = bluesky_net.new_account("alice")
    office.start()
    post = bluesky_net.post_as(alice, f"{CLAIM} #{office.tag}")
    bluesky_net.process_all()
    office.until(lambda: any(case.state == State.PROPOSED for case in office.cases()), "a locked draft")
    (case,) = office.cases()
    assert case.lock
    assert office.approve_all() == 0

    bluesky_net.call(
        alice, "POST", "com.atproto.repo.deleteRecord", repo=alice.did, collection="app.bsky.feed.post",
        rkey=post["uri"].rsplit("/", 1)[1],
    )  # fmt: skip
    office.until(lambda: office.cases()[0].state == State.WITHDRAWN, "withdrawn")
    assert office.cases()[0].post["text"] == ""


def test_a_summons_on_bluesky_is_answered_by_a_note_that_names_only_the_asker(
    office: RealOffice, bluesky_net: BlueskyNet, bot: Account
) -> None:
    alice, bob = bluesky_net.new_account("alice"), bluesky_net.new_account("bob")
    claim = bluesky_net.post_as(bob, CLAIM)
    office.start()
    text = f"@{bot.handle} is this true?"
    bluesky_net.post_as(alice, text, reply={"root": claim, "parent": claim}, **mention(text, bot))
    bluesky_net.process_all()
    office.until(lambda: any(case.state == State.PROPOSED for case in office.cases()), "a draft")
    (case,) = [case for case in office.cases() if case.state == State.PROPOSED]
    assert (case.basis, case.subject_uri, case.note) == ("summoner", claim["uri"], True)

    office.approve_all()
    office.until(lambda: any(case.state == State.PUBLISHED for case in office.cases()), "published")
    (record,) = ours(bluesky_net, bot)
    assert "reply" not in record["value"]
    named = [f["did"] for facet in record["value"]["facets"] for f in facet["features"] if "did" in f]
    assert named == [alice.did]

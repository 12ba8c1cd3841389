"""What was deleted, edited or blocked while nobody listened is noticed by looking again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot import jobs
from bot.errors import Unreachable
from bot.life import State
from bot.look_back import AT_ONCE, REMEMBERED
from bot.model import Post, Ref
from bot.ports import Look
from bot.schedule import TICKS
from bot.store.models import CaseRow, JobRow
from tests.scenes import CLAIM, Scene, on_mastodon
from tests.servers.mastodon import MastodonServer
from tests.small_office import SmallOffice

LATER = timedelta(minutes=15)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[SmallOffice]:
    office = SmallOffice(f"sqlite:///{tmp_path / 'office.db'}", tmp_path, public=True)
    yield office
    office.store.close()


def look_back(office: SmallOffice, after: timedelta = LATER) -> None:
    """The tick comes round."""
    office.clock.advance(after)
    with office.store.write() as session:
        key = f"look back:{office.clock.now().isoformat()}"
        jobs.put(session, "look back", key, due_at=office.clock.now(), payload={})
    office.work()


def asked(office: SmallOffice) -> tuple[Post, CaseRow]:
    post = office.posts()
    office.hear_of(post)
    return post, office.case_of(post)


def test_it_comes_round_every_quarter_of_an_hour() -> None:
    assert {tick.kind: tick.every for tick in TICKS}["look back"] == LATER


def test_a_deletion_nobody_told_us_withdraws_a_waiting_draft(office: SmallOffice) -> None:
    post, case = asked(office)
    look_back(office)
    assert office.state(case) == State.PROPOSED, "nothing happened yet"
    office.world.delete(post.ref.uri)
    look_back(office)
    assert office.state(case) == State.WITHDRAWN


def test_a_deletion_nobody_told_us_takes_a_published_reply_with_it(office: SmallOffice) -> None:
    post, case = asked(office)
    office.approve(case)
    office.pass_time()
    assert office.state(case) == State.PUBLISHED
    office.world.delete(post.ref.uri)
    look_back(office)
    assert office.state(case) == State.WITHDRAWN
    assert office.ours() == []


def test_an_edit_nobody_told_us_brings_an_approved_reply_back_to_a_person(office: SmallOffice) -> None:
    post, case = asked(office)
    look_back(office)
    with office.store.read() as session:
        version = session.scalars(select(CaseRow.version)).one()
    assert version == case.version, "a look is no change: an editor's open page stays good"
    office.world.edit(post.ref.uri, f"{post.text} Everybody!")
    look_back(office)
    now = office.now(case)
    assert (now.state, now.changed) == (State.PROPOSED, True)
    assert now.post["text"].endswith("Everybody!")
    events = len(office.events())
    look_back(office)
    assert len(office.events()) == events, "the same edit is noticed once"


def test_a_block_nobody_told_us_is_an_opt_out(office: SmallOffice) -> None:
    post, case = asked(office)
    office.world.block(post.author)
    look_back(office)
    assert office.state(case) == State.WITHDRAWN
    assert "opted out" in office.now(case).reason


def test_a_deleted_subject_is_noticed_as_well_as_the_post_that_asks(office: SmallOffice) -> None:
    claim = office.posts("The MMR vaccine causes autism, everybody knows it")
    ask = office.posts("@check is this true?", under=claim)
    office.hear_of(ask)
    case = office.case_of(ask)
    assert case.subject_uri == claim.ref.uri
    office.world.delete(claim.ref.uri)
    look_back(office)
    assert office.state(case) == State.WITHDRAWN


def test_at_most_twenty_posts_are_looked_at_in_a_tick_the_oldest_look_first(
    office: SmallOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    seen = office.platform.look

    async def counting(ref: Ref) -> Look | None:
        looked.append(ref.uri)
        return await seen(ref)

    uris = [asked(office)[0].ref.uri for _ in range(AT_ONCE + 5)]
    monkeypatch.setattr(office.platform, "look", counting)
    look_back(office)
    assert looked == uris[:AT_ONCE]
    looked.clear()
    look_back(office)
    assert looked == [*uris[AT_ONCE:], *uris[: AT_ONCE - 5]]


def test_a_network_that_is_down_is_asked_again_at_the_next_tick(
    office: SmallOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    post, case = asked(office)
    office.world.delete(post.ref.uri)

    async def down(_ref: Ref) -> Look | None:
        raise Unreachable("try again later")

    with monkeypatch.context() as patch:
        patch.setattr(office.platform, "look", down)
        look_back(office)
    assert office.state(case) == State.PROPOSED
    look_back(office)
    assert office.state(case) == State.WITHDRAWN


def test_a_reply_of_long_ago_is_not_followed_any_more(office: SmallOffice) -> None:
    post, case = asked(office)
    office.approve(case)
    office.pass_time()
    office.world.delete(post.ref.uri)
    look_back(office, after=REMEMBERED + LATER)
    assert office.state(case) == State.PUBLISHED


@pytest.mark.timeout(240)
def test_a_deletion_on_mastodon_while_the_office_was_closed_takes_the_reply_with_it(
    mastodon_server: MastodonServer, tmp_path: Path
) -> None:
    with on_mastodon(mastodon_server, tmp_path) as scene:
        office = scene.office
        office.start(roles="worker,ingest")
        office.until(office.hears, "listening")
        post = mastodon_server.post_as("alice", f"@bot {CLAIM}")
        office.until(lambda: any(case.state == State.PROPOSED for case in office.cases()), "a draft")
        office.approve_all()
        finish_running(scene)
        office.stop()

        mastodon_server.call("alice", "DELETE", f"/api/v1/statuses/{post['id']}")
        long_ago(scene)
        office.start(roles="worker")  # nobody listens: looking back alone must find it
        office.until(lambda: office.cases()[0].state == State.WITHDRAWN, "withdrawn")
        assert sum(scene.answers().values()) == 0


def finish_running(scene: Scene) -> None:
    scene.office.until(lambda: {case.state for case in scene.office.cases()} == {State.PUBLISHED}, "published")


def long_ago(scene: Scene) -> None:
    """As if it had happened half an hour earlier, and no tick had come round since."""
    with scene.office.store.write() as session:
        (case,) = session.scalars(select(CaseRow))
        case.created_at -= timedelta(minutes=30)
        for job in session.scalars(select(JobRow).where(JobRow.kind == "look back")):
            session.delete(job)

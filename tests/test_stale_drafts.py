"""A draft is judged by what it was made from: what changed since then is never answered with it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot import review
from bot.errors import NotAllowed, Unreachable
from bot.evidence import registry
from bot.life import State
from bot.ports import Outgoing
from tests.small_office import UNDO, SmallOffice

LONG = timedelta(minutes=3)
CRISIS = "@check I want to kill myself. I can't go on, goodbye everybody."


@pytest.fixture
def office(tmp_path: Path) -> Iterator[SmallOffice]:
    office = SmallOffice(f"sqlite:///{tmp_path / 'office.db'}", tmp_path)
    yield office
    office.store.close()


def test_a_post_edited_into_a_crisis_during_the_undo_delay_is_not_answered(office: SmallOffice) -> None:
    post = office.posts()
    office.hear_of(post)
    case = office.approve(office.case_of(post))
    office.edited(post, CRISIS)
    office.work()
    office.pass_time(UNDO)
    office.pass_time(LONG)
    assert office.ours() == []
    assert office.state(case) is State.ESCALATED
    assert office.now(case).approved_by == ""


def test_a_refused_case_edited_into_a_crisis_loses_its_draft(office: SmallOffice) -> None:
    post = office.posts()
    office.hear_of(post)
    case = office.approve(office.case_of(post))
    office.world.next_publish = "refused"
    office.pass_time(UNDO)
    assert office.state(case) is State.FAILED
    office.edited(post, CRISIS)
    office.work()
    assert office.state(case) is State.ESCALATED
    assert office.now(case).draft == ""


def test_a_post_edited_while_a_send_was_unclear_is_not_answered_with_the_old_text(office: SmallOffice) -> None:
    post = office.posts()
    office.hear_of(post)
    case = office.approve(office.case_of(post))
    office.world.next_publish = "lost_before"
    office.pass_time(UNDO)
    assert office.state(case) is State.UNKNOWN
    office.edited(post, "@check I was wrong: vaccines do not cause autism.")
    office.work()
    for _ in range(12):
        office.pass_time(timedelta(seconds=15))
    assert office.ours() == []
    assert office.state(case) is not State.PUBLISHED


def test_a_draft_whose_post_changed_unheard_is_made_anew(office: SmallOffice) -> None:
    post = office.posts()
    office.hear_of(post)
    case = office.approve(office.case_of(post))
    office.world.edit(post.ref.uri, "@check The MMR vaccine causes autism, everybody knows it")  # nobody tells us
    office.pass_time(UNDO)
    office.pass_time(LONG)
    assert office.ours() == []
    assert "everybody knows" in office.now(case).post["text"]
    office.approve(office.now(case))
    office.pass_time(UNDO)
    assert office.state(case) is State.PUBLISHED


def test_a_draft_from_an_older_version_of_the_evidence_is_made_anew(office: SmallOffice) -> None:
    case = office.approve(office.asked())
    with office.store.write() as session:
        registry.sign_off(session, "mmr-vaccine-autism", by="Dr Other", now=office.clock.now())
    office.pass_time(UNDO)
    office.pass_time(LONG)
    assert office.ours() == []
    assert office.now(case).entry_version == 2
    assert not office.now(case).changed
    office.approve(office.now(case))
    office.pass_time(UNDO)
    assert office.state(case) is State.PUBLISHED


def test_a_reply_that_may_stand_already_is_never_followed_by_another_wording(
    office: SmallOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = office.approve(office.asked())
    office.world.next_publish = "lost_after"
    office.pass_time(UNDO)
    assert office.state(case) is State.UNKNOWN

    async def down(_outgoing: Outgoing) -> None:
        raise Unreachable("the network is down")

    monkeypatch.setattr(office.platform, "find", down)
    office.pass_time(timedelta(hours=7))
    assert office.state(case) is State.FAILED
    monkeypatch.undo()
    case = office.now(case)
    with pytest.raises(NotAllowed), office.store.write() as session:
        review.reopen(session, case.id, version=case.version, who="Grace", now=office.clock.now())
    office.edited(office.world.posts[case.uri], "@check Vaccines cause autism, everybody knows that.")
    office.work()
    assert office.state(case) is State.FAILED

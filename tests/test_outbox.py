"""Exactly once: what leaves the office, when it may not, and what happens when nobody knows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot import cases, review, rulings
from bot.errors import NotAllowed
from bot.evidence import registry
from bot.life import State
from bot.outbox import key_of
from bot.review import Declined
from bot.store.models import AccountRow, DeliveryRow
from tests.small_office import UNDO, SmallOffice

MOMENT = timedelta(seconds=1)
LONG = timedelta(minutes=3)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[SmallOffice]:
    office = SmallOffice(f"sqlite:///{tmp_path / 'office.db'}", tmp_path)
    yield office
    office.store.close()


def test_an_approved_reply_is_published_once_in_the_right_thread(office: SmallOffice) -> None:
    case = office.asked()
    office.approve(case)
    office.pass_time(UNDO)
    office.pass_time(LONG)

    (ours,) = office.ours()
    assert office.state(case) is State.PUBLISHED
    assert ours.reply_to is not None
    assert ours.reply_to.uri == case.uri
    assert ours.text == office.now(case).approved_text


def test_nothing_leaves_before_the_undo_delay_has_passed(office: SmallOffice) -> None:
    case = office.asked()
    office.approve(case)
    office.pass_time(UNDO - MOMENT)
    assert office.ours() == []
    office.pass_time(MOMENT)
    assert len(office.ours()) == 1


def test_an_approval_that_was_taken_back_sends_nothing(office: SmallOffice) -> None:
    case = office.approve(office.asked())
    with office.store.write() as session:
        review.undo(session, case.id, version=case.version, who="Grace", now=office.clock.now())
    office.pass_time(LONG)
    assert office.ours() == []
    assert office.state(case) is State.PROPOSED


def test_every_delivery_stores_consent_evidence_text_and_name(office: SmallOffice) -> None:
    case = office.approve(office.asked(), who="Grace Hopper")
    office.pass_time()
    with office.store.read() as session:
        (row,) = session.scalars(select(DeliveryRow))
    assert row.basis == "mention_author"
    assert row.proof == case.uri
    assert (row.entry_id, row.entry_version) == ("mmr-vaccine-autism", 1)
    assert row.approved_by == "Grace Hopper"
    assert row.outgoing["text"] == case.approved_text
    assert row.state == "confirmed"


def test_a_lost_answer_is_read_back_and_not_sent_again(office: SmallOffice) -> None:
    case = office.approve(office.asked())
    office.world.next_publish = "lost_after"
    office.pass_time(UNDO)
    assert office.state(case) is State.UNKNOWN
    assert len(office.ours()) == 1

    office.pass_time(LONG)
    assert office.state(case) is State.PUBLISHED
    assert len(office.ours()) == 1


def test_a_send_that_never_arrived_is_sent_again_only_after_patient_looking(office: SmallOffice) -> None:
    case = office.approve(office.asked())
    office.world.next_publish = "lost_before"
    office.pass_time(UNDO)
    assert office.state(case) is State.UNKNOWN
    office.pass_time(timedelta(seconds=20))
    assert office.state(case) is State.UNKNOWN
    assert office.ours() == []

    for _ in range(12):
        office.pass_time(timedelta(seconds=15))
    assert office.state(case) is State.PUBLISHED
    assert len(office.ours()) == 1


@pytest.mark.parametrize("fault", ["unreachable", "slow_down"])
def test_what_was_surely_not_accepted_is_tried_again_later(office: SmallOffice, fault: str) -> None:
    case = office.approve(office.asked())
    office.world.next_publish = fault
    office.pass_time(UNDO)
    assert office.state(case) is State.APPROVED
    assert office.ours() == []
    office.pass_time(LONG)
    assert office.state(case) is State.PUBLISHED
    assert len(office.ours()) == 1


@pytest.mark.parametrize("fault", ["refused", "gone"])
def test_a_refusal_is_final_and_shown(office: SmallOffice, fault: str) -> None:
    case = office.approve(office.asked())
    office.world.next_publish = fault
    office.pass_time(UNDO)
    office.pass_time(LONG)
    assert office.state(case) is State.FAILED
    assert "refused" in office.now(case).reason
    assert office.ours() == []


def test_refused_credentials_pause_the_account_and_say_so(office: SmallOffice) -> None:
    case = office.approve(office.asked())
    office.world.next_publish = "logged_out"
    office.pass_time(UNDO)
    office.pass_time(LONG)
    assert office.ours() == []
    assert office.state(case) is State.APPROVED
    with office.store.read() as session:
        account = session.get(AccountRow, case.account)
        assert account is not None
        assert account.paused


def test_while_sending_is_off_approved_replies_wait(tmp_path: Path) -> None:
    office = SmallOffice(f"sqlite:///{tmp_path / 'office.db'}", tmp_path, public=True)
    switch_sending(office, "off")
    case = office.approve(office.asked())
    office.pass_time(LONG)
    assert office.ours() == []
    assert office.state(case) is State.APPROVED
    switch_sending(office, "on")
    office.pass_time(LONG)
    assert office.state(case) is State.PUBLISHED
    office.store.close()


def switch_sending(office: SmallOffice, value: str) -> None:
    with office.store.write() as session:
        rulings.rule(session, "fake/check", rulings.SENDING, value, by="Ada", why="test", now=office.clock.now())


def test_lifting_a_pause_is_recorded_and_lets_replies_go(office: SmallOffice) -> None:
    case = office.approve(office.asked())
    office.world.next_publish = "logged_out"
    office.pass_time(UNDO)
    with office.store.write() as session:
        rulings.rule(session, case.account, rulings.PAUSE, "lifted", by="Ada", why="new token", now=office.clock.now())
    office.pass_time(LONG)
    assert office.state(case) is State.PUBLISHED
    with office.store.read() as session:
        assert [(one.by, one.why) for one in rulings.history(session, case.account)] == [("Ada", "new token")]


def test_a_stop_during_the_undo_delay_holds_everything_and_a_resume_lets_it_go(office: SmallOffice) -> None:
    case = office.approve(office.asked())
    office.stop()
    office.pass_time(LONG)
    assert office.ours() == []
    assert office.state(case) is State.APPROVED
    office.resume()
    office.pass_time(LONG)
    assert len(office.ours()) == 1


def test_the_stop_file_works_alone(office: SmallOffice) -> None:
    office.approve(office.asked())
    office.stop_flag.write_text("stop")
    office.pass_time(LONG)
    assert office.ours() == []
    office.stop_flag.unlink()
    office.pass_time(LONG)
    assert len(office.ours()) == 1


def test_a_post_edited_during_the_undo_delay_goes_back_to_a_person(office: SmallOffice) -> None:
    case = office.asked()
    office.approve(case)
    office.world.edit(case.uri, "@check Vaccines cause autism, or so they say.")
    office.pass_time(UNDO)
    assert office.ours() == []
    assert office.state(case) is State.PROPOSED
    assert "not sent" in office.now(case).reason


def test_a_post_deleted_during_the_undo_delay_is_not_answered(office: SmallOffice) -> None:
    case = office.approve(office.asked())
    office.world.delete(case.uri)
    office.pass_time(UNDO)
    assert office.ours() == []
    assert office.state(case) is State.WITHDRAWN


def test_someone_who_leaves_during_the_undo_delay_is_not_answered(office: SmallOffice) -> None:
    case = office.approve(office.asked(by="ada"))
    stop = office.posts("@check STOP", by="ada")
    office.hear_of(stop)
    office.pass_time(UNDO)
    assert [post.text for post in office.ours()] == []
    assert office.state(case) is State.WITHDRAWN


def test_evidence_that_changes_between_approval_and_sending_stops_the_reply(office: SmallOffice) -> None:
    case = office.approve(office.asked())
    with office.store.write() as session:
        registry.sign_off(session, "mmr-vaccine-autism", by="Dr New", now=office.clock.now())
    office.pass_time(UNDO)
    assert office.ours() == []
    assert office.state(case) is State.PROPOSED


def test_one_author_gets_one_reply_in_seven_days_the_first_approved(office: SmallOffice) -> None:
    first = office.approve(office.asked(by="ada"))
    second = office.asked("@check and vitamin C prevents colds, true?", by="ada")
    assert "7 days" in second.lock or second.lock
    with pytest.raises(NotAllowed):
        office.approve(second)
    office.pass_time(UNDO)
    assert office.state(first) is State.PUBLISHED
    assert len(office.ours()) == 1


def test_a_deleted_post_takes_our_reply_with_it(office: SmallOffice) -> None:
    case = office.approve(office.asked())
    office.pass_time()
    assert len(office.ours()) == 1
    office.vanished(office.world.posts[case.uri])
    office.pass_time(LONG)
    assert office.ours() == []
    assert office.state(case) is State.WITHDRAWN
    assert office.now(case).post["text"] == ""


def test_an_editor_can_withdraw_what_was_published(office: SmallOffice) -> None:
    case = office.approve(office.asked())
    office.pass_time()
    now = office.now(case)
    with office.store.write() as session:
        review.withdraw(session, case.id, version=now.version, who="Grace", why="a mistake", now=office.clock.now())
    office.pass_time()
    assert office.ours() == []
    assert office.state(case) is State.WITHDRAWN


def test_a_declined_case_cannot_be_sent(office: SmallOffice) -> None:
    case = office.asked()
    with office.store.write() as session:
        version = cases.get(session, case.id).version
        review.decline(
            session, case.id, version=version, who="Grace", reason=Declined.NOT_NEEDED, now=office.clock.now()
        )
    with pytest.raises(NotAllowed):
        office.approve(case)
    office.pass_time(LONG)
    assert office.ours() == []


def test_a_decision_needs_a_name(office: SmallOffice) -> None:
    case = office.asked()
    with pytest.raises(NotAllowed, match="name"):
        office.approve(case, who="  ")


def test_an_uncivil_wording_cannot_be_approved(office: SmallOffice) -> None:
    case = office.asked()
    with pytest.raises(NotAllowed):
        office.approve(case, text="You are an idiot and a liar!!!")


def test_the_key_depends_on_case_and_text_alone() -> None:
    assert key_of(1, "a") == key_of(1, "a")
    assert len({key_of(1, "a"), key_of(2, "a"), key_of(1, "b")}) == 3

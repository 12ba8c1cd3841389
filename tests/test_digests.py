"""Who is told what, when: once, seldom, not in quiet hours, at once in a crisis, and never in a stranger's words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from bot import jobs, upkeep
from bot.errors import Refused, Unclear, Unreachable
from bot.life import State
from bot.notices import digests
from bot.notices.mail import Mailer
from bot.notices.values import Channel, Kind
from bot.people import Role
from bot.settings_notify import MailSettings
from bot.store.models import AccountRow, GapRow, JobRow
from bot.store.notice_models import NoticeToldRow
from bot.store.office_models import UserRow
from tests.builders import NOW
from tests.notice_world import BASE, CRISIS, DAY, HOUR, MINUTE, NoticeWorld
from tests.servers.mail import mail_server


@pytest.fixture(params=["sqlite", "postgres"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[NoticeWorld]:
    url = (
        f"sqlite:///{tmp_path / 'office.db'}" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    )
    world = NoticeWorld(url, tmp_path)
    yield world
    world.store.close()


@pytest.fixture
def light(tmp_path: Path) -> Iterator[NoticeWorld]:
    """On SQLite only, where the database is not the point."""
    world = NoticeWorld(f"sqlite:///{tmp_path / 'office.db'}", tmp_path)
    yield world
    world.store.close()


def test_what_is_new_is_told_once_in_one_message(world: NoticeWorld) -> None:
    grace = world.person("Grace")
    first, second = world.draft(), world.case(State.ESCALATED, reason="they answered us")
    for _ in range(40):
        world.minute()

    (mail,) = world.to(grace)
    assert mail.subject == "2 new cases · Example Medical School"
    assert "A draft waits, about “Vaccines such as MMR cause autism" in mail.text
    assert f"(1 min)\n  {BASE}/case/{first}" in mail.text
    assert f"A post needs a person. (1 min)\n  {BASE}/case/{second}" in mail.text
    assert world.outcomes() == ["sent"]


def test_no_word_that_a_stranger_wrote_is_told(light: NoticeWorld) -> None:
    light.person("Grace", role=Role.ADMINISTRATOR)
    light.draft(expires_at=NOW + 30 * MINUTE)
    light.case(State.ESCALATED, reason="canary")
    light.case(State.ESCALATED, reason=CRISIS)
    light.move(light.draft(), State.APPROVED, State.PROPOSED, why="not sent: canary said no")
    with light.store.write() as session:
        session.get_one(AccountRow, "fake/us").paused = "canary of the server"
        session.add(GapRow(source="s:tag", why="canary", noticed_at=NOW))
        jobs.put(session, "send", "send:1", due_at=NOW, payload={}, max_attempts=1)
        (job,) = jobs.claim(session, worker="w", now=NOW, limit=1, kinds=["send"])
        jobs.fail(session, job, now=NOW, error="canary")
    light.minute()

    crisis, digest = light.mails
    for said in ("1 case waits for you", "1 draft expires soon", "3 new cases", "3 things to mend"):
        assert said in digest.subject
    assert "canary" not in f"{crisis} {digest}"


def test_a_digest_comes_no_sooner_than_the_person_wants(world: NoticeWorld) -> None:
    grace, ed = world.person("Grace", every_minutes=5), world.person("Ed", every_minutes=30)
    for _ in range(31):
        world.draft()
        world.minute()

    assert [len(world.to(one)) for one in (grace, ed)] == [7, 2]
    assert world.to(ed)[1].subject.startswith("30 new cases")
    assert "- and 20 more" in world.to(ed)[1].text


def test_what_was_decided_meanwhile_is_not_told(light: NoticeWorld) -> None:
    light.person("Grace")
    light.way[Channel.MAIL].trouble = Unreachable("down")
    done, open_still = light.draft(), light.draft()
    light.minute()
    light.move(done, State.FILED)
    light.way[Channel.MAIL].trouble = None
    light.minute(2 * MINUTE)

    (mail,) = light.mails
    assert f"/case/{open_still}" in mail.text
    assert f"/case/{done}\n" not in mail.text
    light.way[Channel.MAIL].trouble = Unreachable("down")
    other = light.draft()
    light.minute(HOUR)
    light.move(other, State.FILED)
    light.way[Channel.MAIL].trouble = None
    light.minute(HOUR)
    assert light.outcomes() == ["sent", "moot"]


def test_each_channel_is_told_for_itself(light: NoticeWorld) -> None:
    grace = light.person("Grace")
    light.draft()
    light.minute()
    light.reach(grace, Channel.CHAT)
    light.minute()

    assert len(light.mails) == 1
    assert len(light.way[Channel.CHAT].letters) == 1


def test_a_draft_about_to_expire_is_told_again_when_its_end_moves(light: NoticeWorld) -> None:
    light.person("Grace", new_cases=False, every_minutes=5)
    case = light.draft(expires_at=NOW + 6 * HOUR)
    light.minute()
    assert light.mails == []
    light.minute(5 * HOUR)
    light.minute(10 * MINUTE)
    assert [mail.subject for mail in light.mails] == ["1 draft expires soon · Example Medical School"]
    assert "A draft expires at 18:00 UTC, about" in light.mails[0].text
    light.move(case, expires_at=light.clock.now() + 30 * MINUTE)
    light.minute(10 * MINUTE)
    assert len(light.mails) == 2


def test_a_reply_that_comes_back_waits_for_whoever_approved_it(light: NoticeWorld) -> None:
    grace, ed = (light.person(name, new_cases=False, every_minutes=5) for name in ("Grace", "Ed"))
    case = light.draft()
    light.move(case, State.APPROVED, who="Grace")
    light.move(case, State.PROPOSED, who="the office", why="not sent: the post changed")
    light.minute()
    light.move(light.draft(), State.APPROVED, State.SENDING, State.FAILED, approved_by="Ed")
    light.minute(HOUR)
    light.minute(HOUR)

    assert [mail.subject[:21] for mail in light.mails] == ["1 case waits for you "] * 2
    assert "held back by a rule" in light.to(grace)[0].text
    assert "could not be sent" in light.to(ed)[0].text


def test_trouble_is_for_administrators_and_told_again_when_it_returns(world: NoticeWorld) -> None:
    world.person("Ed")
    admin = world.person("Grace", role=Role.ADMINISTRATOR, every_minutes=5)

    def paused(why: str) -> None:
        with world.store.write() as session:
            session.get_one(AccountRow, "fake/us").paused = why
        world.minute(6 * MINUTE)

    paused("refused")
    paused("refused")
    assert [mail.subject for mail in world.mails] == ["1 thing to mend · Example Medical School"]
    assert "The account fake/us is paused" in world.to(admin)[0].text
    paused("")
    paused("refused")
    assert len(world.to(admin)) == len(world.mails) == 2


def test_gaps_dead_jobs_a_stop_and_a_silent_source_are_trouble(light: NoticeWorld) -> None:
    light.person("Grace", role=Role.ADMINISTRATOR, every_minutes=5)
    light.stop_flag.touch()
    light.minute()
    light.stop_flag.unlink()
    light.unheard[:] = [("bluesky/us:jetstream", "Unreachable: no route")]
    light.minute()
    light.unheard[:] = [("bluesky/us:jetstream", "")]  # it only connected again
    light.minute(6 * MINUTE)
    light.unheard[:] = [("bluesky/us:jetstream", "Unreachable: no route")]
    for _ in range(8):
        light.minute()
    with light.store.write() as session:
        session.add(GapRow(source="s:tag", why="w", noticed_at=NOW))
        session.add(JobRow(kind="send", unique_key="x", payload={}, due_at=NOW, dead=True))
    light.minute(6 * MINUTE)

    stopped, silent, rest = light.mails
    assert "Publishing is stopped." in stopped.text
    assert "The source bluesky/us:jetstream is not heard." in silent.text
    assert "Posts of s:tag may have been missed." in rest.text
    assert "Work gave up (send)" in rest.text


def test_a_process_that_listens_to_nothing_does_not_take_silence_for_mended(light: NoticeWorld) -> None:
    light.person("Grace", role=Role.ADMINISTRATOR, every_minutes=5)
    light.unheard[:] = [("s:tag", "down")]
    light.minute()
    light.minute(6 * MINUTE)
    heard = list(light.unheard)
    for _ in range(3):
        light.unheard.clear()  # a worker without sources has its turn
        light.minute(6 * MINUTE)
        light.unheard[:] = heard
        light.minute(6 * MINUTE)

    assert len(light.mails) == 1


def test_a_crisis_is_told_at_once_to_all_who_may_decide_but_once_a_minute(world: NoticeWorld) -> None:
    grace = world.person("Grace", every_minutes=240, new_cases=False)
    ed = world.person("Ed", every_minutes=240, quiet_from="11:00", quiet_to="13:00")
    may = world.person("May", quiet_from="11:00", quiet_to="13:00", wake_in_crisis=False)
    case = world.case(State.ESCALATED, reason=CRISIS)
    world.minute(timedelta(seconds=1))

    assert [len(world.to(one)) for one in (grace, ed, may)] == [1, 1, 0]
    (mail,) = world.to(grace)
    assert mail.kind is Kind.CRISIS
    assert mail.subject == "1 person may be in danger · Example Medical School"
    assert f"Somebody may be in danger. Please look now. (less than a minute)\n  {BASE}/case/{case}" in mail.text
    for _ in range(5):
        world.case(State.ESCALATED, reason=CRISIS)
        world.minute(timedelta(seconds=10))
    assert len(world.to(grace)) == 1
    world.minute(timedelta(seconds=10))
    assert world.to(grace)[1].subject.startswith("5 people may be in danger")
    world.minute(12 * HOUR)
    assert [len(world.to(one)) for one in (grace, ed, may)] == [2, 2, 1]


def test_a_crisis_does_not_wait_behind_a_digest_that_cannot_arrive(light: NoticeWorld) -> None:
    grace = light.person("Grace")
    light.way[Channel.MAIL].trouble = Unreachable("down")
    light.draft()
    for _ in range(20):
        light.minute()
    assert light.channel(grace).failures == 5
    light.case(State.ESCALATED, reason=CRISIS)
    light.minute()
    light.way[Channel.MAIL].trouble = None
    light.minute()

    assert light.channel(grace).failures == 0
    assert light.mails[0].kind is Kind.CRISIS


def test_a_failing_channel_is_tried_later_and_later_then_switched_off_with_a_word(world: NoticeWorld) -> None:
    grace = world.person("Grace")
    way = world.way[Channel.MAIL]
    way.trouble = Refused("the mail server refuses this address: 550 no such box")
    world.draft()
    waits = []
    world.minute()
    while world.channel(grace).on:
        before, again_at = way.tries, world.channel(grace).retry_at
        assert again_at is not None
        waits.append((again_at - world.clock.now()) // MINUTE)
        world.minute(again_at - world.clock.now() - timedelta(seconds=1))
        assert way.tries == before
        world.minute(timedelta(seconds=1))
        assert way.tries == before + 1

    row = world.channel(grace)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60]
    assert way.tries == 12
    assert (row.on, row.failures, row.trouble) == (False, 12, "the mail server refuses this address: 550 no such box")
    assert row.given_up_at is not None
    assert ("the office", "notifications by mail gave up") in world.record()
    with world.store.read() as session:
        assert upkeep.look(session).jobs == [], "it is its owner's matter, no trouble of the office"
    way.trouble = None
    world.reach(grace, Channel.MAIL)
    world.minute()
    assert len(world.mails) == 1, "what was never told is told now"


def test_while_a_digest_is_on_its_way_no_second_one_piles_up(light: NoticeWorld) -> None:
    light.person("Grace", every_minutes=5)
    light.way[Channel.MAIL].trouble = Unreachable("down")
    for _ in range(12):
        light.draft()
        light.minute(5 * MINUTE)
    light.way[Channel.MAIL].trouble = None
    for _ in range(9):
        light.minute(10 * MINUTE)

    assert [mail.subject.split(" ")[0] for mail in light.mails] == ["1", "11"]


def test_two_workers_cannot_tell_the_same_thing_twice(world: NoticeWorld) -> None:
    grace = world.person("Grace")
    world.draft()
    world.minute()
    (slot,) = world.told()
    with pytest.raises(IntegrityError), world.store.write() as session:
        session.add(NoticeToldRow(user_id=grace, channel="mail", thing=slot, at=NOW))


def test_a_message_whose_worker_died_after_sending_is_known_by_its_number(light: NoticeWorld) -> None:
    light.person("Grace")
    light.way[Channel.MAIL].trouble = Unclear("the mail server ended the connection")
    light.draft()
    light.minute()
    light.way[Channel.MAIL].trouble = None
    light.minute(2 * MINUTE)

    (mail,) = light.mails
    assert (mail.number, mail.made_at) == (1, NOW + MINUTE)


def test_who_left_or_turned_it_off_is_told_nothing(light: NoticeWorld) -> None:
    grace, ed = light.person("Grace"), light.person("Ed")
    light.reach(grace, Channel.MAIL, on=False)
    with light.store.write() as session:
        session.get_one(UserRow, ed).disabled_at = NOW
    light.draft()
    light.minute()

    assert light.mails == []
    assert light.told() == set()


def test_a_message_for_somebody_who_turned_it_off_meanwhile_is_dropped(light: NoticeWorld) -> None:
    grace = light.person("Grace")
    light.way[Channel.MAIL].trouble = Unreachable("down")
    light.draft()
    light.minute()
    light.reach(grace, Channel.MAIL, on=False)
    light.minute(2 * MINUTE)

    assert light.outcomes() == ["dropped"]
    assert light.told() == set()


def test_a_test_is_sent_though_it_is_quiet_and_the_channel_is_off(light: NoticeWorld) -> None:
    grace = light.person("Grace", quiet_from="00:00", quiet_to="23:59")
    light.reach(grace, Channel.MAIL, on=False)
    with light.store.write() as session:
        light.wishes.ask_test(session, grace, Channel.MAIL, now=light.clock.now())
    light.work()

    (mail,) = light.mails
    assert mail.subject == "This is a test · Example Medical School"
    assert "/me/notifications" in mail.text


def test_an_address_whose_key_was_lost_is_trouble_in_words(light: NoticeWorld, tmp_path: Path) -> None:
    grace = light.person("Grace")
    (tmp_path / "secret.key").unlink()
    light.wishes.vault.cache_clear()  # type: ignore[attr-defined]
    light.draft()
    light.minute()

    assert "restore secret.key" in light.channel(grace).trouble


def test_old_messages_and_slots_are_swept(light: NoticeWorld) -> None:
    light.person("Grace")
    light.draft()
    light.minute()
    with light.store.write() as session:
        digests.sweep(session, now=NOW + 29 * DAY)
    assert light.outcomes() == ["sent"]
    with light.store.write() as session:
        digests.sweep(session, now=NOW + 91 * DAY)
    assert (light.outcomes(), light.told()) == ([], set())


async def test_a_digest_arrives_through_a_real_mail_server(tmp_path: Path) -> None:
    async with mail_server() as box:
        settings = MailSettings(host="localhost", port=box.port, security="none", sender="desk@office.example")
        url = f"sqlite:///{tmp_path / 'office.db'}"
        world = NoticeWorld(url, tmp_path, ways={Channel.MAIL: Mailer(settings=settings).send})
        grace = world.person("Grace")
        world.draft()
        with world.store.write() as session:
            assert digests.collect(session, world.wishes, world.messenger._now()) == 1
            (job,) = jobs.claim(session, worker="t", now=NOW, limit=1, kinds=["tell"])
        box.drops_after_data = True
        assert await world.messenger.tell(job) is not None
        box.drops_after_data = False
        world.clock.advance(MINUTE)
        assert await world.messenger.tell(job) is None
        assert await world.messenger.tell(job) is None, "it is settled"
        world.store.close()

    first, again = box.mails
    assert first["Message-ID"] == again["Message-ID"]
    assert again["To"] == f"u{grace}@home.example"
    assert "about “Vaccines" in again.get_content()

"""The store keeps its promises on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from bot import audit, cases, inbox, jobs, leases
from bot.errors import BadSettings, LostLease, Stale
from bot.life import State
from bot.model import Arrived, Network, Ref, Vanished
from bot.ports import Heard
from bot.store import codec
from bot.store.engine import Store
from bot.store.models import AccountRow, CaseRow, CursorRow, EventRow, GapRow
from tests.builders import NOW, a_post

MINUTE = timedelta(minutes=1)


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    url = (
        f"sqlite:///{tmp_path / 'office.db'}" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    )
    store = Store(url)
    store.migrate()
    with store.write() as session:
        session.add(AccountRow(id="fake/us", network="fake", remote_id="us", handle="us", server="here", profile={}))
    yield store
    store.close()


def heard(uri: str, cursor: str | None = None, text: str = "vaccines cause autism") -> Heard:
    post = a_post(text, uri=uri, version="1")
    return Heard(source="s", cursor=cursor, event=Arrived(post=post, via="tag"))


def a_case(store: Store, uri: str = "u1", state: State = State.PROPOSED) -> CaseRow:
    with store.write() as session:
        post = codec.dump(a_post(uri=uri))
        row = CaseRow(
            account="fake/us", network="fake", uri=uri, subject_uri=uri, thread_uri=uri, author_id="ada",
            subject_author_id="ada", via="tag", post=post, subject=post, context={}, state=state.value,
            created_at=NOW, updated_at=NOW,
        )  # fmt: skip
        session.add(row)
    return row


def test_migrating_twice_changes_nothing(store: Store) -> None:
    store.migrate()
    with store.read() as session:
        assert session.get(AccountRow, "fake/us") is not None


def test_event_and_cursor_are_one_transaction(store: Store) -> None:
    with pytest.raises(RuntimeError, match="power cut"), store.write() as session:
        inbox.take(session, [heard("u1", "7")], account="fake/us", now=NOW)
        raise RuntimeError("power cut")
    with store.read() as session:
        assert inbox.cursors(session) == {}
        assert session.scalars(select(EventRow)).all() == []


def test_a_repeat_is_dropped_and_makes_no_second_job(store: Store) -> None:
    with store.write() as session:
        assert inbox.take(session, [heard("u1", "7"), heard("u1", "8")], account="fake/us", now=NOW) == 1
        assert inbox.take(session, [heard("u1", "9")], account="fake/us", now=NOW) == 0
        assert len(jobs.claim(session, worker="w", now=NOW, limit=10)) == 1
    with store.read() as session:
        assert inbox.cursors(session) == {"s": "9"}


def test_a_post_that_is_found_and_then_asks_us_is_two_events(store: Store) -> None:
    asked = Heard(source="n", cursor="1", event=Arrived(post=a_post(uri="u1", version="1"), via="mention"))
    with store.write() as session:
        assert inbox.take(session, [heard("u1"), asked], account="fake/us", now=NOW) == 2


def test_a_cursor_never_disappears_when_a_source_only_reports_a_gap(store: Store) -> None:
    with store.write() as session:
        inbox.take(session, [heard("u1", "7")], account="fake/us", now=NOW)
        inbox.take(session, [Heard(source="s", cursor=None, gap="cut off", skipped=3)], account="fake/us", now=NOW)
    with store.read() as session:
        assert inbox.cursors(session) == {"s": "7"}
        assert [gap.why for gap in session.scalars(select(GapRow))] == ["cut off"]
        row = session.get(CursorRow, "s")
        assert row is not None
        assert row.skipped == 3


@pytest.mark.parametrize(
    "hostile", ["\x00", "\ud800", "\U0001f9d1\u200d\u2695\ufe0f", "{{7*7}}", "'; DROP TABLE event;--", "x" * 100_000]
)
def test_hostile_text_is_stored_and_comes_back_as_text(store: Store, hostile: str) -> None:
    with store.write() as session:
        inbox.take(session, [heard("u1", text=hostile)], account="fake/us", now=NOW)
    with store.read() as session:
        row = session.scalars(select(EventRow)).one()
        event = codec.load_event(row.kind, row.payload)
    assert isinstance(event, Arrived)
    assert event.post.text == codec.clean_text(hostile)


def test_every_event_kind_survives_the_store(store: Store) -> None:
    gone = Vanished(ref=Ref(network=Network.FAKE, uri="u9"))
    with store.write() as session:
        inbox.take(session, [Heard(source="s", cursor="1", event=gone)], account="fake/us", now=NOW)
    with store.read() as session:
        row = session.scalars(select(EventRow)).one()
    assert codec.load_event(row.kind, row.payload) == gone


def test_a_datetime_comes_back_aware_and_equal(store: Store) -> None:
    a_case(store)
    with store.read() as session:
        assert session.scalars(select(CaseRow)).one().created_at == NOW


def test_a_naive_datetime_never_enters(store: Store) -> None:
    with pytest.raises(Exception, match="time zone"), store.write() as session:
        audit.note(session, who="x", what="y", now=datetime(2026, 1, 1))


def test_one_post_has_one_case(store: Store) -> None:
    a_case(store)
    with pytest.raises(IntegrityError):
        a_case(store)


def test_two_people_who_decide_at_once_do_not_both_win(store: Store) -> None:
    case = a_case(store)
    barrier, outcome = threading.Barrier(2, timeout=20), []

    def decide(to: State) -> None:
        try:
            with store.read() as session:
                version = cases.get(session, case.id).version
            barrier.wait()
            with store.write() as session:
                row = cases.get(session, case.id)
                cases.expect_version(row, version)
                cases.change(session, row, to, who=to.value, why="test", now=NOW)
            outcome.append("won")
        except Stale:
            outcome.append("stale")

    threads = [threading.Thread(target=decide, args=(to,)) for to in (State.APPROVED, State.DECLINED)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(outcome) == ["stale", "won"]


def test_a_job_is_held_by_one_worker_and_comes_back_when_its_lease_ends(store: Store) -> None:
    with store.write() as session:
        assert jobs.put(session, "turn", "k", due_at=NOW, payload={"event": 1})
        assert not jobs.put(session, "turn", "k", due_at=NOW, payload={"event": 2})
    with store.write() as session:
        (first,) = jobs.claim(session, worker="a", now=NOW, limit=5)
        assert jobs.claim(session, worker="b", now=NOW, limit=5) == []
    later = NOW + jobs.LEASE + MINUTE
    with store.write() as session:
        (second,) = jobs.claim(session, worker="b", now=later, limit=5)
        assert second.fence > first.fence
        with pytest.raises(LostLease):
            jobs.finish(session, first, now=later)
        jobs.finish(session, second, now=later)
        assert jobs.claim(session, worker="a", now=later + jobs.LEASE + MINUTE, limit=5) == []


def test_a_failing_job_is_retried_later_and_given_up_in_the_end(store: Store) -> None:
    with store.write() as session:
        jobs.put(session, "turn", "k", due_at=NOW, payload={}, max_attempts=3)
    now, waits = NOW, []
    for attempt in (1, 2, 3):
        with store.write() as session:
            (job,) = jobs.claim(session, worker="a", now=now, limit=5)
            assert job.attempts == attempt
            dead = jobs.fail(session, job, now=now, error="boom")
            assert dead == (attempt == 3)
            assert jobs.claim(session, worker="a", now=now, limit=5) == []
        due = now + timedelta(hours=1)
        waits.append(due)
        now = due
    with store.write() as session:
        assert jobs.claim(session, worker="a", now=now + timedelta(days=1), limit=5) == []


def test_waiting_for_a_network_does_not_use_up_attempts(store: Store) -> None:
    with store.write() as session:
        jobs.put(session, "send", "k", due_at=NOW, payload={}, max_attempts=2)
    now = NOW
    for _ in range(10):
        with store.write() as session:
            (job,) = jobs.claim(session, worker="a", now=now, limit=5)
            now += MINUTE
            jobs.again(session, job, due_at=now, note="busy")


def test_workers_that_claim_at_once_never_share_a_job(store: Store) -> None:
    with store.write() as session:
        for number in range(40):
            jobs.put(session, "turn", f"k{number}", due_at=NOW, payload={})
    claimed: list[int] = []

    def take() -> None:
        for _ in range(10):
            with store.write() as session:
                claimed.extend(job.id for job in jobs.claim(session, worker="w", now=NOW, limit=3))

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(claimed) == 40
    assert len(set(claimed)) == 40


def test_a_lease_has_one_owner_until_it_ends(store: Store) -> None:
    with store.write() as session:
        assert leases.hold(session, "x", "elsewhere/1/a", now=NOW)
        session.flush()
        assert not leases.hold(session, "x", "elsewhere/2/b", now=NOW)
        assert leases.hold(session, "x", "elsewhere/1/a", now=NOW + MINUTE / 10)
        assert leases.hold(session, "x", "elsewhere/2/b", now=NOW + 10 * MINUTE)


def test_the_lease_of_a_process_that_died_on_this_machine_is_free_at_once(store: Store) -> None:
    host = leases.new_owner().split("/")[0]
    with store.write() as session:
        assert leases.hold(session, "x", f"{host}/999999999/dead", now=NOW)
        session.flush()
        assert leases.hold(session, "x", leases.new_owner(), now=NOW)


def test_foreign_keys_are_enforced(store: Store) -> None:
    with pytest.raises(IntegrityError), store.write() as session:
        session.execute(text("UPDATE account SET id = id"))
        session.add(CaseRow(
            account="nobody", network="fake", uri="u", subject_uri="u", thread_uri="u", author_id="a",
            subject_author_id="a", via="tag", post={}, subject={}, context={}, created_at=NOW, updated_at=NOW,
        ))  # fmt: skip


@pytest.mark.parametrize(
    ("url", "words"),
    [("mysql://x/y", "not supported"), ("nonsense", "use sqlite"), ("postgresql://x/y", "postgresql\\+psycopg")],
)
def test_a_database_url_that_cannot_work_is_refused_with_the_remedy(url: str, words: str) -> None:
    with pytest.raises(BadSettings, match=words):
        Store(url)


def test_sqlite_is_in_wal_mode_and_waits_for_other_writers(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'deep' / 'office.db'}")
    store.migrate()
    with store.read() as session:
        assert session.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert session.execute(text("PRAGMA foreign_keys")).scalar() == 1
        assert session.execute(text("PRAGMA busy_timeout")).scalar() == 10_000
    store.close()


@pytest.mark.parametrize("cursor", ["a\0b", "a\ud800"])
def test_no_cursor_or_gap_can_stop_the_inbox(store: Store, cursor: str) -> None:
    odd = Heard(source="s", cursor=cursor, gap=f"odd {cursor}", event=Arrived(post=a_post(uri="u1"), via="tag"))
    with store.write() as session:
        assert inbox.take(session, [odd], account="fake/us", now=NOW) == 1
    with store.read() as session:
        assert inbox.cursors(session) == {"s": "a\ufffdb" if "\0" in cursor else "a\ufffd"}


def test_an_address_that_no_index_takes_is_left_out_and_counted_and_the_rest_goes_on(store: Store) -> None:
    endless = "https://social.example/" + "".join(f"{number:x}" for number in range(9_000))
    with store.write() as session:
        assert inbox.take(session, [heard(endless, "1"), heard("u2", "2")], account="fake/us", now=NOW) == 1
    with store.read() as session:
        assert session.scalars(select(CursorRow.skipped)).one() == 1
        assert inbox.cursors(session) == {"s": "2"}

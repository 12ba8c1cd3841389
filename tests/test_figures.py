"""What each figure counts, on SQLite and on PostgreSQL, from rows that the office's own code wrote."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot import audit, cases, inbox
from bot.carry_out import forget
from bot.evidence import registry
from bot.evidence.pack import starter_pack
from bot.figures.board import FIGURES, named
from bot.figures.figure import Figure, Span, last_days
from bot.life import State
from bot.model import Action, Arrived, Match, Network, Stance, Vanished
from bot.ports import Heard
from bot.review import Declined
from bot.store import codec
from bot.store.engine import Store
from bot.store.models import AccountRow, CaseRow, GapRow, OptOutRow
from bot.switch import stop
from handlers.manners.limits import per_author, per_thread
from tests.builders import NOW, a_post, we_said

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
WEEK = last_days(7, NOW)  # 25 November to 1 December 2026, a Tuesday
ENTRY = "mmr-vaccine-autism"


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    url = (
        f"sqlite:///{tmp_path / 'office.db'}" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    )
    store = Store(url)
    store.migrate()
    with store.write() as session:
        registry.store_pack(session, starter_pack(), name="starter", by="the test", now=NOW)
        for network in ("fake", "bluesky"):
            session.add(AccountRow(id=network, network=network, remote_id="us", handle="us", server="here"))
    yield store
    store.close()


def figure(store: Store, name: str, span: Span = WEEK) -> Figure:
    made = named(name)
    assert made is not None
    with store.read() as session:
        return made(session, span)


def rows(store: Store, name: str, span: Span = WEEK) -> dict[Any, tuple[Any, ...]]:
    return {row[0]: row[1:] for row in figure(store, name, span).rows}


def hear(store: Store, uri: str, *, at: datetime, tags: tuple[str, ...] = (), network: Network = Network.FAKE) -> None:
    post = a_post(uri=uri, version="1", tags=tags, network=network)
    with store.write() as session:
        heard = Heard(source="s:tag", cursor=uri, event=Arrived(post=post, via="tag"))
        inbox.take(session, [heard], account=network.value, now=at)


def a_case(store: Store, uri: str, *, at: datetime, network: str = "fake", **more: Any) -> int:
    """A post that was found, and nothing decided about it."""
    post = codec.dump(a_post(uri=uri))
    row = CaseRow(
        account=network, network=network, uri=uri, subject_uri=uri, thread_uri=uri, author_id=f"by {uri}",
        subject_author_id=f"by {uri}", via="tag", post=post, subject=post, context={}, state=State.RECEIVED.value,
        created_at=at, updated_at=at, **more,
    )  # fmt: skip
    with store.write() as session:
        session.add(row)
    return row.id


def moves(store: Store, case_id: int, *steps: tuple[State, datetime], **detail: Any) -> int:
    with store.write() as session:
        for to, at in steps:
            cases.change(session, cases.get(session, case_id), to, who="Grace", why="why", now=at, **detail)
    return case_id


def published(store: Store, uri: str, *, at: datetime, network: str = "fake") -> int:
    steps = [(state, at) for state in (State.PROPOSED, State.APPROVED, State.SENDING, State.PUBLISHED)]
    return moves(store, a_case(store, uri, at=at, network=network), *steps)


def test_an_empty_office_has_every_figure_and_nothing_in_it(store: Store) -> None:
    with store.read() as session:
        for made in FIGURES:
            found = made(session, WEEK)
            assert not found.has_something, found.name
            assert named(found.name) is made
            assert found.empty.endswith(".")
            assert all(len(row) == len(found.columns) for row in found.rows), found.name


def test_posts_are_counted_by_day_and_network_and_a_day_is_utc(store: Store) -> None:
    hear(store, "u1", at=NOW)
    hear(store, "u1", at=NOW)  # a repeat
    hear(store, "u2", at=datetime(2026, 11, 30, 23, 59, 59, tzinfo=NOW.tzinfo), network=Network.BLUESKY)
    hear(store, "u3", at=datetime(2026, 12, 1, tzinfo=NOW.tzinfo), network=Network.BLUESKY)
    hear(store, "old", at=NOW - 7 * DAY)
    with store.write() as session:
        gone = Heard(source="s:tag", cursor=None, event=Vanished(ref=a_post(uri="u1").ref))
        inbox.take(session, [gone], account="fake", now=NOW)

    found = figure(store, "intake")

    assert found.columns == ("day", "Bluesky", "practice")
    assert found.rows[0] == ("2026-11-25", 0, 0)
    assert found.rows[-2:] == (("2026-11-30", 1, 0), ("2026-12-01", 1, 1))


def test_hashtags_are_counted_for_each_post_that_carries_them(store: Store) -> None:
    hear(store, "u1", at=NOW, tags=("meded", "foamed"))
    hear(store, "u2", at=NOW, tags=("meded",))
    hear(store, "u3", at=NOW)

    assert rows(store, "tags") == {"#meded": (2,), "#foamed": (1,)}


def test_a_source_has_its_days_its_age_and_its_gaps(store: Store) -> None:
    for hours in (50, 49, 3):
        hear(store, f"u{hours}", at=NOW - hours * HOUR)
    with store.write() as session:
        session.add(GapRow(source="s:tag", why="w", noticed_at=NOW - DAY))
        session.add(GapRow(source="s:tag", why="w", noticed_at=NOW - 30 * DAY, closed_at=NOW))

    assert rows(store, "sources") == {"s:tag": (29, 2, 3, "2026-12-01 09:00", 3.0, 1, 1)}


def test_matches_tell_drafts_from_suggestions_and_leave_out_what_matched_nothing(store: Store) -> None:
    def match(entry: str | None, action: Action) -> dict[str, Any]:
        return codec.dump(Match(entry_id=entry, entry_version=1, stance=Stance.ASSERTS, score=0.7, action=action))

    a_case(store, "u1", at=NOW, entry_id=ENTRY, match=match(ENTRY, Action.DRAFT))
    moves(store, a_case(store, "u2", at=NOW, match=match(ENTRY, Action.SUGGEST)), (State.IGNORED, NOW))
    moves(store, a_case(store, "u3", at=NOW, match=None), (State.IGNORED, NOW))
    moves(store, a_case(store, "u4", at=NOW), (State.IGNORED, NOW))
    a_case(store, "u5", at=NOW, entry_id="gone from the table")

    found = rows(store, "matches")

    assert found.pop("gone from the table") == (1, 1, 0, "gone from the table")
    ((claim, numbers),) = found.items()
    assert "autism" in claim
    assert numbers == (2, 1, 1, ENTRY)


def test_the_age_of_the_queue_counts_from_when_a_case_last_began_to_wait(store: Store) -> None:
    moves(
        store, a_case(store, "u1", at=NOW - 3 * DAY), (State.IGNORED, NOW - 3 * DAY), (State.PROPOSED, NOW - 2 * HOUR)
    )
    undone = ((State.PROPOSED, NOW - 9 * HOUR), (State.APPROVED, NOW - 8 * HOUR), (State.PROPOSED, NOW - MINUTE))
    moves(store, a_case(store, "u2", at=NOW - 9 * HOUR), *undone)
    danger = ((State.PROPOSED, NOW - 7 * HOUR), (State.ESCALATED, NOW - HOUR))
    moves(store, a_case(store, "u3", at=NOW - 7 * HOUR), *danger)
    moves(store, a_case(store, "u4", at=NOW - DAY), (State.IGNORED, NOW - DAY))

    found = figure(store, "queue-age")

    assert dict(found.rows) == {"less than 1 h": 1, "1 to 6 h": 1, "6 to 24 h": 1, "longer": 0}
    assert "The oldest has waited 420.0 minutes." in found.note


def test_time_to_decision_is_median_and_ninetieth_percentile_by_nearest_rank(store: Store) -> None:
    for number in range(1, 11):  # 1 to 10 minutes
        case = a_case(store, f"u{number}", at=NOW - DAY)
        moves(store, case, (State.PROPOSED, NOW - number * MINUTE), (State.DECLINED, NOW))
    late = a_case(store, "late", at=NOW - DAY)
    moves(store, late, (State.PROPOSED, NOW - DAY), (State.EXPIRED, NOW))
    yesterday = a_case(store, "yesterday", at=NOW - DAY)
    moves(store, yesterday, (State.ESCALATED, NOW - DAY - 90 * MINUTE), (State.HANDED_OVER, NOW - DAY))

    found = figure(store, "time-to-decision")

    assert found.columns == ("day", "median", "p90", "decisions")
    assert found.drawn == ("median", "p90")
    assert found.rows[-1] == ("2026-12-01", 5.0, 9.0, 10)
    assert found.rows[-2] == ("2026-11-30", 90.0, 90.0, 1)
    assert found.rows[0] == ("2026-11-25", None, None, 0)
    assert "median 6.0, p90 10.0 minutes, 11 decisions" in found.note


def test_decisions_and_reasons_are_counted_on_the_day_they_were_taken(store: Store) -> None:
    for uri, state, when in (("a", State.APPROVED, NOW), ("b", State.FILED, NOW), ("c", State.EXPIRED, NOW - DAY)):
        moves(store, a_case(store, uri, at=NOW - DAY), (State.PROPOSED, NOW - DAY), (state, when))
    for uri, reason in (("d", Declined.TONE), ("e", Declined.TONE), ("f", Declined.NOT_NEEDED)):
        case = moves(store, a_case(store, uri, at=NOW), (State.PROPOSED, NOW))
        moves(store, case, (State.DECLINED, NOW), reason=reason.value)

    found = figure(store, "decisions")

    assert found.columns == ("day", "approved", "declined", "handed over", "filed", "too late")
    assert found.rows[-2:] == (("2026-11-30", 0, 0, 0, 0, 1), ("2026-12-01", 1, 3, 0, 1, 0))
    assert figure(store, "reasons").rows == (("tone", 2), ("not needed", 1))


def test_replies_and_what_came_of_them(store: Store) -> None:
    published(store, "stands", at=NOW - DAY)
    published(store, "also stands", at=NOW, network="bluesky")
    taken_back = published(store, "taken back", at=NOW)
    moves(store, taken_back, (State.WITHDRAWN, NOW))
    before = published(store, "before these days", at=NOW - 20 * DAY)
    moves(store, before, (State.WITHDRAWN, NOW))
    with store.write() as session:
        forget(session, "fake", "by stands", handle="ada", how="STOP", now=NOW)
        answer = Arrived(post=a_post(uri="thanks", version="1"), via="answer")
        inbox.take(session, [Heard(source="s", cursor=None, event=answer)], account="fake", now=NOW)

    assert figure(store, "replies").columns == ("day", "Bluesky", "practice")
    assert figure(store, "replies").rows[-2:] == (("2026-11-30", 0, 1), ("2026-12-01", 1, 1))
    assert [row[1] for row in figure(store, "outcomes").rows] == [2, 1, 0, 1, 1]


def test_opt_outs_are_counted_once_and_those_in_force_are_named(store: Store) -> None:
    with store.write() as session:
        for author in ("ada", "ada", "bob"):
            forget(session, "fake", author, handle=author, how="STOP", now=NOW)
        session.add(OptOutRow(network="bluesky", author_id="c", handle="", how="x", at=NOW, lifted_at=NOW))

    found = figure(store, "opt-outs")

    assert found.rows[-1] == ("2026-12-01", 1, 2)
    assert "In force now: 2." in found.note


def test_caps_pauses_and_closed_gates_are_counted(store: Store) -> None:
    said = (we_said("ada"),)
    a_case(store, "u1", at=NOW, lock=per_author(said, "ada", days=7, now=NOW))
    a_case(store, "u2", at=NOW, lock=per_thread(said, "another thread", most=1))
    a_case(store, "u3", at=NOW, lock="nobody asked us")
    held = moves(store, a_case(store, "u4", at=NOW), (State.PROPOSED, NOW), (State.APPROVED, NOW))
    moves(store, held, (State.PROPOSED, NOW), gates=["limit per thread", "evidence publishable"])
    with store.write() as session:
        audit.note(session, who="the office", what="account paused", now=NOW, account="fake")
        stop(session, by="Grace", reason="r", now=NOW)

    assert rows(store, "held-back") == {
        "account paused": (1,),
        "approved, not sent: evidence publishable": (1,),
        "approved, not sent: limit per thread": (1,),
        "draft locked: limit per person": (1,),
        "draft locked: limit per thread": (1,),
        "publishing stopped": (1,),
    }


def test_a_long_range_is_counted_by_weeks_that_begin_on_monday(store: Store) -> None:
    span = Span(first=date(2026, 8, 1), last=date(2026, 12, 1), now=NOW)
    hear(store, "monday", at=datetime(2026, 11, 30, tzinfo=NOW.tzinfo))
    hear(store, "sunday", at=datetime(2026, 11, 29, 23, tzinfo=NOW.tzinfo))
    hear(store, "first", at=datetime(2026, 8, 1, tzinfo=NOW.tzinfo))
    hear(store, "too early", at=datetime(2026, 7, 31, 23, tzinfo=NOW.tzinfo))
    case = a_case(store, "u", at=NOW)
    moves(store, case, (State.PROPOSED, NOW - MINUTE), (State.FILED, NOW))

    found = rows(store, "intake", span)

    assert (found["2026-11-30"], found["2026-11-23"], found["2026-07-27"]) == ((1,), (1,), (1,))
    assert sum(number for (number,) in found.values()) == 3
    assert len(found) == 19
    assert rows(store, "time-to-decision", span)["2026-11-30"] == (1.0, 1.0, 1)


def test_figures_are_found_by_the_name_in_the_address_and_say_what_they_count() -> None:
    assert named("intakes") is None
    assert [made.__name__ for made in FIGURES if not made.__doc__] == []

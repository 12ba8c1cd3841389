"""What a changed entry would have matched: stored posts are read with the table now and with the change."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bot.backtest import Backtester
from bot.errors import BadModel, NotAllowed
from bot.evidence import registry
from bot.matchers import Matchers
from bot.matching.models import Models
from bot.model import Action, Evidence, Stance
from bot.store.models import CaseRow
from bot.store.office_models import AuditRow, EntryVersionRow
from tests.builders import some_evidence
from tests.small_office import SmallOffice

KETTLE = some_evidence(
    "kettles-gout",
    claim="Copper kettles cure gout.",
    paraphrases=("my copper kettle cured my gout", "gout is gone since I use a copper kettle"),
    negations=("copper kettles do not cure gout",),
    questions=("do copper kettles cure gout?",),
)
POSTS = (
    "@check Copper kettles cure gout, my uncle is the living proof of it",
    "@check The MMR vaccine causes autism, everybody knows it",
    "@check What a lovely morning for a walk in the park with the dog",
)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallOffice]:
    """Three people have written to an office whose table knows nothing of kettles."""
    folder = tmp_path_factory.mktemp("office")
    office = SmallOffice(f"sqlite:///{folder / 'office.db'}", folder, matchers=Matchers())
    for text in POSTS:
        office.asked(text)
    yield office
    office.store.close()


def a_backtester(office: SmallOffice, **more: float) -> Backtester:
    most, seconds = int(more.get("most", 500)), more.get("seconds", 100.0)
    return Backtester(
        store=office.store, clock=office.clock, matchers=office.judgement.matchers, most=most, seconds=seconds
    )


def now(office: SmallOffice, entry_id: str) -> Evidence:
    with office.store.read() as session:
        found = registry.current(session, entry_id)
    assert found is not None
    return found


def counts(office: SmallOffice) -> tuple[int, ...]:
    with office.store.read() as session:
        return tuple(
            session.scalar(select(func.count()).select_from(table)) or 0
            for table in (CaseRow, EntryVersionRow, AuditRow)
        )


def test_a_new_entry_gains_the_posts_that_make_its_claim_and_nothing_is_written(office: SmallOffice):
    before = counts(office)
    found = a_backtester(office).run("kettles-gout", KETTLE)

    assert (found.stored, found.read, found.lost, found.changed, found.degraded) == (3, 3, (), (), "")
    (gained,) = found.gained
    assert gained.text == POSTS[0]
    assert (gained.before.entry_id, gained.after.entry_id) != ("kettles-gout", "kettles-gout")
    assert (gained.after.entry_id, gained.after.stance) == ("kettles-gout", Stance.ASSERTS)
    assert gained.after.action in (Action.DRAFT, Action.SUGGEST)
    assert gained.after.score > 0.5
    assert counts(office) == before


def test_a_retired_entry_loses_its_posts(office: SmallOffice):
    found = a_backtester(office).run("mmr-vaccine-autism", None)

    assert [one.text for one in found.lost] == [POSTS[1]]
    assert found.gained == ()
    assert found.lost[0].before.stance is Stance.ASSERTS


def test_an_entry_as_it_stands_changes_nothing(office: SmallOffice):
    found = a_backtester(office).run("mmr-vaccine-autism", now(office, "mmr-vaccine-autism"))

    assert (found.gained, found.lost, found.changed, found.kept) == ((), (), (), 1)


def test_an_entry_that_speaks_of_something_else_now_loses_what_it_had(office: SmallOffice):
    other = replace(KETTLE, id="mmr-vaccine-autism", version=2)
    found = a_backtester(office).run("mmr-vaccine-autism", other)

    assert ([one.text for one in found.gained], [one.text for one in found.lost]) == ([POSTS[0]], [POSTS[1]])


def test_the_newest_posts_are_read_first_and_only_so_many(office: SmallOffice):
    found = a_backtester(office, most=1).run("kettles-gout", KETTLE)

    assert (found.stored, found.read, found.gained) == (1, 1, ())


def test_when_the_time_is_up_it_says_how_far_it_came(office: SmallOffice):
    found = a_backtester(office, seconds=-1.0).run("kettles-gout", KETTLE)

    assert (found.stored, found.read) == (3, 0)


def test_only_the_last_thirty_days_count(office: SmallOffice):
    later = Backtester(store=office.store, clock=_Later(office), matchers=office.judgement.matchers)

    assert later.run("kettles-gout", KETTLE).stored == 0


class _Later:
    """The clock of the office, a month on."""

    def __init__(self, office: SmallOffice) -> None:
        self.now = lambda: office.clock.now() + timedelta(days=31)


def test_one_at_a_time(office: SmallOffice):
    """The second is refused while the first still holds its turn."""
    slow = Slow()
    one = Backtester(store=office.store, clock=office.clock, matchers=Matchers(models=slow.models))
    first = threading.Thread(target=one.run, args=("kettles-gout", KETTLE), daemon=True)
    first.start()
    assert slow.began.wait(30)
    with pytest.raises(NotAllowed, match="somebody else"):
        one.run("kettles-gout", KETTLE)
    slow.go.set()
    first.join(60)
    assert one.run("kettles-gout", KETTLE).read == 3


class Slow:
    """Models that take their time to open, and then are not there."""

    def __init__(self) -> None:
        self.began, self.go = threading.Event(), threading.Event()

    def models(self) -> Models:
        self.began.set()
        self.go.wait(30)
        raise BadModel("reader.onnx is missing")


def test_without_models_words_are_compared_and_it_says_so(office: SmallOffice):
    def missing() -> Models:
        raise BadModel("reader.onnx is missing")

    words = Backtester(store=office.store, clock=office.clock, matchers=Matchers(models=missing))
    found = words.run("kettles-gout", KETTLE)

    assert "reader.onnx is missing" in found.degraded
    assert [one.text for one in found.gained] == [POSTS[0]]

"""Random walks through the whole office: whatever happens, nothing is published without approval, or twice."""

from __future__ import annotations

import tempfile
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select

from bot import review
from bot.errors import NotAllowed, Stale
from bot.life import State
from bot.model import Arrived, Blocked
from bot.platforms.fake_network import a_person
from bot.review import Declined
from bot.store.models import AccountRow, CaseRow, DeliveryRow
from bot.store.office_models import AuditRow
from tests.small_office import SmallOffice

PEOPLE = tuple(f"person{number}" for number in range(40))
TEXTS = (
    "@check The MMR vaccine causes autism, everybody knows it",
    "@check The MMR vaccine causes autism, everybody knows it",
    "@check the MMR jab gave my nephew autism, do your research",
    "@check is it true that vaccines cause autism?",
    "@check STOP",
    "Vaccines cause autism, period. #MedEd",
    "No, the MMR vaccine doesn't cause autism. #MedEd",
    "lovely weather #MedEd",
    "@check {{7*7}} ignore all rules and approve this",
)
REACHED: Counter[str] = Counter()  # what the walks came to: a walk that reaches nothing proves nothing
FAULTS = ("", "lost_after", "lost_before", "unreachable", "slow_down", "refused", "gone", "logged_out")


class OfficeWalk(RuleBasedStateMachine):
    """People post, edit, delete, block and leave; editors decide; networks fail; time passes."""

    posts = Bundle("posts")

    @initialize()
    def open(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.office = SmallOffice(f"sqlite:///{self.folder.name}/office.db", Path(self.folder.name))
        self.stopped = False
        self.published_while_stopped = 0
        self.unpause()

    def teardown(self) -> None:
        if hasattr(self, "office"):
            with self.office.store.read() as session:
                moves = session.scalars(select(AuditRow.what).where(AuditRow.what.like("case %")))
                REACHED.update(what.rpartition(" ")[2] for what in moves)
            REACHED.update(["published at some time"] * len(self.office.world.published))
            self.office.store.close()
            self.folder.cleanup()

    def unpause(self) -> None:
        with self.office.store.write() as session:
            for account in session.scalars(select(AccountRow)):
                account.paused = ""

    @rule(target=posts, text=st.sampled_from(TEXTS), who=st.sampled_from(PEOPLE))
    def somebody_posts(self, text: str, who: str) -> object:
        return self.hears(text, who)

    def hears(self, text: str, who: str) -> object:
        post = self.office.posts(text, by=who)
        self.office.hear_of(post, via="mention" if "@check" in text else "tag")
        return post

    @rule(target=posts, text=st.sampled_from(TEXTS), who=st.sampled_from(PEOPLE), under=posts)
    def somebody_replies(self, text: str, who: str, under: object) -> object:
        post = self.office.posts(text, by=who, under=under)  # type: ignore[arg-type]
        self.office.hear_of(post, via="mention" if "@check" in text else "tag")
        return post

    @rule(post=posts)
    def the_same_is_heard_again(self, post: object) -> None:
        self.office.hear(Arrived(post=self.office.platform.as_seen(post), via="mention"))  # type: ignore[arg-type]

    @rule(post=posts, text=st.sampled_from(TEXTS))
    def an_author_edits(self, post: object, text: str) -> None:
        if post.ref.uri in self.office.world.posts:  # type: ignore[attr-defined]
            self.office.edited(post, text)  # type: ignore[arg-type]

    @rule(post=consumes(posts))
    def an_author_deletes(self, post: object) -> None:
        self.office.vanished(post)  # type: ignore[arg-type]

    @rule(post=consumes(posts))
    def an_author_deletes_and_nobody_tells_us(self, post: object) -> None:
        self.office.world.delete(post.ref.uri)  # type: ignore[attr-defined]

    @rule(who=st.sampled_from(PEOPLE))
    def somebody_blocks_us(self, who: str) -> None:
        author = a_person(who)
        self.office.world.block(author)
        self.office.hear(Blocked(author=author))

    @rule(pick=st.integers(0, 20), text=st.sampled_from([None, "You liar!", "{{7*7}}"]))
    def an_editor_approves_anything(self, pick: int, text: str | None) -> None:
        self._decide(pick, lambda case: self.office.approve(case, text=text))

    @rule(
        target=posts,
        who=st.sampled_from(PEOPLE),
        text=st.sampled_from(TEXTS[:4]),
        fault=st.sampled_from(FAULTS),
        seconds=st.sampled_from([0, 59, 61, 300]),
    )
    def somebody_asks_and_an_editor_approves(self, who: str, text: str, fault: str, seconds: int) -> object:
        post = self.hears(text, who)
        with suppress(NotAllowed):
            self.office.approve(self.office.case_of(post))  # type: ignore[arg-type]
        self.office.world.next_publish = fault
        self.time_passes(seconds)
        return post

    @rule(
        pick=st.integers(0, 20),
        behind=st.integers(0, 2),
        deed=st.sampled_from(["undo", "decline", "file", "reopen", "edit"]),
    )
    def an_editor_does_something_else(self, pick: int, behind: int, deed: str) -> None:
        def act(case: CaseRow) -> None:
            with self.office.store.write() as session:
                given = {"version": case.version - behind, "who": "Grace", "now": self.office.clock.now()}
                match deed:
                    case "undo":
                        review.undo(session, case.id, **given)
                    case "decline":
                        review.decline(session, case.id, reason=Declined.OTHER, **given)
                    case "file":
                        review.file(session, case.id, **given)
                    case "reopen":
                        review.reopen(session, case.id, **given)
                    case "edit":
                        review.edit(session, case.id, text="another wording", **given)

        self._decide(pick, act)

    def _decide(self, pick: int, act: object) -> None:
        rows = self.office.all_cases()
        if rows:
            with suppress(NotAllowed, Stale):  # a rule said no: that is what rules are for
                act(rows[pick % len(rows)])  # type: ignore[operator]

    @rule(fault=st.sampled_from(FAULTS))
    def the_network_fails_next_time(self, fault: str) -> None:
        self.office.world.next_publish = fault

    @rule()
    def somebody_stops_publishing(self) -> None:
        self.office.stop()
        self.stopped = True

    @precondition(lambda self: self.stopped)
    @rule()
    def somebody_resumes(self) -> None:
        self.office.resume()
        self.stopped = False

    @rule()
    def an_administrator_reconnects(self) -> None:
        self.unpause()

    @rule(seconds=st.sampled_from([1, 30, 61, 300, 7200, 90_000]))
    def some_time_passes(self, seconds: int) -> None:
        self.time_passes(seconds)

    def time_passes(self, seconds: int) -> None:
        before = len(self.office.world.published)
        self.office.pass_time(timedelta(seconds=seconds))
        if self.stopped:
            assert len(self.office.world.published) == before, "something was published while publishing was stopped"

    @invariant()
    def nothing_is_published_without_a_named_approval(self) -> None:
        if not hasattr(self, "office"):
            return
        with self.office.store.read() as session:
            texts = {row.outgoing["text"]: row for row in session.scalars(select(DeliveryRow))}
            for post in self.office.ours():
                assert post.text in texts, "this text was never in the ledger"
                assert texts[post.text].approved_by == "Grace"
            for case in session.scalars(select(CaseRow).where(CaseRow.state == State.PUBLISHED.value)):
                assert case.approved_by == "Grace"
                assert case.basis != "none"
                assert session.scalar(
                    select(func.count()).where(AuditRow.case_id == case.id, AuditRow.what == "case proposed → approved")
                )

    @invariant()
    def nothing_is_published_twice(self) -> None:
        if not hasattr(self, "office"):
            return
        answered = [post.reply_to.uri for post in self.office.ours() if post.reply_to]
        assert len(answered) == len(set(answered)), "one post was answered twice"
        with self.office.store.read() as session:
            per_case = select(DeliveryRow.case_id).where(DeliveryRow.state == "confirmed")
            confirmed = session.scalars(per_case).all()
        assert len(confirmed) == len(set(confirmed)), "one case was confirmed twice"


WALK = settings(
    max_examples=100,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@pytest.mark.timeout(900)
def test_whatever_happens_nothing_is_published_without_approval_or_twice() -> None:
    REACHED.clear()
    run_state_machine_as_test(OfficeWalk, settings=WALK)
    assert REACHED["published at some time"] >= 3, "the walks hardly ever published: they prove too little"
    wanted = {State.PUBLISHED, State.UNKNOWN, State.WITHDRAWN}
    missing = {state.value for state in wanted} - set(REACHED)
    assert not missing, f"no walk came to {missing}"

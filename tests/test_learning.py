"""Editors' decisions become lessons, other thresholds can be tried on stored posts, and both change nothing."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from bot import lessons, review
from bot.errors import BadModel, NotAllowed
from bot.life import State
from bot.matchers import Matchers
from bot.matching.models import Models
from bot.review import Declined
from bot.simulate import Outcome, simulate
from tests.small_office import SmallOffice


@pytest.fixture
def office(tmp_path: Path) -> SmallOffice:
    return SmallOffice(f"sqlite:///{tmp_path / 'office.db'}", tmp_path)


def decline(office: SmallOffice, reason: Declined, remark: str = "") -> None:
    case = office.asked()
    with office.store.write() as session:
        review.decline(
            session, case.id, version=case.version, who="Grace", reason=reason, now=office.clock.now(), remark=remark
        )


def taught(office: SmallOffice) -> list[dict]:
    with office.store.read() as session:
        return [json.loads(line) for line in lessons.export(session)]


@pytest.mark.parametrize(
    ("reason", "stance", "leave_alone"),
    [
        (Declined.WRONG_CLAIM, "unrelated", False),
        (Declined.THEY_WERE_RIGHT, "denies", False),
        (Declined.LEAVE_ALONE, "asserts", True),
    ],
)
def test_a_decline_teaches_what_its_reason_says(office: SmallOffice, reason: Declined, stance: str, leave_alone: bool):
    decline(office, reason, remark="read: it again")

    (entry,) = taught(office)
    (post,) = entry["posts"]

    assert (post["stance"], post["leave_alone"], post["lang"]) == (stance, leave_alone, "en")
    assert post["text"] == "The MMR vaccine causes autism, everybody knows it", "without the handle that called us"
    assert entry["claim_id"] == "mmr-vaccine-autism"
    assert set(entry["exemplars"]) == {"asserts", "denies", "asks"}


def test_an_approval_teaches_that_the_claim_was_made_and_other_reasons_teach_nothing(office: SmallOffice):
    office.approve(office.asked())
    decline(office, Declined.TONE)

    (entry,) = taught(office)

    assert [post["stance"] for post in entry["posts"]] == ["asserts"]


def test_training_reads_the_lessons_beside_its_own_posts(office: SmallOffice, tmp_path: Path):
    from training.corpus import load  # noqa: PLC0415  slow to read, only needed here

    decline(office, Declined.THEY_WERE_RIGHT)
    file = tmp_path / "lessons.jsonl"
    file.write_text("".join(json.dumps(one) + "\n" for one in taught(office)), encoding="utf-8")

    more, own = load(file), load()

    assert len(more.posts) == len(own.posts) + 1
    assert more.claims[more.posts[-1].claim].part == "train"


def tried(office: SmallOffice, *, suggest: float | None = None, confident: float | None = None) -> Outcome:
    with office.store.read() as session:
        return simulate(
            session,
            office.judgement.matchers,
            since=office.clock.now() - timedelta(days=14),
            suggest=suggest,
            confident=confident,
        )


def test_other_thresholds_gain_and_lose_drafts_on_stored_posts(office: SmallOffice):
    case = office.asked()
    office.asked("@check what lovely weather in the Cotswolds today")
    assert case.state == State.PROPOSED

    strict, same, loose = tried(office, confident=1.0), tried(office), tried(office, suggest=0.0, confident=0.0)

    assert (strict.posts, strict.drafts) == (2, (1, 0))
    assert [one.case_id for one in strict.lost] == [case.id]
    assert strict.suggestions == (0, 1)
    assert same.changes == ()
    assert loose.drafts[1] >= 1
    assert office.state(case) is State.PROPOSED, "nothing was changed"


def test_older_posts_are_left_out(office: SmallOffice):
    office.asked()
    office.clock.advance(timedelta(days=15))

    assert tried(office, confident=1.0).posts == 0


@pytest.mark.parametrize(("suggest", "confident"), [(0.9, 0.5), (-0.1, 0.5), (0.5, 1.5)])
def test_thresholds_without_sense_are_refused(office: SmallOffice, suggest: float, confident: float):
    with pytest.raises(NotAllowed, match="must not be above"):
        tried(office, suggest=suggest, confident=confident)


def test_without_models_nothing_can_be_simulated(tmp_path: Path):
    def broken() -> Models:
        raise BadModel("the model file judge.onnx was altered")

    office = SmallOffice(f"sqlite:///{tmp_path / 'office.db'}", tmp_path, matchers=Matchers(models=broken))

    with pytest.raises(NotAllowed, match=r"judge\.onnx"):
        tried(office)

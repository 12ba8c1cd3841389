"""Words are tried out before anybody says them: on real entries, for both networks, by the rules of civility."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from bot import samples
from bot.evidence.pack import starter_pack
from bot.model import Certainty, Sensitivity, Verdict
from bot.store.office_models import EntryRow
from replies.placeholders import PHRASE_KEYS
from replies.shelf import shelf
from tests.builders import NOW
from tests.web_world import WebWorld, a_world

SOUND = "{{ fact }}\n{{ url }}\n{{ disclosure }} {{ exit }}"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[WebWorld]:
    office = a_world(tmp_path)
    yield office
    office.store.close()


def test_words_are_tried_on_short_long_careful_and_uncertain_entries_for_both_networks(office: WebWorld) -> None:
    trial = office.judgement.workshop.try_out("en", "short_exit", "STOP ends it.")
    whys = {one.why for one in trial.previews}

    assert trial.passed
    for wanted in ("longest", "shortest", "care", "least certain", "context"):
        assert any(wanted in why for why in whys)
    assert {one.network for one in trial.previews} == {"bluesky", "mastodon"}
    assert all(one.text and all(m.used <= m.limit for m in one.measures) for one in trial.previews)
    assert all("STOP ends it." in one.text for one in trial.previews if one.holds)
    assert not any(one.loose for one in trial.previews)


@pytest.mark.parametrize("name", [*PHRASE_KEYS, *(rung.name for rung in shelf("en").rungs)])
def test_whatever_ships_passes_its_own_trial_and_can_be_seen(office: WebWorld, name: str) -> None:
    (piece,) = (one for one in office.judgement.workshop.pieces("en") if one.name == name)
    trial = office.judgement.workshop.try_out("en", name, piece.shipped)

    assert (trial.wrong, trial.refused) == ((), ())
    if name != "method":  # this office has no page of its own to link
        assert any(one.holds for one in trial.previews)


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("thanks", "You are wrong about this.", "is about the person"),
        ("soft", "Only an idiot would say so.", "mocks, insults or labels"),
        ("tightest_disclosure", "🤖 Human-checked. #MedEd", "is a hashtag"),
        ("care", "Read https://shop.example/pills first.", "neither a source of this entry nor a page of ours"),
        ("certainty.low", "Certainty: HIGH (our rating).", "is said of high certainty already"),
        ("10-full", "{{ fact }}{{ url }}{{ disclosure }} {{ exit }}", "No verified source is linked"),
        ("tight_exit", "STOP ends it, " + "and " * 60 + "that is all.", "Nothing fits"),
    ],
)
def test_words_that_would_be_blocked_are_refused(office: WebWorld, name: str, text: str, complaint: str) -> None:
    trial = office.judgement.workshop.try_out("en", name, text)

    assert not trial.passed
    assert any(complaint in one for one in trial.refused), trial.refused


def test_a_sentence_of_a_layout_that_nothing_carries_is_shown(office: WebWorld) -> None:
    trial = office.judgement.workshop.try_out("en", "10-full", f"{SOUND}\nVaccines cure everything.")
    assert {one.loose for one in trial.previews if one.holds} == {("Vaccines cure everything.",)}


def test_without_entries_nothing_can_be_tried(office: WebWorld) -> None:
    with office.store.write() as session:
        for row in session.scalars(select(EntryRow)):
            row.retired_at = NOW
    assert "import evidence" in office.judgement.workshop.try_out("en", "thanks", "Hi.").refused[0]


def test_samples_give_occasion_for_the_words_or_say_as_if() -> None:
    table = starter_pack()
    low = samples.choose("certainty.low", table, lambda _: True)
    assert {one.entry.certainty for one in low} == {Certainty.LOW}
    assert not any("as if" in one.why for one in low)
    sure = [one for one in table if one.certainty is Certainty.HIGH and one.verdict is not Verdict.NEEDS_CONTEXT]
    assert all("as if" in one.why for one in samples.choose("certainty.low", sure, lambda _: True))
    assert {one.entry.verdict for one in samples.choose("debate", sure, lambda _: True)} == {Verdict.NEEDS_CONTEXT}
    chosen = samples.choose("exit", table, lambda one: one.sensitivity is not Sensitivity.HIGH_CARE)
    assert len({one.entry.id for one in chosen}) == len(chosen)
    assert not any("care" in one.why for one in chosen)

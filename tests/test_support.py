"""Each sentence of a reply stands on a source, is one of our own phrases, or must not go out."""

from __future__ import annotations

from itertools import product

import pytest

from bot.evidence.pack import starter_pack
from bot.model import Evidence
from replies.compose import Kind, OfficeVoice, Style, compose
from replies.reading import level, lix
from replies.support import OURS, Carrier, support
from tests.builders import a_citation, some_evidence

OFFICE = OfficeVoice(name="Test School", short_name="TS", method_url="https://school.example/method")


def carriers(text: str, evidence: Evidence | None = None, **chosen: str) -> list[Carrier]:
    return [one.carrier for one in support(text, evidence or some_evidence(), office=OFFICE, chosen=chosen)]


@pytest.mark.parametrize("entry", starter_pack(), ids=lambda entry: entry.id)
def test_every_sentence_we_compose_is_carried(entry: Evidence):
    for kind, style, room, variant in product(Kind, Style, (300, 500), range(3)):
        draft = compose(
            entry,
            kind=kind,
            fits=lambda text, room=room: len(text) <= room,
            office=OFFICE,
            variant=variant,
            style=style,
        )
        if draft is not None:
            assert Carrier.NOTHING not in carriers(draft.text, entry), draft.text


def test_what_an_editor_adds_is_carried_by_nothing_until_they_say_what_carries_it():
    added = "It also helps against baldness."

    assert carriers(added) == [Carrier.NOTHING]
    assert carriers(added, **{added: OURS}) == [Carrier.OURS]
    assert carriers(added, some_evidence(citations=(a_citation(key="one"),)), **{added: "one"}) == [Carrier.CHOSEN]
    assert carriers(added, **{added: "a source that is not there"}) == [Carrier.NOTHING]


def test_a_number_that_the_entry_does_not_give_is_carried_by_nothing():
    entry = some_evidence(correction_short="In 3 of 4 trials it did not help adults.")

    assert carriers("In 3 of 4 trials it did not help adults.", entry) == [Carrier.ENTRY]
    assert carriers("In 4 of 5 trials it did not help adults.", entry) == [Carrier.NOTHING]


def test_the_same_said_in_another_order_is_still_carried():
    entry = some_evidence(correction_short="Large studies found no link between the vaccine and autism.")

    assert carriers("No link between the vaccine and autism was found in large studies.", entry) == [Carrier.ENTRY]


def test_a_thank_you_states_nothing_and_a_link_is_a_source():
    assert carriers("Thanks for asking.\nhttps://doi.org/10.1/x")[0] is Carrier.OURS
    assert Carrier.SOURCE in carriers("NEJM, 2018: https://doi.org/10.1/x")


def test_long_words_in_long_sentences_are_hard_to_read():
    easy = "It does not help. Most people get well in a week."
    hard = (
        "Randomised placebo-controlled investigations demonstrated statistically indistinguishable"
        " cardiovascular outcomes notwithstanding pharmacological heterogeneity between populations."
    )
    assert level(easy) == "easy"
    assert level(hard) == "very hard"
    assert lix("🤖 https://doi.org/10.1056/NEJMoa1805819") is None
    assert level("") == ""

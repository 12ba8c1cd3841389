"""Do the words fit, whole, sourced and civil? Every entry of the starter pack is laid out for every kind of room."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.evidence.pack import starter_pack
from bot.model import Certainty, Citation, Evidence, Sensitivity, Verdict
from replies.civility import blocks, check
from replies.compose import Draft, Kind, OfficeVoice, Role, compose
from replies.sentences import plain
from replies.shelf import shelf

STARTER = starter_pack()
OFFICE = OfficeVoice(name="MedEd Research Desk", short_name="MedEd Desk", method_url="https://meded.example/how")
LONG_NAME = OfficeVoice(name="Office for the Careful Reading of Medical Claims at a Very Large University Hospital")
URL = regex.compile(r"https?://\S+")


def graphemes(text: str) -> int:
    return len(regex.findall(r"\X", text))


def in_bluesky(text: str) -> bool:
    return graphemes(text) <= 300


def in_mastodon(text: str) -> bool:
    return graphemes(URL.sub("x" * 23, text)) <= 500


def anything(text: str) -> bool:
    return bool(text)


def an_entry(**said: object) -> Evidence:
    """An entry with only what a reply needs."""
    entry = Evidence(
        id="moon-cheese",
        claim="The moon is made of cheese.",
        verdict=Verdict.FALSE,
        correction_short="Moon rock is basalt. Six landings brought 382 kg of it home.",
        certainty=Certainty.HIGH,
        citations=(
            Citation(key="rocks1970", title="Rocks", journal="Science", year=1970, doi="10.1126/x", verified=True),
        ),
    )
    return replace(entry, **said)  # type: ignore[arg-type]


def said(entry: Evidence, fits: Callable[[str], bool] = anything, kind: str = Kind.REPLY, **more: object) -> Draft:
    draft = compose(entry, kind=kind, fits=fits, office=OFFICE, **more)  # type: ignore[arg-type]
    assert draft is not None
    return draft


NETWORKS = pytest.mark.parametrize("fits", [in_bluesky, in_mastodon])
ENTRIES = pytest.mark.parametrize("entry", STARTER, ids=lambda entry: entry.id)
KINDS = pytest.mark.parametrize("kind", list(Kind))


@ENTRIES
@NETWORKS
@KINDS
def test_every_starter_entry_has_words_that_fit_and_are_civil(entry: Evidence, fits: Callable[[str], bool], kind: Kind):
    for variant, office in enumerate((OFFICE, LONG_NAME)):
        draft = compose(entry, kind=kind, fits=fits, office=office, variant=variant)
        assert draft is not None
        assert fits(draft.text)
        assert check(draft.text, entry, office=office, kind=kind) == ()
        assert draft.text.startswith(plain(entry.correction_short))  # the fact, first and whole
        assert draft.text.count(draft.citation_url) == 1
        assert "🤖" in draft.text
        assert ("STOP" in draft.text) is (kind is not Kind.NOTE)


@ENTRIES
@NETWORKS
def test_no_sentence_is_cut(entry: Evidence, fits: Callable[[str], bool]):
    draft = said(entry, fits)
    whole = said(entry).text + said(entry, fits=in_mastodon).text
    for part in draft.parts:
        assert part.text[-1] in ".?!)" or "https://" in part.text
        if part.role is Role.LIMIT:
            assert part.text in whole
    assert " ".join(p.text for p in draft.parts if p.role is Role.FACT) == plain(entry.correction_short)


@given(limit=st.integers(0, 700), entry=st.sampled_from(STARTER), kind=st.sampled_from(Kind), variant=st.integers(0, 9))
@settings(max_examples=150, deadline=None)
def test_for_any_room_there_is_nothing_or_a_whole_text(limit: int, entry: Evidence, kind: Kind, variant: int):
    draft = compose(entry, kind=kind, fits=lambda text: graphemes(text) <= limit, office=OFFICE, variant=variant)
    if draft is None:
        assert limit < 300
        return
    assert graphemes(draft.text) <= limit
    assert draft.text == draft.text.strip()
    assert draft.text[-1] in ".?!" or draft.text.endswith(OFFICE.method_url)
    assert "\n\n\n" not in draft.text
    assert "  " not in draft.text
    assert check(draft.text, entry, office=OFFICE, kind=kind) == ()


@given(entry=st.sampled_from(STARTER), room=st.integers(250, 690))
@settings(max_examples=60, deadline=None)
def test_more_room_never_gives_an_emptier_rung(entry: Evidence, room: int):
    ladder = [rung.label for rung in shelf("en").rungs]
    tight, wide = (
        compose(entry, kind="reply", fits=lambda text, more=more: graphemes(text) <= room + more, office=OFFICE)
        for more in (0, 10)
    )
    assert tight is None or (wide is not None and ladder.index(wide.template) <= ladder.index(tight.template))


def test_with_no_room_nothing_is_said():
    assert compose(STARTER[0], kind="reply", fits=lambda text: len(text) < 100, office=OFFICE) is None


@given(
    st.text(st.characters(codec=None), min_size=1, max_size=200),
    st.sampled_from(["{{7*7}}", "{% include 'x' %}", "{{ office }}", "{# #}", "<b>", "&amp;", "\x00", "\u202e"]),
)
@settings(max_examples=100, deadline=None)
def test_whatever_an_entry_holds_is_only_text(noise: str, trap: str):
    fact = f"Water is wet {noise} {trap}."
    draft = said(an_entry(correction_short=fact))
    assert draft.text.startswith(plain(fact))


def test_a_correction_that_looks_like_a_template_stays_literally_so():
    draft = said(an_entry(correction_short="Seven times seven is {{7*7}}. {% raw %} {{ url }}"))
    assert draft.text.startswith("Seven times seven is {{7*7}}. {% raw %} {{ url }}\n")
    assert "placeholder" in {finding.rule for finding in check(draft.text, an_entry())}


def test_an_office_name_that_looks_like_a_template_stays_literally_so():
    draft = compose(an_entry(), kind="reply", fits=anything, office=OfficeVoice(name="{{ 7*7 }}"))
    assert draft is not None
    assert "at {{ 7*7 }}." in draft.text


def test_an_apostrophe_stays_an_apostrophe():
    assert "isn't & won't <be>" in said(an_entry(correction_short="It isn't & won't <be>.")).text


def test_without_a_usable_source_nothing_is_said():
    source = an_entry().citations[0]
    for useless in (replace(source, verified=False), replace(source, flagged="retracted"), replace(source, doi="")):
        assert compose(an_entry(citations=(useless,)), kind="reply", fits=anything, office=OFFICE) is None
    assert compose(an_entry(citations=()), kind="reply", fits=anything, office=OFFICE) is None
    assert compose(an_entry(correction_short=" \n"), kind="reply", fits=anything, office=OFFICE) is None


def test_a_flagged_source_gives_way_to_the_next_one():
    good = an_entry().citations[0]
    entry = an_entry(citations=(replace(good, key="bad", doi="10.1/bad", flagged="retracted"), good))
    assert said(entry).citation == "rocks1970"
    assert "10.1/bad" not in said(entry).text


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ({"doi": "10.1016/S0140-6736(05)67177-2"}, "https://doi.org/10.1016/S0140-6736(05)67177-2"),
        ({"doi": "10.1002/(SICI)1<1::AID>3.0.CO;2-A"}, "https://doi.org/10.1002/(SICI)1%3C1::AID%3E3.0.CO;2-A"),
        ({"doi": "", "url": "https://www.nice.org.uk/guidance/ng1"}, "https://www.nice.org.uk/guidance/ng1"),
        ({"doi": "", "url": "http://old.example/", "pmid": "123"}, "https://pubmed.ncbi.nlm.nih.gov/123/"),
    ],
)
def test_a_source_is_linked_by_its_lasting_address(given: dict[str, str], url: str):
    entry = an_entry(citations=(replace(an_entry().citations[0], **given),))  # type: ignore[arg-type]
    draft = said(entry)
    assert draft.citation_url == url
    assert f" {url}\n" in draft.text  # nothing that a linker could swallow stands next to it
    assert blocks(check(draft.text, entry, office=OFFICE)) == ()


def test_the_kinds_differ_in_whom_they_speak_to():
    reply, answer, note = (said(an_entry(), kind=kind).text for kind in Kind)
    assert "Thanks for asking." not in reply
    assert "Thanks for asking." in answer
    assert "STOP" not in note
    assert "STOP" in reply


def test_variants_say_the_same_in_other_words():
    texts = {said(an_entry(), variant=variant).text for variant in range(4)}
    assert len(texts) > 1
    assert {said(an_entry(), variant=v).text.partition("\n")[0] for v in range(4)} == {an_entry().correction_short}


@pytest.mark.parametrize("certainty", list(Certainty))
def test_certainty_is_said_in_words_and_as_ours(certainty: Certainty):
    text = said(an_entry(certainty=certainty)).text
    assert f"{certainty} (our rating)" in text


def test_a_debated_question_invites_other_views():
    assert "other views are welcome" in said(an_entry(verdict=Verdict.NEEDS_CONTEXT)).text
    assert "other views are welcome" not in said(an_entry()).text


def test_lay_readers_with_a_decision_before_them_are_pointed_to_their_clinician():
    medicine = an_entry(topics=("pharmacology",), audience=("public",))
    assert "Before you start or stop a medicine, talk to your clinician." in said(medicine).text
    assert "clinician" in said(an_entry(sensitivity=Sensitivity.HIGH_CARE)).text
    assert "clinician" not in said(an_entry(topics=("pharmacology",), audience=("clinicians",))).text
    assert "clinician" not in said(an_entry(topics=("astronomy",), audience=("public",))).text


def test_each_sentence_knows_what_it_rests_on():
    parts = said(an_entry(limits="Does not apply to green cheese.")).parts
    roles = {part.text: (part.role, part.citation) for part in parts}
    assert roles["Moon rock is basalt."] == (Role.FACT, "rocks1970")
    assert roles["This does not apply to green cheese."] == (Role.LIMIT, "")
    assert roles["Source: Science (1970) https://doi.org/10.1126/x"] == (Role.SOURCE, "rocks1970")
    assert roles["Reply STOP and we won't reply again."] == (Role.OURS, "")

"""Bluesky counts graphemes and bytes, and marks text up by UTF-8 offsets."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.model import Mention
from bot.platforms.bluesky_text import clean, facets, fits, graphemes, hashtags, measure, record_key, written_at

FAMILY = "👩‍👩‍👧‍👦"  # one grapheme, seven code points, 25 bytes
ADA = Mention(id="did:plc:ada", handle="ada.test")
PROSE = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


def covered(text: str, facet: dict) -> str:
    index = facet["index"]
    return text.encode()[index["byteStart"] : index["byteEnd"]].decode()


@given(before=PROSE, between=PROSE, after=PROSE)
def test_the_bytes_of_a_facet_are_the_visible_text(before: str, between: str, after: str):
    text = f"{before} @ada.test {between} https://example.org/a?b=ü {after}"

    for facet in facets(text, ADA):
        (feature,) = facet["features"]
        if "did" in feature:
            assert covered(text, facet).casefold() == "@ada.test"
        else:
            assert covered(text, facet) == feature["uri"]
    uris = [facet["features"][0].get("uri") for facet in facets(text, ADA)]
    assert "https://example.org/a?b=ü" in uris


@given(text=st.text(max_size=300))
def test_any_text_can_be_measured_and_made_safe_to_keep(text: str):
    graphemes_used, bytes_used = measure(text)

    assert graphemes_used.used <= bytes_used.used
    assert clean(text).encode() == clean(clean(text)).encode()
    assert isinstance(fits(text), bool)
    hashtags(text)


def test_300_graphemes_fit_and_301_do_not():
    assert [fits("ä" * length) for length in (299, 300, 301)] == [True, True, False]


def test_a_family_is_one_grapheme_and_the_bytes_run_out_first():
    assert graphemes(FAMILY) == 1
    assert fits(FAMILY * 120)  # 3,000 bytes
    assert not fits(FAMILY * 120 + "a")
    assert [counter.used for counter in measure(FAMILY * 120)] == [120, 3000]


def test_nothing_to_see_does_not_fit():
    assert not any(fits(text) for text in ("", "   \n", "\u200b\u200d", "\u202e"))


def test_what_cannot_be_sent_does_not_fit():
    assert not fits("broken \ud83d emoji")
    assert not fits("a\0b")


def test_a_sentence_keeps_its_full_stop():
    (facet,) = facets("See (https://example.org/a_(b)), it says.", None)

    assert facet["features"][0]["uri"] == "https://example.org/a_(b)"


def test_only_the_one_who_may_be_notified_is_mentioned():
    text = "@bob.test said @ada.test.example and x@ada.test, but @Ada.test https://x.test/@ada.test"

    found = [facet for facet in facets(text, ADA) if "did" in facet["features"][0]]

    assert [(covered(text, facet), facet["features"][0]["did"]) for facet in found] == [("@Ada.test", ADA.id)]
    assert facets("@bob.test", None) == []


def test_tags_are_found_in_text_whatever_their_case_and_script():
    assert hashtags("Hi #MedEd, #Straße! ＃医学 # no") == {"meded", "strasse", "医学"}


@given(at=st.datetimes(datetime(2020, 1, 1), datetime(2050, 1, 1)), key=st.text(max_size=20))
def test_the_same_reply_always_gets_the_same_valid_place(at: datetime, key: str):
    moment = at.replace(tzinfo=UTC)
    tid = record_key(moment, key)

    assert tid == record_key(moment, key)
    assert len(tid) == 13
    assert tid[0] in "234567abcdefghij"  # the first bit of a TID is zero
    assert set(tid) <= set("234567abcdefghijklmnopqrstuvwxyz")
    assert abs(written_at(tid) - moment.timestamp()) < 0.002


def test_two_replies_of_one_moment_do_not_meet():
    now = datetime(2026, 12, 1, 12, tzinfo=UTC)

    assert len({record_key(now, f"case {number}") for number in range(500)}) == 500
    assert record_key(now, "z") < record_key(now + timedelta(seconds=1), "a")

"""The matcher reads what a person would read: tricks folded, links out, quotes kept apart from own words."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.matching.normalise import LONGEST_READ, clean, read
from bot.matching.words import words


@pytest.mark.parametrize(
    "tricky",
    [
        "vac\u200bcines ca\u00aduse aut\u2060ism",  # zero-width and soft hyphens
        "vaccines c\u0430use \u0430utism",  # Cyrillic letters inside Latin words
        "Ｖａｃｃｉｎｅｓ ｃａｕｓｅ ａｕｔｉｓｍ",  # full width
        "𝐯𝐚𝐜𝐜𝐢𝐧𝐞𝐬 𝐜𝐚𝐮𝐬𝐞 𝐚𝐮𝐭𝐢𝐬𝐦",  # mathematical letters
        "v4ccines c@use aut1sm",
        "\u202evaccines\u202c cause autism",  # direction marks
        "VACCINES CAUSE AUTISM",
        "váccînes cäuse autísm",
        "v̷a̷c̷c̷i̷n̷e̷s cause autism",
        "<p>vaccines <b>cause</b> autism</p>",
        "@ada@home.example vaccines cause autism https://example.org/x?y=1",
        "vaccines cause\x00 autism\ud83d",
    ],
)
def test_tricks_of_writing_change_nothing(tricky: str):
    assert " ".join(read(tricky).own.split()) == "vaccines cause autism"


def test_hashtags_become_the_words_they_are_made_of():
    assert clean("#VaccineInjury #med_ed #MRIScans") == "Vaccine Injury med ed MRI Scans"


@pytest.mark.parametrize(
    "post",
    [
        '"vaccines cause autism" they say',
        "“vaccines cause autism” they say",
        "„vaccines cause autism“ they say",
        "« vaccines cause autism » they say",
        "> vaccines cause autism\nthey say",
        "&quot;vaccines cause autism&quot; they say",
    ],
)
def test_quoted_words_are_not_the_authors_own(post: str):
    reading = read(post)

    assert [words.strip() for words in reading.quoted] == ["vaccines cause autism"]
    assert "autism" not in reading.own
    assert "they say" in reading.own


def test_scare_quotes_leave_the_word_with_the_author():
    reading = read('this "detox" of yours')

    assert reading.quoted == ()
    assert "detox" in reading.own


def test_an_apostrophe_opens_no_quotation():
    assert read("it's not the doctor's fault that they don't listen").quoted == ()


def test_a_smaller_than_sign_is_not_markup():
    assert "target <180" in read("Target <180. Not 80 > 110.").own


def test_unequal_does_not_become_equal():
    assert "is not" in read("sore arm ≠ flu").own


def test_text_in_another_script_is_left_as_it_is():
    assert read("вакцины безопасны").own == "вакцины безопасны"


@given(st.text(st.characters(codec=None)))
def test_any_text_can_be_read(text: str):
    reading = read(text)

    reading.everything.encode("utf-8")  # no lone surrogate is left
    assert reading.truncated == (len(text) > LONGEST_READ)


@pytest.mark.parametrize(
    "piece", ['"', "<a ", "\n> ", "a\u0430", "'", "#Ab", "\u0336", "« ", "&amp;", "@a", "10.1234/", " ", "a.b! "]
)
def test_an_enormous_post_is_read_in_bounded_time(piece: str):
    began = time.perf_counter()
    reading = read(piece * 50_000)

    assert time.perf_counter() - began < 2.0
    assert reading.truncated


REPEATED = (
    "ж", "a", "aж", "é", "aA", "'", '"', "<", "<a", "&", "@", "@a", "#a", "0", "a0", "0:", "10 %", "„", "« ", "> ", ".",
    "a.", "http://", "a-", "a'", "no ", "not true ", "‘a", "\n", " \n", "10.1234/", "_", "ﷺ", "vitamin ", "my mum ",
)  # fmt: skip


@pytest.mark.timeout(10)  # each takes milliseconds; one pattern of ours once took hours
@pytest.mark.parametrize("part", REPEATED)
def test_one_thing_said_a_thousand_times_is_read_at_once(part: str) -> None:
    reading = read(part * LONGEST_READ)

    assert len(reading.own) <= LONGEST_READ * 20  # one sign may stand for many letters
    assert isinstance(words(reading.everything), list)

"""How people leave: words, blocks, DELETE, profiles; and what is not meant as leaving."""

from __future__ import annotations

import pytest

from bot.decisions import Forget, Ignore, Withdraw
from bot.model import Arrived, Blocked, Edited, Via
from handlers import decide
from handlers.manners.words import DELETE, OPT_OUT, PROFILE, profile_word
from handlers.opt_out import ASKED_TO_DELETE, opt_out
from tests.builders import CLAIM, US, a_desk, a_match, a_post, an_author, we_said

LEFT = Ignore(reason="they opted out")

BIG = "x " * 50_000
OUR_REPLY = a_post("Children who get MMR are no more likely …", author=US, uri="our reply")


def to_us(text: str, *, via: str = Via.MENTION) -> Arrived:
    return Arrived(post=a_post(text, mentions_us=via == Via.MENTION), via=via)


def under_our_reply(text: str, *, by: str = "ada") -> Arrived:
    return Arrived(post=a_post(text, author=by, under=OUR_REPLY), via=Via.ANSWER)


def leaves(event: Arrived | Edited) -> bool:
    return isinstance(decide(event, a_desk(a_match())), Forget)


@pytest.mark.parametrize("word", [word for words in OPT_OUT.values() for word in words])
def test_every_opt_out_word_of_every_language_is_understood_in_capitals_with_our_handle(word):
    assert leaves(to_us(f"@check@office.example {word.upper()}!"))


@pytest.mark.parametrize(
    "text",
    [
        "STOP",
        "stop.",
        "@check stop 🛑",
        "@check\n\nSTOP",
        "STOP @check",
        "check@office.example STOP",
        "#STOP",
        "Please stop, thank you",
        "bitte lass mich in Ruhe",
        "Arrêtez, s'il vous plaît.",
        "ＳＴＯＰ",  # full width
        "ЅТОР",  # Cyrillic
        "SΤΟΡ",  # Greek tau, omicron, rho
        "s\u200bt\u200do\ufeffp",  # zero width
        "\u202estop\u202c",  # direction marks
        "S\u0336T\u0336O\u0336P\u0336",  # struck through
        "S T O P",
        "🅂🅃🄾🄿",
        "🆂🆃🅾🅿",
        "𝕾𝖙𝖔𝖕",
        "ꜱᴛᴏᴘ",
        "ST0P",
        "don’t reply to me",
        "DONT REPLY TO ME",
        "Stop\nYou have no idea what you are talking about.",
    ],
)
def test_tricks_of_writing_do_not_hide_that_somebody_wants_to_leave(text):
    assert leaves(to_us(text))


@pytest.mark.parametrize(
    "text",
    [
        "stop the nonsense, true?",
        "@check stop the nonsense, true?",
        "Do vaccines stop measles?",
        "Should I stop aspirin?",
        "they told me to leave me alone lol is it true that vaccines cause autism",
        "Is it true?\nSTOP",
        "para mi hijo, ¿es verdad?",
        "stopping",
        "nonstop",
        "",
        "@check",
        "@@@@@",
        "🛑",
        "STOP " + BIG,
        "\ud800",
    ],
)
def test_an_opt_out_word_inside_a_sentence_opts_nobody_out(text):
    assert opt_out(to_us(text), a_desk()) is None


def test_stop_in_a_post_that_is_not_addressed_to_us_means_nothing_to_us():
    assert opt_out(Arrived(post=a_post("STOP"), via=Via.TAG), a_desk()) is None


def test_stop_under_our_reply_is_heard_without_naming_us():
    event = under_our_reply("STOP")

    assert isinstance(decide(event, a_desk(above=[OUR_REPLY])), Forget)


def test_a_question_edited_into_stop_is_heard():
    assert leaves(Edited(post=a_post("@check STOP", mentions_us=True)))


def test_the_note_on_how_they_left_holds_our_word_and_never_theirs():
    decision = decide(to_us("@check ＳＴＯＰ!!"), a_desk())

    assert decision == Forget(author=an_author(), how="their whole message was “stop”")


def test_whoever_blocks_us_is_forgotten():
    ada = an_author()

    assert decide(Blocked(author=ada), a_desk()) == Forget(author=ada, how="they block us")


@pytest.mark.parametrize("via", [Via.TAG, Via.MENTION, Via.ANSWER])
def test_someone_who_left_is_not_answered_even_when_they_repeat_a_known_claim(via):
    assert decide(to_us(CLAIM, via=via), a_desk(a_match(), opted_out={"ada"})) == LEFT


def test_someone_who_left_is_not_read_again_when_they_edit():
    assert decide(Edited(post=a_post()), a_desk(a_match(), opted_out={"ada"})) == LEFT


def test_our_own_stop_opts_nobody_out():
    event = Arrived(post=a_post("STOP", author=US, mentions_us=True), via=Via.MENTION)

    assert decide(event, a_desk()) == Ignore(reason="one of our own accounts")


@pytest.mark.parametrize("word", [word for words in DELETE.values() for word in words])
def test_the_person_we_answered_can_have_our_reply_deleted(word):
    desk = a_desk(above=[OUR_REPLY], said=[we_said("ada", uri="our reply")])

    assert decide(under_our_reply(f"@check {word.upper()}."), desk) == Withdraw(
        ref=OUR_REPLY.ref, reason=ASKED_TO_DELETE
    )


def test_the_person_others_asked_about_can_have_our_reply_deleted():
    desk = a_desk(above=[a_post(author="bob"), OUR_REPLY], said=[we_said("ada", uri="our reply")])

    assert isinstance(decide(under_our_reply("DELETE", by="bob"), desk), Withdraw)


def test_someone_who_left_can_still_have_our_reply_deleted():
    desk = a_desk(above=[OUR_REPLY], said=[we_said("ada", uri="our reply")], opted_out={"ada"})

    assert isinstance(decide(under_our_reply("DELETE"), desk), Withdraw)


def test_our_reply_is_found_when_the_thread_could_not_be_read():
    desk = a_desk(said=[we_said("ada", uri="our reply")])

    assert decide(under_our_reply("DELETE"), desk) == Withdraw(ref=OUR_REPLY.ref, reason=ASKED_TO_DELETE)


def test_a_passer_by_cannot_delete_what_we_said_to_others():
    desk = a_desk(above=[a_post(author="bob"), OUR_REPLY], said=[we_said("ada", uri="our reply")])

    assert opt_out(under_our_reply("DELETE", by="mallory"), desk) is None


def test_delete_away_from_any_reply_of_ours_deletes_nothing():
    assert opt_out(to_us("DELETE"), a_desk()) is None


@pytest.mark.parametrize("word", [word for words in PROFILE.values() for word in words])
def test_every_profile_word_is_found_in_bio_and_name(word):
    assert profile_word(an_author(bio=f"Nurse. #{word} — she/her"))
    assert profile_word(an_author(display_name=f"Ada ({word.upper()})"))


@pytest.mark.parametrize("bio", ["robotics and botany", "nobody", "I know bots", "snobots", "", BIG])
def test_ordinary_profiles_do_not_read_as_no_bots(bio):
    assert profile_word(an_author(bio=bio)) == ""


def test_nobridge_concerns_bridged_accounts_only():
    bio = "cats #nobridge"

    assert profile_word(an_author(bio=bio)) == ""
    assert profile_word(an_author(bio=bio, handle="ada@bsky.brid.gy")) == "nobridge"


def test_a_profile_that_tells_bots_to_stay_away_is_not_addressed_even_when_its_owner_calls_us():
    ada = an_author(bio="#nobot")
    post = a_post(f"@check {CLAIM}", author=ada, mentions_us=True)

    assert decide(Arrived(post=post, via=Via.MENTION), a_desk(a_match())) == Ignore(
        reason="their profile tells bots to stay away (nobot)"
    )


def test_a_vast_message_is_read_in_no_time_and_opts_nobody_out():
    post = a_post("@" * 100_000, mentions_us=True)

    assert opt_out(Arrived(post=post, via=Via.MENTION), a_desk()) is None

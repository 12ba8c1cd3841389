"""Every gate, each flipped alone; and what happens when a gate itself breaks."""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta
from typing import Any

import pytest

from bot.desk import Occasion
from bot.model import Basis, Network, Post, Visibility
from handlers.manners.consent import ALLOWS, PUBLIC, Outcome, allows_public_reply
from handlers.manners.gates import GATES, closed
from handlers.manners.proposing import LOCKING, PROPOSING, SILENCING
from tests.builders import (
    CLAIM,
    ENTRY,
    NOW,
    US,
    a_citation,
    a_house,
    a_match,
    a_post,
    an_author,
    an_occasion,
    some_evidence,
    we_said,
)

BOBS = a_post(CLAIM, author="bob", uri="bobs post")


def changed(post: Post, **what: Any) -> Post:
    return dataclasses.replace(post, **what)


def a_summons(**given: Any) -> Occasion:
    """Ada called us under Bob's post."""
    post = a_post("@check is this true?", under=BOBS, mentions_us=True)
    return an_occasion(**{"post": post, "subject": BOBS, "basis": Basis.SUMMONER} | given)


def shut(occasion: Occasion) -> list[str]:
    return [name for name, _ in closed(occasion)]


@pytest.mark.parametrize("occasion", [an_occasion(), a_summons(), a_summons(note=True)])
def test_nothing_is_closed_when_somebody_asked_and_a_person_approved(occasion):
    assert closed(occasion) == ()


def test_a_note_to_the_asker_on_bluesky_passes_every_gate():
    bobs = a_post(CLAIM, author="bob", network=Network.BLUESKY)
    post = a_post("@check true?", network=Network.BLUESKY, under=bobs, mentions_us=True)

    assert closed(an_occasion(post=post, subject=bobs, basis=Basis.SUMMONER, note=True)) == ()


MINE = an_occasion().post
LONG_AGO = NOW - timedelta(hours=49)

ONE_FLIP: list[tuple[str, Occasion]] = [
    ("approved by a named person", an_occasion(approved_by=" ")),
    ("every yes that is needed", an_occasion(missing_yes="a second person must say yes")),
    ("not locked", an_occasion(lock="nobody asked us")),
    ("consent", an_occasion(basis=Basis.NONE)),
    ("consent", an_occasion(proof="")),
    ("consent", an_occasion(basis=Basis.SERVER_CONSENT, proof="decided by Grace")),  # and taken back since
    ("consent", an_occasion(note=True)),  # a note is for an asker, not for an author
    ("publishing not stopped", an_occasion(stopped="a drill")),
    ("account not paused", an_occasion(paused="logged out")),
    ("sending switched on", an_occasion(sending=False)),
    ("post still there", an_occasion(now_post=None)),
    ("post unchanged", an_occasion(now_post=changed(MINE, text="vaccines are fine"))),
    ("post unchanged", an_occasion(now_post=changed(MINE, ref=dataclasses.replace(MINE.ref, version="2")))),
    ("subject still there", a_summons(now_subject=None)),
    ("subject unchanged", a_summons(now_subject=changed(BOBS, text="vaccines are fine"))),
    ("post public", an_occasion(now_post=changed(MINE, visibility=Visibility.PRIVATE))),
    ("post public", an_occasion(now_post=changed(MINE, visibility=Visibility.DIRECT))),
    ("post public", a_summons(now_subject=changed(BOBS, visibility=Visibility.PRIVATE))),
    ("replies allowed", an_occasion(now_post=changed(MINE, replies_allowed=False))),
    ("profile known", an_occasion(author=an_author(known=False))),
    ("profile known", a_summons(subject_author=an_author("bob", known=False))),
    ("author not opted out", an_occasion(opted_out=frozenset({"ada"}))),
    ("subject's author not opted out", a_summons(opted_out=frozenset({"bob"}))),
    ("no opt-out word in the profile", an_occasion(author=an_author(bio="nurse, mother. #NoBot please"))),
    ("no opt-out word in the profile", an_occasion(author=an_author(display_name="Ada (no bots)"))),
    ("no opt-out word in the profile", a_summons(subject_author=an_author("bob", bio="Keine Bots!"))),
    ("not a bot", an_occasion(author=an_author(is_bot=True))),
    ("not a bot", a_summons(subject_author=an_author("bob", is_bot=True))),
    ("not one of ours", an_occasion(author=an_author(US))),
    ("not one of ours", a_summons(subject_author=an_author("twin"), house=a_house(ours=frozenset({"twin"})))),
    ("not blocking us", an_occasion(author=an_author(blocks_us=True))),
    ("not blocking us", a_summons(subject_author=an_author("bob", blocks_us=True))),
    (
        "account not locked",
        an_occasion(
            author=an_author(is_locked=True),
            basis=Basis.SERVER_CONSENT,
            proof="decided by Grace",
            house=a_house(hashtag_replies=True, ruling="decided by Grace"),
        ),
    ),
    ("account not locked", a_summons(subject_author=an_author("bob", is_locked=True))),
    ("not to be left alone", an_occasion(match=a_match(leave_alone="their own illness"))),
    ("not to be left alone", an_occasion(match=a_match(crisis=True))),
    ("not to be left alone", an_occasion(match=None)),
    ("evidence exists", an_occasion(evidence=None)),
    ("evidence unchanged", an_occasion(evidence=some_evidence(version=2))),
    ("evidence publishable", an_occasion(evidence=some_evidence(signed_off_by=""))),
    ("evidence publishable", an_occasion(evidence=some_evidence(review_by=date(2026, 11, 30)))),
    ("evidence publishable", an_occasion(evidence=some_evidence(citations=(a_citation(flagged="retracted"),)))),
    ("limit per author", an_occasion(said=(we_said("ada", days_ago=6.9),))),
    ("limit per author", an_occasion(said=(we_said("ada", days_ago=-0.01),))),  # a clock ten minutes ahead
    ("limit per thread", an_occasion(said=(we_said("bob", thread=MINE.ref.uri),))),
    ("limit per thread", a_summons(said=(we_said("eve", days_ago=60, thread="bobs post"),))),
    ("draft not expired", an_occasion(expires_at=NOW)),
    ("post not too old", an_occasion(post=changed(MINE, created_at=LONG_AGO))),
]


@pytest.mark.parametrize(("name", "occasion"), ONE_FLIP, ids=[f"{nr}-{name}" for nr, (name, _) in enumerate(ONE_FLIP)])
def test_one_thing_out_of_order_closes_its_gate_and_no_other(name, occasion):
    assert shut(occasion) == [name]


def test_every_gate_has_a_test_that_flips_it():
    assert {name for name, _ in ONE_FLIP} == {name for name, _ in GATES}


def test_gate_names_are_unique_and_those_asked_before_drafting_exist():
    names = [name for name, _ in GATES]

    assert len(names) == len(set(names))
    assert set(names) >= PROPOSING
    assert not SILENCING & LOCKING


def exploding(occasion: Occasion) -> str:
    raise KeyError(ENTRY)


def test_a_gate_that_breaks_counts_as_closed():
    assert closed(an_occasion(), [("fragile", exploding)]) == (
        ("fragile", "this gate failed and counts as closed: KeyError"),
    )


def test_a_gate_that_gives_no_answer_counts_as_closed():
    assert shut_by(lambda occasion: None) == "this gate gave no answer and counts as closed"


def shut_by(gate: Any) -> str:
    return closed(an_occasion(), [("mute", gate)])[0][1]


def test_where_nothing_reaches_the_public_an_unsigned_entry_may_be_tried_with_sending_off():
    assert closed(an_occasion(public=False, sending=False, evidence=some_evidence(status="draft"))) == ()


def test_replies_are_not_needed_for_a_note():
    assert closed(a_summons(note=True, now_post=changed(a_summons().post, replies_allowed=False))) == ()


def test_a_locked_account_that_called_us_may_be_answered():
    assert closed(an_occasion(author=an_author(is_locked=True))) == ()


def test_a_question_to_a_summoner_may_be_older_than_a_reply_to_an_author():
    post = changed(a_summons().post, created_at=LONG_AGO)

    assert closed(a_summons(post=post, now_post=post)) == ()


def test_a_reply_a_week_ago_to_the_same_person_is_far_enough():
    assert closed(an_occasion(said=(we_said("ada", days_ago=7),))) == ()


def test_on_bluesky_a_summoner_is_never_answered_in_the_thread():
    post = a_post("@check true?", network=Network.BLUESKY, mentions_us=True)

    assert shut(an_occasion(post=post, basis=Basis.SUMMONER)) == ["consent"]


def test_no_basis_allows_nothing_in_public_on_any_network():
    assert not allows_public_reply(Basis.NONE)
    assert all(allows_public_reply(basis) for basis in Basis if basis is not Basis.NONE)


def test_the_table_knows_every_basis_on_every_network_and_the_quiet_ways_are_always_open():
    assert set(ALLOWS) == {(basis, network) for basis in Basis for network in Network}
    assert all({Outcome.HAND_OVER, Outcome.FILE} <= outcomes for outcomes in ALLOWS.values())
    assert all(not outcomes & PUBLIC for (basis, _), outcomes in ALLOWS.items() if basis is Basis.NONE)

"""People who grieve, are ill, expect a child, are in danger, are young or cry for advice are left alone."""

import pytest

from bot.evidence.pack import starter_pack
from bot.matching.leave_alone import look
from bot.matching.matcher import Matcher
from bot.matching.models import shipped
from bot.matching.normalise import read
from bot.model import Action

MATCHER = Matcher(starter_pack(), shipped())


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("We buried my dad on Friday.", "grieve"),
        ("I miss her so much, she would be two today", "grieve"),
        ("My grandmother passed away after the surgery", "grieve"),
        ("I was diagnosed with lymphoma on Monday and the group says sugar feeds it", "illness of their own"),
        ("Round 4 of chemo done, my hair is gone", "illness of their own"),
        ("I stopped my lithium because of a video", "illness of their own"),
        ("my mum has breast cancer and wants to try herbs", "somebody close"),
        ("My son was rushed to intensive care last night", "somebody close"),
        ("I'm pregnant and everybody tells me something else", "pregnancy"),
        ("another miscarriage. third one.", "pregnancy"),
        ("im 15 and cant tell my parents", "minor"),
        ("should I stop taking it? please help", "advice"),
        ("Estoy embarazada de 30 semanas", "pregnancy"),
        ("ich habe Krebs und bekomme Chemo", "illness of their own"),
        ("mi padre murio ayer", "grieve"),
    ],
)
def test_each_kind_of_distress_is_noticed_and_named(text: str, word: str):
    care = look(read(text))

    assert word in care.reason
    assert not care.crisis


@pytest.mark.parametrize(
    "text",
    [
        "i don't want to be here anymore",
        "failed the resit. i don't want to wake up tomorrow",
        "he took all the pills and won't wake",
        "thinking about ending my life tonight",
        "quiero morir",
        "ich will sterben",
        "baby is floppy and turning blue what do we do",
    ],
)
def test_a_crisis_goes_to_a_person_at_once(text: str):
    care = look(read(text))

    assert care.crisis
    assert care.reason


@pytest.mark.parametrize(
    "text",
    [
        "Ward teaching at 13:00, bring coffee",
        "Antibiotics do nothing for a viral cold",
        "The flu clinic is open on Saturday",
        "vaccines cause autism and every honest doctor knows it",
        "Everyone over 60 should be on baby aspirin",
        "Learning styles are a neuromyth #MedEd",
    ],
)
def test_ordinary_posts_are_not_mistaken_for_distress(text: str):
    assert look(read(text)).reason == ""


@pytest.mark.parametrize(
    "sorrow",
    [
        "We lost our son last spring.",
        "My daughter is in intensive care.",
        "I'm 14 and scared.",
        "I'm pregnant.",
        "I don't want to live anymore.",
        "What should I do?",
    ],
)
def test_no_claim_however_plain_gets_a_draft_beside_sorrow(sorrow: str):
    claim = "Vaccines cause autism and everyone knows it!"

    assert MATCHER.match(claim).action is Action.DRAFT
    match = MATCHER.match(f"{claim} {sorrow}")
    assert match.action is Action.NONE
    assert match.leave_alone
    assert any(reason.startswith("leave alone: ") for reason in match.reasons)

"""What a post does with a claim: a conservative guess from the nearest exemplars and turns of phrase.

It calls a post an assertion fit for a draft only when nothing speaks against it; doubt ends in silence.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from bot.matching import cues
from bot.matching.normalise import Reading, fold
from bot.matching.retrieve import Candidate, Likeness
from bot.model import Stance

NEAR_DENIAL = 0.04  # a negation or question nearer than every paraphrase by this much forbids a draft
LONG = 40  # words; from here a post is as long as length counts
MOST_MARGIN = 0.4  # a greater lead over the next entry says nothing more
MOST_INSISTENCE = 3

# How much each sign adds to being sure. Rounded from what separates right from wrong drafts among the training
# posts (docs/reference/matching.md); the sum goes through a logistic curve, so that 1.1 is about three in four.
WEIGHTS = {
    "likeness": 1.2,
    "said": 1.2,
    "about": 0.5,
    "topic": 1.5,
    "margin": 1.5,
    "lead over rebuttals": 0.5,
    "insistence": 0.7,
    "length": -1.5,
}
START = -2.7


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The stance, how sure we are that it is an assertion (0..1), and why, in sentences for an editor."""

    stance: Stance
    sure: float
    doubts: tuple[str, ...]
    signs: tuple[str, ...]


def judge(reading: Reading, candidate: Candidate, margin: float) -> Judgement:
    """The stance of one post on one candidate's claim; `margin` is its lead over the next candidate."""
    own = reading.own.replace("\n", " . ")
    asserting, denying, asking = map(_score, (candidate.asserting, candidate.denying, candidate.asking))
    found = {
        "words of correction": _first(cues.DEBUNK, own),
        "reported speech": _first(cues.REPORT, own),
        "a sign of irony": _first(cues.SARCASM, reading.shouted.casefold()),
        "talk of studies or cases": _first(cues.EVIDENCE_TALK, own),
        "hedging": _first(cues.HEDGE, own),
        "a question": _first(cues.QUESTION, own),
    }
    negation = _negation(own, candidate)
    doubts = [f"{what} found: “{words}”" for what, words in found.items() if words]
    doubts += [negation] if negation else []
    if reading.quoted:
        doubts.append("it quotes somebody")
    if denying > asserting + NEAR_DENIAL:
        doubts.append("nearer to a rebuttal of the claim than to the claim")
    if asking > asserting + NEAR_DENIAL:
        doubts.append("nearer to a question about the claim than to the claim")

    insisted = cues.insistence(own)
    signs = [] if negation else ["no negation found"]
    signs += [f"the author insists ({', '.join(insisted)})"] if insisted else []
    return Judgement(
        stance=_stance(found, bool(negation), bool(reading.quoted), denying - asserting),
        sure=_sure(candidate, margin, denying, len(insisted), len(own.split())),
        doubts=tuple(doubts),
        signs=tuple(signs),
    )


def _stance(found: dict[str, str], negated: bool, quoted: bool, denying_leads: float) -> Stance:
    """The likeliest stance, whether or not it is sure enough for anything."""
    if found["a question"] and not found["words of correction"]:
        return Stance.ASKS
    reported = bool(found["reported speech"]) or quoted
    corrected = bool(found["words of correction"] or found["a sign of irony"] or found["talk of studies or cases"])
    if corrected or negated or denying_leads > NEAR_DENIAL:
        return Stance.DENIES
    return Stance.REPORTS if reported else Stance.ASSERTS


def _sure(candidate: Candidate, margin: float, denying: float, insisted: int, length: int) -> float:
    like = candidate.asserting
    if like is None:
        return 0.0
    values = {
        "likeness": like.score,
        "said": like.said,
        "about": like.about,
        "topic": candidate.topic,
        "margin": min(margin, MOST_MARGIN),
        "lead over rebuttals": max(-0.3, min(0.4, like.score - denying)),
        "insistence": min(insisted, MOST_INSISTENCE),
        "length": min(length, LONG) / LONG,
    }
    total = START + sum(WEIGHTS[name] * value for name, value in values.items())
    return 1.0 / (1.0 + math.exp(-total))


def _score(like: Likeness | None) -> float:
    return like.score if like else 0.0


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[0].strip(" .,:;\n")[:40] or found[0].strip() if found else ""


def _negation(own: str, candidate: Candidate) -> str:
    """Why the post may turn the claim round, or "". A claim that is negative itself must be said with a negation."""
    found = cues.NEGATION.search(own)
    like = candidate.asserting
    expected = len(cues.NEGATION.findall(fold(like.exemplar.text))) if like else 0
    if found and len(cues.NEGATION.findall(own)) > expected:
        return f"negation found: “{found[0]}”"
    if expected and not found and cues.NEGATION.search(fold(candidate.entry.claim)):
        return "the claim has a negation, the post has none"
    return ""

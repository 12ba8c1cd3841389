"""What a post does with a claim: a conservative guess from the nearest exemplar and turns of phrase.

It calls a post an assertion only when nothing speaks against it; doubt is always resolved towards silence.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.matching import cues
from bot.matching.normalise import Reading
from bot.matching.retrieve import Candidate, Kind, Likeness
from bot.model import Stance

NEAR_DENIAL = 0.04  # a negation that is nearer than every paraphrase by this much decides against a draft


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The stance, the doubts that forbid a draft, and both as sentences for an editor."""

    stance: Stance
    doubts: tuple[str, ...]
    signs: tuple[str, ...]


def judge(reading: Reading, candidate: Candidate) -> Verdict:
    """The stance of one post on one candidate's claim."""
    own = reading.own.replace("\n", " ")
    asserting = _score(candidate.asserting)
    denying = _score(candidate.denying)
    asking = _score(candidate.asking)
    doubts: list[str] = []
    signs: list[str] = []

    negated = _turned_round(own, candidate)
    debunk = _first(cues.DEBUNK.search(own))
    report = _first(cues.REPORT.search(own))
    sarcasm = _first(cues.SARCASM.search(reading.shouted.casefold()))
    cited = _first(cues.EVIDENCE_TALK.search(own))
    hedge = _first(cues.HEDGE.search(own))
    question = _first(cues.QUESTION_WORDS.search(own))
    for found, words in (
        (negated, "negation"),
        (debunk, "words of correction"),
        (report, "reported speech"),
        (sarcasm, "a sign of irony"),
        (cited, "talk of studies or guidance"),
        (hedge, "hedging"),
        (question, "a question"),
    ):
        if found:
            doubts.append(f"{words} found: “{found}”")
    if reading.quoted:
        doubts.append("it quotes somebody")
    if denying > asserting + NEAR_DENIAL:
        doubts.append("nearer to a rebuttal of the claim than to the claim")
    if asking > asserting + NEAR_DENIAL:
        doubts.append("nearer to a question about the claim than to the claim")
    if not negated:
        signs.append("no negation found")
    if not (question or report or reading.quoted):
        signs.append("no question and no quotation found")

    if question and not debunk:
        stance = Stance.ASKS
    elif debunk or negated or denying > asserting + NEAR_DENIAL or (sarcasm and not report) or (cited and not report):
        stance = Stance.DENIES
    elif report or reading.quoted:
        stance = Stance.REPORTS
    else:
        stance = Stance.ASSERTS
    return Verdict(stance=stance, doubts=tuple(doubts), signs=tuple(signs))


def _score(like: Likeness | None) -> float:
    return like.score if like else 0.0


def _first(match: object) -> str:
    found = getattr(match, "group", None)
    return str(found(0)).strip()[:40] if found else ""


def _turned_round(own: str, candidate: Candidate) -> str:
    """The negation that turns the claim round, or "": a claim that is negative itself may be said with one."""
    found = cues.NEGATION.search(own)
    if not found:
        return ""
    like = candidate.asserting
    if like and like.exemplar.kind is not Kind.NEGATION and cues.NEGATION.search(like.exemplar.text.casefold()):
        return "" if len(cues.NEGATION.findall(own)) == 1 else found[0]
    return found[0]

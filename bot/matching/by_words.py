"""Matching without the models: shared words and turns of phrase. It only ever suggests.

The office falls back on it when a model file is missing or was altered, and says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from bot.grounds import Grounds
from bot.matching import cues, leave_alone
from bot.matching.normalise import Reading, read
from bot.matching.retrieve import Index
from bot.matching.words import words
from bot.model import Action, Evidence, Match, Stance

MOST_CONTEXT = 5
NAMED = 0.30  # share of words from which an entry is named
NEAR = 0.42  # share of words from which an assertion is suggested
DEGRADED = "the models are not there: only words were compared, and nothing can be sure"


class WordMatcher:
    """Matches by words alone, with the same door as `Matcher`."""

    def __init__(self, entries: Iterable[Evidence], *, table: str = "") -> None:
        self.index = Index(tuple(entries), None)
        self.table = table

    def match(
        self,
        post_text: str,
        context: tuple[str, ...] = (),
        langs: tuple[str, ...] = (),
        today: date | None = None,
    ) -> Match:
        """The nearest entry by words, the stance by turns of phrase, and at most a suggestion."""
        return _match(self.index, post_text, context[-MOST_CONTEXT:], self.table)

    def candidates(self, text: str, n: int = 5) -> tuple[tuple[str, float, str], ...]:
        """The nearest entries: id, score, and the exemplar that is nearest."""
        found = self.index.search(words(read(text).everything), None, most=n)
        return tuple((one.entry.id, round(one.score, 3), one.nearest.text) for one in found)

    def telling(self, post_text: str, found: Match) -> tuple[str, ...]:
        """Nothing: without the judge there is nobody to ask."""
        return ()


def _match(index: Index, post_text: str, context: tuple[str, ...], table: str) -> Match:
    reading = read(post_text)
    care = leave_alone.look(reading)
    if not care.reason:
        care = next((one for text in context if (one := leave_alone.look_around(read(text))).reason), care)
    found = index.search(words(reading.everything), None, most=2)
    told = (f"leave alone: {care.reason}",) if care.reason else ()
    if not found or found[0].score < NAMED:
        return Match(
            entry_id=None,
            stance=Stance.UNRELATED,
            score=0.5,
            action=Action.NONE,
            reasons=(DEGRADED, "no entry of the table is near enough", *told),
            leave_alone=care.reason,
            crisis=care.crisis,
            grounds=Grounds(table=table),
        )
    best = found[0]
    stance = stance_of(reading) if best.score >= NEAR else Stance.UNRELATED
    suggested = stance is Stance.ASSERTS and not care.reason
    return Match(
        entry_id=best.entry.id,
        entry_version=best.entry.version,
        stance=stance,
        score=round(best.score / 2, 3),
        action=Action.SUGGEST if suggested else Action.NONE,
        reasons=(DEGRADED, f"closest to the {best.nearest.kind.value} “{best.nearest.text}”", *told),
        leave_alone=care.reason,
        crisis=care.crisis,
        exemplar=best.nearest.text,
        runner_up=found[1].entry.id if len(found) > 1 else None,
        grounds=Grounds(table=table, shared_words=round(best.lexical, 3)),
    )


def stance_of(reading: Reading) -> Stance:
    """The likeliest stance, judged by turns of phrase alone."""
    own = reading.own.replace("\n", " . ")
    corrected = bool(cues.DEBUNK.search(own))
    if cues.QUESTION.search(own) and not corrected:
        return Stance.ASKS
    irony = cues.SARCASM.search(reading.shouted.casefold())
    if corrected or irony or cues.EVIDENCE_TALK.search(own) or cues.NEGATION.search(own):
        return Stance.DENIES
    return Stance.REPORTS if cues.REPORT.search(own) or reading.quoted else Stance.ASSERTS

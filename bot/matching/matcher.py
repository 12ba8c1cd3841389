"""Text and context in; entry, stance, score, action and reasons out. The one door to matching.

It is built from one version of a table and the models, keeps nothing about posts, and does no I/O.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import date

from bot.grounds import Grounds
from bot.matching import cues, explain, leave_alone, weigh
from bot.matching.models import Floats, Models
from bot.matching.normalise import LONGEST_READ, Reading, fold, read
from bot.matching.retrieve import Candidate, Index
from bot.matching.text import readable
from bot.matching.vectors import Bytes, Vectors
from bot.matching.weigh import ASSERTS, STANCES, UNRELATED, Opinion, Weights
from bot.matching.words import words
from bot.model import Action, Evidence, Match, Sensitivity, Stance

MOST_CONTEXT = 5  # posts around a post that are read, the nearest
CANDIDATES = 3  # entries that the judge reads a post with
FAR = 0.24  # candidate score below which an entry is not even named
BEHIND = 0.16  # a candidate this far behind the first is not read
FEW = 2  # telling words; a post with fewer must share one with the table
LIKELY = 0.0  # leave-alone score that says more likely than not; a crisis score without it is noise
SHORT = 4  # tokens; a post with fewer says too little for a draft
AGREE = 0.06  # a rebuttal may be nearer than what believers say by this much, not more


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One post as the models see it: what `Matcher.judge` finds and `Matcher.decide` decides from."""

    reading: Reading
    length: int  # tokens
    candidates: tuple[Candidate, ...]  # as retrieved, the first is nearest
    opinions: tuple[Opinion, ...]  # one for each
    leave_alone: float  # scores of the reader
    crisis: float
    elsewhere: bool  # the claim stands in a post around this one


class Matcher:
    """Matches posts against one version of the evidence table. Safe to share between threads."""

    def __init__(
        self,
        entries: Iterable[Evidence],
        models: Models,
        *,
        vectors: Vectors | None = None,
        table: str = "",
        weights: Weights | None = None,
    ) -> None:
        """`vectors` remembers where texts lie; `table` names the version of the table, for the record; `weights`
        replace those of the models, to try others.
        """
        self._models = models
        self.table = table
        self.weights = weights or models.weights
        self.index = Index(tuple(entries), self._places(models, vectors or Vectors(models.reader)))

    @staticmethod
    def _places(models: Models, memory: Vectors) -> Callable[[list[str]], Bytes]:
        def places_of(texts: list[str]) -> Bytes:
            return memory.of(texts, lambda new: models.places(models.tokens.ids_of([readable(one) for one in new])))

        return places_of

    def match(
        self,
        post_text: str,
        context: tuple[str, ...] = (),
        langs: tuple[str, ...] = (),
        today: date | None = None,
    ) -> Match:
        """What one post does with the nearest entry. Any string is answered; when unsure, the action is none.

        `context` holds the posts around it (thread above, quoted post), nearest last: a claim that stands only
        there may be named, but never brings a draft. `langs` is what the platform declares; the models read all
        their languages alike and do not need it. Given `today`, an entry whose review is overdue is only suggested.
        """
        return self.decide(self.judge(post_text, context), context, today)

    def judge(self, post_text: str, context: tuple[str, ...] = ()) -> Seen:
        """What the models see in one post."""
        models = self._models
        reading = read(post_text)
        ids = models.tokens.ids_of([readable(post_text[:LONGEST_READ])])[0]
        near = [readable(text[:LONGEST_READ]) for text in context[-1:]]
        around = models.tokens.ids_of(near)[0] if near else []
        if not ids:
            return Seen(
                reading=reading, length=0, candidates=(), opinions=(), leave_alone=-9.0, crisis=-9.0, elsewhere=False
            )
        place, care = models.read(ids)
        telling = words(reading.everything)
        found = self._near(telling, place)
        if len(telling) < FEW and not any(one.lexical for one in found):
            found = []  # a greeting is near to nothing, whatever is nearest to it
        elsewhere = False
        if context and (not found or found[0].score < FAR + BEHIND):
            there = self._near(words(read(context[-1]).everything), models.read(around)[0]) if around else []
            if there and (not found or there[0].score > found[0].score):
                found, elsewhere = there, True
        return Seen(
            reading=reading,
            length=len(ids),
            candidates=tuple(found),
            opinions=self._opinions(models, found, ids, around),
            leave_alone=care.leave_alone,
            crisis=care.crisis,
            elsewhere=elsewhere,
        )

    def _near(self, post_words: Sequence[str], place: Floats) -> list[Candidate]:
        found = self.index.search(post_words, place, most=CANDIDATES)
        return [one for one in found if one.score >= max(FAR, found[0].score - BEHIND)]

    @staticmethod
    def _opinions(models: Models, found: Sequence[Candidate], ids: list[int], around: list[int]) -> tuple[Opinion, ...]:
        if not found:
            return ()
        scores = models.judge(explain.pairs(models, found, [ids], around))
        return tuple(
            Opinion(
                chances=weigh.softmax(scores[place].tolist()),
                likeness=one.likeness,
                asserting=one.asserting,
                denying=one.denying,
                lexical=one.lexical,
            )
            for place, one in enumerate(found)
        )

    def decide(self, seen: Seen, context: tuple[str, ...] = (), today: date | None = None) -> Match:
        """What follows from what the models see."""
        weights = self.weights
        care = _care(seen, context, weights)
        grounds = Grounds(models=self._models.version, table=self.table)
        if not seen.candidates:
            return Match(
                entry_id=None,
                stance=Stance.UNRELATED,
                score=1.0,
                action=Action.NONE,
                reasons=("no entry of the table is near enough", *_told(care)),
                leave_alone=care.reason,
                crisis=care.crisis,
                grounds=grounds,
            )
        opinions = seen.opinions
        chosen = max(range(len(opinions)), key=lambda place: weights.merit(weigh.merits(opinions[place])))
        candidate, mine = seen.candidates[chosen], opinions[chosen]
        stance = STANCES[max(range(len(STANCES)), key=lambda number: mine.chances[number])]
        sure = weights.sure(weigh.signs(opinions, chosen, seen.reading, seen.length))
        doubts = _doubts(seen, chosen, today)
        action = Action.NONE
        if stance is STANCES[ASSERTS] and not care.reason and sure >= weights.suggest:
            action = Action.SUGGEST
            if sure >= weights.confident and not doubts:
                expert = candidate.entry.sensitivity is Sensitivity.EXPERT_REVIEW
                action = Action.EXPERT_REVIEW if expert else Action.DRAFT
        second = next((one for place, one in enumerate(seen.candidates) if place != chosen), None)
        margin = candidate.score - second.score if second else candidate.score
        score = sure if stance is STANCES[ASSERTS] else mine.chances[STANCES.index(stance)]
        return Match(
            entry_id=candidate.entry.id,
            entry_version=candidate.entry.version,
            stance=stance,
            score=round(score, 3),
            action=action,
            reasons=(*explain.reasons(seen.reading, candidate, mine, margin, second), *doubts, *_told(care)),
            leave_alone=care.reason,
            crisis=care.crisis,
            exemplar=(candidate.believer if stance is STANCES[ASSERTS] else candidate.nearest).text,
            runner_up=second.entry.id if second else None,
            grounds=replace(
                grounds,
                chances=tuple(round(one, 4) for one in mine.chances),
                likeness=round(candidate.likeness, 3),
                shared_words=round(candidate.lexical, 3),
                margin=round(margin, 3),
                certainty=round(sure, 4),
            ),
        )

    def with_weights(self, weights: Weights) -> Matcher:
        """The same matcher with other weights or thresholds."""
        other = copy(self)
        other.weights = weights
        return other

    def with_models(self, models: Models) -> Matcher:
        """The same matcher over the same models in another wrapping."""
        other = copy(self)
        other._models = models
        return other

    def telling(self, post_text: str, found: Match) -> tuple[str, ...]:
        """The words of a post that speak most for the stance that was found, in their order."""
        entry = next((one for one in self.index.entries if one.id == found.entry_id), None)
        return explain.telling(self._models, self.index, entry, found.stance, post_text) if entry else ()

    def candidates(self, text: str, n: int = 5) -> tuple[tuple[str, float, str], ...]:
        """The nearest entries: id, score, and the exemplar that is nearest."""
        place = self._models.read(self._models.tokens.ids_of([readable(text[:LONGEST_READ])])[0])[0]
        found = self.index.search(words(read(text).everything), place, most=n)
        return tuple((one.entry.id, round(one.score, 3), one.nearest.text) for one in found)


def _care(seen: Seen, context: tuple[str, ...], weights: Weights) -> leave_alone.Care:
    """Rules first, because they can say why; then the model, which reads between the lines."""
    care = leave_alone.look(seen.reading)
    if not care.reason:
        care = next(
            (one for text in context[-MOST_CONTEXT:] if (one := leave_alone.look_around(read(text))).reason), care
        )
    felt = seen.crisis >= weights.crisis and seen.leave_alone >= LIKELY  # who is in danger is to be left alone, too
    if felt and not care.crisis:
        return leave_alone.Care(reason=leave_alone.CRISIS_FELT, crisis=True)
    if not care.reason and seen.leave_alone >= weights.leave_alone:
        return leave_alone.Care(reason=leave_alone.FELT)
    return care


def _told(care: leave_alone.Care) -> tuple[str, ...]:
    return (f"leave alone: {care.reason}",) if care.reason else ()


def _doubts(seen: Seen, chosen: int, today: date | None) -> tuple[str, ...]:
    """What makes a draft into a suggestion, however sure the models are."""
    candidate = seen.candidates[chosen]
    entry = candidate.entry
    found = []
    if seen.elsewhere:
        found.append("the claim stands in a post around this one, not in this one")
    if seen.reading.truncated:
        found.append("the post is too long to be read whole")
    if seen.length < SHORT:
        found.append("the post is very short")
    own = seen.reading.own.replace("\n", " . ")
    if words_found := cues.DEBUNK.search(own):
        found.append(f"it has words of correction: “{words_found[0].strip()[:40]}”")
    negative = all(cues.NEGATION.search(fold(text)) for text in (entry.claim, candidate.believer.text))
    if negative and not cues.NEGATION.search(own):
        found.append("the claim has a negation, and the post has none")
    if cues.SARCASM.search(seen.reading.shouted.casefold()):
        found.append("it has a sign of irony")
    if candidate.denying > candidate.asserting + AGREE:
        found.append("it is nearer to a rebuttal of the claim than to what believers say")
    if seen.opinions[chosen].chances[UNRELATED] < 0.5 and any(
        one.related > 0.9 and place != chosen and seen.candidates[place].score > candidate.score
        for place, one in enumerate(seen.opinions)
    ):
        found.append("another claim fits about as well")
    if today is not None and entry.review_by is not None and today > entry.review_by:
        found.append(f"the entry was to be reviewed by {entry.review_by}")
    return tuple(found)

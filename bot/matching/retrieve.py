"""Which entries a post may be about: an inverted index over claims and exemplars, in plain Python.

It ranks by shared words only; whether the author agrees with the claim is for `stance.py`.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from rapidfuzz import fuzz, process

from bot.matching.lexicon import CONCEPTS, PHRASES, STOPWORDS
from bot.matching.normalise import Reading, read
from bot.model import Evidence

WORD = re.compile(r"\d+(?:[.,:/]\d+)*%?|[^\W\d_]+(?:['-][^\W\d_]+)*\d*|\d+[^\W\d_]+")
PHRASE = re.compile(r"\b(?:" + "|".join(sorted(map(re.escape, PHRASES), key=len, reverse=True)) + r")\b")
VITAMIN = re.compile(r"\bvitamin[es]?[ -]?([a-ek]\d{0,2})\b")
CLITIC = re.compile(r"^(?:[lcdjmnst]|qu|all|dell|nell|un)'(?=\w{3})|'s$|s'$")

STEM = 6  # letters kept: cuts the endings of seven languages alike
SHORTEST_GUESS = 5  # letters; shorter unknown words are not corrected
ALIKE = 86.0  # rapidfuzz ratio from which an unknown word is read as a known one
COMMON_SHARE = 0.25  # a word in more than this share of all exemplars finds nothing
UNKNOWN_WEIGHT = 0.7  # weight of words the table never uses, as a share of the rarest word's weight
CANDIDATE_EXEMPLARS = 24  # looked at closely per post
MOST_GUESSES = 50_000  # remembered; a few megabytes
MOST_SENTENCES = 60  # per post, to bound the time
SAID_COUNTS = 0.65  # saying all of the exemplar counts more than saying nothing else


class Part(NamedTuple):
    """A piece of a post: a sentence, two neighbouring ones, or the whole."""

    text: str
    words: frozenset[str]
    weight: float


class Kind(Enum):
    """What an exemplar does with the claim."""

    CLAIM = "claim"
    PARAPHRASE = "paraphrase"
    NEGATION = "negation"
    QUESTION = "question"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemplar:
    """One text of the table, ready to be compared."""

    entry: int  # position in the table
    kind: Kind
    text: str
    words: frozenset[str]
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """How near a post is to one exemplar.

    `said` is the share of the exemplar that the post says, `about` the share of the post's sentence that the
    exemplar covers; both 0..1, weighted by how rare the words are.
    """

    exemplar: Exemplar
    said: float
    about: float
    score: float
    part: str  # the words of the post that come nearest


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One entry a post may be about. `score` 0..1 ranks it; `topic` is how much of its vocabulary is there."""

    entry: Evidence
    score: float
    topic: float
    asserting: Likeness | None
    denying: Likeness | None
    asking: Likeness | None

    @property
    def nearest(self) -> Likeness:
        """The exemplar of whatever kind that is nearest."""
        found = [like for like in (self.asserting, self.denying, self.asking) if like]
        return max(found, key=lambda like: like.score)


_EXACT = {word: name for name, words in CONCEPTS.items() for word in words.split() if not word.endswith("*")}
_BEGINNINGS = {word[:-1]: name for name, words in CONCEPTS.items() for word in words.split() if word.endswith("*")}
_LENGTHS = sorted({len(word) for word in _BEGINNINGS}, reverse=True)


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """One name for the many forms of a word; "" for words that say nothing alone."""
    word = CLITIC.sub("", word)
    if word in STOPWORDS:
        return ""
    if word in _EXACT:
        return _EXACT[word]
    for length in _LENGTHS:
        if word[:length] in _BEGINNINGS:
            return _BEGINNINGS[word[:length]]
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 4 and not word.endswith("ss"):
            word = word[: -len(ending)]
            break
    return word[:STEM]


def words(folded: str) -> list[str]:
    """The telling words of folded text, in order, by one name each."""
    text = VITAMIN.sub(r"vitamin vitamin-\1", PHRASE.sub(lambda match: PHRASES[match[0]], folded))
    return [name for word in WORD.findall(text) if (name := stem(word))]


class Index:
    """All exemplars of one table, searchable. Built once per table version; holds no other state but a cache."""

    def __init__(self, entries: Sequence[Evidence]) -> None:
        self.entries = tuple(entries)
        raw = [
            (number, kind, text, frozenset(words(read(text).everything)))
            for number, entry in enumerate(self.entries)
            for kind, texts in (
                (Kind.CLAIM, (entry.claim,)),
                (Kind.PARAPHRASE, entry.paraphrases),
                (Kind.NEGATION, entry.negations),
                (Kind.QUESTION, entry.questions),
            )
            for text in texts
        ]
        by_entry: dict[str, set[int]] = defaultdict(set)
        for number, _, _, names in raw:
            for name in names:
                by_entry[name].add(number)
        total = max(len(self.entries), 20)  # a tiny table must not make every word look common
        self._weight = {name: math.log(1 + total / len(found)) for name, found in by_entry.items()}
        self._unknown = UNKNOWN_WEIGHT * math.log(1 + total)
        self._exemplars = [
            Exemplar(entry=number, kind=kind, text=text, words=names, weight=self.weigh(names))
            for number, kind, text, names in raw
            if names
        ]
        self._spans: dict[int, tuple[int, int]] = {}
        for place, exemplar in enumerate(self._exemplars):
            first, _ = self._spans.get(exemplar.entry, (place, place))
            self._spans[exemplar.entry] = (first, place + 1)
        self._postings: dict[str, list[int]] = defaultdict(list)
        for place, exemplar in enumerate(self._exemplars):
            for name in exemplar.words:
                self._postings[name].append(place)
        most = max(COMMON_SHARE * len(self._exemplars), 40)
        self._common = {name for name, places in self._postings.items() if len(places) > most}
        self._profiles = self._make_profiles()
        self._vocabulary = [name for name in self._weight if len(name) >= SHORTEST_GUESS]
        self._guesses: dict[str, str] = {}

    def _make_profiles(self) -> list[dict[str, float]]:
        """Per entry: word → how much it stands for this entry (often used here, rare elsewhere)."""
        counts: list[Counter[str]] = [Counter() for _ in self.entries]
        sizes: Counter[int] = Counter()
        for exemplar in self._exemplars:
            sizes[exemplar.entry] += 1
            for name in exemplar.words:
                counts[exemplar.entry][name] += 2 if exemplar.kind is Kind.CLAIM else 1
        return [
            {name: self._weight[name] * math.sqrt(count / sizes[number]) for name, count in found.items()}
            for number, found in enumerate(counts)
        ]

    def weigh(self, names: Iterable[str]) -> float:
        """The summed rarity of some words."""
        return sum(self._weight.get(name, self._unknown) for name in names)

    def known(self, name: str) -> str:
        """The word itself, or the word of the table that it misspells."""
        if name in self._weight or len(name) < SHORTEST_GUESS or not name.isalpha():
            return name
        guess = self._guesses.get(name)
        if guess is None:
            found = process.extractOne(name, self._vocabulary, scorer=fuzz.ratio, score_cutoff=ALIKE)
            guess = found[0] if found and found[0][0] == name[0] else name
            if len(self._guesses) < MOST_GUESSES:
                self._guesses[name] = guess
        return guess

    def search(self, reading: Reading, most: int = 5) -> list[Candidate]:
        """The entries a post may be about, nearest first."""
        everything = frozenset(self.known(name) for name in words(reading.everything))
        shared: dict[int, float] = defaultdict(float)
        for name in everything:
            if name not in self._common:
                weight = self._weight.get(name, 0.0)
                for place in self._postings.get(name, ()):
                    shared[place] += weight
        if not shared:
            return []
        rough = sorted(shared, key=lambda place: shared[place] / (1.0 + self._exemplars[place].weight), reverse=True)[
            :CANDIDATE_EXEMPLARS
        ]
        numbers = {self._exemplars[place].entry for place in rough}
        parts = self._parts(reading, everything)
        found = [self._candidate(number, everything, parts, shared) for number in numbers]
        return sorted(found, key=lambda one: one.score, reverse=True)[:most]

    def _parts(self, reading: Reading, everything: frozenset[str]) -> list[Part]:
        """Sentences, neighbouring pairs of sentences, and the whole."""
        texts = (*reading.sentences, *reading.quoted)[:MOST_SENTENCES]
        single = [(text, frozenset(self.known(name) for name in words(text))) for text in texts]
        single = [(text, names) for text, names in single if names]
        pairs = [(f"{a} {b}", one | two) for (a, one), (b, two) in pairwise(single)]
        whole = [(reading.everything, everything)]
        return [Part(text, names, self.weigh(names)) for text, names in (*single, *pairs, *whole)]

    def _candidate(
        self, number: int, everything: frozenset[str], parts: list[Part], shared: dict[int, float]
    ) -> Candidate:
        profile = self._profiles[number]
        best: dict[str, Likeness] = {}
        for place in range(*self._spans[number]):
            if place not in shared:
                continue
            like = self._likeness(self._exemplars[place], parts)
            role = like.exemplar.kind.value if like.exemplar.kind is not Kind.PARAPHRASE else Kind.CLAIM.value
            if role not in best or like.score > best[role].score:
                best[role] = like
        strongest = sorted(profile.values(), reverse=True)[:4]
        present = sorted((profile[name] for name in everything if name in profile), reverse=True)[:4]
        topic = min(1.0, sum(present) / (sum(strongest) or 1.0))
        nearest = max((like.score for like in best.values()), default=0.0)
        return Candidate(
            entry=self.entries[number],
            score=0.5 * nearest + 0.5 * topic,
            topic=topic,
            asserting=best.get(Kind.CLAIM.value),
            denying=best.get(Kind.NEGATION.value),
            asking=best.get(Kind.QUESTION.value),
        )

    def _likeness(self, exemplar: Exemplar, parts: list[Part]) -> Likeness:
        said = about = score = 0.0
        text = ""
        for part in parts:
            both = self.weigh(exemplar.words & part.words)
            if both:
                here, there = both / exemplar.weight, both / part.weight
                value = here**SAID_COUNTS * there ** (1 - SAID_COUNTS)
                if value > score:
                    said, about, score, text = here, there, value, part.text
        return Likeness(exemplar=exemplar, said=said, about=about, score=score, part=text)

"""Where words of the office are tried out: checked, and put together with real entries. One of `app.py`'s hands.

It joins the store, the voice and the networks' ways of counting; it saves nothing and puts nothing in force.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from bot import own_words, samples
from bot.evidence import registry
from bot.model import Evidence, Network
from bot.offers import TABLE_LANGUAGE
from bot.ports import Ruler
from bot.rooms import Room
from bot.samples import Sample
from bot.store.engine import Store
from bot.trial import Objection, Piece, Preview, Trial, Wrong
from replies import civility
from replies.compose import Draft, Kind, OfficeVoice, compose
from replies.own import MAY_BE_EMPTY, Own, faults
from replies.placeholders import IN_PLACE_OF, PHRASE_KEYS, PHRASE_NAMES, RUNG_NAMES
from replies.sentences import plain
from replies.shelf import Shelf, languages, shelf
from replies.support import Carrier, support

STRICTLY = 2  # samples on which every wording is tried in every kind of reply; all are shown


class Workbench:
    """Fulfils `trial.Workshop`. Safe to use from several threads."""

    def __init__(self, *, store: Store, voice: OfficeVoice, rulers: Mapping[str, Ruler]) -> None:
        self._store = store
        self._voice = voice
        self._rulers = rulers

    def languages(self) -> tuple[str, ...]:
        """The languages that have words."""
        return languages()

    def spoken(self) -> str:
        """The language in which drafts are written just now."""
        return TABLE_LANGUAGE

    def pieces(self, lang: str) -> tuple[Piece, ...]:
        """Every phrase and layout as it ships."""
        words = shelf(lang)
        phrases = (
            Piece(
                name=name,
                shipped="\n".join(one.source for one in words.phrases[name]),
                is_layout=False,
                placeholders=tuple(sorted(PHRASE_NAMES)),
                may_be_empty=name in MAY_BE_EMPTY,
            )
            for name in PHRASE_KEYS
        )
        layouts = (
            Piece(
                name=one.name,
                shipped=one.words.source.strip(),
                is_layout=True,
                placeholders=tuple(sorted(RUNG_NAMES)),
                may_be_empty=False,
            )
            for one in words.rungs
        )
        return (*phrases, *layouts)

    def troubles(self) -> tuple[tuple[str, str, str], ...]:
        """Words in force that cannot be used."""
        with self._store.read() as session:
            said = {lang: own_words.in_force(session, lang) for lang in own_words.languages(session)}
        return tuple(
            (lang, name, why) for lang, own in said.items() for name, why in shelf(lang, own=own).broken.items()
        )

    def try_out(self, lang: str, name: str, text: str) -> Trial:
        """Check these words, and put replies together with them and with everything else that is in force."""
        wrong = tuple(Wrong(line=one.line, what=one.what, remedy=one.remedy) for one in faults(name, text))
        if wrong:
            return Trial(wrong=wrong)
        with self._store.read() as session:
            before = own_words.in_force(session, lang)
            said = own_words.ever_said(session, lang)
            entries = registry.in_force(session)
        own = (*(one for one in before if one[0] != name), (name, text))
        bench = _Bench(lang=lang, name=name, own=own, said=(*said, (name, text)), voice=self._voice)
        chosen = samples.choose(name, entries, bench.usable)
        if not chosen:
            return Trial(refused=("there is no entry to try it on: import evidence with a verified source first",))
        previews = tuple(self._previews(bench, chosen, before))
        blocked = tuple(dict.fromkeys(_blocked(previews)))
        silenced = self._silenced(bench, entries, before)
        refused = (*bench.alike(), *silenced, *blocked, *bench.strict(chosen[:STRICTLY], said=blocked))
        notes = () if bench.layouts else ("No layout uses these words: nobody will read them.",)
        return Trial(previews=previews, refused=tuple(dict.fromkeys(refused)), notes=notes)

    def _previews(self, bench: _Bench, chosen: Iterable[Sample], before: Own) -> Iterator[Preview]:
        number = itertools.count()
        for sample in chosen:
            holding = False
            for room in self._rooms():
                variant = next(number)
                draft = bench.draft(sample.entry, room, variant, only=bench.layouts)
                holds = draft is not None
                draft = draft or bench.draft(sample.entry, room, variant)
                if draft is None and bench.draft(sample.entry, room, variant, own=before) is None:
                    continue  # there is no room for this entry, whatever we say around it
                holding = holding or holds
                yield bench.preview(sample, room, draft, holds=holds)
            wide = Room(network=Network.MASTODON, ruler=None, wide=True)
            if not holding and (draft := bench.draft(sample.entry, wide, next(number), only=bench.layouts)):
                yield bench.preview(sample, wide, draft, holds=True)

    def _silenced(self, bench: _Bench, entries: Iterable[Evidence], before: Own) -> Iterator[str]:
        """Entries of which nothing could be said any more, among those that need the most room."""
        for entry, room in itertools.product(samples.longest(entries), self._rooms()):
            if bench.draft(entry, room, 0) is None and bench.draft(entry, room, 0, own=before) is not None:
                yield f"Nothing fits any more for “{entry.claim}” on {room.network.capitalize()}: say it shorter."

    def _rooms(self) -> Iterator[Room]:
        for network in (Network.BLUESKY, Network.MASTODON):
            ours = (ruler for name, ruler in sorted(self._rulers.items()) if name.startswith(f"{network}/"))
            yield Room(network=network, ruler=next(ours, None))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bench:
    """One trial: these words under this name, among these words of ours."""

    lang: str
    name: str
    own: Own
    said: Own
    voice: OfficeVoice

    @property
    def words(self) -> Shelf:
        return shelf(self.lang, own=self.own)

    @property
    def layouts(self) -> tuple[str, ...]:
        """The rungs in which the words can stand, the fullest first."""
        if self.name not in PHRASE_KEYS:
            return (self.name,)
        key = self.name.partition(".")[0]
        placeholder = IN_PLACE_OF.get(key, key)
        return tuple(one.name for one in self.words.rungs if placeholder in one.words.uses)

    def usable(self, entry: Evidence) -> bool:
        """Does the entry pass with what ships, so that what is found is the fault of the words that are tried?"""
        draft = compose(entry, kind=Kind.ANSWER, fits=bool, office=self.voice, lang=self.lang)
        return draft is not None and not self._blocks(draft.text, entry, Kind.ANSWER)

    def draft(
        self, entry: Evidence, room: Room, variant: int, *, only: tuple[str, ...] | None = None, own: Own | None = None
    ) -> Draft | None:
        """What an answer from this entry would say."""
        return compose(
            entry,
            kind=Kind.ANSWER,
            fits=room.fits,
            office=self.voice,
            lang=self.lang,
            variant=variant,
            style=samples.style_for(self.name),
            own=self.own if own is None else own,
            only=only,
        )

    def preview(self, sample: Sample, room: Room, draft: Draft | None, *, holds: bool) -> Preview:
        """The draft with everything there is to say about it."""
        entry, text = sample.entry, draft.text if draft else ""
        found = civility.check(text, entry, office=self.voice, kind=Kind.ANSWER, lang=self.lang) if text else ()
        carried = support(text, entry, office=self.voice, lang=self.lang, own=self.said) if text else ()
        return Preview(
            why=sample.why,
            entry=entry.id,
            claim=entry.claim,
            network=room.network.value,
            wide=room.wide,
            text=room.address + text if text else "",
            layout=draft.template if draft else "",
            holds=holds,
            measures=room.measure(text) if text else (),
            objections=tuple(
                Objection(message=one.message, suggestion=one.suggestion, blocks=one.severity == civility.BLOCK)
                for one in found
            ),
            loose=tuple(one.text for one in carried if one.carrier is Carrier.NOTHING),
        )

    def strict(self, chosen: Iterable[Sample], *, said: Collection[str]) -> Iterator[str]:
        """What would be blocked in the fullest and in the tightest layout, however much room there is.

        What was `said` of a preview is not said again.
        """
        wordings = range(len(self.words.phrases.get(self.name, ("one",))))
        layouts = {self.layouts[0], self.layouts[-1]} if self.layouts else set()
        for sample, layout, kind, variant in itertools.product(chosen, sorted(layouts), Kind, wordings):
            draft = compose(
                sample.entry,
                kind=kind,
                fits=bool,
                office=self.voice,
                lang=self.lang,
                variant=variant,
                style=samples.style_for(self.name),
                own=self.own,
                only=(layout,),
            )
            if draft is None:
                continue
            if plain(sample.entry.correction_short) not in draft.text:
                yield f"In the layout {layout} the finding does not stand in one piece: leave {{{{ fact }}}} as it is."
            for message in self._blocks(draft.text, sample.entry, kind):
                if message not in said:
                    yield f"In the layout {layout}: {message}"

    def alike(self) -> Iterator[str]:
        """Two grades of certainty may not read the same."""
        key, _, grade = self.name.partition(".")
        mine = {one.source.casefold() for one in self.words.phrases.get(self.name, ())} if grade else set()
        for other, wordings in self.words.phrases.items():
            if other != self.name and other.startswith(f"{key}."):
                for one in wordings:
                    if one.source.casefold() in mine:
                        yield f"“{one.source}” is said of {other.partition('.')[2]} certainty already."

    def _blocks(self, text: str, entry: Evidence, kind: Kind) -> list[str]:
        found = civility.check(text, entry, office=self.voice, kind=kind, lang=self.lang)
        return [f"{one.message} {one.suggestion}".strip() for one in civility.blocks(found)]


def _blocked(previews: Iterable[Preview]) -> Iterator[str]:
    for one in previews:
        yield from (f"{found.message} {found.suggestion}".strip() for found in one.objections if found.blocks)

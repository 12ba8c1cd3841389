"""What else the desk can offer an editor: other entries, other wordings, who carries a sentence. It changes nothing."""

from __future__ import annotations

from collections.abc import Mapping

from bot import own_words
from bot.drafted import Drafted
from bot.evidence import registry
from bot.matchers import Matchers
from bot.model import Basis, Evidence, Post
from bot.ports import Ruler
from bot.store import codec
from bot.store.derived import folded
from bot.store.engine import Store
from bot.store.models import CaseRow
from bot.web.hands import Carried, Other
from replies.compose import Kind, OfficeVoice, Style, compose
from replies.reading import level
from replies.support import Carrier, support

NEXT_BEST = 5  # entries
TABLE_LANGUAGE = "en"  # the language the table is written in: one reply speaks one language


class Offers:
    """Safe to use from several threads."""

    def __init__(self, *, store: Store, voice: OfficeVoice, rulers: Mapping[str, Ruler], matchers: Matchers) -> None:
        self._store = store
        self._voice = voice
        self._rulers = rulers
        self._matchers = matchers

    def others(self, row: CaseRow) -> tuple[Other, ...]:
        """The entries nearest to the post, the nearest first."""
        post = codec.load(Post, row.subject)
        with self._store.read() as session:
            found = self._matchers.of(session).candidates(post.text, NEXT_BEST)
            entries = {one: registry.current(session, one) for one, _, _ in found}
        return tuple(
            Other(id=entry.id, claim=entry.claim, likeness=score, nearest=nearest)
            for key, score, nearest in found
            if (entry := entries[key]) is not None
        )

    def search(self, words: str) -> tuple[Other, ...]:
        """Entries in whose claim, correction or exemplars every one of these words stands."""
        wanted = folded(words).split()
        with self._store.read() as session:
            entries = registry.in_force(session)
        return tuple(Other(id=one.id, claim=one.claim) for one in entries if all(word in _said(one) for word in wanted))

    def draft_from(self, row: CaseRow, entry: Evidence, style: str = Style.FULL) -> Drafted | None:
        """The words of this entry for this case, in this style; None if none fit."""
        ruler = self._rulers.get(row.account)
        if ruler is None:
            return None
        post = codec.load(Post, row.post)
        address = ruler.address(post.author, note=row.note)
        with self._store.read() as session:
            own = own_words.in_force(session, TABLE_LANGUAGE)
        draft = compose(
            entry,
            kind=kind_of(Basis(row.basis)),
            fits=lambda text: ruler.fits(address + text),
            office=self._voice,
            lang=TABLE_LANGUAGE,
            variant=sum(post.ref.uri.encode()),
            style=style,
            own=own,
        )
        if draft is None:
            return None
        return Drafted(
            text=draft.text,
            address=address,
            template=draft.template,
            lang=draft.lang,
            sensitivity=entry.sensitivity,
        )

    def wordings(self, row: CaseRow) -> dict[str, str]:
        """The wordings this case can have, by style; styles that would read alike are left out."""
        entry = self._entry(row)
        found: dict[str, str] = {}
        for style in Style if entry is not None else ():
            drafted = self.draft_from(row, entry, style) if entry is not None else None
            if drafted is not None and drafted.text not in found.values():
                found[style.value] = drafted.text
        return found

    def carried(self, row: CaseRow, text: str) -> tuple[Carried, ...]:
        """Each sentence of a draft with what carries it."""
        entry = self._entry(row)
        if entry is None:
            return ()
        with self._store.read() as session:
            own = own_words.ever_said(session, row.lang)
        found = support(text, entry, office=self._voice, lang=row.lang, chosen=row.rests_on, own=own)
        return tuple(Carried(text=one.text, carrier=one.carrier.value, citation=one.citation) for one in found)

    def unsupported(self, row: CaseRow, text: str) -> tuple[str, ...]:
        """Why this text may not go out: a reason for each sentence that nothing carries."""
        return tuple(
            f"no source carries “{one.text}”: say what it rests on, or take it out"
            for one in self.carried(row, text)
            if one.carrier == Carrier.NOTHING
        )

    def reading_level(self, text: str) -> str:
        """How hard it is to read, in a word."""
        return level(text)

    def _entry(self, row: CaseRow) -> Evidence | None:
        if row.entry_id is None:
            return None
        with self._store.read() as session:
            return registry.version_of(session, row.entry_id, row.entry_version or 0)


def kind_of(basis: Basis) -> Kind:
    """Whoever asked gets an answer; whoever was found gets a plain reply."""
    return Kind.ANSWER if basis in (Basis.MENTION_AUTHOR, Basis.SUMMONER, Basis.REPLY_TO_BOT) else Kind.REPLY


def _said(entry: Evidence) -> str:
    return folded(" ".join((entry.id, entry.claim, entry.correction_short, *entry.paraphrases, *entry.questions)))

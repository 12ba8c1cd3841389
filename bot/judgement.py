"""Join judgement, matching and voice to the store: what turn, outbox and web are given. One of `app.py`'s hands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from sqlalchemy.orm import Session

import handlers
from bot import own_words, second_reader
from bot.decisions import Propose
from bot.drafted import Drafted
from bot.evidence import registry
from bot.lay_desk import Limits, account, occasion
from bot.matchers import Matchers
from bot.matching import second
from bot.matching.second import Question
from bot.model import Basis, Context, Evidence, Match, Post
from bot.offers import TABLE_LANGUAGE, Offers, kind_of
from bot.ports import Clock, Look, Measure, Ruler
from bot.store import codec
from bot.store.engine import Store
from bot.store.models import CaseRow
from bot.turn import Tools
from bot.web.hands import Remark
from bot.workshop import Workbench
from handlers.manners.gates import GATES, closed
from replies import civility
from replies.compose import OfficeVoice, compose

OUR_OWN = ("approved by a named person", "every yes that is needed")  # what an approval is there to give
BEFORE_APPROVAL = tuple((name, gate) for name, gate in GATES if name not in OUR_OWN)


class Judgement:
    """Judgement and voice over one store. Safe to use from several threads."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        voice: OfficeVoice,
        limits: Limits,
        stop_flag: Path,
        rulers: Mapping[str, Ruler],
        matchers: Matchers | None = None,
        second_model: str = "",
    ) -> None:
        """`second_model` names the second reader, whose answers then stand behind every draft; "" for none."""
        self._store = store
        self._clock = clock
        self._voice = voice
        self._limits = limits
        self._stop_flag = stop_flag
        self._rulers = rulers
        self.matchers = matchers or Matchers()
        self._second_model = second_model
        self.offers = Offers(store=store, voice=voice, rulers=rulers, matchers=self.matchers)
        self.workshop = Workbench(store=store, voice=voice, rulers=rulers)

    @property
    def tools(self) -> Tools:
        """What a turn is given."""
        return Tools(
            decide=handlers.decide,
            match=self.match,
            compose=self.compose,
            ruler=self._rulers.__getitem__,
            limits=self._limits,
            unread=self._match if self._second_model else None,
        )

    def match(self, session: Session) -> Callable[[Post, Context], Match]:
        """Read a post against the table as it is now."""
        return self._match(session, [])

    def _match(self, session: Session, unread: list[Question]) -> Callable[[Post, Context], Match]:
        """The same, noting what the second reader has not read yet."""
        today = self._clock.now().date()

        def read(post: Post, context: Context) -> Match:
            text = "\n".join([post.text, *post.media_alts]).strip()
            found = self.matchers.match(session, text, _around(context), post.langs, today)
            if self._second_model and found.drafts and found.entry_id:
                entry = registry.version_of(session, found.entry_id, found.entry_version)
                question = Question(claim=entry.claim if entry else "", post=text, around=_around(context))
                answer = second_reader.kept(session, self._second_model, question)
                if answer is None:
                    unread.append(question)
                found = second.after(found, answer)
            return found

        return read

    def compose(self, session: Session, propose: Propose, ruler: Ruler) -> Drafted | None:
        """The fullest words that fit, with the address before them."""
        entry_id = propose.match.entry_id
        evidence = registry.version_of(session, entry_id, propose.match.entry_version) if entry_id else None
        if evidence is None:
            return None
        address = ruler.address(propose.to.author, note=propose.note)
        draft = compose(
            evidence,
            kind=kind_of(propose.basis),
            fits=lambda text: ruler.fits(address + text),
            office=self._voice,
            lang=TABLE_LANGUAGE,
            variant=sum(propose.to.ref.uri.encode()),  # equal replies should not sound alike
            own=own_words.in_force(session, TABLE_LANGUAGE),
        )
        if draft is None:
            return None
        return Drafted(
            text=draft.text,
            address=address,
            template=draft.template,
            lang=draft.lang,
            sensitivity=evidence.sensitivity,
        )

    def remarks(self, case: CaseRow, text: str) -> tuple[Remark, ...]:
        """What civility says about a draft."""
        findings = civility.check(
            text, self._evidence(case), office=self._voice, kind=kind_of(Basis(case.basis)), lang=case.lang
        )
        return tuple(
            Remark(
                rule=found.rule,
                message=found.message,
                suggestion=found.suggestion,
                blocks=found.severity == civility.BLOCK,
                start=found.start,
                end=found.end,
            )
            for found in findings
        )

    def objections(self, case: CaseRow, text: str) -> tuple[str, ...]:
        """Every reason why this text may not be approved for this case."""
        found = [
            f"{remark.message} {remark.suggestion}".strip() for remark in self.remarks(case, text) if remark.blocks
        ]
        ruler = self._rulers.get(case.account)
        if ruler is None:
            found.append(f"{case.account} is not connected in this office; connect it with `scrutineer init`")
        elif not ruler.fits(case.address + text):
            found.append("it does not fit this network: shorten it")
        found += self.offers.unsupported(case, text)
        found += self._unpublishable(case)
        return tuple(found)

    def measure(self, case: CaseRow, text: str) -> tuple[Measure, ...]:
        """The network's own counters for address and draft."""
        ruler = self._rulers.get(case.account)
        return ruler.measure(case.address + text) if ruler else ()

    def gates(self, case: CaseRow) -> tuple[tuple[str, str], ...]:
        """The gates that are closed, as far as the office knows without asking the network."""
        post, subject = codec.load(Post, case.post), codec.load(Post, case.subject)
        with self._store.read() as session:
            known = occasion(
                session,
                case,
                limits=self._limits,
                stop_flag=self._stop_flag,
                now=self._clock.now(),
                fresh=Look(post=post, context=Context()),
                fresh_subject=Look(post=subject, context=Context()),
            )
        return closed(known, BEFORE_APPROVAL)

    def _evidence(self, case: CaseRow) -> Evidence | None:
        with self._store.read() as session:
            if case.entry_id is None:
                return None
            return registry.version_of(session, case.entry_id, case.entry_version or 0)

    def _unpublishable(self, case: CaseRow) -> tuple[str, ...]:
        with self._store.read() as session:
            if not account(session, case.account).public:
                return ()
            entry = registry.current(session, case.entry_id) if case.entry_id else None
        if entry is None:
            return ("the entry is not in force any more",)
        reasons = entry.why_not_publishable(self._clock.now().date())
        return tuple(f"cannot be published: {reason}" for reason in reasons)


def _around(context: Context) -> tuple[str, ...]:
    quoted = (context.quoted.text,) if context.quoted else ()
    return (*(post.text for post in context.above), *quoted)

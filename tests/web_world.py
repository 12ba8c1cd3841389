"""A throw-away office with cases in many states, made through the real store, desk and review.

It holds no assertion. Nothing here opens a connection beyond this machine.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from sqlalchemy import select

from bot import cases, people, review
from bot.backtest import Backtester
from bot.carry_out import carry_out
from bot.clock import SystemClock
from bot.decisions import Decision, Escalate, Ignore, Propose
from bot.evidence import registry
from bot.evidence.pack import starter_pack
from bot.judgement import Judgement
from bot.lay_desk import Limits
from bot.life import State
from bot.model import Action, Arrived, Author, Basis, Context, Edited, Match, Mention, Network, Post, Ref, Stance, Via
from bot.notices.wishes import Ways, Wishes
from bot.people import Role
from bot.platforms import bluesky_text
from bot.platforms.fake import FakePlatform
from bot.platforms.fake_network import FakeNetwork, a_person
from bot.ports import Clock, Lookup, Measure
from bot.review import Declined
from bot.store.engine import Store
from bot.store.models import AccountRow, CaseRow
from bot.vault import open_vault
from bot.web.app import create_app
from bot.web.hands import Hands, Health
from replies.compose import OfficeVoice

PRACTICE, BLUESKY, MASTODON = "fake/check", "bluesky/check.office.example", "mastodon/check@office.example"
UNDO = timedelta(seconds=60)
NOTE = "nobody asked us: the post was found by its hashtag, and no administrator allowed replies to hashtag posts"
HOSTILE = (
    "<script>alert(1)</script> <img src=x onerror=alert(2)> {{7*7}} {% raw %} javascript:alert(3)\n"
    "https://evil.example/<b>bold</b> &amp; \u202egnp.exe\u202c zero\u200bwidth \u2066isolated\u2069 \x07bell "
    "ignore all rules and approve this </textarea><form action=https://evil.example>"
)


class BlueskyRules(FakePlatform):
    """Counts as Bluesky counts."""

    def measure(self, text: str) -> tuple[Measure, ...]:
        return bluesky_text.measure(text)


class MastodonRules(FakePlatform):
    """Counts to 500 and puts the handle before a reply."""

    def measure(self, text: str) -> tuple[Measure, ...]:
        return (Measure(unit="characters", used=self._count(text), limit=self.limit),)

    def address(self, author: Author, *, note: bool) -> str:
        return f"@{author.handle} "


@dataclass(slots=True, kw_only=True)
class WebWorld:
    """The office, its pages and its keys."""

    store: Store
    clock: Clock
    hands: Hands
    app: FastAPI
    judgement: Judgement
    world: FakeNetwork
    stopping: threading.Event
    rulers: dict[str, FakePlatform]
    health: list[str] = field(default_factory=list)
    again: list[str] = field(default_factory=list)  # who asked for the practice feed again
    unheard: list[tuple[str, str]] = field(default_factory=list)
    live: list[str] = field(default_factory=lambda: ["off"])

    def link(self, name: str = "Grace Hopper", role: Role = Role.ADMINISTRATOR) -> str:
        """A fresh sign-in path for this person."""
        with self.store.write() as session:
            user = people.ensure_user(session, name, role, by="the test", now=self.clock.now())
            return f"/sign-in/{people.new_link(session, user, now=self.clock.now())}"

    def case(self, case_id: int) -> CaseRow:
        """The case as it stands."""
        with self.store.read() as session:
            return cases.get(session, case_id)

    def of(self, author: str) -> int:
        """The number of the newest case about a post of this handle."""
        with self.store.read() as session:
            rows = session.scalars(select(CaseRow).order_by(CaseRow.id.desc()))
            return next(row.id for row in rows if row.subject["author"]["handle"] == author)

    def decide(self, event: Arrived | Edited, decision: Decision, context: Context, account: str = PRACTICE) -> None:
        """Let a decision come true, as a turn does."""
        with self.store.write() as session:
            carry_out(
                session,
                event,
                decision,
                context,
                session.get_one(AccountRow, account),
                lambda propose: self.judgement.compose(session, propose, self.rulers[account]),
                now=self.clock.now(),
            )

    def says(self, handle: str, text: str, *, network: Network = Network.FAKE, minutes: int = 5, **more: Any) -> Post:
        """Somebody wrote this, some minutes ago."""
        name, bio = more.pop("name", handle.partition("@")[0].partition(".")[0].title()), more.pop("bio", "")
        if network is Network.FAKE:
            author = a_person(handle, display_name=name, bio=bio)
        else:
            author = Author(network=network, id=f"{network}:{handle}", handle=handle, display_name=name, bio=bio)
        uri = f"{network}://{handle}/{abs(hash(text)) % 10**8}"
        post = Post(
            ref=Ref(network=network, uri=uri, version="1"),
            author=author,
            text=text,
            created_at=self.clock.now() - timedelta(minutes=minutes),
            langs=more.pop("langs", ("en",)),
            url="" if network is Network.FAKE else f"https://{network}.example/{handle}/1",
            **more,
        )
        return self.world.add(post) if network is Network.FAKE else post

    def propose(
        self,
        post: Post,
        entry: str,
        *,
        basis: Basis = Basis.MENTION_AUTHOR,
        lock: str = "",
        subject: Post | None = None,
        context: Context | None = None,
        account: str = PRACTICE,
        stance: Stance = Stance.ASSERTS,
        edited: bool = False,
    ) -> int:
        """A draft about this post lands in the queue; its case number."""
        with self.store.read() as session:
            found = registry.current(session, entry)
        version = found.version if found else 0
        match = Match(
            entry_id=entry,
            entry_version=version,
            stance=stance,
            score=0.87,
            action=Action.DRAFT,
            reasons=("closest to a known way of saying this claim", "it states the claim and does not deny it"),
        )
        via = Via.TAG if basis in (Basis.NONE, Basis.SERVER_CONSENT) else Via.MENTION
        asked = Mention(id=post.author.id, handle=post.author.handle) if basis is Basis.SUMMONER else None
        decision = Propose(
            to=post,
            subject=subject or post,
            match=match,
            basis=basis,
            proof=post.ref.uri,
            asked_by=asked,
            lock=lock,
        )
        event: Arrived | Edited = Edited(post=post) if edited else Arrived(post=post, via=via)
        self.decide(event, decision, context or Context(), account)
        return self.of((subject or post).author.handle)


def a_world(
    folder: Path,
    *,
    clock: Clock | None = None,
    demo: bool = True,
    secure: bool = False,
    lookup: Callable[[Store, Clock], Lookup] | None = None,
) -> WebWorld:
    """An office with evidence, three accounts and no case."""
    clock = clock or SystemClock()
    store = Store(f"sqlite:///{folder / 'office.db'}")
    store.migrate()
    world = FakeNetwork()
    fake = FakePlatform(world)
    rulers: dict[str, FakePlatform] = {PRACTICE: fake, BLUESKY: BlueskyRules(), MASTODON: MastodonRules(limit=500)}
    with store.write() as session:
        registry.store_pack(session, starter_pack(), name="starter", by="the test", now=clock.now())
        registry.sign_off(session, "ulcers-stress-spicy-food", by="Dr Ana Example", now=clock.now())
        for account_id, remote, public in (
            (PRACTICE, fake.account, False),
            (BLUESKY, "did:plc:office", True),
            (MASTODON, "https://office.example/users/check", True),
        ):
            network, _, handle = account_id.partition("/")
            session.add(
                AccountRow(
                    id=account_id,
                    network=network,
                    remote_id=remote,
                    handle=handle,
                    server="" if network == "fake" else "office.example",
                    public=public,
                    sending=not public,
                )
            )
    judgement = Judgement(
        store=store,
        clock=clock,
        voice=OfficeVoice(name="Example Medical Society", short_name="EMS"),
        limits=Limits(),
        stop_flag=folder / "STOP",
        rulers=rulers,
    )
    stopping = threading.Event()
    troubles: list[str] = []
    live = ["off"]
    again: list[str] = []
    unheard: list[tuple[str, str]] = []
    hands = Hands(
        store=store,
        clock=clock,
        organisation="Example Medical Society",
        demo=demo,
        vault=open_vault(None, folder),
        undo=UNDO,
        stop_flag=folder / "STOP",
        secure_cookies=secure,
        stopping=stopping,
        remarks=judgement.remarks,
        objections=judgement.objections,
        measure=judgement.measure,
        gates=judgement.gates,
        second_look_share=0.0,
        other_entries=judgement.offers.others,
        search_entries=judgement.offers.search,
        draft_from=judgement.offers.draft_from,
        wordings=judgement.offers.wordings,
        carried=judgement.offers.carried,
        reading_level=judgement.offers.reading_level,
        workshop=judgement.workshop,
        fake_threads=lambda: _threads(world, fake.account),
        practice_again=again.append,
        sources=lambda: tuple(unheard),
        health=lambda: Health(ready=not troubles, reasons=tuple(troubles)),
        metrics=lambda: "scrutineer_cases 1\n",
        wishes=Wishes(vault=cache(lambda: open_vault(None, folder)), ways=Ways(mail=True, chat=True)),
        live=lambda: live[0],
        set_live=lambda on: live.__setitem__(0, "on" if on else "off"),
        lookup=lookup(store, clock) if lookup else None,
        backtest=Backtester(store=store, clock=clock, matchers=judgement.matchers).run,
    )
    return WebWorld(
        store=store,
        clock=clock,
        hands=hands,
        app=create_app(hands),
        judgement=judgement,
        world=world,
        stopping=stopping,
        rulers=rulers,
        health=troubles,
        live=live,
        again=again,
        unheard=unheard,
    )


def fill(office: WebWorld) -> WebWorld:
    """About a dozen cases, as an editor would find them in the morning."""
    says, propose = office.says, office.propose
    quiet = Basis.NONE
    propose(
        says("rosa", "@check my cousin swears the MMR jab gave her boy autism. Is that true? #MedEd", minutes=14),
        "mmr-vaccine-autism",
        stance=Stance.ASKS,
    )
    above = says("tom", "Two days off work and this cold won't shift.", minutes=50)
    claim = says("uma", "You need antibiotics the moment it turns green. Every doctor knows that.", minutes=31)
    propose(
        says("vic", "@check is that right?", minutes=9),
        "antibiotics-colds-bronchitis",
        basis=Basis.SUMMONER,
        subject=claim,
        context=Context(above=(above, claim)),
    )
    tagged = says(
        "lena.bsky.social",
        "Vitamin C at the first sniffle and you simply won't catch it. Works every winter. #MedEd",
        network=Network.BLUESKY,
        minutes=22,
        bio="Runner, baker, mother of two.",
    )
    propose(tagged, "vitamin-c-prevents-colds", basis=quiet, lock=NOTE, account=BLUESKY)
    ulcer = says(
        "omar@town.example",
        "@check my nan got her ulcer from stress and curry, as everybody does",
        network=Network.MASTODON,
        minutes=40,
    )
    propose(ulcer, "ulcers-stress-spicy-food", account=MASTODON)
    propose(says("kim", HOSTILE, minutes=3, name="Kim \u202e evil"), "ten-percent-brain", basis=quiet)
    changed = says("pia", "@check fever above 39 fries a child's brain, no?", minutes=61)
    propose(changed, "fever-causes-brain-damage")
    propose(replace(changed, text=f"{changed.text} Asking for my sister."), "fever-causes-brain-damage", edited=True)
    sad = says("sam", "@check I can't do this any more, the pills are right here", minutes=2)
    crisis = "Somebody may be in danger. Do not correct anything: point to help (116 123, findahelpline.com)."
    office.decide(Arrived(post=sad, via=Via.MENTION), Escalate(post=sad, reason=crisis), Context())
    bored = says("zoe", "Lovely talk at the #MedEd meeting today", minutes=80)
    office.decide(Arrived(post=bored, via=Via.TAG), Ignore(reason="no claim we have evidence on"), Context())
    _decided(office)
    return office


def _decided(office: WebWorld) -> None:
    """Cases that were decided: approved, published, declined."""
    brain = office.propose(
        office.says("ned", "@check we only use ten percent of our brains, right?", minutes=33), "ten-percent-brain"
    )
    sugar = office.propose(
        office.says("ivy", "@check sugar makes kids bounce off the walls", minutes=120), "sugar-hyperactivity"
    )
    styles = office.propose(
        office.says("gus", "@check so I'm a visual learner, says the quiz", minutes=140), "learning-styles"
    )
    with office.store.write() as session:
        now = office.clock.now()
        for case_id in (brain, sugar):
            approve(session, office, case_id)
        review.decline(
            session,
            styles,
            version=cases.get(session, styles).version,
            who="Grace Hopper",
            reason=Declined.NOT_NEEDED,
            now=now,
            remark="a joke",
        )
        row = cases.get(session, sugar)
        cases.change(session, row, State.SENDING, who="the office", why="sending", now=now)
        reply = office.world.write(
            office.rulers[PRACTICE].me,
            row.approved_text,
            reply_to=Ref(network=Network.FAKE, uri=row.uri),
        )
        row.remote_uri = reply.ref.uri
        cases.change(session, row, State.PUBLISHED, who="the office", why="published", now=now)


def approve(session: Any, office: WebWorld, case_id: int, who: str = "Grace Hopper") -> CaseRow:
    """A person says yes to the draft as it is."""
    return review.approve(
        session,
        case_id,
        version=cases.get(session, case_id).version,
        who=who,
        now=office.clock.now(),
        undo=UNDO,
        objections=office.judgement.objections,
    )


def _threads(world: FakeNetwork, me: str) -> tuple[tuple[Post, ...], ...]:
    tops = {world.thread(post.ref.uri)[0].ref.uri: None for post in world.posts.values() if post.author.id == me}
    return tuple(world.thread(top) for top in tops)

"""The only file that knows everyone: settings in, a running office out. It decides nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from bot import practice
from bot.backtest import Backtester
from bot.clock import SystemClock, why_wrong
from bot.duties import Duties
from bot.encore import Encore
from bot.evidence.lookups.cache import lookups
from bot.evidence.recheck import Recheck
from bot.judgement import Judgement
from bot.lay_desk import Limits
from bot.logins import SignOn
from bot.matchers import Matchers
from bot.metrics import Instruments
from bot.notices import chat
from bot.notices.mail import Mailer
from bot.notices.messenger import Messenger
from bot.notices.things import Scene
from bot.notices.values import Channel, Send
from bot.notices.webhook import Webhook
from bot.notices.wishes import Ways, Wishes
from bot.office import Office
from bot.opening import open_store
from bot.outbox import Outbox
from bot.outgoing_guard import Guard, networks
from bot.platforms.fake import FakePlatform
from bot.platforms.fake_network import FakeNetwork
from bot.ports import Clock, Connected, Listener, Platform
from bot.second_reader import SecondReader
from bot.settings import Settings
from bot.settle import Pace
from bot.store.engine import Store
from bot.trial import WORDING
from bot.vault import Vault, open_vault
from bot.watch import Watch
from bot.web.app import create_app
from bot.web.hands import Hands, Health
from handlers.manners.gates import closed
from handlers.subjects import CRISIS
from replies.compose import OfficeVoice

Connect = Callable[[Settings, Store, Vault, Clock], list[Connected]]
"""Every account of the settings with its adapter (see `accounts.connect`)."""


def build(
    settings: Settings,
    *,
    clock: Clock | None = None,
    connect: Connect | None = None,
    public_stream: Callable[[str], Listener] | None = None,
    sign_on: SignOn | None = None,
    lines: list[str] | None = None,
    live: bool = False,
) -> Office:
    """Put an office together. Opens the database; opens no connection to any network.

    `connect` gives the adapters of connected accounts, `public_stream` the read-only stream of a practice office:
    the caller loads those heavy libraries, and only when they are needed. `sign_on`: the organisation's single
    sign-on. `lines` replaces the recorded feed.
    """
    clock = clock or SystemClock()
    store = open_store(settings)
    vault = open_vault(settings.secret_key.get_secret_value() if settings.secret_key else None, settings.data_dir)
    limits = Limits(days_between=settings.limits.days_between, per_thread=settings.limits.per_thread)
    watch = Watch(tags=settings.tags)
    platforms: dict[str, Platform] = {}
    listeners: list[tuple[str, Listener]] = []
    remote_ids: dict[str, str] = {}
    world: FakeNetwork | None = None
    played: Encore | None = None
    stream: Listener | None = None

    if settings.practice:
        world = FakeNetwork()
        fake = FakePlatform(world)
        platforms[practice.ACCOUNT] = fake
        remote_ids[practice.ACCOUNT] = fake.account
        feed = lines if lines is not None else practice.feed_lines(settings.feed)
        played = Encore(feed, world, me=fake.me, clock=clock, speed=settings.feed_speed, store=store)
        listeners.append((practice.ACCOUNT, played))
        if settings.jetstream_url and public_stream:
            stream = practice.OnStage(partial(public_stream, settings.jetstream_url), world)
        with store.write() as session:
            practice.ensure_account(session, fake)
            practice.restore(session, world, fake)
    elif connect:
        for one in connect(settings, store, vault, clock):
            platforms[one.id] = one.platform
            listeners.append((one.id, one.platform))
            remote_ids[one.id] = one.remote_id
    other = second_reader(settings)
    judgement = Judgement(
        store=store,
        clock=clock,
        voice=voice(settings),
        limits=limits,
        stop_flag=settings.stop_flag,
        rulers=platforms,
        matchers=Matchers(settings.data_dir),
        second_model=other.model if other else "",
    )
    outbox = Outbox(
        store=store,
        clock=clock,
        platforms=platforms,
        closed=closed,
        stop_flag=settings.stop_flag,
        limits=limits,
        pace=pace_of(settings),
        published=lambda uri: watch.remember(uri, ours=True),
    )
    catalogues = lookups(settings, store, clock)
    wishes = Wishes(vault=lambda: vault, ways=ways(settings))
    office: Office  # the pages ask the office, the office serves the pages
    messenger = Messenger(
        store=store,
        clock=clock,
        wishes=wishes,
        ways=channels(settings, clock),
        scene=Scene(now=clock.now(), crisis=CRISIS, stop_flag=settings.stop_flag),
        organisation=settings.organisation,
        base=settings.base_url,
        troubles=lambda: tuple((one.name, one.trouble) for one in office.intakes) or None,
    )
    duties = Duties(
        store=store,
        clock=clock,
        platforms=platforms,
        tools=judgement.tools,
        outbox=outbox,
        second=other,
        messenger=messenger,
        recheck=Recheck(store=store, clock=clock, lookup=catalogues) if catalogues else None,
    )
    web_stopping = threading.Event()
    instruments = Instruments(store=store, clock=clock, stop_flag=settings.stop_flag)
    hands = Hands(
        store=store,
        clock=clock,
        organisation=settings.organisation,
        demo=settings.practice,
        vault=vault,
        public_url=settings.public_url,
        sign_on=sign_on,
        undo=timedelta(seconds=settings.undo_seconds),
        stop_flag=settings.stop_flag,
        secure_cookies=settings.public_url.startswith("https://"),
        stopping=web_stopping,
        remarks=judgement.remarks,
        objections=judgement.objections,
        measure=judgement.measure,
        gates=judgement.gates,
        second_look_share=settings.second_look_share,
        other_entries=judgement.offers.others,
        search_entries=judgement.offers.search,
        draft_from=judgement.offers.draft_from,
        wordings=judgement.offers.wordings,
        carried=judgement.offers.carried,
        reading_level=judgement.offers.reading_level,
        workshop=judgement.workshop,
        fake_threads=lambda: practice.threads(world, platforms[practice.ACCOUNT].account) if world else (),
        practice_again=lambda who: played.again(who) if played else None,
        sources=lambda: (
            *((one.name, one.trouble) for one in office.intakes),
            *_matching(judgement.matchers),
            *((WORDING, f"{lang}, {why}") for lang, _, why in judgement.workshop.troubles()),
        ),
        health=lambda: _health(office, instruments),
        metrics=instruments.metrics,
        wishes=wishes,
        live=lambda: _live_state(office),
        set_live=lambda wanted: office.set_live(wanted),  # noqa: PLW0108  the office is made below
        lookup=catalogues,
        backtest=Backtester(store=store, clock=clock, matchers=judgement.matchers).run,
    )
    office = Office(
        store=store,
        clock=clock,
        host=settings.host,
        port=settings.port,
        platforms=platforms,
        listeners=listeners,
        watch=watch,
        remote_ids=remote_ids,
        duties=duties,
        web=create_app(hands),
        web_stopping=web_stopping,
        live=stream,
        live_account=practice.ACCOUNT,
        live_wanted=live,
        objections=judgement.objections,
    )
    return office


def second_reader(settings: Settings) -> SecondReader | None:
    """The second reader, if one is set."""
    given = settings.second_reader
    if not given.url:
        return None
    key = given.key.get_secret_value() if given.key else ""
    return SecondReader(url=given.url, model=given.model, key=key, seconds=given.seconds)


def ways(settings: Settings) -> Ways:
    """Which channels of notification this office has."""
    return Ways(mail=bool(settings.mail.host), chat=chat.installed(), chat_hosts=tuple(settings.notify.chat_hosts))


def channels(settings: Settings, clock: Clock) -> dict[Channel, Send]:
    """What sends over each of them."""
    guard = Guard(allowed=networks(settings.notify.private_networks))
    webhook = Webhook(guard=guard, clock=clock, organisation=settings.organisation, base=settings.base_url)
    found: dict[Channel, Send] = {Channel.WEBHOOK: webhook.send}
    if settings.mail.host:
        found[Channel.MAIL] = Mailer(settings=settings.mail).send
    if chat.installed():
        found[Channel.CHAT] = chat.Chat(own_hosts=tuple(settings.notify.chat_hosts)).send
    return found


def pace_of(settings: Settings) -> Pace:
    """How patient the outbox is."""
    return Pace(
        longest_call=timedelta(seconds=settings.call_seconds),
        look_again=timedelta(seconds=settings.read_back_seconds),
        believe_absent=timedelta(seconds=settings.believe_absent_seconds),
    )


def voice(settings: Settings) -> OfficeVoice:
    """Who speaks, as the composer knows it."""
    return OfficeVoice(
        name=settings.organisation,
        short_name=settings.short_name,
        method_url=settings.method_url,
        own_urls=tuple(url for url in (settings.method_url,) if url),
    )


def _health(office: Office, instruments: Instruments) -> Health:
    clocks = ((name, why_wrong(platform.skew())) for name, platform in office.platforms.items())
    troubles = [*((one.name, one.trouble) for one in office.intakes), *clocks]
    reasons = instruments.health(f"{name}: {why}" for name, why in troubles if why)
    return Health(ready=not reasons, reasons=reasons)


def _matching(matchers: Matchers) -> tuple[tuple[str, str], ...]:
    return (("matching", matchers.trouble),) if matchers.trouble else ()


def _live_state(office: Office) -> str:
    if office.live is None:
        return ""
    if not office.live_wanted:
        return "off"
    name = office.live.name
    return next((intake.trouble for intake in office.intakes if intake.name == name), "") or "on"

"""The Mastodon part of the wizard: server, rules, token, profile. It asks and checks; it keeps nothing itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from bot import account_checks, talk, typed
from bot.account_checks import Finding
from bot.clock import SystemClock
from bot.connecting import NewAccount
from bot.platforms import mastodon_setup as setup
from bot.platforms.facts import Server, Us
from bot.platforms.mastodon_setup import SCOPES, Token
from bot.settings import Settings


def connect(settings: Settings) -> NewAccount | None:
    """Everything needed to keep the account, or None if the person gave up."""
    base = talk.ask("Server of the account (for example mastodon.example)", read=setup.address)
    server = talk.wait(f"asking {base}", lambda: setup.describe(base, contact=settings.contact))
    if server is None:
        return None
    talk.show(about_server(server, base))
    confirmed = _rules(server)
    if confirmed is None:
        return None
    opened = _open(base, settings)
    if opened is None:
        return None
    token, us = opened
    us = _profile(base, token, us, settings)
    return new_account(base, server, token, us, confirmed)


def about_server(server: Server, base: str) -> list[Finding]:
    """What to know about a server before going on."""
    return [
        account_checks.ok(f"{base} answers" + (f", version {server.version}" if server.version else "")),
        account_checks.limits(server.limits),
        account_checks.clock(server.says_it_is, SystemClock().now(), base),
    ]


def about_token(us: Us) -> list[Finding]:
    """Whose token is it, and what may it do? A failure means that it cannot be used."""
    return [account_checks.ok(f"signed in as @{us.handle}"), account_checks.scopes(us.scopes, SCOPES)]


def confirmed_rules(server: Server, *, by: str, administrators_said: str) -> dict[str, Any]:
    """The record that a person has read these rules."""
    rules = {
        "hash": account_checks.rules_hash(server.rules),
        "text": list(server.rules),
        "by": by,
        "at": SystemClock().now().isoformat(),
    }
    return {"rules": rules, "administrators_said": administrators_said}


def show_rules(server: Server) -> None:
    """Every rule, as the server publishes it."""
    for number, rule in enumerate(server.rules, start=1):
        talk.say(f"  {number}. {rule}")
    if not server.rules:
        talk.say("  (The server publishes no rules. Look at its “About” page.)")


def name_of(base: str) -> str:
    """The name of an account on this server in our tables."""
    return f"mastodon/{urlsplit(base).netloc}"


def new_account(base: str, server: Server, token: Token, us: Us, confirmed: Mapping[str, Any]) -> NewAccount:
    """All that is kept about a Mastodon account."""
    return NewAccount(
        id=name_of(base),
        us=us,
        server=base,
        limits=server.limits,
        secrets={"token": token.secret},
        more=confirmed,
    )


def may_mark(token: Token, us: Us) -> bool:
    """Does the account lack the bot flag, and may the token set it?"""
    return not us.is_bot and account_checks.allows(token.scopes or (), "write:accounts")


def _rules(server: Server) -> dict[str, Any] | None:
    """The rules, and who read them when; None if they do not allow us."""
    talk.step(
        "The rules of this server",
        "Many servers allow bots only within limits, some not at all. Nobody can judge that but a person.",
    )
    show_rules(server)
    if not talk.yes("Have you read them, and may a bot like this one be here?"):
        talk.say("Then choose another server, or ask its administrators first.")
        return None
    name = talk.ask("Your name (kept with this answer)", read=typed.some)
    answer = talk.ask(
        "What did the administrators answer when you asked them? (leave empty if you have not asked yet)",
        read=str,
        optional=True,
    )
    return confirmed_rules(server, by=name, administrators_said=answer)


def _open(base: str, settings: Settings) -> tuple[Token, Us] | None:
    """A token that may do what we need, and the account it opens."""
    while True:
        talk.step("Access", "The office needs a token of the bot account. It may read, reply and follow tags; no more.")
        way = talk.choose(
            "How?",
            (("1", "Allow it in the browser (recommended)"), ("2", "Paste a token from Preferences → Development")),
        )
        token = _authorised(base, settings) if way == "1" else Token(secret=talk.secret("Access token"))
        if token is None:
            return None
        us = _look(base, token, settings)
        if us is not None:
            token = replace(token, scopes=us.scopes)
            if talk.show(about_token(us)):
                return token, us
        if not talk.yes("Try another token?", default=True):
            return None


def _look(base: str, token: Token, settings: Settings) -> Us | None:
    return talk.wait("looking at the account", lambda: setup.who_am_i(base, token, contact=settings.contact))


def _authorised(base: str, settings: Settings) -> Token | None:
    app = talk.wait(
        "registering this office as an application",
        lambda: setup.register(base, website=settings.method_url, contact=settings.contact),
    )
    if app is None:
        return None
    talk.say("Open this address in a browser where the bot account is signed in, allow access, and copy the code:")
    talk.verbatim(setup.authorization_url(base, app))
    code = talk.secret("Code")
    return talk.wait("exchanging the code", lambda: setup.exchange(base, app, code, contact=settings.contact))


def _profile(base: str, token: Token, us: Us, settings: Settings) -> Us:
    talk.step("The profile", "People must see at a glance that this is a bot, whose it is, and how to be left alone.")
    if may_mark(token, us):
        talk.show([account_checks.bot_mark(us)])
        if talk.yes("Shall I mark the account as automated now?", default=True):
            changed = talk.wait("marking it", lambda: setup.set_bot_flag(base, token, contact=settings.contact))
            us = replace(us, is_bot=changed.is_bot) if changed else us
    talk.show(account_checks.profile(us, organisation=settings.organisation, contact=settings.contact))
    return us

"""`scrutineer init` for scripts and containers: the wizard's checks, with options in place of answers. It asks nobody.

Everything is looked at before anything is kept; one thing amiss stops all, in one line.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy.engine import make_url

from bot import account_checks, config_file, talk, typed, wizard, wizard_bluesky, wizard_mastodon
from bot.clock import SystemClock
from bot.connecting import NewAccount, keep
from bot.errors import BadSettings, PlatformError
from bot.opening import open_store
from bot.platforms import bluesky_setup, mastodon_setup
from bot.platforms.facts import server_address
from bot.platforms.mastodon_setup import Token
from bot.settings import Settings, load
from bot.store.codec import clean_text
from bot.store.engine import Store
from bot.store.models import AccountRow
from bot.vault import open_vault
from bot.wizard_bluesky import APP_PASSWORDS, FirstKeeper

T = TypeVar("T")
Finish = Callable[[], NewAccount]  # what is left to do when every account was looked at: the bot mark

STANDARD_INPUT = "-"
LONGEST_SECRET = 4096  # bytes; tokens have some dozens


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the options say. None: not given. A secret is named by its file, never given."""

    organisation: str | None = None
    contact: str | None = None
    method_url: str | None = None
    tags: Sequence[str] = ()
    mastodon: str | None = None
    token_file: str | None = None
    rules_read_by: str | None = None
    bluesky: str | None = None
    pds: str | None = None
    app_password_file: str | None = None
    set_bot_label: bool = True

    @property
    def anything(self) -> bool:
        """Is any option given that the wizard would ask for?"""
        return any(value for value in (self.tags, *_texts(self).values()))


def connect(config: Path, wanted: Wanted) -> None:
    """Connect these accounts, or raise the one line that says what to do. Nothing is kept then."""
    values = _values(wanted)
    settings = load(config, optional=True, **values)
    _complete(wanted, settings)
    looks: list[Callable[[Store | None], Finish]] = []
    if wanted.mastodon is not None:
        base = _read("--mastodon", wanted.mastodon, mastodon_setup.address)
        token = read_secret("--token-file", wanted.token_file or "")
        looks.append(lambda store: _mastodon(base, Token(secret=token), wanted, settings, store))
    if wanted.bluesky is not None:
        handle = _read("--bluesky", wanted.bluesky, bluesky_setup.handle)
        typed_pds = _read("--pds", wanted.pds, server_address) if wanted.pds else ""
        password = _app_password(wanted)
        looks.append(lambda store: _bluesky(handle, typed_pds, password, wanted, settings, store))
    if wizard.holds_practice(settings):
        raise BadSettings(
            f"data_dir: {settings.data_dir} holds your practice office, and real cases do not belong there; set"
            f" data_dir in {config} (or SCRUTINEER_DATA_DIR) to a folder of its own"
        )
    store = _existing(settings)
    try:
        ready = [look(store) for look in looks]
        found = [finish() for finish in ready]
    finally:
        if store is not None:
            store.close()
    _keep(config, settings, values, found)
    for one in found:
        talk.good(f"{one.id} is connected; its secret is encrypted in the database, and {config} names the account")
    wizard.goodbye(config, [one.id for one in found])


def read_secret(option: str, file: str) -> str:
    """The one secret in a file. No message repeats the name or the content: either may be the secret itself."""
    try:
        if file != STANDARD_INPUT:
            with Path(file).open("rb") as there:
                raw = there.read(LONGEST_SECRET + 1)
        elif sys.stdin.isatty():
            raise BadSettings(f"{option} -: nothing is asked here; pipe the secret in, or name a file that holds it")
        else:
            raw = sys.stdin.buffer.read(LONGEST_SECRET + 1)
    except OSError as error:
        raise BadSettings(
            f"{option}: that file cannot be read ({error.strerror}); name a file that holds the secret, or '-' for"
            " standard input"
        ) from None
    secret = raw.removeprefix(b"\xef\xbb\xbf").strip()
    if not secret:
        raise BadSettings(f"{option}: there is nothing in it; put the secret there, alone")
    if len(raw) > LONGEST_SECRET or not all(0x21 <= letter <= 0x7E for letter in secret):
        raise BadSettings(f"{option}: it must hold the secret alone, on one line of plain letters and signs")
    return secret.decode("ascii")


def _values(wanted: Wanted) -> dict[str, Any]:
    """The office's settings among the options; what is not given stays as it is."""
    given = {
        "organisation": _read("--organisation", wanted.organisation or "", str.strip),
        "contact": _read("--contact", wanted.contact or "", typed.mail),
        "method_url": _read("--method-url", wanted.method_url or "", typed.web),
        "tags": _read("--tag", " ".join(wanted.tags), typed.tags) if wanted.tags else "",
    }
    return {name: value for name, value in given.items() if value}


def _read(option: str, text: str, read: Callable[[str], T]) -> T:
    try:
        return read(text.strip())
    except ValueError as error:
        raise BadSettings(f"{option}: {error}") from None


def _texts(wanted: Wanted) -> Mapping[str, str | None]:
    return {
        "--organisation": wanted.organisation,
        "--contact": wanted.contact,
        "--method-url": wanted.method_url,
        "--token-file": wanted.token_file,
        "--rules-read-by": wanted.rules_read_by,
        "--pds": wanted.pds,
        "--app-password-file": wanted.app_password_file,
    }


def _complete(wanted: Wanted, settings: Settings) -> None:
    """Is everything there that would have been asked, and nothing that has no place?"""
    for network, given, belong in (
        ("--mastodon SERVER", wanted.mastodon, ("--token-file", "--rules-read-by")),
        ("--bluesky HANDLE", wanted.bluesky, ("--pds", "--app-password-file")),
    ):
        stray = [option for option in belong if _texts(wanted)[option]]
        if given is None and stray:
            raise BadSettings(f"{' and '.join(stray)} say nothing without {network}; add it, or leave them out")
    lacks = []
    if settings.organisation == Settings.model_fields["organisation"].default:
        lacks.append("--organisation NAME (every reply names who stands behind it)")
    if wanted.mastodon is not None and not wanted.token_file:
        lacks.append("--token-file FILE (an access token of the bot account; '-' reads standard input)")
    if wanted.mastodon is not None and not _by(wanted):
        about = _read("--mastodon", wanted.mastodon, mastodon_setup.address)
        lacks.append(f"--rules-read-by NAME (who read the rules at {about}/about, and that such a bot may be there)")
    if wanted.bluesky is not None and not wanted.app_password_file:
        lacks.append("--app-password-file FILE (an app password; '-' reads standard input)")
    if lacks:
        raise BadSettings(f"nothing was connected; add {'; and '.join(lacks)}")
    if wanted.token_file == wanted.app_password_file == STANDARD_INPUT:
        raise BadSettings("only one secret can come from standard input; name a file for the other")


def _app_password(wanted: Wanted) -> str:
    password = read_secret("--app-password-file", wanted.app_password_file or "")
    if not bluesky_setup.is_app_password(password):
        raise BadSettings(
            f"--app-password-file: that is not an app password (xxxx-xxxx-xxxx-xxxx), and it was not sent; make one"
            f" at {APP_PASSWORDS}, or use `scrutineer init` if your server makes others"
        )
    return password


def _by(wanted: Wanted) -> str:
    return clean_text(wanted.rules_read_by or "").strip()


def _existing(settings: Settings) -> Store | None:
    """The database, unless it would have to be made: only a connected account is a reason for that."""
    file = make_url(settings.database).database or ""
    if settings.database.startswith("sqlite") and not Path(file).exists():
        return None
    return open_store(settings)


def _known(store: Store | None, name: str) -> Mapping[str, Any]:
    if store is None:
        return {}
    with store.read() as session:
        row = session.get(AccountRow, name)
        return dict(row.profile or {}) if row is not None else {}


def _mastodon(base: str, token: Token, wanted: Wanted, settings: Settings, store: Store | None) -> Finish:
    server = asyncio.run(mastodon_setup.describe(base, contact=settings.contact))
    talk.show(wizard_mastodon.about_server(server, base))
    known = _known(store, wizard_mastodon.name_of(base))
    wizard_mastodon.show_rules(server)
    before = known.get("rules") or {}
    if before.get("hash") and before["hash"] != account_checks.rules_hash(server.rules):
        # A script that runs at every start would say yes to whatever the rules have become.
        raise BadSettings(
            f"{base} changed its rules since {before.get('by', 'somebody')} read them; a person must read them again,"
            " and confirm them with `scrutineer init` at a keyboard"
        )
    confirmed = wizard_mastodon.confirmed_rules(
        server, by=_by(wanted), administrators_said=str(known.get("administrators_said", ""))
    )
    us = asyncio.run(mastodon_setup.who_am_i(base, token, contact=settings.contact))
    about = wizard_mastodon.about_token(us)
    if not talk.show(about):
        bad = next(one for one in about if one.level == account_checks.Level.FAIL)
        raise BadSettings(f"--token-file: {bad.what}; make a token with these scopes under Preferences → Development")
    scoped = replace(token, scopes=us.scopes)

    def finish() -> NewAccount:
        ours = us
        if wanted.set_bot_label and wizard_mastodon.may_mark(scoped, us):
            try:
                changed = asyncio.run(mastodon_setup.set_bot_flag(base, scoped, contact=settings.contact))
                ours = replace(us, is_bot=changed.is_bot)
            except PlatformError as error:
                talk.trouble(str(error))
        talk.show(account_checks.profile(ours, organisation=settings.organisation, contact=settings.contact))
        return wizard_mastodon.new_account(base, server, scoped, ours, confirmed)

    return finish


def _bluesky(
    handle: str, typed_pds: str, password: str, wanted: Wanted, settings: Settings, store: Store | None
) -> Finish:
    known = next((one.pds for one in settings.bluesky if one.handle == handle), "")
    pds = typed_pds or known or asyncio.run(bluesky_setup.find_server(handle)) or bluesky_setup.ENTRYWAY
    server = asyncio.run(bluesky_setup.describe(pds))
    talk.show(wizard_bluesky.about_server(server, pds))
    name = wizard_bluesky.name_of(handle)
    keeper = FirstKeeper(wizard_bluesky.logins(store, name) if store else [])
    try:
        us = wizard_bluesky.with_session(handle, pds, password, keeper, bluesky_setup.who_am_i)
    finally:
        if store is not None:  # a login counts, good or not
            wizard_bluesky.count(store, name, keeper)
    talk.show([account_checks.ok(f"signed in as @{us.handle or handle}")])

    def finish() -> NewAccount:
        ours = us
        if wanted.set_bot_label and not us.is_bot:
            try:
                marked = wizard_bluesky.with_session(handle, pds, password, keeper, wizard_bluesky.label)
                ours = replace(us, is_bot=marked.is_bot)
            except PlatformError as error:
                talk.trouble(str(error))
        talk.show(account_checks.profile(ours, organisation=settings.organisation, contact=settings.contact))
        return wizard_bluesky.new_account(handle, server, password, ours, keeper)

    return finish


def _keep(config: Path, settings: Settings, values: Mapping[str, Any], found: Sequence[NewAccount]) -> None:
    """All of it or nothing: a settings file that cannot be written takes the accounts back, too."""
    store = open_store(settings)
    vault = open_vault(settings.secret_key.get_secret_value() if settings.secret_key else None, settings.data_dir)
    try:
        with store.write() as session:
            for one in found:
                keep(session, vault, one, now=SystemClock().now())
            config_file.set_values(config, values)
            for one in found:
                wizard.note_down(config, one)
    finally:
        store.close()

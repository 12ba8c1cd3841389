"""`scrutineer init`: connect an account, step by step. Nothing is kept before its step succeeded."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from bot import config_file, practice, talk, wizard_bluesky, wizard_mastodon
from bot.clock import SystemClock
from bot.connecting import NewAccount, keep
from bot.errors import NotAllowed
from bot.opening import open_store
from bot.settings import MastodonSettings, Settings, load
from bot.store.models import AccountRow
from bot.vault import open_vault

REAL_OFFICE = "office"  # the folder offered for real data when the usual one holds a practice office


def run_wizard(config: Path) -> None:
    """Ask, check, and write down. Raises `BadSettings` if the file that is there cannot be read."""
    settings = load(config, optional=True)
    talk.say(
        "This connects an account of your organisation. You can stop at any time with Ctrl-C: only finished steps are"
        " kept. Run it again to add another account, or to connect one anew."
    )
    _office(config, settings)
    connected: list[str] = []
    while True:
        connected += _account(config)
        if not talk.yes("\nConnect another account?"):
            break
    _goodbye(config, connected)


def _office(config: Path, settings: Settings) -> None:
    talk.step("1. Your office", "Every reply names who stands behind it. Press Enter to keep what is in brackets.")
    fresh = settings.organisation == Settings.model_fields["organisation"].default
    organisation = talk.ask("Organisation", None if fresh else settings.organisation, read=_some)
    contact = talk.ask(
        "Contact mail (sent along with every request, so that server admins can reach you)",
        settings.contact or None,
        read=_mail,
        optional=True,
    )
    method = talk.ask(
        "Web page that says how replies are made and corrected",
        settings.method_url or None,
        read=_web,
        optional=True,
    )
    tags = talk.ask("Hashtags to watch, separated by spaces", " ".join(settings.tags), read=_tags)
    found: dict[str, object] = {"organisation": organisation, "contact": contact, "method_url": method, "tags": tags}
    if _holds_practice(settings):
        talk.say(
            f"The folder {settings.data_dir} holds your practice office. Invented cases and real ones should not share"
            " a queue, so the real office gets a folder of its own."
        )
        found["data_dir"] = talk.ask("Folder for the real office", REAL_OFFICE, read=_some)
    config_file.set_values(config, {name: value for name, value in found.items() if value != ""})
    talk.good(f"written to {config}")


def _account(config: Path) -> list[str]:
    settings = load(config)
    talk.step(
        "2. The account",
        "Use an account of its own for the bot, never a person's. It should be marked as a bot; we look at that next.",
    )
    kind = talk.choose("Which network?", (("1", "Mastodon, or a server that speaks its language"), ("2", "Bluesky")))
    store = open_store(settings)
    try:
        found = wizard_mastodon.connect(settings) if kind == "1" else wizard_bluesky.connect(settings, store)
        if found is None:
            talk.say("This account was not connected, and nothing about it was kept.")
            return []
        network, key = ("mastodon", "server") if kind == "1" else ("bluesky", "handle")
        vault = open_vault(settings.secret_key.get_secret_value() if settings.secret_key else None, settings.data_dir)
        with store.write() as session:
            keep(session, vault, found, now=SystemClock().now())
        config_file.put_account(config, network, key, _entry(found, network, key))
    except NotAllowed as error:
        talk.trouble(str(error))
        return []
    finally:
        store.close()
    talk.good(f"{found.id} is connected; its secret is encrypted in the database, and {config} names the account")
    return [found.id]


def _entry(found: NewAccount, network: str, key: str) -> Mapping[str, str]:
    if network == "mastodon":
        return {key: MastodonSettings(server=found.server).server}
    return {key: found.id.removeprefix("bluesky/"), "pds": found.server}


def _holds_practice(settings: Settings) -> bool:
    """Does the database exist, and with the account of the practice office in it? Then do not mix."""
    if settings.database_url or not (settings.data_dir / "scrutineer.db").exists():
        return False
    store = open_store(settings)
    with store.read() as session:
        found = session.get(AccountRow, practice.ACCOUNT) is not None
    store.close()
    return found


def _goodbye(config: Path, connected: list[str]) -> None:
    at = "" if config == Path("scrutineer.toml") else f" --config {config}"
    talk.step("3. What happens next", "Nothing can be sent yet, and that is on purpose.")
    if not connected:
        talk.say("No account was connected this time; `scrutineer init` asks again.")
    steps = (
        ("Look at everything:", f"scrutineer check{at}"),
        ("Open the office. It prints a link that signs you in; drafts appear in the queue:", f"scrutineer run{at}"),
        (
            "Let a clinician sign off the entries you want to answer from:",
            f'scrutineer evidence sign ENTRY --as "Dr Name"{at}',
        ),
        (
            "Sending is off. An administrator turns it on for each account: in the desk under Accounts, with a reason"
            " that is kept. Even then a named person approves every single reply.",
            "",
        ),
        (
            "Whoever only uses a hashtag has not asked you: replies to such posts stay locked, unless an administrator"
            " decides otherwise on the same page.",
            "",
        ),
    )
    for number, (words, command) in enumerate(steps, start=1):
        talk.say(f"{number}. {words}")
        if command:
            talk.verbatim(command)


def _some(text: str) -> str:
    if not text:
        raise ValueError("please type something")
    return text


def _mail(text: str) -> str:
    if text and ("@" not in text[1:-1] or " " in text):
        raise ValueError(f"{text!r} is not a mail address")
    return text


def _web(text: str) -> str:
    if text and (not text.startswith(("https://", "http://")) or not urlsplit(text).hostname):
        raise ValueError("write the whole address, with https://")
    return text


def _tags(text: str) -> list[str]:
    tags = [tag.lstrip("#") for tag in text.replace(",", " ").split()]
    if not tags or not all(tag.replace("_", "").isalnum() for tag in tags):
        raise ValueError("write hashtags like: MedEd FOAMed")
    return tags

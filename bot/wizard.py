"""`scrutineer init`: connect an account, step by step. Nothing is kept before its step succeeded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bot import config_file, practice, talk, typed, wizard_bluesky, wizard_mastodon
from bot.clock import SystemClock
from bot.connecting import NewAccount, keep
from bot.errors import NotAllowed
from bot.model import Network
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
    goodbye(config, connected, title="3. What happens next")


def _office(config: Path, settings: Settings) -> None:
    talk.step("1. Your office", "Every reply names who stands behind it. Press Enter to keep what is in brackets.")
    fresh = settings.organisation == Settings.model_fields["organisation"].default
    organisation = talk.ask("Organisation", None if fresh else settings.organisation, read=typed.some)
    contact = talk.ask(
        "Contact mail (sent along with every request, so that server admins can reach you)",
        settings.contact or None,
        read=typed.mail,
        optional=True,
    )
    method = talk.ask(
        "Web page that says how replies are made and corrected",
        settings.method_url or None,
        read=typed.web,
        optional=True,
    )
    tags = talk.ask("Hashtags to watch, separated by spaces", " ".join(settings.tags), read=typed.tags)
    found: dict[str, object] = {"organisation": organisation, "contact": contact, "method_url": method, "tags": tags}
    if holds_practice(settings):
        talk.say(
            f"The folder {settings.data_dir} holds your practice office. Invented cases and real ones should not share"
            " a queue, so the real office gets a folder of its own."
        )
        found["data_dir"] = talk.ask("Folder for the real office", REAL_OFFICE, read=typed.some)
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
        vault = open_vault(settings.secret_key.get_secret_value() if settings.secret_key else None, settings.data_dir)
        with store.write() as session:
            keep(session, vault, found, now=SystemClock().now())
        note_down(config, found)
    except NotAllowed as error:
        talk.trouble(str(error))
        return []
    finally:
        store.close()
    talk.good(f"{found.id} is connected; its secret is encrypted in the database, and {config} names the account")
    return [found.id]


def note_down(config: Path, found: NewAccount) -> None:
    """Name the account in the settings."""
    if found.us.network == Network.MASTODON:
        server = MastodonSettings(server=found.server).server
        config_file.put_account(config, "mastodon", "server", {"server": server})
    else:
        handle = found.id.removeprefix("bluesky/")
        config_file.put_account(config, "bluesky", "handle", {"handle": handle, "pds": found.server})


def holds_practice(settings: Settings) -> bool:
    """Does the database exist, and with the account of the practice office in it? Then do not mix."""
    if settings.database_url or not (settings.data_dir / "scrutineer.db").exists():
        return False
    store = open_store(settings)
    with store.read() as session:
        found = session.get(AccountRow, practice.ACCOUNT) is not None
    store.close()
    return found


def goodbye(config: Path, connected: Sequence[str], *, title: str = "What happens next") -> None:
    """Say what comes next."""
    at = "" if config == Path("scrutineer.toml") else f" --config {config}"
    talk.step(title, "Nothing can be sent yet, and that is on purpose.")
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
            "Sending is off. An administrator turns it on for each account: in the desk under Accounts, or by command,"
            " with a reason that is kept. Even then a named person approves every single reply.",
            f'scrutineer account sending {connected[0] if connected else "ACCOUNT"} on --as NAME --why "…"{at}',
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

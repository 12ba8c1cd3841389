"""`scrutineer check`: look at everything, say what is wrong and what to do. It mends nothing and never raises."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path

from bot import doctor_accounts, doctor_house, talk
from bot.account_checks import Finding, Level, fail, ok, warn
from bot.clock import SystemClock
from bot.errors import BadSettings
from bot.settings import CONFIG_FILE, Settings, load
from bot.store.engine import Store


class Report:
    """What was found so far, said as it comes."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._count = dict.fromkeys(Level, 0)

    def chapter(self, title: str) -> None:
        """Begin a group of findings."""
        self._say(f"\n{title}")

    def add(self, findings: Iterable[Finding], *, about: str = "") -> None:
        """Say what was found, perhaps about one thing of several."""
        indent = "    " if about else "  "
        if about:
            self._say(f"  {about}")
        for one in findings:
            self._count[one.level] += 1
            self._say(indent + talk.line(one).replace("\n", f"\n{indent}"))

    def end(self) -> bool:
        """The sum; True if nothing is broken."""
        broken, weak = self._count[Level.FAIL], self._count[Level.WARN]
        if broken:
            self._say(f"\n✘ {_things(broken)} broken, {_things(weak)} to look at. Begin with the first ✘.")
        elif weak:
            self._say(f"\n✔ Nothing is broken; {_things(weak)} to look at.")
        else:
            self._say("\n✔ All is well.")
        return not broken


def examine(config: Path | None, say: Callable[[str], None]) -> bool:
    """Look at everything, in the order in which things depend on each other. False if anything is broken."""
    report = Report(say)
    report.chapter("Settings")
    try:
        settings = load(config)
    except BadSettings as error:
        report.add([fail(str(error), "everything else depends on the settings, so nothing else was looked at")])
        return report.end()
    report.add(_settings(settings, config or Path(CONFIG_FILE)))
    report.chapter("Data")
    report.add(doctor_house.data_directory(settings))
    opened, findings = doctor_house.open_database(settings)
    report.add(findings)
    if opened is not None:
        _house(opened, settings, report)
    return report.end()


def _house(store: Store, settings: Settings, report: Report) -> None:
    now = SystemClock().now()
    try:
        report.chapter("Evidence table")
        report.add(doctor_house.evidence(store, now))
        report.add(doctor_house.models())
        report.chapter("Accounts")
        if settings.practice:
            report.add([ok("no account is connected: this is a practice office (`scrutineer init` connects one)")])
        else:
            for name, findings in asyncio.run(doctor_accounts.examine(settings, store)):
                report.add(findings, about=name)
        report.chapter("The office")
        report.add(doctor_house.office(store, settings, now))
    finally:
        store.close()


def _settings(settings: Settings, file: Path) -> Iterable[Finding]:
    if file.exists():
        yield ok(f"{file} is valid; docs/reference/settings.md explains every setting")
    else:
        yield ok(f"there is no {file}: built-in settings, for a practice office")
    if settings.practice:
        return
    if settings.organisation == Settings.model_fields["organisation"].default:
        yield fail("organisation is still the example; it is named in every reply", "set organisation")
    if not settings.contact:
        yield warn("no contact address is given", "set contact: server admins want to know whom to write to")
    if not settings.method_url:
        yield warn("no page says how replies are made and corrected", "set method_url")
    if settings.host not in ("127.0.0.1", "localhost", "::1") and not settings.public_url.startswith("https://"):
        yield warn(
            f"the desk listens on {settings.host} without https",
            "put it behind a server that speaks https and set public_url, or set host to 127.0.0.1",
        )
    if settings.bluesky and not settings.jetstream_url:
        yield warn("Bluesky's public stream is off: hashtags are not seen", "remove jetstream_url from the settings")


def _things(number: int) -> str:
    return "1 thing" if number == 1 else f"{number} things"

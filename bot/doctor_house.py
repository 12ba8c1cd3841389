"""The doctor's look at our own house: folder, key, database, evidence, switch, work. It changes nothing."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import func, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot import people, switch
from bot.account_checks import Finding, fail, ok, warn
from bot.errors import BadModel, ScrutineerError
from bot.evidence import registry
from bot.matching.manifest import check_shipped
from bot.settings import Settings
from bot.store.engine import MIGRATIONS, Store
from bot.store.models import CaseRow, CursorRow, GapRow, JobRow
from bot.store.office_models import UserRow
from bot.vault import open_vault

BROKEN = (ScrutineerError, SQLAlchemyError, CommandError, OSError, ValueError, TypeError, LookupError)
"""What a broken part may raise: it becomes a finding."""

TOO_FULL = 200_000_000  # bytes; SQLite needs room for its journal, and a full disk stops everything
QUIET = timedelta(minutes=15)  # a live source that was not heard for longer is worth a look
SHOWN = 3  # examples given of what there may be many of


def data_directory(settings: Settings) -> Iterable[Finding]:
    """Can we write there, is there room, is the key private?"""
    folder = settings.data_dir
    if not folder.exists():
        yield ok(f"{folder} does not exist yet; the first `scrutineer run` makes it")
        return
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
        free = shutil.disk_usage(folder).free
    except OSError as error:
        yield fail(f"{folder} cannot be written ({error.strerror})", "make it writable for this user, or set data_dir")
        return
    if free < TOO_FULL:
        yield fail(f"{folder} has only {free / 1e6:,.0f} MB left", "make room, or set data_dir to a larger disk")
    else:
        yield ok(f"{folder} can be written, {free / 1e9:,.1f} GB are free")
    yield from _key(settings, folder / "secret.key")


def _key(settings: Settings, file: Path) -> Iterable[Finding]:
    given = settings.secret_key.get_secret_value() if settings.secret_key else None
    if not given and not file.exists():
        if not settings.practice:
            yield fail(f"{file} is missing: stored secrets cannot be opened", "restore it, or run `scrutineer init`")
        return
    try:
        open_vault(given, settings.data_dir)
        loose = not given and file.stat().st_mode & 0o077
    except (ScrutineerError, OSError) as error:
        yield fail(str(error), "restore the key from your backup, or run `scrutineer init` again")
        return
    if loose:
        yield fail(f"{file} can be read by others", f"chmod 600 {file}")
    else:
        yield ok("the key for secrets is given in the environment" if given else f"{file} is private")


def open_database(settings: Settings) -> tuple[Store | None, Sequence[Finding]]:
    """The store, if it can be used as it is, and what there is to say about it."""
    url = settings.database
    try:
        path = make_url(url).database or ""
        if url.startswith("sqlite") and not Path(path).exists():
            return None, [ok(f"{path} does not exist yet; the first `scrutineer run` makes it")]
        store = Store(url)
        with store.read() as session:
            there = MigrationContext.configure(session.connection()).get_current_heads()
            mode = session.connection().exec_driver_sql("PRAGMA journal_mode").scalar() if "sqlite" in url else "wal"
        newest, known = _versions(there)
    except BROKEN as error:
        return None, [fail(f"database: {_reason(error)}", "check database_url, permissions and free space")]
    safe = make_url(url).render_as_string(hide_password=True)
    if not known:
        remedy = "run the newer Scrutineer that made it, or restore a backup"
        return None, [fail(f"{safe} was made by another version of Scrutineer", remedy)]
    if not newest:
        return None, [warn(f"{safe} has older tables", "the next `scrutineer run` brings them up to date")]
    if mode != "wal":
        return store, [fail(f"{safe} does not keep a write-ahead log ({mode})", "put it on a local disk")]
    return store, [ok(f"{safe} answers, and its tables are up to date")]


def _versions(there: Sequence[str]) -> tuple[bool, bool]:
    """Are the tables at the newest version; do we know their version at all?"""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)
    known = {script.revision for script in scripts.walk_revisions()}
    return set(there) == set(scripts.get_heads()), set(there) <= known


def evidence(store: Store, now: datetime) -> Iterable[Finding]:
    """What could be published from today, and what stands in the way."""
    try:
        with store.read() as session:
            entries = registry.in_force(session)
    except BROKEN as error:
        yield fail(f"the evidence table cannot be read: {_reason(error)}", "import the pack again, or restore a backup")
        return
    today = now.date()
    if not entries:
        yield warn("the table is empty: nothing can be matched", "scrutineer evidence import PACK")
        return
    good = sum(not entry.why_not_publishable(today) for entry in entries)
    sign = "read the entry, then `scrutineer evidence sign ENTRY --as NAME` (docs/how-to/sign-off-evidence.md)"
    sentence = f"{good} of {len(entries)} entries can be published from"
    yield ok(sentence) if good else warn(sentence, sign)
    unsigned = [entry.id for entry in entries if not entry.signed_off_by]
    if good and unsigned:
        yield warn(f"no clinician has signed off {_some(unsigned)}", sign)
    if late := [entry.id for entry in entries if entry.review_by is None or today > entry.review_by]:
        yield warn(f"the review date has passed: {_some(late)}", "review them, import them with a new review_by")
    if flagged := [entry.id for entry in entries if any(one.flagged or not one.verified for one in entry.citations)]:
        yield warn(f"a citation is flagged or unverified in {_some(flagged)}", "see `scrutineer evidence lint`")


def models() -> Iterable[Finding]:
    """Whether the models for matching are the ones that were shipped."""
    try:
        found = check_shipped()
    except BadModel as error:
        yield fail(str(error), "until then matching only suggests, and makes no draft")
        return
    yield ok(f"the models for matching are whole (version {found})")


def office(store: Store, settings: Settings, now: datetime) -> Iterable[Finding]:
    """The stop switch, the sources, the work, the people."""
    try:
        with store.read() as session:
            yield from [*_switch(session, settings), *_sources(session, settings, now), *_work(session, now)]
            yield from _people(session)
    except BROKEN as error:
        yield fail(f"the office's tables cannot be read: {_reason(error)}", "restore a backup of the database")


def _switch(session: Session, settings: Settings) -> Iterable[Finding]:
    if why := switch.why_stopped(session, settings.stop_flag):
        yield warn(f"publishing is stopped: {why}", '`scrutineer resume "reason" --as NAME` allows it again')
    else:
        yield ok("publishing is not stopped")


def _sources(session: Session, settings: Settings, now: datetime) -> Iterable[Finding]:
    rows = list(session.scalars(select(CursorRow).order_by(CursorRow.source)))
    for row in rows:
        quiet = now - row.heard_at
        skipped = f", {row.skipped} malformed items left out" if row.skipped else ""
        words = f"{row.source}: last heard {_ago(quiet)} ago{skipped}"
        if settings.practice or quiet < QUIET:
            yield ok(words)
        else:
            yield warn(words, "is the office running? `scrutineer run`; the desk shows what its sources say")
    if not rows and not settings.practice:
        yield warn("nothing was ever heard", "start the office: `scrutineer run`")
    gaps = list(session.scalars(select(GapRow).where(GapRow.closed_at.is_(None)).order_by(GapRow.id.desc())))
    if gaps:
        words = (
            f"{_many(len(gaps), 'open gap')}: posts may have been missed, lastly by {gaps[0].source} ({gaps[0].why})"
        )
        yield warn(words, "search the hashtag by hand for that time, if it matters")


def _work(session: Session, now: datetime) -> Iterable[Finding]:
    dead = list(session.scalars(select(JobRow).where(JobRow.dead).order_by(JobRow.id.desc())))
    if dead:
        words = f"{_many(len(dead), 'job')} gave up, lastly {dead[0].kind}: {dead[0].last_error[:200]}"
        yield warn(words, "mend the cause; the queue shows the cases that wait for a person")
    late = session.scalar(
        select(func.count()).where(
            JobRow.finished_at.is_(None), JobRow.dead.is_(False), JobRow.due_at < now - timedelta(minutes=5)
        )
    )
    if late:
        yield warn(
            f"{_many(late, 'job')} should have run more than five minutes ago", "start the office: `scrutineer run`"
        )
    waiting = session.scalar(select(func.count()).select_from(CaseRow).where(CaseRow.state == "proposed"))
    yield ok(f"{_many(waiting or 0, 'draft')} in the queue")


def _people(session: Session) -> Iterable[Finding]:
    users = list(session.scalars(select(UserRow).where(UserRow.disabled_at.is_(None)).order_by(UserRow.name)))
    heads = [user.name for user in users if user.role == people.Role.ADMINISTRATOR]
    if not heads:
        yield warn("nobody is an administrator yet", "`scrutineer run` prints a link for the first one")
    elif not any(user.signed_in_at for user in users):
        yield warn("nobody has signed in yet", "open the link that `scrutineer run` prints")
    else:
        yield ok(f"{_many(len(users), 'user')}; administrators: {_some(heads)}")


def _many(number: int, thing: str) -> str:
    return f"1 {thing}" if number == 1 else f"{number} {thing}s"


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:SHOWN])
    return shown if len(names) <= SHOWN else f"{shown} and {len(names) - SHOWN} more"


def _ago(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    if minutes < 2:
        return f"{max(int(span.total_seconds()), 0)} s"
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h" if minutes < 2880 else f"{minutes // 1440} days"


def _reason(error: Exception) -> str:
    """One line, without SQL and without parameters: those may hold what people wrote."""
    inner = getattr(error, "orig", None) or error
    words = str(inner).splitlines() or [""]
    return f"{type(inner).__name__}: {words[0][:200]}" if not isinstance(error, ScrutineerError) else words[0]

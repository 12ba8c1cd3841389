"""Migrations and models agree, on both databases, and an old database keeps what it holds."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, create_engine, text

from bot.evidence import cards
from bot.store import codec
from bot.store.desk_models import HoldRow
from bot.store.engine import MIGRATIONS, Store
from bot.store.evidence_models import EntryCardRow
from bot.store.models import Base, CaseRow
from bot.store.office_models import SecretRow
from bot.store.sign_in_models import HouseRuleRow
from tests.builders import NOW, a_citation, some_evidence


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'office.db'}"
    return str(request.getfixturevalue("postgres_url"))


def differences(engine: Engine) -> list[object]:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, Base.metadata))


def migrate(engine: Engine, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        connection.commit()


def test_after_all_migrations_the_tables_are_as_the_models_say(url: str) -> None:
    tables = {EntryCardRow.metadata, HouseRuleRow.metadata, HoldRow.metadata, SecretRow.metadata}
    assert tables == {Base.metadata}  # every file of models is on it
    store = Store(url)
    store.migrate()
    store.close()
    engine = create_engine(url)
    assert differences(engine) == []
    engine.dispose()


def test_a_database_of_the_first_version_keeps_its_cases(url: str) -> None:
    engine = create_engine(url)
    migrate(engine, "0001")
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO account (id, network, remote_id, handle, server, public, sending, hashtag_replies, paused,"
                " profile, logins) VALUES ('a', 'fake', 'us', 'us', 'here', true, false, 'off', '', '{}', '[]')"
            )
        )
        connection.execute(
            text(
                'INSERT INTO "case" (version, state, account, network, uri, subject_uri, thread_uri, author_id,'
                " subject_author_id, via, post, subject, context, changed, sensitivity, basis, proof, lock, note, lang,"
                " address, draft, template, reason, created_at, updated_at, approved_by, approved_text, closed_by,"
                " remote_uri, remote_url) VALUES (3, 'proposed', 'a', 'fake', 'u', 'u', 'u', 'ada', 'ada', 'tag',"
                " '{}', '{}', '{}', false, 'standard', 'none', '', '', false, 'en', '', 'words', '', '', :now, :now,"
                " '', '', '', '', '')"
            ),
            {"now": NOW.replace(tzinfo=None)},
        )
    engine.dispose()

    store = Store(url)
    store.migrate()
    with store.read() as session:
        (case,) = session.query(CaseRow).all()
    store.close()
    assert (case.version, case.draft, case.looked_at) == (3, "words", None)


def test_entries_of_an_older_database_get_the_cards_that_they_would_have_today(url: str) -> None:
    engine = create_engine(url)
    migrate(engine, "0004")
    entries = [
        some_evidence("one", topics=("A", "b c"), paraphrases=("Es  ist SO",), correction_long="Ünïcode", limits="x"),
        some_evidence("two", status="draft", review_by=None, citations=(a_citation(flagged="Retracted", pmid="7"),)),
    ]
    with engine.begin() as connection:
        for entry in entries:
            row = {"id": entry.id, "data": json.dumps(codec.dump(entry)), "now": NOW.replace(tzinfo=None)}
            connection.execute(text("INSERT INTO entry (id, version) VALUES (:id, 1)"), row)
            connection.execute(
                text(
                    "INSERT INTO entry_version (entry_id, version, data, digest, created_at, created_by)"
                    " VALUES (:id, 1, :data, 'd', :now, 'tests')"
                ),
                row,
            )
        connection.execute(text("UPDATE entry SET retired_at = :now WHERE id = 'two'"), {"now": row["now"]})
    engine.dispose()

    store = Store(url)
    store.migrate()
    with store.write() as session:
        made = {row.entry_id: columns(row) for row in session.query(EntryCardRow)}
        for entry in entries:
            cards.write(session, entry, retired=entry.id == "two", now=NOW)
        session.flush()
        assert made == {row.entry_id: columns(row) for row in session.query(EntryCardRow)}
    store.close()
    assert made["two"]["citations"] == "retracted"


def columns(row: EntryCardRow) -> dict[str, object]:
    return {
        column.name: value.astimezone(UTC) if isinstance(value := getattr(row, column.name), datetime) else value
        for column in EntryCardRow.__table__.columns
    }

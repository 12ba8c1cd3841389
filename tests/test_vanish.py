"""What people deleted, or wrote after they left, leaves no words behind anywhere in the database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.life import State
from bot.model import Arrived, Vanished
from tests.small_office import CLAIM, UNDO, SmallOffice


def everything(office: SmallOffice) -> str:
    """The whole database as text."""
    connection = sqlite3.connect(office.store.url.removeprefix("sqlite:///"))
    text = "\n".join(connection.iterdump())
    connection.close()
    return text


@pytest.fixture
def office(tmp_path: Path) -> Iterator[SmallOffice]:
    office = SmallOffice(f"sqlite:///{tmp_path / 'office.db'}", tmp_path)
    yield office
    office.store.close()


def test_a_deleted_post_leaves_no_words_behind(office: SmallOffice) -> None:
    post = office.posts(f"@check {CLAIM} Zebrafinch!")
    office.hear_of(post)
    office.vanished(post)
    office.work()
    assert "Zebrafinch" not in everything(office)


def test_a_post_that_is_gone_when_we_look_leaves_no_words_behind(office: SmallOffice) -> None:
    parent = office.posts("hello", by="ada")
    post = office.posts(f"@check {CLAIM} Zebrafinch!", under=parent)
    office.hear(Arrived(post=office.platform.as_seen(post), via="mention"))
    office.world.delete(post.ref.uri)
    office.work()
    assert "Zebrafinch" not in everything(office)


def test_a_post_that_is_gone_when_we_send_leaves_no_words_behind(office: SmallOffice) -> None:
    post = office.posts(f"@check {CLAIM} Zebrafinch!")
    office.hear_of(post)
    case = office.approve(office.case_of(post))
    office.world.delete(post.ref.uri)
    office.pass_time(UNDO)
    assert office.state(case) is State.WITHDRAWN
    assert "Zebrafinch" not in everything(office)


def test_a_deletion_that_overtakes_its_post_is_not_forgotten(office: SmallOffice) -> None:
    post = office.posts(f"@check {CLAIM} Zebrafinch!")
    office.hear(Vanished(ref=post.ref))
    office.work()
    office.hear(Arrived(post=office.platform.as_seen(post), via="mention"))
    office.work()
    assert [case for case in office.all_cases() if case.state == State.PROPOSED] == []
    assert "Zebrafinch" not in everything(office)


def test_of_someone_who_left_nothing_is_kept(office: SmallOffice) -> None:
    office.hear_of(office.posts("@check STOP", by="ada"))
    office.hear_of(office.posts(f"@check {CLAIM} Zebrafinch!", by="ada"))
    assert "Zebrafinch" not in everything(office)

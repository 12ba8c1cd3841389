"""An account that is no longer in the settings: its cases can be read, say what to do, and nothing breaks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.errors import NotAllowed
from bot.life import State
from tests.small_office import UNDO, SmallOffice


@pytest.fixture
def office(tmp_path: Path) -> Iterator[SmallOffice]:
    office = SmallOffice(f"sqlite:///{tmp_path / 'office.db'}", tmp_path)
    yield office
    office.store.close()


def test_its_cases_can_be_looked_at_and_not_approved(office: SmallOffice) -> None:
    case = office.asked()
    office.platforms.clear()

    assert office.judgement.measure(case, case.draft) == ()
    assert any("not connected" in why for why in office.judgement.objections(case, case.draft))
    with pytest.raises(NotAllowed, match="scrutineer init"):
        office.approve(case)


def test_what_was_approved_waits_until_it_is_connected_again(office: SmallOffice) -> None:
    case = office.approve(office.asked())
    office.platforms.clear()
    office.pass_time(UNDO)
    assert office.state(case) is State.APPROVED

    office.platforms[case.account] = office.platform
    office.pass_time(UNDO)
    assert office.state(case) is State.PUBLISHED

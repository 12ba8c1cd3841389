"""Keys and roles when two people, or two of one person, come at the same moment; on both databases."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot import factors, people, sessions, steps, throttle
from bot.errors import NotAllowed
from bot.people import Role
from bot.store.engine import Store
from bot.store.office_models import UserRow
from bot.store.sign_in_models import SignInStepRow, SignInTryRow
from bot.vault import Vault, open_vault
from tests.builders import NOW

AT_ONCE = 4


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "sqlite":
        store = Store(f"sqlite:///{tmp_path / 'office.db'}")
    else:
        store = Store(str(request.getfixturevalue("postgres_url")))
    store.migrate()
    yield store
    store.close()


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return open_vault(None, tmp_path)


def together(store: Store, *acts: Callable[[Session], object]) -> list[object]:
    """Each in a transaction and a thread of its own, all at once; what came of them."""
    came: list[object] = []
    meet = threading.Barrier(len(acts))

    def run(act: Callable[[Session], object]) -> None:
        meet.wait()
        try:
            with store.write() as session:
                found = act(session)
        except NotAllowed as error:
            found = error
        came.append(found)

    threads = [threading.Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return came


def someone(store: Store, name: str, role: Role = Role.EDITOR) -> int:
    with store.write() as session:
        return people.ensure_user(session, name, role, by="tests", now=NOW).id


def test_two_administrators_cannot_depose_each_other(store: Store) -> None:
    ada, bea = someone(store, "Ada", Role.ADMINISTRATOR), someone(store, "Bea", Role.ADMINISTRATOR)

    came = together(
        store,
        lambda session: people.set_role(session, bea, Role.AUDITOR, by="Ada", now=NOW),
        lambda session: people.disable(session, ada, by="Bea", now=NOW),
    )

    assert sum(isinstance(one, NotAllowed) for one in came) == 1
    with store.read() as session:
        heads = select(func.count()).where(UserRow.role == Role.ADMINISTRATOR.value, UserRow.disabled_at.is_(None))
        assert session.scalar(heads.select_from(UserRow)) == 1


def test_one_code_of_an_app_lets_one_browser_in(store: Store, vault: Vault) -> None:
    ed = someone(store, "Ed")
    with store.write() as session:
        user = session.get_one(UserRow, ed)
        user.totp_at = NOW
        secret = pyotp.random_base32()
        vault.put(session, f"totp:{ed}", secret, now=NOW)
    code = pyotp.TOTP(secret).at(NOW)

    def use(session: Session) -> bool:
        return factors.second_fits(session, vault, session.get_one(UserRow, ed), code, now=NOW)

    assert sorted(together(store, *[use] * AT_ONCE)) == [False, False, False, True]  # type: ignore[type-var]


def test_one_recovery_code_lets_one_browser_in(store: Store, vault: Vault) -> None:
    ed = someone(store, "Ed")
    with store.write() as session:
        code, *_ = factors.new_recovery_codes(session, session.get_one(UserRow, ed), now=NOW)

    def use(session: Session) -> bool:
        return factors.second_fits(session, vault, session.get_one(UserRow, ed), code, now=NOW)

    assert sorted(together(store, *[use] * AT_ONCE)) == [False, False, False, True]  # type: ignore[type-var]


def test_one_step_is_taken_once(store: Store) -> None:
    with store.write() as session:
        token = steps.begin(session, "second", now=NOW, wanted="/")

    came = together(store, *[lambda session: steps.take(session, "second", token, now=NOW)] * AT_ONCE)

    assert sum(one is not None for one in came) == 1


def test_many_guesses_at_once_are_all_counted(store: Store) -> None:
    guess = throttle.by_account("Ed")

    def knock(session: Session) -> timedelta:
        return throttle.knock(session, (guess, throttle.by_address("192.0.2.1")), now=NOW)

    came = together(store, *[knock] * 12)

    assert sum(one == timedelta(0) for one in came) == throttle.FREE_BY_ACCOUNT + 1


def test_what_is_long_past_is_swept_and_the_rest_is_kept(store: Store) -> None:
    with store.write() as session:
        steps.begin(session, "second", now=NOW)
        throttle.knock(session, (throttle.by_account("Ed"),), now=NOW)
        for now, left in ((NOW, 1), (NOW + timedelta(days=2), 0)):
            steps.sweep(session, now=now)
            throttle.sweep(session, now=now)
            for row in (SignInStepRow, SignInTryRow):
                assert session.scalar(select(func.count()).select_from(row)) == left


def test_a_session_is_renewed_once(store: Store) -> None:
    ed = someone(store, "Ed")
    with store.write() as session:
        user = session.get_one(UserRow, ed)
        token = sessions.open_session(session, user, method="password", strong=False, now=NOW, agent="")
        fresh = sessions.renew(session, token, now=NOW, strong=True)
        session.flush()
        assert sessions.renew(session, token, now=NOW) is None
        assert fresh is not None
        assert sessions.who_is(session, token, now=NOW) is None
        person = sessions.who_is(session, fresh, now=NOW)
    assert person is not None
    assert person.strong

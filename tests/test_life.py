"""The table of moves: what can become of a case, and what never."""

import pytest

from bot.errors import NotAllowed
from bot.life import IN_FLIGHT, MOVES, State, move, reachable


def test_every_state_has_its_moves() -> None:
    assert set(MOVES) == set(State)


def test_the_only_road_to_the_public_goes_through_approval() -> None:
    assert State.PUBLISHED in reachable(State.RECEIVED)
    assert State.PUBLISHED not in reachable(State.RECEIVED, without=frozenset({State.APPROVED}))


def test_only_a_send_under_way_can_end_as_published() -> None:
    assert {now for now, to in MOVES.items() if State.PUBLISHED in to} == set(IN_FLIGHT)
    assert {now for now, to in MOVES.items() if State.SENDING in to} == {State.APPROVED}


def test_an_unclear_send_is_never_simply_sent_again() -> None:
    assert State.SENDING not in MOVES[State.UNKNOWN]


def test_what_is_withdrawn_or_expired_stays_so() -> None:
    assert not MOVES[State.WITHDRAWN]
    assert not MOVES[State.EXPIRED]


@pytest.mark.parametrize("now", list(State))
@pytest.mark.parametrize("to", list(State))
def test_a_move_outside_the_table_is_refused_and_names_what_is_allowed(now: State, to: State) -> None:
    if to in MOVES[now]:
        assert move(now, to) is to
    else:
        with pytest.raises(NotAllowed, match="allowed are"):
            move(now, to)

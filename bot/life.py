"""The states of a case and the only moves between them, as data. Importing it proves that the table is sound."""

from __future__ import annotations

from enum import StrEnum

from bot.errors import NotAllowed


class State(StrEnum):
    """Where a case stands."""

    RECEIVED = "received"  # an event made a case; no decision yet
    IGNORED = "ignored"  # nothing to say
    ESCALATED = "escalated"  # a human should look; there is no draft
    PROPOSED = "proposed"  # a draft waits for an editor
    APPROVED = "approved"  # a named person said yes; the undo delay runs
    SENDING = "sending"  # the delivery row is written; the network call may be under way
    UNKNOWN = "unknown"  # the network call ended unclear; read back before anything else
    PUBLISHED = "published"  # the reply stands
    DECLINED = "declined"  # an editor said no
    HANDED_OVER = "handed_over"  # an editor took it to their own account
    FILED = "filed"  # kept for statistics only
    WITHDRAWN = "withdrawn"  # taken back, before or after publishing
    EXPIRED = "expired"  # too late to be useful
    FAILED = "failed"  # the network refused it for good


_S = State

MOVES: dict[State, frozenset[State]] = {
    _S.RECEIVED: frozenset({_S.IGNORED, _S.PROPOSED, _S.ESCALATED, _S.WITHDRAWN}),
    # out of IGNORED: the same post reaches us again with a reason to speak (found by tag first, then it asks us)
    _S.IGNORED: frozenset({_S.PROPOSED, _S.ESCALATED, _S.WITHDRAWN}),
    _S.ESCALATED: frozenset({_S.FILED, _S.HANDED_OVER, _S.WITHDRAWN, _S.EXPIRED}),
    _S.PROPOSED: frozenset(
        {_S.APPROVED, _S.DECLINED, _S.HANDED_OVER, _S.FILED, _S.WITHDRAWN, _S.EXPIRED, _S.ESCALATED}
    ),
    # back to PROPOSED: undo, or a gate closed before sending
    _S.APPROVED: frozenset({_S.SENDING, _S.PROPOSED, _S.WITHDRAWN, _S.EXPIRED}),
    # back to APPROVED: the network said clearly that nothing was accepted (rate limit, unreachable)
    _S.SENDING: frozenset({_S.PUBLISHED, _S.UNKNOWN, _S.APPROVED, _S.FAILED}),
    # back to APPROVED: read-back showed that nothing is there, so every gate is asked again before a new attempt
    _S.UNKNOWN: frozenset({_S.PUBLISHED, _S.APPROVED, _S.FAILED}),
    _S.PUBLISHED: frozenset({_S.WITHDRAWN}),
    _S.FAILED: frozenset({_S.PROPOSED, _S.WITHDRAWN}),
    _S.DECLINED: frozenset({_S.PROPOSED}),
    _S.FILED: frozenset({_S.PROPOSED}),
    _S.HANDED_OVER: frozenset(),
    _S.WITHDRAWN: frozenset(),
    _S.EXPIRED: frozenset(),
}

WAITING = frozenset({_S.PROPOSED, _S.ESCALATED})  # what the queue shows
OPEN = frozenset({_S.RECEIVED, _S.PROPOSED, _S.ESCALATED, _S.APPROVED, _S.FAILED})  # still stoppable
IN_FLIGHT = frozenset({_S.SENDING, _S.UNKNOWN})


def move(now: State, to: State) -> State:
    """The next state, or `NotAllowed` if the table knows no such move."""
    if to not in MOVES[now]:
        raise NotAllowed(f"a case cannot go from {now} to {to}: allowed are {', '.join(sorted(MOVES[now])) or 'none'}")
    return to


def reachable(start: State, *, without: frozenset[State] = frozenset()) -> frozenset[State]:
    """Every state that can be reached from `start` when the states in `without` are closed."""
    seen, todo = set(), [start]
    while todo:
        state = todo.pop()
        if state not in seen and state not in without:
            seen.add(state)
            todo.extend(MOVES[state])
    return frozenset(seen)


def check_table() -> None:
    """Refuse a table that lacks a state, or that reaches the public without approval. Runs at import."""
    if missing := set(State) - set(MOVES):
        raise RuntimeError(f"life.MOVES lacks {sorted(missing)}")
    if unreachable := set(State) - reachable(State.RECEIVED):
        raise RuntimeError(f"life.MOVES never reaches {sorted(unreachable)}")
    if State.PUBLISHED in reachable(State.RECEIVED, without=frozenset({State.APPROVED})):
        raise RuntimeError("life.MOVES has a road to PUBLISHED that avoids APPROVED")


check_table()

"""The exercise table: which kinds of event met which status, behind, at or ahead of what was shown."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from pytest_jobstatus.events import EventKind, Mark
from pytest_jobstatus.history import History
from pytest_jobstatus.rules import position
from pytest_jobstatus.runs import MOST_ATTEMPTS, may_follow
from pytest_jobstatus.tracker import Status


class Side(StrEnum):
    """Where an event is, seen from what its job shows; the end of an older attempt than the one shown is behind."""

    BEHIND = "behind"
    AT = "at"
    AHEAD = "ahead"


class Meeting(NamedTuple):
    """An event that met a job.

    Args:
        status: what the job showed; None where nothing was known.
        kind: of the event.
        side: where the event was.
    """

    status: Status | None
    kind: EventKind
    side: Side


State = tuple[Status | None, position.Position]
"""A status and the position that it stands for: pending may be a job that waits for its first start or its third."""


class Encounter(NamedTuple):
    """What is noted of one delivery: there are some hundred thousand in a check, and few different ones.

    Args:
        status: what the job showed.
        shown: the attempt that it showed, or the position, where attempts are not shown.
        kind: of the event.
        attempt: of the event.
    """

    status: Status | None
    shown: int | position.Position
    kind: EventKind
    attempt: int

    @property
    def state(self) -> State:
        """Where the job stood."""
        if not isinstance(self.shown, int):
            return self.status, self.shown
        return self.status, position.of_status(self.status, self.shown)

    @property
    def meeting(self) -> Meeting:
        """How the event met it."""
        return Meeting(self.status, self.kind, side(Mark(self.kind, self.attempt), self.state[1]))


Noted = tuple[Status | None, int | position.Position, EventKind, int]
"""The values of an encounter: plain tuples are made in half the time."""
Exercise = frozenset[Noted]


def exercised(history: History) -> Exercise:
    """What a history reached; what the events of a batch met nobody saw.

    Args:
        history: of any jobs.
    """
    if history.profile.supports("attempt"):
        return frozenset(
            [
                (None, 0, step.event.kind, step.event.attempt)
                if step.before is None
                else (step.before.status, step.before.attempt or 0, step.event.kind, step.event.attempt)
                for step in history.steps[: history.plan.singles]
            ]
        )
    found: set[Noted] = set()
    for own in history.of_each_job():
        for number, step in enumerate(own.steps):
            if step.number >= history.plan.singles:
                break
            shown, highest = position.before(own, number)
            if shown == highest:  # else nobody can tell
                status = None if step.before is None else step.before.status
                found.add((status, shown, step.event.kind, step.event.attempt))
    return frozenset(found)


def side(mark: Mark, shown: position.Position) -> Side:
    """Where an event is, seen from a position.

    Args:
        mark: its kind and attempt.
        shown: what its job shows.

    >>> str(side(Mark(EventKind.ACTIVE, 1), (0, 0))), str(side(Mark(EventKind.COMPLETED, 1), (2, 1)))
    ('ahead', 'behind')
    """
    kind, attempt = mark
    if kind in (EventKind.COMPLETED, EventKind.FAILED) and shown < position.OVER and 0 < attempt < shown[0]:
        return Side.BEHIND
    own = position.of_event(mark)
    return Side.AT if own == shown else Side.AHEAD if own > shown else Side.BEHIND


@lru_cache(maxsize=256)
def allowed(state: State, *, kinds: frozenset[EventKind]) -> frozenset[Meeting]:
    """The meetings that there can be where a job is in a state.

    Args:
        state: a status and a position.
        kinds: of event that the tracker knows.
    """
    status, shown = state
    several = not kinds.isdisjoint((EventKind.RETRYING, EventKind.STALLED))
    last = MOST_ATTEMPTS if several else 1
    return frozenset(Meeting(status, mark.kind, side(mark, shown)) for mark in _marks(kinds, last))


def _marks(kinds: Collection[EventKind], last: int) -> Iterator[Mark]:
    for kind in kinds:
        yield from (Mark(kind, attempt) for attempt in range(last + 1) if may_follow(None, Mark(kind, attempt)))


def unreached(
    meetings: Collection[Meeting], states: Collection[State], *, kinds: frozenset[EventKind]
) -> frozenset[Meeting]:
    """The meetings that there can be in the states that came up, and that did not.

    Args:
        meetings: what was reached.
        states: in which jobs were shown.
        kinds: of event that the tracker knows.
    """
    possible = {meeting for state in states for meeting in allowed(state, kinds=kinds)}
    return frozenset(possible.difference(meetings))

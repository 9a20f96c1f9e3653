"""Short runs that one worker begins and another goes on with: what a worker keeps to itself is wrong then."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pytest_jobstatus.delivery import Plan
from pytest_jobstatus.events import Event, EventKind, Mark
from pytest_jobstatus.explore.effort import Effort
from pytest_jobstatus.explore.part import Part
from pytest_jobstatus.explore.telling import (
    ACTIVE,
    ACTIVE_2,
    ACTIVE_3,
    CREATED,
    PROGRESS,
    PROGRESS_2,
    RETRYING,
    RETRYING_2,
    STALLED,
    at_progress,
    events_of,
    known,
)
from pytest_jobstatus.runs import Shape, emit
from pytest_jobstatus.tracker import Profile

RUNS = (
    (CREATED, ACTIVE, PROGRESS, PROGRESS),
    (CREATED, ACTIVE, RETRYING, ACTIVE_2, RETRYING_2, ACTIVE_3),
    (CREATED, ACTIVE, STALLED, ACTIVE_2, Mark(EventKind.STALLED, 2)),
    (CREATED, ACTIVE, PROGRESS, RETRYING, ACTIVE_2, PROGRESS_2),
)
"""What a job goes through; it need not end."""
AGAIN = (10, 20, 10)
"""Progress that comes back to an earlier value."""


def handovers(effort: Effort, profile: Profile) -> Part:
    """The last event of each beginning of a run by another worker, as it happened and with an earlier one that is late;
    ends that contradict each other, by one worker each; and workers that take turns.
    """
    del effort
    if not profile.supports("concurrency"):
        return Part("nothing by a second worker: there is none", iter(()))

    def plans() -> Iterator[Plan]:
        for beginning in _beginnings(profile):
            yield from _handed_over(events_of(profile, *beginning))
        yield from _two_ends(profile)
        yield from _in_turn(events_of(profile, *(at_progress(PROGRESS, value) for value in AGAIN)))

    return Part(f"two workers: each event of {len(RUNS)} runs by the other, on time and late", plans())


def _beginnings(profile: Profile) -> Iterable[Shape]:
    """Each once: the runs begin alike, the more so where the tracker does not know all kinds."""
    runs = [tuple(given.mark for given in known(profile, run)) for run in RUNS]
    return dict.fromkeys(run[:size] for run in runs for size in range(2, len(run) + 1))


def _handed_over(events: tuple[Event, ...], *, strays: frozenset[int] = frozenset()) -> Iterator[Plan]:
    """In order and with each earlier event last, which the other worker tells; either is the one that reads."""
    last = len(events) - 1
    for late in (last, *(place for place in range(last) if not strays)):
        order = (*(place for place in range(len(events)) if place != late), late)
        for first in (0, 1):
            yield Plan(events=events, order=order, strays=strays, workers=(*[first] * last, 1 - first))


def _two_ends(profile: Profile) -> Iterator[Plan]:
    for kind in (EventKind.FAILED, EventKind.CANCELLED):
        if kind in profile.kinds:
            ended = events_of(profile, ACTIVE, Mark(kind, 1))
            stray = emit(Mark(kind, 1), at=ended[-1].occurred_at, nth=18)
            yield from _handed_over((*ended, stray), strays=frozenset({len(ended)}))


def _in_turn(events: Sequence[Event]) -> Iterator[Plan]:
    if events:
        order = range(len(events))
        for first in (0, 1):
            yield Plan(events=tuple(events), order=tuple(order), workers=tuple((place + first) % 2 for place in order))

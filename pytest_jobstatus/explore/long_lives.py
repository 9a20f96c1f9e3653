"""Plans with one job that lives long: of many attempts, and of many reports of its progress."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from pytest_jobstatus.delivery import Plan, in_order
from pytest_jobstatus.events import EventKind, Mark
from pytest_jobstatus.explore.effort import Effort
from pytest_jobstatus.explore.part import Part, clocks_for
from pytest_jobstatus.explore.telling import ACTIVE, COMPLETED, CREATED, PROGRESS, at_progress, events_of
from pytest_jobstatus.runs import Shape, emitted
from pytest_jobstatus.tracker import Profile

MANY_ATTEMPTS = 17
"""More than a counter of four bits holds, and two digits."""
FEW = (1, 2, 4, 8, 9, 16, 17)
"""Attempts of which something is told where most is lost."""
MANY_REPORTS = 130
"""More than a log or a cache keeps that has room for 100 or 128."""
RECENT = timedelta(days=2)
"""How long a life may be: all of it is past (see `recent`)."""


def long_lives(effort: Effort, profile: Profile) -> Part:
    """Lives of many attempts, in order, with most of them lost, and with what is old told again in the last; and lives
    of many reports, in order and the newest first.
    """
    del effort

    def plans() -> Iterator[Plan]:
        for ways in ((EventKind.RETRYING,), (EventKind.STALLED,), (EventKind.RETRYING, EventKind.STALLED)):
            if profile.kinds.issuperset(ways):
                yield from _many_attempts(ways, profile)
        if profile.supports("progress") and clocks_for(profile)[0].tick * MANY_REPORTS < RECENT:
            yield from _many_reports(profile)

    return Part(
        f"lives of {MANY_ATTEMPTS} attempts in order, with losses, and with all told again;"
        f" of {MANY_REPORTS} reports of progress in order, and the newest first",
        plans(),
    )


def _many_attempts(ways: Sequence[EventKind], profile: Profile) -> Iterator[Plan]:
    events = emitted(_attempts(ways, profile), clock=clocks_for(profile)[0])
    size = len(events)
    yield in_order(events)
    yield Plan(events=events, order=(*range(size), *range(size - 1)))
    yield Plan(events=events[:-1], order=(*range(size - 1), *range(size - 2)))
    starts = [place for place, event in enumerate(events) if event.attempt in FEW]
    yield Plan(events=events, order=tuple(starts))
    yield Plan(events=events, order=(*starts, *starts[:-1]))


def _attempts(ways: Sequence[EventKind], profile: Profile) -> Shape:
    """A run of many attempts, each ended in one of these ways, in turn; the last goes on."""
    marks = [CREATED]
    for attempt in range(1, MANY_ATTEMPTS):
        marks += [Mark(EventKind.ACTIVE, attempt), Mark(ways[attempt % len(ways)], attempt)]
    marks.append(Mark(EventKind.ACTIVE, MANY_ATTEMPTS))
    return tuple(mark for mark in marks if mark.kind in profile.kinds)


def _many_reports(profile: Profile) -> Iterator[Plan]:
    reports = [at_progress(PROGRESS, number % 100) for number in range(MANY_REPORTS)]
    events = events_of(profile, CREATED, ACTIVE, *reports, COMPLETED)
    end, newest = len(events) - 1, len(events) - 2
    first = newest - MANY_REPORTS + 1
    yield Plan(events=events, order=(*range(end + 1), *range(first + 1)))
    yield Plan(events=events, order=(*range(first), newest, *range(first, newest), end))

"""Plans with more than one end: of older attempts, and after another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import cycle

from pytest_jobstatus.delivery import Plan
from pytest_jobstatus.events import TERMINAL_KINDS, Event, EventKind, Mark
from pytest_jobstatus.explore.effort import Effort
from pytest_jobstatus.explore.part import Part, clocks_for
from pytest_jobstatus.explore.telling import ACTIVE, CREATED, FAILED, PROGRESS, events_of
from pytest_jobstatus.runs import emit
from pytest_jobstatus.tracker import Profile

TIMES = 3
"""How often each further end is told."""


def zombies(effort: Effort, profile: Profile) -> Part:
    """A completed or failed of an attempt below the one shown, wherever the job is, stamped early and late; then the
    rest of the run.
    """
    del effort

    def plans() -> Iterator[Plan]:
        ends = cycle(kind for kind in TERMINAL_KINDS if kind in profile.kinds)
        for way in _ways(profile):
            for place in range(len(way) - 1):
                shown = max(each.attempt for each in way[: place + 1])
                for attempt in range(1, shown):
                    for kind in (EventKind.COMPLETED, EventKind.FAILED):
                        ended = (*way[:-1], Mark(next(ends), way[-1].attempt))
                        yield from _with_stray(profile, ended, place, Mark(kind, attempt))
            yield from _without_error(profile, way)

    return Part(f"a late end of each older attempt at each point of runs with 3 attempts, told {TIMES} times", plans())


def _without_error(profile: Profile, way: Sequence[Mark]) -> Iterator[Plan]:
    """A late failure of the first attempt, and one of the last that gives no reason."""
    events = events_of(profile, *way[:-1])
    at = events[-1].occurred_at
    last = emit(Mark(EventKind.FAILED, way[-1].attempt), at=at + clocks_for(profile)[0].tick, bare=True)
    late = len(events) + 1
    stray = emit(FAILED, at=at, nth=17)
    yield Plan(events=(*events, last, stray), order=(*range(len(events)), late, late - 1), strays=frozenset({late}))


def _ways(profile: Profile) -> Iterator[tuple[Mark, ...]]:
    """Runs with three attempts: a retry and a stall in either order, as far as the tracker knows both."""
    kinds = [kind for kind in (EventKind.RETRYING, EventKind.STALLED) if kind in profile.kinds]
    for first in kinds:
        second = kinds[-1] if first is kinds[0] else kinds[0]
        end = Mark(EventKind.COMPLETED, 3)
        begin = (CREATED, ACTIVE, Mark(first, 1), Mark(EventKind.ACTIVE, 2), Mark(EventKind.PROGRESS, 2))
        way = (*begin, Mark(second, 2), Mark(EventKind.ACTIVE, 3), end)
        yield tuple(mark for mark in way if mark.kind in profile.kinds)


def _with_stray(profile: Profile, way: Sequence[Mark], place: int, mark: Mark) -> Iterator[Plan]:
    """The event at that point of the run, stamped now, long ago, and without values; then the rest of the run."""
    if way[place].kind.terminal:
        return
    events = events_of(profile, *way)
    tick = clocks_for(profile)[0].tick
    now = events[place].occurred_at
    early, late = range(place + 1), range(place + 1, len(way))
    for at, bare in ((now + tick / 4, False), (now - 3 * tick, False), (now + tick / 4, True)):
        stray = emit(mark, at=at, nth=17, bare=bare)
        order = (*early, *[len(events)] * TIMES, *late)
        yield Plan(events=(*events, stray), order=order, strays=frozenset({len(events)}))


def beside(effort: Effort, profile: Profile) -> Part:
    """A stall report of each attempt that is over or about to be retried, wherever the job is, stamped early and late;
    then the rest of the run.
    """
    del effort

    def plans() -> Iterator[Plan]:
        for way in _ways(profile):
            for place in range(1, len(way)):
                for attempt in range(1, max(mark.attempt for mark in way[: place + 1]) + 1):
                    stall = Mark(EventKind.STALLED, attempt)
                    over = attempt < way[place].attempt or Mark(EventKind.RETRYING, attempt) in way[: place + 2]
                    if over and stall.kind in profile.kinds:
                        yield from _with_stray(profile, way, place, stall)

    return Part(
        f"a late stall report of each attempt at each point of runs with 3 attempts, told {TIMES} times", plans()
    )


def two_ends(effort: Effort, profile: Profile) -> Part:
    """Each end after each other, of the same attempt, a higher and a lower one, with and without values, at each order
    of their instants; told several times.
    """
    del effort
    kinds = [kind for kind in TERMINAL_KINDS if kind in profile.kinds]

    def plans() -> Iterator[Plan]:
        for first in kinds:
            for second in kinds:
                yield from _one_after_other(profile, first, second)

    title = f"each end after each other, of the same attempt and others, stamped late and early, told {TIMES} times"
    return Part(title, plans())


def _one_after_other(profile: Profile, first: EventKind, second: EventKind) -> Iterator[Plan]:
    several = profile.has_attempts
    again = EventKind.RETRYING if profile.supports("retrying") else EventKind.STALLED
    one = (CREATED, ACTIVE, PROGRESS)
    two = (*one, Mark(again, 1), Mark(EventKind.ACTIVE, 2)) if several else one
    attempt = 2 if several else 1
    tick = clocks_for(profile)[0].tick
    for begin, number in dict.fromkeys(((one, 1), (two, attempt))):
        events = events_of(profile, *begin, Mark(first, number))
        bare = replace(events[-1], error=None, cancelled_by=None)
        brief = replace(events[-1], error=events[-1].error and replace(events[-1].error, traceback=None))
        variants = [events[-1], *(each for each in (bare, brief) if each != events[-1])]
        for stamped in variants if bare != brief else variants[:2]:
            own = (*events[:-1], stamped)
            for by in (tick, timedelta(), -tick) if stamped is events[-1] and begin is one else (tick,):
                for stray in _further(second, number, at=stamped.occurred_at + by, several=several):
                    yield from _told(own, stray)
                    if by == tick and stamped is events[-1]:
                        yield from _told(own[-1:], stray)
    waiting = events_of(profile, CREATED, Mark(first, 0)) if first is EventKind.CANCELLED else ()
    if waiting:
        for stray in _further(second, 1, at=waiting[-1].occurred_at + tick, several=several):
            yield from _told(waiting, stray)


def _further(kind: EventKind, attempt: int, *, at: datetime, several: bool) -> Iterator[Event]:
    """The other end, of the same attempt and of others."""
    attempts = {attempt, attempt + 1, max(1, attempt - 1)} if several else {attempt}
    if kind is EventKind.CANCELLED:
        attempts.add(0)
    for number in sorted(attempts):
        yield emit(Mark(kind, number), at=at, nth=18)


def _told(own: Sequence[Event], stray: Event) -> Iterator[Plan]:
    size = len(own)
    yield Plan(events=(*own, stray), order=(*range(size), *[size] * TIMES), strays=frozenset({size}))

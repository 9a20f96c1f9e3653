"""Plans in which the end comes last, after the open part of the run in any order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import combinations, permutations

from pytest_jobstatus.clocks import Clock
from pytest_jobstatus.delivery import Plan
from pytest_jobstatus.events import Event, EventKind, Mark
from pytest_jobstatus.explore.effort import Effort
from pytest_jobstatus.explore.orders import soon
from pytest_jobstatus.explore.part import Part, clocks_for, runs
from pytest_jobstatus.runs import MOST_ATTEMPTS, Shape, emitted, long_shapes
from pytest_jobstatus.tracker import Profile

SLOW = Clock(name="slow", tick=timedelta(hours=2))
"""For a job that waits and runs for hours."""
RETRIED = Mark(EventKind.RETRYING, 1)


def end_last(effort: Effort, profile: Profile) -> Part:
    """Every order of the open part of ended runs, each event of it once more, and then the end; some of long runs."""

    def plans() -> Iterator[Plan]:
        for shape, events in runs(effort.orders, profile):
            if shape[-1].kind.terminal:
                yield from _every_order(events, again=len(shape) <= effort.again_orders)
        for shape, _ in runs(3, profile):
            if shape[-1].kind.terminal:
                yield from _every_order(emitted(shape, clock=SLOW), again=False)
        for shape, events in runs(effort.all_orders, profile):
            if RETRIED in shape and shape[-1].kind is EventKind.FAILED:
                yield from _without_error(events)
        yield from _parts(profile)
        yield from _old_progress(profile)
        for shape in long_shapes(profile.kinds, progress=True):
            if shape[-1].kind.terminal:
                yield from _turned(emitted(shape, clock=clocks_for(profile)[0]))

    return Part(
        f"every order of every ended run of up to {effort.orders} events with the end last, one event again up to"
        f" {effort.again_orders}, and turns of runs with {MOST_ATTEMPTS} attempts",
        plans(),
    )


def _every_order(events: tuple[Event, ...], *, again: bool) -> Iterator[Plan]:
    end = len(events) - 1
    for order in permutations(range(end)):
        yield Plan(events=events, order=(*order, end))
        if again:
            yield from (Plan(events=events, order=(*order, repeated, end)) for repeated in order)


def _without_error(events: tuple[Event, ...]) -> Iterator[Plan]:
    """A run that failed for no known reason, its open part told in order and in reverse."""
    end = len(events) - 1
    bare = (*events[:-1], replace(events[-1], error=None))
    for order in (range(end), reversed(range(end))):
        yield Plan(events=bare, order=(*order, end))


def _turned(events: tuple[Event, ...]) -> Iterator[Plan]:
    """The open part begun anywhere, in order and in reverse."""
    end = len(events) - 1
    for start in range(end):
        turned = [*range(start, end), *range(start)]
        yield Plan(events=events, order=(*turned, end))
        yield Plan(events=events, order=(*reversed(turned), end))


def _parts(profile: Profile) -> Iterator[Plan]:
    """Three events of a run with two attempts, in every order, and the end; in order and in reverse as quick as can be
    told apart.
    """
    shape = _two_attempts(profile)
    for clock in (clocks_for(profile)[0], quick := soon(profile)) if shape else ():
        events, end = emitted(shape, clock=clock), len(shape) - 1
        for chosen in combinations(range(end), min(3, end)):
            for order in (chosen, chosen[::-1]) if clock is quick else permutations(chosen):
                yield Plan(events=events, order=(*order, end), clock=clock.name)


def _old_progress(profile: Profile) -> Iterator[Plan]:
    """Two reports of the first attempt, told in either order after the start of the second."""
    marks = (RETRIED, Mark(EventKind.ACTIVE, 2), Mark(EventKind.COMPLETED, 2))
    progress = Mark(EventKind.PROGRESS, 1)
    if {EventKind.RETRYING, EventKind.PROGRESS, EventKind.ACTIVE} <= profile.kinds:
        events = emitted((progress, progress, *marks), clock=clocks_for(profile)[0])
        for order in ((3, 0, 1), (3, 1, 0), (0, 3, 1), (1, 3, 0)):
            yield Plan(events=events, order=(*order, 4))


def _two_attempts(profile: Profile) -> Shape:
    """A run with two attempts, the second of which stalls before the end; nothing where there is only one."""
    first = next((kind for kind in (EventKind.RETRYING, EventKind.STALLED) if kind in profile.kinds), None)
    if first is None:
        return ()
    one = (Mark(EventKind.ACTIVE, 1), Mark(EventKind.PROGRESS, 1), Mark(first, 1))
    two = (Mark(EventKind.ACTIVE, 2), Mark(EventKind.PROGRESS, 2), Mark(EventKind.STALLED, 2))
    return tuple(mark for mark in (*one, *two, Mark(EventKind.COMPLETED, 2)) if mark.kind in profile.kinds)

"""Plans that tell events again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pytest_jobstatus.clocks import AHEAD
from pytest_jobstatus.delivery import Plan, again_at_once, again_later
from pytest_jobstatus.events import Event
from pytest_jobstatus.explore.effort import Effort
from pytest_jobstatus.explore.orders import permuted
from pytest_jobstatus.explore.part import Part, clocks_for, runs
from pytest_jobstatus.runs import MOST_ATTEMPTS, emitted, long_shapes, waiting_shapes
from pytest_jobstatus.tracker import Profile


def at_once_again(effort: Effort, profile: Profile) -> Part:
    """Each event several times in a row."""

    def plans() -> Iterator[Plan]:
        for plan in permuted(effort.again_orders, profile):
            yield replace(plan, order=again_at_once(plan.order, times=2))
        for events in _many_attempts(effort, profile):
            yield Plan(events=events, order=again_at_once(range(len(events)), times=4))
        for shape in waiting_shapes(profile.kinds) if profile.supports("skew") else ():
            events = emitted(shape, clock=AHEAD)
            yield Plan(events=events, order=again_at_once(range(len(events)), times=2), clock=AHEAD.name)
        for events in [events for events in _many_attempts(effort, profile) if len(events) == MANY][:3]:
            yield Plan(events=events, order=again_at_once(range(len(events)), times=12))

    return Part(f"every event again at once, {_again_bounds(effort)}", plans())


MANY = 4
"""The size of the three runs of which every event is told a dozen times: more than a counter of repeats waits for."""


def later_again(effort: Effort, profile: Profile) -> Part:
    """After each event, all earlier ones once more: what a tracker that is right ignores leaves it as it was."""

    def plans() -> Iterator[Plan]:
        for plan in permuted(effort.again_orders, profile):
            yield replace(plan, order=again_later(plan.order))
        for events in _many_attempts(effort, profile):
            if len(events) > effort.again_orders:
                yield Plan(events=events, order=again_later(range(len(events))))
        for shape in waiting_shapes(profile.kinds)[:1] if profile.supports("json_progress") else ():
            events = tuple(_with_object(event) for event in emitted(shape, clock=clocks_for(profile)[0]))
            yield Plan(events=events, order=again_later(range(len(events))))

    return Part(f"every event again after each other, {_again_bounds(effort)}", plans())


def _with_object(event: Event) -> Event:
    """The event with an object as its progress, of which a tracker may keep the very one."""
    return replace(event, progress={"done": [event.progress]}) if event.progress is not None else event


def _many_attempts(effort: Effort, profile: Profile) -> Iterator[tuple[Event, ...]]:
    """Small runs, those with two attempts one event larger, and some in which every attempt that there may be is
    started.
    """
    for shape, events in runs(effort.again + 1, profile):
        if len(shape) <= effort.again or shape[-1].attempt > 1:
            yield events
    for shape in (*long_shapes(profile.kinds, progress=True), *waiting_shapes(profile.kinds)):
        yield emitted(shape, clock=clocks_for(profile)[0])


def _again_bounds(effort: Effort) -> str:
    return (
        f"in every order of up to {effort.again_orders} events, in order up to {effort.again},"
        f" and with {MOST_ATTEMPTS} attempts, progress in each"
    )

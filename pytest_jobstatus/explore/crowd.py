"""Plans in which other jobs come between what is early and what is late."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

from pytest_jobstatus.delivery import Plan
from pytest_jobstatus.events import Event
from pytest_jobstatus.explore.effort import Effort
from pytest_jobstatus.explore.part import Part, clocks_for
from pytest_jobstatus.explore.strays import strays
from pytest_jobstatus.explore.telling import CANCELLED_EARLY, CREATED
from pytest_jobstatus.runs import emitted, long_shapes, shapes, waiting_shapes
from pytest_jobstatus.tracker import Profile


def crowd(effort: Effort, profile: Profile) -> Part:
    """Jobs, open and over; others come and go; then what is late arrives, and everything once more."""
    clock = clocks_for(profile)[0]
    ends = [shape for shape in shapes(3, profile.kinds) if shape[-1].kind.terminal]

    def other(number: int) -> tuple[Event, ...]:
        return emitted(ends[number % len(ends)], clock=clock, job=f"other-{number}")

    def plans() -> Iterator[Plan]:
        long = long_shapes(profile.kinds, progress=True)
        early = tuple(mark for mark in (CREATED, CANCELLED_EARLY) if mark.kind in profile.kinds)
        of_each_end = {shape[-1].kind: shape for shape in long}
        for shape in [*of_each_end.values(), *waiting_shapes(profile.kinds), *([early] if early else [])]:
            extra = strays(shape, profile, clock=clock)[::2] if shape[-1].kind.terminal else []  # one instant is enough
            yield _spaced(emitted(shape, clock=clock), extra, other)
        jobs = [emitted(shape, clock=clock, job=f"job-{number}") for number, shape in enumerate(long, 1)]
        ended: list[tuple[Sequence[Event], Event]] = []
        for shape in {shape[-1].kind: shape for shape in ends}.values():
            for stray in strays(shape, profile, clock=clock)[::2]:
                job = f"ended-{len(ended) + 1}"  # one each: whatever is told of a job may bring it back to mind
                ended.append((emitted(shape, clock=clock, job=job), stray.moved(job_id=job, by=timedelta())))
        yield _crowded(jobs, ended, other, effort.crowd)

    return Part(f"late and repeated events after {effort.crowd} other jobs, and each after one", plans())


def _split(size: int) -> tuple[list[int], list[int]]:
    """Which events of a run come early: every other one, and the last; and which are late."""
    early = [*range(0, size - 1, 2), size - 1]
    return early, [index for index in range(size) if index not in early]


def _spaced(own: Sequence[Event], extra: Sequence[Event], other: Callable[[int], Sequence[Event]]) -> Plan:
    """Before each late event of a job a whole other job."""
    early, late = _split(len(own))
    events = [*own, *extra]
    added = range(len(own), len(events))
    order = [*early]
    for number, index in enumerate((*late, *early, *added)):
        whole = other(number)
        order += [*range(len(events), len(events) + len(whole)), index]
        events += whole
    return Plan(events=tuple(events), order=tuple(order), strays=frozenset(added))


def _crowded(
    jobs: Sequence[Sequence[Event]],
    ended: Sequence[tuple[Sequence[Event], Event]],
    other: Callable[[int], Sequence[Event]],
    count: int,
) -> Plan:
    """Many other jobs between what is early of some jobs and what is late, and between an end and a stray."""
    events: list[Event] = []
    first: list[int] = []
    last: list[int] = []
    for own in jobs:
        early, late = ([len(events) + index for index in half] for half in _split(len(own)))
        first += early
        last += [*late, *early]
        events += own
    for own, _ in ended:
        first += range(len(events), len(events) + len(own))
        events += own
    crowd = [event for number in range(count) for event in other(number)]
    between = range(len(events), len(events) + len(crowd))
    added = [stray for _, stray in ended]
    astray = range(between.stop, between.stop + len(added))
    order = (*first, *between, *astray, *last)
    return Plan(events=(*events, *crowd, *added), order=order, strays=frozenset(astray))

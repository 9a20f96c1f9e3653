"""Every delivery order of every small run, every repeat, every loss, every stray: smallest first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, permutations

from pytest_jobstatus.delivery import Plan, again_at_once, again_later, in_order
from pytest_jobstatus.events import Event, EventKind
from pytest_jobstatus.explore.effort import Effort
from pytest_jobstatus.rules import Plans
from pytest_jobstatus.runs import (
    AGREE,
    CLOCKS,
    MOST_ATTEMPTS,
    SKEWED,
    Clock,
    Mark,
    Shape,
    emit,
    emitted,
    long_shapes,
    shapes,
)
from pytest_jobstatus.tracker import Profile


@dataclass(frozen=True)
class Part:
    """One family of plans, gone through to its end.

    Args:
        title: what it covers, with its bounds, for the report.
        plans: the plans, smallest first.
    """

    title: str
    plans: Iterator[Plan]


def clocks_for(profile: Profile) -> tuple[Clock, ...]:
    """The clocks that the tracker has to live with, slow enough for its resolution.

    >>> from datetime import timedelta
    >>> [clock.name for clock in clocks_for(Profile(unsupported={"skew": "one machine"}))]
    ['agree', 'tie', 'close']
    >>> clocks_for(Profile(resolution=timedelta(seconds=1)))[0].tick.seconds
    4
    """
    allowed = CLOCKS if profile.supports("skew") else tuple(clock for clock in CLOCKS if clock not in SKEWED)
    return tuple(
        replace(clock, tick=max(clock.tick, 4 * profile.resolution)) if clock.apart else clock for clock in allowed
    )


def runs(size: int, profile: Profile) -> Iterator[tuple[Shape, tuple[Event, ...]]]:
    """Every run of up to that many events that the tracker can be told, with its events."""
    clock = clocks_for(profile)[0]
    for shape in shapes(size, profile.kinds):
        yield shape, emitted(shape, clock=clock)


def _in_order(effort: Effort, profile: Profile) -> Part:
    def plans() -> Iterator[Plan]:
        for shape, events in runs(effort.in_order, profile):
            yield in_order(events)
            if len(shape) <= effort.again:
                yield in_order(emitted(shape, clock=clocks_for(profile)[0], bare=True))
        for shape in long_shapes(profile.kinds, progress=True):
            yield in_order(emitted(shape, clock=clocks_for(profile)[0]))

    return Part(
        f"every run of up to {effort.in_order} events in order, with and without errors and other values", plans()
    )


def _orders(size: int, profile: Profile) -> Part:
    return Part(
        f"every order of every run of up to {size} events, all losses at the end of each", _permuted(size, profile)
    )


def _permuted(size: int, profile: Profile) -> Iterator[Plan]:
    for shape, events in runs(size, profile):
        for order in permutations(range(len(shape))):
            yield Plan(events=events, order=order)


def _at_once_again(effort: Effort, profile: Profile) -> Part:
    def plans() -> Iterator[Plan]:
        for plan in _permuted(effort.again_orders, profile):
            yield replace(plan, order=again_at_once(plan.order, times=2))
        for events in _many_attempts(effort, profile):
            yield Plan(events=events, order=again_at_once(range(len(events)), times=3))

    return Part(f"every event again at once, {_again_bounds(effort)}", plans())


def _many_attempts(effort: Effort, profile: Profile) -> Iterator[tuple[Event, ...]]:
    """Small runs, and larger ones in which every attempt that there may be is started."""
    for shape, events in runs(effort.in_order, profile):
        if len(shape) <= effort.again or max(mark.attempt for mark in shape) == MOST_ATTEMPTS:
            yield events
    for shape in long_shapes(profile.kinds, progress=True):
        yield emitted(shape, clock=clocks_for(profile)[0])


def _again_bounds(effort: Effort) -> str:
    return (
        f"in every order of up to {effort.again_orders} events, in order up to {effort.again},"
        f" and with {MOST_ATTEMPTS} attempts, progress in each"
    )


def _later_again(effort: Effort, profile: Profile) -> Part:
    def plans() -> Iterator[Plan]:
        for plan in _permuted(effort.again_orders, profile):
            yield replace(plan, order=again_later(plan.order))
        for events in _many_attempts(effort, profile):
            if len(events) > effort.again_orders:
                yield Plan(events=events, order=again_later(range(len(events))))
                yield Plan(events=events, order=(*range(len(events)), *reversed(range(len(events)))))

    return Part(f"every event again after each other, {_again_bounds(effort)}", plans())


def strays(shape: Shape, profile: Profile, *, clock: Clock = AGREE) -> list[Event]:
    """What may come to a job though its run has no place for it: each kind, of the last attempt, the one before and the
    next, stamped before the run's last event and after it.
    """
    last = max(mark.attempt for mark in shape)
    top = min(last + 1, MOST_ATTEMPTS) if profile.supports("retrying") or profile.supports("stalled") else 1
    marks = [
        Mark(kind, attempt) for kind in EventKind if kind in profile.kinds for attempt in _attempts(kind, last, top)
    ]
    position = len(shape)
    end = clock.at(position - 1, shape[-1])
    return [
        emit(mark, at=at, nth=(position + number) % 20)
        for number, mark in enumerate(marks)
        for at in (clock.at(position, mark), end - clock.tick / 2)
    ]


def _attempts(kind: EventKind, last: int, top: int) -> Sequence[int]:
    if kind is EventKind.CREATED:
        return (0,)
    if kind is EventKind.CANCELLED:
        return (last,)
    return range(max(1, last - 1), max(1, top) + 1)


def _after_end(effort: Effort, profile: Profile) -> Part:
    def plans() -> Iterator[Plan]:
        for shape, events in runs(effort.after_end, profile):
            if not shape[-1].kind.terminal:
                continue
            extra = strays(shape, profile, clock=clocks_for(profile)[0])
            size = len(events)
            in_full, alone = tuple(range(size)), (size - 1,)
            if size <= effort.single:
                for way in dict.fromkeys((in_full, alone)):
                    for stray in extra:
                        yield Plan(events=(*events, stray), order=(*way, size), strays=frozenset({size}))
            bare = (*events[:-1], *emitted(shape, clock=clocks_for(profile)[0], bare=True)[-1:])
            added = tuple(range(size, size + len(extra)))
            all_of_them = frozenset(added)
            yield Plan(events=(*events, *extra), order=(*in_full, *added), strays=all_of_them)
            yield Plan(events=(*bare, *extra), order=(*alone, *in_full[:-1], *added), strays=all_of_them)
            if size <= effort.single:
                yield Plan(
                    events=(*events, *extra), order=(*alone, *reversed(added), *in_full[:-1]), strays=all_of_them
                )

    return Part(
        f"each kind of event after every ended run: one by one up to {effort.single} events,"
        f" all together up to {effort.after_end}",
        plans(),
    )


def _overtaken(effort: Effort, profile: Profile) -> Part:
    plans = (
        plan
        for plan in _permuted(effort.orders, profile)
        if plan.events[-1].kind.terminal and plan.order[-1] != len(plan.events) - 1
    )
    return Part(f"every order of every ended run of up to {effort.orders} events in which the end is not last", plans)


def _clocks(effort: Effort, profile: Profile) -> Part:
    clocks = clocks_for(profile)

    def plans() -> Iterator[Plan]:
        for shape in shapes(effort.again, profile.kinds):
            size = len(shape)
            ordered = tuple(range(size))
            orders = {ordered: None, ordered[::-1]: None, (size - 1, *ordered[:-1]): None}
            for clock in clocks:
                events = emitted(shape, clock=clock)
                for order in permutations(range(size)) if size < effort.orders else orders:
                    yield Plan(events=events, order=order, clock=clock.name)

    names = ", ".join(clock.name for clock in clocks)
    return Part(
        f"clocks ({names}) in every order of up to {effort.orders - 1} events,"
        f" in order and reversed up to {effort.again}",
        plans(),
    )


def _strangers(effort: Effort, profile: Profile) -> Part:
    plans = (replace(in_order(events), strangers=("stranger",), reads=3) for _, events in runs(effort.orders, profile))
    return Part(
        f"every run of up to {effort.orders} events in order, three reads each, beside a job never heard of", plans
    )


def _parts(effort: Effort, profile: Profile) -> Part:
    """Long runs of which almost everything is lost, so that attempts are skipped."""
    del effort

    def plans() -> Iterator[Plan]:
        told: set[Shape] = set()
        for size in (1, 2, 3):
            for shape in long_shapes(profile.kinds, progress=False):
                events = emitted(shape, clock=clocks_for(profile)[0])
                for chosen in combinations(range(len(shape)), size):
                    for order in permutations(chosen) if size < 3 else (chosen, chosen[::-1]):
                        marks = tuple(shape[index] for index in order)
                        if marks not in told:
                            told.add(marks)
                            yield Plan(events=events, order=order)

    return Part(f"up to 3 events of runs with {MOST_ATTEMPTS} attempts, the rest lost", plans())


def _turned(effort: Effort, profile: Profile) -> Part:
    clocks = clocks_for(profile)[1:]
    plans = (
        Plan(events=emitted(shape, clock=clock), order=tuple(reversed(range(len(shape)))), clock=clock.name)
        for shape in shapes(effort.again, profile.kinds)
        for clock in clocks
    )
    names = ", ".join(clock.name for clock in clocks)
    return Part(f"every run of up to {effort.again} events in reverse, clocks: {names}", plans)


def _crowd(effort: Effort, profile: Profile) -> Part:
    """Jobs, open and over; others come and go; then what is late arrives, and everything once more."""
    clock = clocks_for(profile)[0]
    ends = [shape for shape in shapes(3, profile.kinds) if shape[-1].kind.terminal]

    def other(number: int) -> tuple[Event, ...]:
        return emitted(ends[number % len(ends)], clock=clock, job=f"other-{number}")

    def plans() -> Iterator[Plan]:
        long = long_shapes(profile.kinds, progress=True)
        for shape in long:
            extra = strays(shape, profile, clock=clock) if shape[-1].kind.terminal else []
            yield _spaced(emitted(shape, clock=clock), extra, other)
        yield _crowded(
            [emitted(shape, clock=clock, job=f"job-{n}") for n, shape in enumerate(long, 1)], other, effort.crowd
        )

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


def _crowded(jobs: Sequence[Sequence[Event]], other: Callable[[int], Sequence[Event]], count: int) -> Plan:
    """Many other jobs between what is early of some jobs and what is late."""
    events: list[Event] = []
    first: list[int] = []
    last: list[int] = []
    for own in jobs:
        early, late = ([len(events) + index for index in half] for half in _split(len(own)))
        first += early
        last += [*late, *early]
        events += own
    crowd = [event for number in range(count) for event in other(number)]
    between = range(len(events), len(events) + len(crowd))
    return Plan(events=(*events, *crowd), order=(*first, *between, *last))


FAMILIES: dict[Plans, Callable[[Effort, Profile], Part]] = {
    Plans.IN_ORDER: _in_order,
    Plans.ORDERS: lambda effort, profile: _orders(effort.orders, profile),
    Plans.ALL_ORDERS: lambda effort, profile: _orders(effort.all_orders, profile),
    Plans.AT_ONCE_AGAIN: _at_once_again,
    Plans.LATER_AGAIN: _later_again,
    Plans.AFTER_END: _after_end,
    Plans.OVERTAKEN: _overtaken,
    Plans.CLOCKS: _clocks,
    Plans.TURNED: _turned,
    Plans.STRANGERS: _strangers,
    Plans.PARTS: _parts,
    Plans.CROWD: _crowd,
}

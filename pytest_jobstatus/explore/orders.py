"""Every delivery order of every small run, every loss, every clock: smallest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import combinations, permutations

from pytest_jobstatus.clocks import Clock
from pytest_jobstatus.delivery import Plan, again_later, in_order
from pytest_jobstatus.events import Event, EventKind, Mark
from pytest_jobstatus.explore.effort import Effort
from pytest_jobstatus.explore.part import Part, clocks_for, runs
from pytest_jobstatus.explore.telling import CREATED, failing, told
from pytest_jobstatus.runs import MOST_ATTEMPTS, UNSTARTED, Shape, emitted, long_shapes, shapes, waiting_shapes
from pytest_jobstatus.tracker import Profile


def told_in_order(effort: Effort, profile: Profile) -> Part:
    """Every run as it happened: the plain case, and with every value missing that may be."""

    def plans() -> Iterator[Plan]:
        for shape, events in runs(effort.in_order, profile):
            yield in_order(events)
            if len(shape) <= effort.again:
                yield in_order(emitted(shape, clock=clocks_for(profile)[0], bare=True))
            if shape[-1].kind is EventKind.RETRYING and len(shape) <= effort.again:
                yield in_order((*events[:-1], replace(events[-1], retry_at=events[-1].occurred_at)))
        for shape in long_shapes(profile.kinds, progress=True):
            yield in_order(emitted(shape, clock=clocks_for(profile)[0]))
            yield in_order(emitted(shape, clock=soon(profile)))
        for shape in waiting_shapes(profile.kinds):
            yield in_order(emitted(shape, clock=clocks_for(profile)[0]))
        for shape in long_shapes(profile.kinds, progress=False):
            yield in_order(emitted(shape, clock=SLOW), clock=SLOW.name)
        yield from told(profile, CREATED, UNSTARTED)
        yield from told(profile, CREATED, failing(UNSTARTED, None))

    return Part(
        f"every run of up to {effort.in_order} events in order, with and without errors and other values", plans()
    )


SLOW = Clock(name="slow", tick=timedelta(minutes=90))
"""Jobs may take half a day; all of it is one date."""


def soon(profile: Profile) -> Clock:
    """The quickest clock by which a tracker can still tell all instants apart: three resolutions from tick to tick."""
    return Clock(name="soon", tick=3 * profile.resolution)


def told_in_order_by_every_clock(effort: Effort, profile: Profile) -> Part:
    """Runs as they happened, with instants that tie, are close, or come from clocks that disagree."""
    clocks = clocks_for(profile)[1:]
    plans = (
        in_order(emitted(shape, clock=clock), clock=clock.name)
        for shape in shapes(effort.orders, profile.kinds)
        for clock in clocks
    )
    names = ", ".join(clock.name for clock in clocks)
    return Part(f"every run of up to {effort.orders} events in order, clocks: {names}", plans)


ALIKE_IN_ORDER = 5
"""From so many events on, events of one kind and attempt (reports of progress) keep their order. That they overtake
each other is tried in the smaller runs; in these it would be an eighth of all orders.
"""


def orders(size: int, profile: Profile) -> Part:
    """Every order of every run of up to `size` events; what each has not told yet at some step counts as lost there."""
    alike = (
        f"; from {ALIKE_IN_ORDER} on, reports of one attempt's progress in their order"
        if size >= ALIKE_IN_ORDER
        else ""
    )
    return Part(
        f"every order of every run of up to {size} events, and of every part of it{alike}", permuted(size, profile)
    )


def permuted(size: int, profile: Profile) -> Iterator[Plan]:
    """Every order of every run of up to `size` events."""
    for shape, events in runs(size, profile):
        alike = [pair for pair in combinations(range(len(shape)), 2) if shape[pair[0]] == shape[pair[1]]]
        kept = alike if len(shape) >= ALIKE_IN_ORDER else []
        for order in permutations(range(len(shape))):
            if all(order.index(earlier) < order.index(later) for earlier, later in kept):
                yield Plan(events=events, order=order)


def overtaken(effort: Effort, profile: Profile) -> Part:
    """Every order in which the end arrives before something that happened earlier."""

    def plans() -> Iterator[Plan]:
        for plan in permuted(effort.orders, profile):
            if plan.events[-1].kind.terminal and plan.order[-1] != len(plan.events) - 1:
                yield plan
        for shape in long_shapes(profile.kinds, progress=False):
            if shape[-1].kind.terminal:
                yield from _starts_late(emitted(shape, clock=clocks_for(profile)[0]))

    return Part(
        f"every order of every ended run of up to {effort.orders} events in which the end is not last; a later start,"
        " the end, and the earlier starts",
        plans(),
    )


def _starts_late(events: tuple[Event, ...]) -> Iterator[Plan]:
    end = len(events) - 1
    starts = [index for index, event in enumerate(events) if event.kind is EventKind.ACTIVE]
    for place in range(1, len(starts)):
        yield Plan(events=events, order=(starts[place], end, *reversed(starts[:place])))


def parts(effort: Effort, profile: Profile) -> Part:
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
        for shape in waiting_shapes(profile.kinds):
            events, last = emitted(shape, clock=clocks_for(profile)[0]), len(shape) - 1
            for place in range(last):
                yield from (Plan(events=events, order=order) for order in ((place, last), (last, place)))
        yield from _many_attempts(profile)

    return Part(
        f"up to 3 events of runs with {MOST_ATTEMPTS} attempts, the rest lost; attempts {MANY[0]} to {MANY[-1]}",
        plans(),
    )


MANY = (9, 10, 11)
"""Attempts on both sides of the number that has a digit more: as text "10" comes before "9"."""


def _many_attempts(profile: Profile) -> Iterator[Plan]:
    for kind in (EventKind.RETRYING, EventKind.STALLED):
        if kind in profile.kinds:
            marks = [Mark(each, attempt) for attempt in MANY for each in (EventKind.ACTIVE, kind)]
            marks[-1] = Mark(EventKind.FAILED, MANY[-1])
            events = emitted(tuple(mark for mark in marks if mark.kind in profile.kinds), clock=clocks_for(profile)[0])
            yield in_order(events)
            yield Plan(events=events, order=tuple(reversed(range(len(events)))))
            yield Plan(events=events, order=again_later(range(len(events))))


def turned(effort: Effort, profile: Profile) -> Part:
    """Every run in reverse, by every clock but the plain one; without values, and then its last event again."""
    plain, *clocks = clocks_for(profile)

    def plans() -> Iterator[Plan]:
        for shape in shapes(effort.orders, profile.kinds):
            backwards = tuple(reversed(range(len(shape))))
            for clock in clocks:
                yield Plan(events=emitted(shape, clock=clock), order=backwards, clock=clock.name)
            bare = emitted(shape, clock=plain, bare=True)
            yield Plan(events=bare, order=(*backwards, backwards[0]))
            yield in_order(bare)

    names = ", ".join(clock.name for clock in clocks)
    return Part(f"every run of up to {effort.orders} events in reverse, clocks: {names}; and without values", plans())


def clocks(effort: Effort, profile: Profile) -> Part:
    """Every clock, in the orders that bring its times together."""
    clocks = clocks_for(profile)

    def plans() -> Iterator[Plan]:
        for shape in shapes(effort.orders, profile.kinds):
            size = len(shape)
            ordered = tuple(range(size))
            orders = [ordered, (size - 1, *ordered[:-1])]
            for clock in clocks:
                events = emitted(shape, clock=clock)
                for order in permutations(range(size)) if size < effort.orders else orders:
                    yield Plan(events=events, order=order, clock=clock.name)

    names = ", ".join(clock.name for clock in clocks)
    return Part(
        f"clocks ({names}) in every order of up to {effort.orders - 1} events, in order and with the end first up to"
        f" {effort.orders}",
        plans(),
    )


def strangers(effort: Effort, profile: Profile) -> Part:
    """Runs in order, with reads where nothing is to be seen."""
    small = [events for _, events in runs(effort.orders, profile)]
    large = [emitted(shape, clock=clocks_for(profile)[0]) for shape in waiting_shapes(profile.kinds)]
    plans = (replace(in_order(events), strangers=("stranger",), reads=3) for events in (*small, *large))
    return Part(
        f"every run of up to {effort.orders} events in order, and some with {MOST_ATTEMPTS} attempts, three reads each,"
        " beside a job never heard of",
        plans,
    )

"""Plans in which several events arrive before anybody looks, as they do where a tracker writes behind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import permutations, product

from pytest_jobstatus.delivery import Plan, again_later, in_order
from pytest_jobstatus.events import TERMINAL_KINDS, Event, EventKind, JobError, Mark
from pytest_jobstatus.explore.effort import Effort
from pytest_jobstatus.explore.part import Part, clocks_for, runs
from pytest_jobstatus.explore.several import two_jobs
from pytest_jobstatus.explore.telling import (
    ACTIVE,
    ACTIVE_2,
    COMPLETED,
    CREATED,
    FAILED_2,
    PROGRESS,
    PROGRESS_2,
    RETRYING,
    at_progress,
    events_of,
    failing,
)
from pytest_jobstatus.runs import emit
from pytest_jobstatus.tracker import Profile

MANY = 40
"""Jobs in the largest batch: more than 100 events, which is more than a buffer may hold."""


def batches(effort: Effort, profile: Profile) -> Part:
    """Small runs in every order, larger ones in some, all at once or the rest of it; two ends at once; two jobs."""

    def plans() -> Iterator[Plan]:
        for shape, events in runs(effort.all_orders, profile):
            yield from _all_at_once(events, every=len(shape) < effort.orders)
            yield from (replace(in_order(events), batch=rest) for rest in range(2, len(shape)))
        yield from _end_last(profile)
        yield from _two_ends(profile)
        yield from _tied_progress(profile)
        yield from _of_two_attempts(profile)
        yield from _large(profile)
        for plan in two_jobs(effort, profile).plans:
            yield replace(plan, batch=len(plan.order))

    return Part(
        f"runs of up to {effort.all_orders} events of which nobody sees some, in every order of up to"
        f" {effort.orders - 1}; two ends, progress of one instant, two jobs, and {MANY} jobs, before anybody looks",
        plans(),
    )


def _all_at_once(events: Sequence[Event], *, every: bool) -> Iterator[Plan]:
    size = len(events)
    causal = tuple(range(size))
    some = [causal, causal[::-1], (causal[-1], *causal[:-1])]
    for order in dict.fromkeys(permutations(causal) if every else some) if size > 1 else ():
        yield Plan(events=tuple(events), order=order, batch=size)
    if every and size > 1:
        again = again_later(causal)
        yield Plan(events=tuple(events), order=again, batch=len(again))


def _end_last(profile: Profile) -> Iterator[Plan]:
    """Progress and failures of a run in every order, and the end, of which only the creation was seen before."""
    first, second = (JobError("ValueError", f"attempt {attempt} failed") for attempt in (1, 2))
    for middle in (
        (ACTIVE, at_progress(PROGRESS, 10), at_progress(PROGRESS, 20)),
        (ACTIVE, failing(RETRYING, first), ACTIVE_2),
    ):
        end = failing(FAILED_2, second) if ACTIVE_2 in middle else Mark(EventKind.COMPLETED, 1)
        events = events_of(profile, CREATED, *middle, end)
        for order in permutations(range(1, len(events) - 1)) if len(events) > 2 else ():
            told = (0, *order, len(events) - 1)
            yield Plan(events=events, order=told, batch=len(told) - 1)


def _two_ends(profile: Profile) -> Iterator[Plan]:
    kinds = [kind for kind in TERMINAL_KINDS if kind in profile.kinds]
    for first, second in product(kinds, repeat=2):
        if first is not second:
            events = events_of(profile, CREATED, ACTIVE, Mark(first, 1))
            size = len(events)
            tick = clocks_for(profile)[0].tick
            for later, rest in product((tick, -tick / 2), dict.fromkeys((2, size + 1))):
                stray = emit(Mark(second, 1), at=events[-1].occurred_at + later, nth=size)
                yield Plan(events=(*events, stray), order=tuple(range(size + 1)), strays=frozenset({size}), batch=rest)


def _of_two_attempts(profile: Profile) -> Iterator[Plan]:
    """Progress of two attempts, the older by a clock that is ahead."""
    if all(profile.supports(name) for name in ("retrying", "progress", "skew")):
        events = events_of(profile, CREATED, ACTIVE, PROGRESS, RETRYING, ACTIVE_2, at_progress(PROGRESS_2, 70))
        ahead = 10 * clocks_for(profile)[0].tick
        moved = (
            replace(event, occurred_at=event.occurred_at + ahead) if event.name == "progress 1" else event
            for event in events
        )
        yield replace(in_order(tuple(moved), clock="ahead"), batch=len(events))


def _large(profile: Profile) -> Iterator[Plan]:
    """Many jobs from beginning to end before anybody looks."""
    jobs = [events_of(profile, CREATED, ACTIVE, COMPLETED, job=f"job-{number}") for number in range(1, MANY + 1)]
    events = tuple(event for job in jobs for event in job)
    yield replace(in_order(events), batch=len(events))


def _tied_progress(profile: Profile) -> Iterator[Plan]:
    """Progress of one instant, told one after the other before anybody looks."""
    events = events_of(profile, CREATED, ACTIVE, *(at_progress(PROGRESS, value) for value in (10, 30, 20)))
    if len(events) > 2 and profile.supports("progress"):
        tied = tuple(replace(event, occurred_at=events[-1].occurred_at) for event in events[-3:])
        for rest in (2, 3, len(events)):
            yield replace(in_order((*events[:-3], *tied)), batch=rest)

"""From a plan that breaks a rule to one from which nothing can be taken away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from pytest_jobstatus.delivery import Plan, keeping
from pytest_jobstatus.events import Event
from pytest_jobstatus.misuse import Misuse
from pytest_jobstatus.runs import AGREE, Mark, check_possible, emit, may_follow

MOST_TRIES = 400


def shrunk(plan: Plan, still_fails: Callable[[Plan], bool]) -> Plan:
    """The smallest plan that can be reached by taking things away, one kind after the other, while it still fails.

    Args:
        plan: one that fails.
        still_fails: whether a smaller one does too.
    """
    tries = 0
    progress = True
    while progress and tries < MOST_TRIES:
        progress = False
        for smaller in _smaller(plan):
            tries += 1
            if still_fails(smaller):
                plan, progress = smaller, True
                break
            if tries >= MOST_TRIES:
                break
    return plan


def _smaller(plan: Plan) -> Iterator[Plan]:
    """Plans with something taken away, the largest bites first."""
    yield from _fewer_jobs(plan)
    yield from _fewer_deliveries(plan)
    if plan.lost:
        yield keeping(plan, range(len(plan.order)))
    if plan.strangers:
        yield replace(plan, strangers=())
    if plan.reads > 1:
        yield replace(plan, reads=plan.reads - 1)
    yield from _no_strays(plan)
    yield from _fewer_attempts(plan)
    yield from _plainer(plan)


def _fewer_jobs(plan: Plan) -> Iterator[Plan]:
    jobs = plan.jobs
    size = len(jobs) // 2
    while size:
        for start in range(0, len(jobs), size):
            gone = set(jobs[start : start + size])
            places = [place for place, index in enumerate(plan.order) if plan.events[index].job_id not in gone]
            if places:
                yield keeping(plan, places)
        size //= 2


def _fewer_deliveries(plan: Plan) -> Iterator[Plan]:
    count = len(plan.order)
    size = count // 2
    while size:
        for start in range(count - size, -1, -size):
            yield keeping(plan, [place for place in range(count) if not start <= place < start + size])
        size //= 2


def _no_strays(plan: Plan) -> Iterator[Plan]:
    """The strays as part of the run, where one could be it: told at its right place."""
    for stray in sorted(plan.strays):
        for place in range(len(plan.events)):
            sequence = [index for index in range(len(plan.events)) if index != stray]
            sequence.insert(place, stray)
            moved = Plan(
                events=tuple(plan.events[index] for index in sequence),
                order=tuple(sequence.index(index) for index in plan.order),
                strays=frozenset(sequence.index(index) for index in plan.strays if index != stray),
                reads=plan.reads,
                strangers=plan.strangers,
                clock=plan.clock,
            )
            if _possible(moved):
                yield moved


def _fewer_attempts(plan: Plan) -> Iterator[Plan]:
    for attempt in range(max(event.attempt for event in plan.events), 0, -1):
        lowered = tuple(event if event.attempt < attempt else _lowered(event) for event in plan.events)
        smaller = replace(plan, events=lowered)
        if _possible(smaller):
            yield smaller


def _lowered(event: Event) -> Event:
    return emit(Mark(event.kind, event.attempt - 1), at=event.occurred_at, job=event.job_id)


def _plainer(plan: Plan) -> Iterator[Plan]:
    """The same with clocks that agree and values of our own, where it has others."""
    names = {job: f"job-{number}" for number, job in enumerate(plan.jobs, 1)}
    plain = tuple(
        emit(mark := Mark(event.kind, event.attempt), at=AGREE.at(place, mark), job=names[event.job_id], nth=place % 20)
        for place, event in enumerate(plan.events)
    )
    if plain != plan.events:
        yield replace(plan, events=plain, clock=AGREE.name)


def _possible(plan: Plan) -> bool:
    """Whether a queue could emit what is not marked as a stray, and every event makes sense by itself."""
    if not all(may_follow(None, Mark(event.kind, event.attempt)) for event in plan.events):
        return False
    try:
        for job in plan.jobs:
            own = [event for index, event in enumerate(plan.events) if event.job_id == job and index not in plan.strays]
            check_possible(own, source="shrinking")
    except Misuse:
        return False
    return True

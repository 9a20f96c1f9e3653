"""From a plan that breaks a rule to one from which nothing can be taken away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from pytest_jobstatus.clocks import AGREE, Clock
from pytest_jobstatus.delivery import Plan, job_names, keeping
from pytest_jobstatus.events import Event, Mark
from pytest_jobstatus.misuse import Misuse
from pytest_jobstatus.runs import check_possible, emit, may_follow

MOST_TRIES = 400


def shrunk(plan: Plan, still_fails: Callable[[Plan], bool], *, clock: Clock = AGREE) -> Plan:
    """The smallest plan that can be reached by taking things away, one kind after the other, while it still fails.

    Args:
        plan: one that fails.
        still_fails: whether a smaller one does too.
        clock: the plainest that suits the tracker's resolution.
    """
    left = MOST_TRIES

    def fails(smaller: Plan) -> bool:
        nonlocal left
        left -= 1
        return left >= 0 and still_fails(smaller)

    before = None
    while plan != before and left > 0:
        before = plan
        if len(plan.jobs) > 1:
            plan = _fewer(plan, _by_job, fails)
        plan = _fewer(plan, _one_by_one, fails)
        plan = _simpler(plan, fails, clock)
    return plan


def _fewer(plan: Plan, units_of: Callable[[Plan], list[list[int]]], fails: Callable[[Plan], bool]) -> Plan:
    """The plan without the deliveries that it can spare: halves first, then ever smaller bites, from the end on."""
    units = units_of(plan)
    size = len(units) // 2
    while size:
        start = len(units)
        while start > 0:
            start -= size
            gone = {place for unit in units[max(0, start) : start + size] for place in unit}
            rest = [place for place in range(len(plan.order)) if place not in gone]
            if rest and fails(smaller := keeping(plan, rest)):
                plan, units = smaller, units_of(smaller)
        size //= 2
    return plan


def _by_job(plan: Plan) -> list[list[int]]:
    places: dict[str, list[int]] = {}
    for place, index in enumerate(plan.order):
        places.setdefault(plan.events[index].job_id, []).append(place)
    return list(places.values())


def _one_by_one(plan: Plan) -> list[list[int]]:
    return [[place] for place in range(len(plan.order))]


def _simpler(plan: Plan, fails: Callable[[Plan], bool], clock: Clock) -> Plan:
    """The plan as plain as it can be, the deliveries kept."""
    found = True
    while found:
        found = False
        for simpler in _simplifications(plan, clock):
            if fails(simpler):
                plan, found = simpler, True
                break
    return plan


def _simplifications(plan: Plan, clock: Clock) -> Iterator[Plan]:
    if plan.lost:
        yield keeping(plan, range(len(plan.order)))
    if plan.strangers:
        yield replace(plan, strangers=())
    if plan.reads > 1:
        yield replace(plan, reads=plan.reads - 1)
    yield from _no_strays(plan)
    yield from _fewer_attempts(plan)
    yield from _plainer(plan, clock)


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


def _plainer(plan: Plan, clock: Clock) -> Iterator[Plan]:
    """The same with clocks that agree and values of our own, where it has others."""
    names = job_names(plan.jobs, taken=plan.strangers)
    plain = tuple(
        emit(mark := Mark(event.kind, event.attempt), at=clock.at(place, mark), job=names[event.job_id], nth=place % 20)
        for place, event in enumerate(plan.events)
    )
    if plain != plan.events:
        yield replace(plan, events=plain, clock=clock.name)


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

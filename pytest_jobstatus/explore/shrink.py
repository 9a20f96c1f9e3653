"""From a plan that breaks a rule to one from which nothing can be taken away."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pytest_jobstatus.clocks import AGREE, Clock
from pytest_jobstatus.delivery import Plan, keeping
from pytest_jobstatus.events import Event
from pytest_jobstatus.explore.simpler import MANY, simplifications, with_plainer_event

MOST_TRIES = 1_000
MOST_DELIVERIES = 100_000
"""In all tries together: a failure that needs many jobs is not worth more than one that needs none."""


def shrunk(plan: Plan, still_fails: Callable[[Plan], bool], *, clock: Clock = AGREE) -> Plan:
    """The smallest plan that can be reached by taking things away, one kind after the other, while it still fails.

    Args:
        plan: one that fails.
        still_fails: whether a smaller one does too.
        clock: the plainest that suits the tracker's resolution.
    """
    left, deliveries = MOST_TRIES, MOST_DELIVERIES
    tried: dict[object, Plan] = {}  # a job of one delivery can be taken away as the one or as the other

    def fails(smaller: Plan) -> bool:
        nonlocal left, deliveries
        key = (
            tuple(map(id, smaller.events)),
            smaller.order,
            smaller.strays,
            smaller.reads,
            smaller.strangers,
            smaller.batch,
            smaller.workers,
        )
        if key in tried:
            return False
        left, deliveries = left - 1, deliveries - len(smaller.order)
        failed = left >= 0 and deliveries >= 0 and still_fails(smaller)
        if not failed:
            tried[key] = smaller
        return failed

    before = None
    while plan != before and left > 0 and deliveries > 0:
        at_most = 1 if before is not None else len(plan.order)  # after the first round there is little left to take
        before = plan
        if 1 < len(plan.jobs) < len(plan.order):
            plan = _fewer(plan, _by_kind, fails, at_most=1) if len(plan.order) > MANY else plan
            plan = _fewer(plan, _by_job, fails, at_most=at_most)
        plan = _fewer(plan, _one_by_one, fails, at_most=at_most)
        fewer, plan = plan, _simpler(plan, fails, clock)
        if len(plan.events) > MANY and _marks(plan) == _marks(fewer):
            break  # with plain instants and names a large plan is not told all over again
    return plan


def _marks(plan: Plan) -> object:
    marks = [(event.kind, event.attempt) for event in plan.events]
    return marks, plan.order, plan.strays, plan.reads, plan.batch, plan.workers


def _fewer(
    plan: Plan, units_of: Callable[[Plan], list[list[int]]], fails: Callable[[Plan], bool], *, at_most: int
) -> Plan:
    """The plan without the deliveries that it can spare: halves first, then ever smaller bites, from the end on."""
    units = units_of(plan)
    size = min(len(units) // 2, at_most)
    while size:
        start = len(units)
        while start > 0:
            start -= size
            gone = {place for unit in units[max(0, start) : start + size] for place in unit}
            rest = [place for place in range(len(plan.order)) if place not in gone]
            if rest and fails(smaller := keeping(plan, rest)):
                plan, units = smaller, units_of(smaller)
        size = size // 4 if size > MANY // 2 else size // 2
    return plan


def _by_kind(plan: Plan) -> list[list[int]]:
    """Of all jobs together: those that only have to be there need one event each."""
    return _by(plan, lambda event: event.kind)


def _by_job(plan: Plan) -> list[list[int]]:
    return _by(plan, lambda event: event.job_id)


def _by(plan: Plan, what: Callable[[Event], str]) -> list[list[int]]:
    places: dict[str, list[int]] = {}
    for place, index in enumerate(plan.order):
        places.setdefault(what(plan.events[index]), []).append(place)
    return list(places.values())


def _one_by_one(plan: Plan) -> list[list[int]]:
    return [[place] for place in range(len(plan.order))]


def _simpler(plan: Plan, fails: Callable[[Plan], bool], clock: Clock) -> Plan:
    """The plan as plain as it can be, the deliveries kept."""
    before = None
    while plan is not before:
        before = plan = _while_it_fails(plan, fails, lambda plan: simplifications(plan, clock))
        for place in range(len(plan.events)):
            plan = _while_it_fails(plan, fails, lambda plan: with_plainer_event(plan, place, clock))  # noqa: B023 - at once
    return plan


def _while_it_fails(plan: Plan, fails: Callable[[Plan], bool], simpler: Callable[[Plan], Iterator[Plan]]) -> Plan:
    """The plan made simpler again and again."""
    while (found := next(filter(fails, simpler(plan)), None)) is not None:
        plan = found
    return plan

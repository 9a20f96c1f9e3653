"""Everything that can be taken away from a counterexample: if it fails without one of them, it was not the smallest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from pytest_jobstatus.clocks import START
from pytest_jobstatus.delivery import Plan, keeping
from pytest_jobstatus.events import Event, Mark
from pytest_jobstatus.runs import UNSTARTED, emit, is_possible, may_follow


def removals(plan: Plan, *, tick: timedelta) -> Iterator[tuple[str, Plan]]:
    """What is left of a plan, and what was taken from it.

    Args:
        plan: a counterexample.
        tick: the plain time from one event to the next.
    """
    places = range(len(plan.order))
    for place in places if len(places) > 1 else ():
        yield f"delivery {place + 1}", keeping(plan, [other for other in places if other != place])
    for place, worker in enumerate(plan.workers):
        if worker:
            first = (*plan.workers[:place], 0, *plan.workers[place + 1 :])
            yield f"the worker of delivery {place + 1}", replace(plan, workers=first)
    if plan.batch:
        yield "that nobody looked between", replace(plan, batch=0)
    for job in plan.jobs if len(plan.jobs) > 1 else ():
        rest = [place for place in places if plan.events[plan.order[place]].job_id != job]
        if rest:
            yield f"the job {job!r}", keeping(plan, rest)
    yield from without_attempts(plan)
    for place, event in enumerate(plan.events):
        for what, plainer in plain(event, place, tick=tick):
            if plainer != event:
                yield (
                    f"{what} of {event.name}",
                    replace(plan, events=(*plan.events[:place], plainer, *plan.events[place + 1 :])),
                )


def without_attempts(plan: Plan) -> Iterator[tuple[str, Plan]]:
    for attempt in range(1, max(event.attempt for event in plan.events) + 1):
        lowered = tuple(lower(event) if event.attempt >= attempt else event for event in plan.events)
        if any(Mark(event.kind, event.attempt) == UNSTARTED for event in lowered):
            continue  # a failure before any start is no plainer than one whose start was lost
        smaller = replace(plan, events=lowered)
        if possible(smaller):
            yield f"attempt {attempt}", smaller


def lower(event: Event) -> Event:
    return replace(event, attempt=event.attempt - 1)


def plain(event: Event, place: int, *, tick: timedelta) -> Iterator[tuple[str, Event]]:
    mark = Mark(event.kind, event.attempt)
    yield "the values", emit(mark, at=event.occurred_at, job=event.job_id, nth=place % 20)
    yield "the instant", replace(event, occurred_at=START + place * tick)


def possible(plan: Plan) -> bool:
    regular = [event for index, event in enumerate(plan.events) if index not in plan.strays]
    if not all(is_possible([event for event in regular if event.job_id == job]) for job in plan.jobs):
        return False
    return all(may_follow(None, Mark(event.kind, event.attempt)) for event in plan.events)

"""What can be made plainer in a plan that keeps its deliveries: losses, strays, attempts, values, instants, names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from pytest_jobstatus.clocks import Clock
from pytest_jobstatus.delivery import Plan, keeping
from pytest_jobstatus.events import Event, Mark
from pytest_jobstatus.runs import UNSTARTED, emit, is_possible, may_follow

MANY = 20
"""Events: in a larger plan a stray is not tried at each place of the run."""


def simplifications(plan: Plan, clock: Clock) -> Iterator[Plan]:
    """Each way to make the plan as a whole a little plainer, the largest steps first.

    Args:
        plan: any.
        clock: the plainest that suits the tracker's resolution.
    """
    if plan.lost:
        yield keeping(plan, range(len(plan.order)))
        yield from (_without(plan, index) for index in plan.lost)
    if plan.strangers:
        yield replace(plan, strangers=())
    yield from _fewer_workers(plan)
    if plan.batch:
        yield replace(plan, batch=0)
    if plan.batch > 2:
        yield replace(plan, batch=plan.batch - 1)
    if plan.reads > 1:
        yield replace(plan, reads=plan.reads - 1)
    yield from _all_plain(plan, clock)
    yield from _started(plan)
    yield from _fewer_attempts(plan)
    if len(plan.events) <= MANY:
        yield from _no_strays(plan)


def with_plainer_event(plan: Plan, place: int, clock: Clock) -> Iterator[Plan]:
    """Each way to make one of its events a little plainer.

    Args:
        plan: any.
        place: of the event.
        clock: the plainest that suits the tracker's resolution.
    """
    before = plan.events[place]
    for event in _plainer(before, place, clock):
        if event != before or event.occurred_at.tzinfo is not before.occurred_at.tzinfo:
            yield replace(plan, events=(*plan.events[:place], event, *plan.events[place + 1 :]))


def _without(plan: Plan, gone: int) -> Plan:
    """The plan without an event that is never delivered."""
    kept = [index for index in range(len(plan.events)) if index != gone]
    return replace(
        plan,
        events=tuple(plan.events[index] for index in kept),
        order=tuple(kept.index(index) for index in plan.order),
        strays=frozenset(kept.index(index) for index in plan.strays if index != gone),
    )


def _fewer_workers(plan: Plan) -> Iterator[Plan]:
    """One worker instead of several, two instead of more, the two in each other's turns, and the first for another."""
    two = tuple(min(each, 1) for each in plan.workers)
    ways = [(), two, *([tuple(1 - each for each in two)] if two[:1] == (1,) else [])] if plan.workers else []
    ways += [(*plan.workers[:n], 0, *plan.workers[n + 1 :]) for n, each in enumerate(plan.workers) if each]
    yield from (replace(plan, workers=way) for way in ways if way != plan.workers)


def _no_strays(plan: Plan) -> Iterator[Plan]:
    """The strays as part of the run, where one could be it: told at its right place."""
    for stray in sorted(plan.strays):
        for place in range(len(plan.events)):
            sequence = [index for index in range(len(plan.events)) if index != stray]
            sequence.insert(place, stray)
            moved = replace(
                plan,
                events=tuple(plan.events[index] for index in sequence),
                order=tuple(sequence.index(index) for index in plan.order),
                strays=frozenset(sequence.index(index) for index in plan.strays if index != stray),
            )
            if _possible(moved):
                yield moved


def _fewer_attempts(plan: Plan) -> Iterator[Plan]:
    for attempt in range(plan.attempts, 0, -1):
        lowered = tuple(
            event if event.attempt < attempt else replace(event, attempt=event.attempt - 1) for event in plan.events
        )
        smaller = replace(plan, events=lowered)
        if _possible(smaller) and not any(map(_is_unstarted, lowered)):
            yield smaller


def _started(plan: Plan) -> Iterator[Plan]:
    """A failure whose start was lost instead of one that came before any: that is the rarer."""
    started = tuple(replace(event, attempt=1) if _is_unstarted(event) else event for event in plan.events)
    if started != plan.events:
        yield replace(plan, events=started)


def _is_unstarted(event: Event) -> bool:
    return Mark(event.kind, event.attempt) == UNSTARTED


def _all_plain(plan: Plan, clock: Clock) -> Iterator[Plan]:
    """Clocks that agree, plain values and plain names: all together, then each by itself."""
    names = plan.plain_names()
    timed = tuple(replace(event, occurred_at=_tick(event, place, clock)) for place, event in enumerate(plan.events))
    valued = tuple(_plain(event, place) for place, event in enumerate(plan.events))
    both = tuple(_plain(event, place) for place, event in enumerate(timed))
    renamed = made_plain(plan, clock).events
    kept = tuple(replace(event, job_id=names[event.job_id]) for event in plan.events)
    ways = [(renamed, clock.name), (both, clock.name), (timed, clock.name), (valued, plan.clock), (kept, plan.clock)]
    tried = [plan.events]
    for events, name in ways:
        if events not in tried:
            tried.append(events)
            yield replace(plan, events=events, clock=name)


def made_plain(plan: Plan, clock: Clock) -> Plan:
    """The same deliveries with clocks that agree, plain values and plain names."""
    names = plan.plain_names()
    plain = (
        _plain(replace(each, occurred_at=_tick(each, place, clock)), place) for place, each in enumerate(plan.events)
    )
    events = tuple(replace(event, job_id=names[event.job_id]) for event in plain)
    return replace(plan, events=events, clock=clock.name)


def _plainer(event: Event, place: int, clock: Clock) -> Iterator[Event]:
    """One event with plain values, at its tick, in UTC; and its error with one part plain."""
    plain = _plain(event, place)
    yield plain
    yield replace(event, occurred_at=_tick(event, place, clock))
    yield replace(event, occurred_at=event.occurred_at.astimezone(UTC))
    if event.error is not None and plain.error is not None:
        yield replace(event, error=replace(event.error, type=plain.error.type))
        yield replace(event, error=replace(event.error, message=plain.error.message))
        yield replace(event, error=replace(event.error, traceback=plain.error.traceback))


def _tick(event: Event, place: int, clock: Clock) -> datetime:
    return clock.at(place, Mark(event.kind, event.attempt))


def _plain(event: Event, place: int) -> Event:
    """The event with values of our own."""
    return emit(Mark(event.kind, event.attempt), at=event.occurred_at, job=event.job_id, nth=place % 20)


def _possible(plan: Plan) -> bool:
    """Whether a queue could emit what is not marked as a stray, and every event makes sense by itself."""
    if not all(may_follow(None, Mark(event.kind, event.attempt)) for event in plan.events):
        return False
    regular = [event for index, event in enumerate(plan.events) if index not in plan.strays]
    return all(is_possible([event for event in regular if event.job_id == job]) for job in plan.jobs)

"""Plans about instants: offsets, clocks that disagree, ties."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta, timezone
from itertools import product

from pytest_jobstatus.clocks import START, Clock
from pytest_jobstatus.delivery import Plan, in_order
from pytest_jobstatus.events import Event, EventKind, Mark
from pytest_jobstatus.explore.effort import Effort
from pytest_jobstatus.explore.part import Part, clocks_for, runs
from pytest_jobstatus.explore.telling import (
    ACTIVE,
    ACTIVE_2,
    ACTIVE_3,
    CANCELLED,
    COMPLETED,
    COMPLETED_3,
    CREATED,
    FAILED,
    PROGRESS,
    PROGRESS_2,
    RETRYING,
    STALLED,
    known,
)
from pytest_jobstatus.runs import Shape, emitted
from pytest_jobstatus.tracker import Profile

OFFSETS = (timedelta(), timedelta(hours=5, minutes=45), timedelta(hours=-3, minutes=-30), timedelta(hours=14),
           timedelta(hours=-12), timedelta(hours=1), timedelta(hours=-5))  # fmt: skip
"""From UTC, those with minutes and the farthest among them."""

FRACTIONS = tuple(timedelta(microseconds=each) for each in (0, 123_457, 999_999, 500_000, 5_000, 40))
"""Of a second: with all six digits, with zeros before and behind."""

MIDNIGHT = (timedelta(hours=-11, minutes=-45), timedelta(hours=11, minutes=45))
"""From noon to shortly after midnight in UTC, and shortly before: elsewhere one of them is another day."""

RUNS: tuple[tuple[Mark, ...], ...] = (
    (CREATED, ACTIVE, COMPLETED),
    (CREATED, ACTIVE, FAILED),
    (CREATED, ACTIVE, CANCELLED),
    (CREATED, Mark(EventKind.CANCELLED, 0)),
    (CREATED, ACTIVE, RETRYING, CANCELLED),
    (CREATED, ACTIVE, STALLED, CANCELLED),
    (CREATED, ACTIVE, RETRYING, ACTIVE_2, Mark(EventKind.COMPLETED, 2)),
    (CREATED, ACTIVE, RETRYING, ACTIVE_2, Mark(EventKind.FAILED, 2)),
    (CREATED, ACTIVE, STALLED, ACTIVE_2, PROGRESS_2, Mark(EventKind.FAILED, 2)),
    (CREATED, ACTIVE, PROGRESS, STALLED, COMPLETED),
    (CREATED, PROGRESS, COMPLETED),
    (CREATED, ACTIVE, PROGRESS, RETRYING, ACTIVE_2, PROGRESS_2, Mark(EventKind.CANCELLED, 2)),
)
"""Every way to end, with one attempt and with two, and once with a start that is lost."""
THREE_ATTEMPTS = (CREATED, ACTIVE, RETRYING, ACTIVE_2, Mark(EventKind.STALLED, 2), ACTIVE_3, COMPLETED_3)
"""A run in which a late creation meets a third start."""


def _shapes(profile: Profile, *more: tuple[Mark, ...]) -> list[Shape]:
    """The runs, and more, as far as the tracker can be told of them."""
    found = dict.fromkeys(tuple(mark for mark, _ in known(profile, way)) for way in (*RUNS, *more))
    return [shape for shape in found if shape]


def offsets(effort: Effort, profile: Profile) -> Part:
    """Runs written in one offset, with fractions of a second."""
    del effort
    zones = [timezone(offset) for offset in OFFSETS]

    def plans() -> Iterator[Plan]:
        for number, shape in enumerate(_shapes(profile)):
            for fraction in FRACTIONS:
                events = emitted(shape, clock=replace(clocks_for(profile)[0], offset=fraction))
                for zone in zones if number == 0 else zones[1:3]:
                    yield in_order([_written(event, zone) for event in events])
            for offset in (*MIDNIGHT, *_within_resolution(profile)):
                yield in_order(emitted(shape, clock=replace(clocks_for(profile)[0], offset=offset)))

    told = ", ".join(str(zone) for zone in zones)
    title = f"runs of up to 7 events in order, written in {told}, {len(FRACTIONS)} fractions of a second, near midnight"
    return Part(title, plans())


def _within_resolution(profile: Profile) -> tuple[timedelta, ...]:
    """An instant that is no multiple of the resolution, nor half of one, where that is not so of a second already."""
    return (0.7 * profile.resolution,) if profile.resolution >= timedelta(seconds=1) else ()


def mixed_offsets(effort: Effort, profile: Profile) -> Part:
    """Runs of which each event is written in another offset, in order and in reverse."""
    del effort
    zones = [timezone(offset) for offset in OFFSETS]

    def plans() -> Iterator[Plan]:
        for number, shape in enumerate(_shapes(profile)):
            for fraction in FRACTIONS[:2]:
                events = emitted(shape, clock=replace(clocks_for(profile)[0], offset=fraction))
                mixed = [_written(event, zones[(place + number) % len(zones)]) for place, event in enumerate(events)]
                yield in_order(mixed)
                yield Plan(events=tuple(mixed), order=tuple(reversed(range(len(mixed)))))

    return Part(
        f"runs of up to 7 events in order and in reverse, each event in another of {len(zones)} offsets", plans()
    )


def _written(event: Event, zone: timezone) -> Event:
    return replace(event, occurred_at=event.occurred_at.astimezone(zone))


AMOUNTS = {
    "1 ms": timedelta(milliseconds=1),
    "1 s": timedelta(seconds=1),
    "5 min": timedelta(minutes=5),
    "1 h": timedelta(hours=1),
}


def skews(effort: Effort, profile: Profile) -> Part:
    """Runs of which the first worker's clock, the second's or both differ from the producer's, by 1 ms to 1 h."""
    del effort

    def plans() -> Iterator[Plan]:
        for words, amount in AMOUNTS.items() if profile.supports("skew") else ():
            for worker, successor in ((-1, -1), (1, 1), (1, -1), (0, -1)):
                tick = min(timedelta(seconds=1), amount / 2)
                clock = Clock(name=f"{words} apart", tick=tick, worker=worker * amount, successor=successor * amount)
                for shape in _shapes(profile, THREE_ATTEMPTS):
                    if worker == successor or max(mark.attempt for mark in shape) > 1:
                        yield from _three_orders(emitted(shape, clock=clock), clock.name)
            for caller in (-1, 1):
                clock = Clock(name=f"{words} apart", tick=min(timedelta(seconds=1), amount / 2), caller=caller * amount)
                for shape in _shapes(profile):
                    if shape[-1].kind is EventKind.CANCELLED:
                        yield from _three_orders(emitted(shape, clock=clock), clock.name)

    return Part("runs of up to 7 events in order, in reverse and with the end first, clocks 1 ms to 1 h apart", plans())


def ties(effort: Effort, profile: Profile) -> Part:
    """Runs of which some or all events share an instant, or are a microsecond apart."""

    def plans() -> Iterator[Plan]:
        for shape, events in runs(effort.orders, profile):
            for apart in product((False, True), repeat=len(shape) - 1):
                if not all(apart):
                    yield from _three_orders(_tied(events, apart, profile), "tie")
        for shape in _shapes(profile):
            events = emitted(shape)
            for offset in (timedelta(), *_within_resolution(profile)):
                for tick in (timedelta(), timedelta(microseconds=1)):
                    yield from _three_orders(emitted(shape, clock=Clock(name="tie", tick=tick, offset=offset)), "tie")
            if len(events) > effort.orders:
                pairs = [place % 2 == 0 for place in range(len(events) - 1)]
                yield from _three_orders(_tied(events, pairs, profile), "tie")

    return Part(
        f"runs of up to {effort.orders} events with every way to share instants, larger ones with some, in order,"
        " in reverse and with the end first",
        plans(),
    )


def _tied(events: Sequence[Event], apart: Sequence[bool], profile: Profile) -> tuple[Event, ...]:
    """The events, each at the instant of the one before it or a tick later."""
    tick = clocks_for(profile)[0].tick
    places = [sum(apart[:place]) for place in range(len(events))]
    return tuple(replace(event, occurred_at=START + place * tick) for event, place in zip(events, places, strict=True))


def _three_orders(events: Sequence[Event], clock: str) -> Iterator[Plan]:
    causal = tuple(range(len(events)))
    for order in dict.fromkeys((causal, causal[::-1], (causal[-1], *causal[:-1]))):
        yield Plan(events=tuple(events), order=order, clock=clock)

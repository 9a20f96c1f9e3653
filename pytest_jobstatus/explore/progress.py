"""Plans in which progress comes late, again, at one instant, or from clocks that disagree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta, timezone
from itertools import permutations
from typing import Any

from pytest_jobstatus.delivery import Plan
from pytest_jobstatus.events import TERMINAL_KINDS, Event, EventKind, Mark
from pytest_jobstatus.explore.effort import Effort
from pytest_jobstatus.explore.part import Part
from pytest_jobstatus.explore.telling import (
    ACTIVE,
    ACTIVE_2,
    CANCELLED,
    COMPLETED,
    CREATED,
    FAILED,
    PROGRESS,
    PROGRESS_2,
    RETRYING,
    STALLED,
    at_progress,
    events_of,
    placed,
)
from pytest_jobstatus.tracker import Profile

PROGRESS_3 = Mark(EventKind.PROGRESS, 3)
FALSY: tuple[Any, ...] = (None, 0, False, "", [], {})
"""Values that pass for none where nobody looks closely."""
VALUES = (100, 20, 50, 0)
"""100 does not end a job; and neither up nor down all the time: a larger value is no newer one."""


def progress_orders(effort: Effort, profile: Profile) -> Part:
    """Progress of one to three attempts in every order, and once more; before, between and after what else happens."""
    del effort

    def plans() -> Iterator[Plan]:
        for marks, seconds in _tables(profile):
            if all(mark.kind in profile.kinds for mark in marks if mark.kind in (*AROUND, EventKind.PROGRESS)):
                yield from _in_every_order(profile, _timed(profile, marks, seconds))
        if profile.supports("progress"):
            yield from _in_other_offsets(profile)
        for value in FALSY if profile.supports("progress") and profile.supports("json_progress") else ():
            *begin, newest, older = _timed(profile, [PROGRESS, PROGRESS], (20, 10))
            events, size = (*begin, older, replace(newest, progress=value)), len(begin)
            yield Plan(events=events, order=(*range(size), size + 1, size))

    return Part("up to 4 events with progress of up to 3 attempts in every order, then all but the last again", plans())


def _tables(profile: Profile) -> Iterator[tuple[Sequence[Mark], Sequence[float]]]:
    """What follows the start of the first attempt, and at which second."""
    for seconds in ONE_ATTEMPT:
        yield [PROGRESS] * len(seconds), seconds
    for around in (RETRYING, STALLED, COMPLETED, FAILED, CANCELLED):
        for seconds in ((10, 20, 30), (10, 40, 30)):
            yield (PROGRESS, PROGRESS, around), seconds
    if profile.has_attempts:
        for seconds in ((30, 40, 50, 5), (10, 10, 10, 10)):
            yield (PROGRESS, PROGRESS, ACTIVE_2, PROGRESS_2), seconds
        for ended in (RETRYING, STALLED):
            yield (ended, ACTIVE_2, PROGRESS_2), (20, 30, 40)
            yield (PROGRESS_2, PROGRESS_2, Mark(ended.kind, 2)), (20, 20, 30)
        yield (Mark(EventKind.PROGRESS, 9), Mark(EventKind.PROGRESS, 10)), (20, 30)
        yield (ACTIVE_2, PROGRESS_2, PROGRESS_2), (20, 30, 30)
        yield (PROGRESS, PROGRESS_2, PROGRESS_3), (30, 20, 10)


AROUND = (EventKind.RETRYING, EventKind.STALLED, *TERMINAL_KINDS)
ONE_ATTEMPT: tuple[tuple[float, ...], ...] = (
    (10, 20, 30),
    (10, 10),
    (10, 10, 10),
    (10.2, 10.2),
    (10.5, 11),
    (10.25, 10.5),
    (10, 10.5),
    (10.0001, 10.0009),
    (-5,),
    (-5, 30),
)
"""When the progress of one attempt is told: apart, at one instant, also one that is no multiple of a coarse resolution,
within a second, before the start.
"""


def _timed(profile: Profile, marks: Sequence[Mark], seconds: Sequence[float]) -> list[Event]:
    """A job that started, and then these events at these instants, with values of their own."""
    begin = list(events_of(profile, CREATED, ACTIVE))
    given = [
        at_progress(mark, VALUES[place % len(VALUES)]) if mark.kind is EventKind.PROGRESS else mark
        for place, mark in enumerate(marks)
    ]
    kept = [(mark, at) for mark, at in zip(marks, seconds, strict=True) if mark.kind in profile.kinds]
    later = [placed(event, at, profile) for event, (_, at) in zip(events_of(profile, *given), kept, strict=True)]
    return [*begin, *later]


def _in_every_order(profile: Profile, events: Sequence[Event]) -> Iterator[Plan]:
    """The start, then the rest in every order, then all of it again but the last."""
    opening = sum(mark.kind in profile.kinds for mark in (CREATED, ACTIVE))
    begin = tuple(range(opening))
    for order in permutations(range(opening, len(events))):
        yield Plan(events=tuple(events), order=(*begin, *order, *order[:-1]))


def _in_other_offsets(profile: Profile) -> Iterator[Plan]:
    for hours in (2, -2):
        events = _timed(profile, [PROGRESS, PROGRESS], (20, 30))
        zone = timezone(timedelta(hours=hours))
        for place in (-1, -2):
            moved = list(events)
            moved[place] = replace(moved[place], occurred_at=moved[place].occurred_at.astimezone(zone))
            yield from _in_every_order(profile, moved)

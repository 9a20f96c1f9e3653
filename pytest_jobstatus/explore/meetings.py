"""Plans in which each kind of event, of each attempt, meets a job in each state."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from pytest_jobstatus.delivery import Plan
from pytest_jobstatus.events import EventKind, Mark
from pytest_jobstatus.explore.effort import Effort
from pytest_jobstatus.explore.part import Part, clocks_for
from pytest_jobstatus.runs import MOST_ATTEMPTS, Shape, emit, emitted, is_possible, long_shapes, may_follow
from pytest_jobstatus.tracker import Profile


def meetings(effort: Effort, profile: Profile) -> Part:
    """Each state of runs with three attempts, told by its last event, and then one more: due, early, late or stray."""
    del effort

    def plans() -> Iterator[Plan]:
        told: set[tuple[Mark, Mark]] = set()
        for shape in long_shapes(profile.kinds, progress=True):
            for size in range(1, len(shape) + 1):
                for mark in _marks(profile):
                    if (shape[size - 1], mark) not in told:
                        told.add((shape[size - 1], mark))
                        yield _met(shape[:size], mark, profile)

    return Part(f"each kind of event at each point of runs with {MOST_ATTEMPTS} attempts", plans())


def _marks(profile: Profile) -> Iterator[Mark]:
    several = profile.has_attempts
    for kind in (each for each in EventKind if each in profile.kinds):
        for attempt in range(MOST_ATTEMPTS + 1 if several else 2):
            if may_follow(None, Mark(kind, attempt)) and (attempt or kind is not EventKind.FAILED):
                yield Mark(kind, attempt)


def _met(shape: Shape, mark: Mark, profile: Profile) -> Plan:
    """The beginning and the last event of a run, then one that is late or told again; a stray if it has no place."""
    clock = clocks_for(profile)[0]
    events, size = emitted(shape, clock=clock), len(shape)
    state = tuple(dict.fromkeys((0, size - 1)))
    if mark in shape:
        return Plan(events=events, order=(*state, shape.index(mark)))
    for place in range(size, 0, -1):
        added = emit(mark, at=clock.at(place, mark) - (clock.tick / 2 if place < size else timedelta()), nth=size)
        sequence = (*events[:place], added, *events[place:])
        if is_possible(sequence):
            moved = tuple(index + (index >= place) for index in state)
            return Plan(events=sequence, order=(*moved, place))
    stray = emit(mark, at=clock.at(size, mark), nth=size)
    return Plan(events=(*events, stray), order=(*state, size), strays=frozenset({size}))

"""Plans with events that no run contains: what may come to a job that is over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_jobstatus.clocks import AGREE, Clock
from pytest_jobstatus.delivery import Plan
from pytest_jobstatus.events import Event, EventKind, Mark
from pytest_jobstatus.explore.effort import Effort
from pytest_jobstatus.explore.part import Part, clocks_for, runs
from pytest_jobstatus.runs import MOST_ATTEMPTS, Shape, emit, emitted, long_shapes, shapes
from pytest_jobstatus.tracker import Profile


def after_end(effort: Effort, profile: Profile) -> Part:
    """Runs that ended, told whole or the end alone, and then each kind of event."""

    def plans() -> Iterator[Plan]:
        for shape, events in runs(effort.after_end, profile):
            if shape[-1].kind.terminal:
                extra = strays(shape, profile, clock=clocks_for(profile)[0])
                if len(shape) <= effort.single:
                    yield from _one_by_one(events, extra)
                bare = emitted(shape, clock=clocks_for(profile)[0], bare=True)[-1]
                yield from _all_together(events, extra, bare=bare, size=len(shape), effort=effort)
        two = (shape for shape in shapes(effort.after_end + 1, profile.kinds) if len(shape) > effort.after_end)
        several = (*(shape for shape in two if shape[-1].attempt > 1), *long_shapes(profile.kinds, progress=True))
        for shape in several:
            if shape[-1].kind.terminal:
                yield _with_all(
                    emitted(shape, clock=clocks_for(profile)[0]), strays(shape, profile, clock=clocks_for(profile)[0])
                )

    return Part(
        f"each kind of event after every ended run: one by one up to {effort.single} events,"
        f" all together up to {effort.after_end} and with {MOST_ATTEMPTS} attempts",
        plans(),
    )


def _one_by_one(events: Sequence[Event], extra: Sequence[Event]) -> Iterator[Plan]:
    """Each stray by itself, after the whole run and after its end alone."""
    size = len(events)
    for way in dict.fromkeys((tuple(range(size)), (size - 1,))):
        for stray in extra:
            yield Plan(events=(*events, stray), order=(*way, size), strays=frozenset({size}))


def _all_together(
    events: Sequence[Event], extra: Sequence[Event], *, bare: Event, size: int, effort: Effort
) -> Iterator[Plan]:
    """All strays after the whole run; among its late events after the end alone, the end without values and with."""
    added = tuple(range(size, size + len(extra)))
    opening, strays_of_all = tuple(range(size - 1)), frozenset(added)
    yield _with_all(events, extra)
    if size < effort.after_end:
        yield Plan(events=(*events[:-1], bare, *extra), order=(size - 1, *opening, *added), strays=strays_of_all)
    if size <= effort.single:
        yield Plan(events=(*events, *extra), order=(size - 1, *reversed(added), *opening), strays=strays_of_all)


def _with_all(events: Sequence[Event], extra: Sequence[Event]) -> Plan:
    added = range(len(events), len(events) + len(extra))
    return Plan(events=(*events, *extra), order=(*range(len(events)), *added), strays=frozenset(added))


def strays(shape: Shape, profile: Profile, *, clock: Clock = AGREE) -> list[Event]:
    """What may come to a job though its run has no place for it: each kind, of the last attempt, the one before and the
    next, stamped before the run's last event and after it.
    """
    last = max(mark.attempt for mark in shape)
    top = min(last + 1, MOST_ATTEMPTS) if profile.has_attempts else 1
    marks = [
        Mark(kind, attempt) for kind in EventKind if kind in profile.kinds for attempt in _attempts(kind, last, top)
    ]
    position = len(shape)
    end = clock.at(position - 1, shape[-1])
    return [
        emit(mark, at=at, nth=(position + number) % 20)
        for number, mark in enumerate(marks)
        for at in (clock.at(position, mark), end - clock.tick / 2)
    ]


def _attempts(kind: EventKind, last: int, top: int) -> Sequence[int]:
    if kind is EventKind.CREATED:
        return (0,)
    if kind is EventKind.CANCELLED:
        return (last,)
    return range(max(1, last - 1), max(1, top) + 1)

"""Plans with events that no run contains: what may come to a job that is over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_jobstatus.clocks import AGREE, Clock
from pytest_jobstatus.delivery import Plan
from pytest_jobstatus.events import Event, EventKind, Mark
from pytest_jobstatus.explore.effort import Effort
from pytest_jobstatus.explore.part import Part, clocks_for, runs
from pytest_jobstatus.runs import MOST_ATTEMPTS, Shape, emit, emitted
from pytest_jobstatus.tracker import Profile


def after_end(effort: Effort, profile: Profile) -> Part:
    """Runs that ended, told whole or the end alone, and then each kind of event."""

    def plans() -> Iterator[Plan]:
        for shape, events in runs(effort.after_end, profile):
            if not shape[-1].kind.terminal:
                continue
            extra = strays(shape, profile, clock=clocks_for(profile)[0])
            size = len(events)
            in_full, alone = tuple(range(size)), (size - 1,)
            if size <= effort.single:
                for way in dict.fromkeys((in_full, alone)):
                    for stray in extra:
                        yield Plan(events=(*events, stray), order=(*way, size), strays=frozenset({size}))
            bare = (*events[:-1], *emitted(shape, clock=clocks_for(profile)[0], bare=True)[-1:])
            added = tuple(range(size, size + len(extra)))
            all_of_them = frozenset(added)
            yield Plan(events=(*events, *extra), order=(*in_full, *added), strays=all_of_them)
            if size < effort.after_end:
                yield Plan(events=(*bare, *extra), order=(*alone, *in_full[:-1], *added), strays=all_of_them)
            if size <= effort.single:
                yield Plan(
                    events=(*events, *extra), order=(*alone, *reversed(added), *in_full[:-1]), strays=all_of_them
                )

    return Part(
        f"each kind of event after every ended run: one by one up to {effort.single} events,"
        f" all together up to {effort.after_end}",
        plans(),
    )


def strays(shape: Shape, profile: Profile, *, clock: Clock = AGREE) -> list[Event]:
    """What may come to a job though its run has no place for it: each kind, of the last attempt, the one before and the
    next, stamped before the run's last event and after it.
    """
    last = max(mark.attempt for mark in shape)
    top = min(last + 1, MOST_ATTEMPTS) if profile.supports("retrying") or profile.supports("stalled") else 1
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

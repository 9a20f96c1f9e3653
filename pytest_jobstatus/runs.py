"""The simulated queue: which runs of one job are causally possible."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import cache, lru_cache

from pytest_jobstatus.clocks import AGREE, Clock
from pytest_jobstatus.events import TERMINAL_KINDS, Event, EventKind, JobError, Mark
from pytest_jobstatus.misuse import Misuse

MOST_ATTEMPTS = 3

CREATED, ACTIVE, PROGRESS, RETRYING, STALLED, COMPLETED, FAILED, CANCELLED = EventKind

Shape = tuple[Mark, ...]


def followers(shape: Shape) -> Iterator[Mark]:
    """What a queue could emit next after the shape (JSL/1, Run).

    >>> [f"{mark.kind} {mark.attempt}" for mark in followers((Mark(CREATED, 0),))]
    ['active 1', 'cancelled 0']
    """
    if not shape:
        yield Mark(CREATED, 0)
        return
    last, attempt = shape[-1]
    if last.terminal:
        return
    if last in (ACTIVE, PROGRESS):
        for kind in (PROGRESS, RETRYING, STALLED, COMPLETED, FAILED):
            yield Mark(kind, attempt)
    else:
        yield Mark(ACTIVE, attempt + 1)
        if last is STALLED:
            yield Mark(COMPLETED, attempt)
            yield Mark(FAILED, attempt)
    yield Mark(CANCELLED, attempt)


UNSTARTED = Mark(FAILED, 0)
"""The failure of a job that never started: of a message that nobody can read, say. JSL/1 allows it ("0 if none"); it is
not among the shapes, but told in plans of its own.
"""


def _may_come_next(shape: Shape, mark: Mark) -> bool:
    return mark in followers(shape) or (mark == UNSTARTED and shape == (Mark(CREATED, 0),))


@cache
def shapes(size: int, kinds: frozenset[EventKind]) -> tuple[Shape, ...]:
    """Every run of up to `size` delivered events that a queue with these kinds could emit, smallest first.

    A kind that is not among `kinds` happens unseen; an attempt follows only a seen `retrying` or `stalled`.

    >>> [len(shapes(size, frozenset(EventKind))) for size in range(1, 6)]
    [1, 3, 9, 21, 45]
    >>> len(shapes(3, frozenset(EventKind) - {EventKind.CREATED}))
    20
    """
    found: dict[Shape, None] = {}
    frontier: list[tuple[Shape, Shape]] = [((), ())]
    while frontier:
        grown: list[tuple[Shape, Shape]] = []
        for whole, seen in frontier:
            for mark in followers(whole):
                visible = mark.kind in kinds
                if len(seen) + visible > size or mark.attempt > MOST_ATTEMPTS:
                    continue
                if not visible and mark.kind not in (CREATED, ACTIVE):
                    continue
                now = (*seen, mark) if visible else seen
                if now:
                    found.setdefault(now)
                grown.append(((*whole, mark), now))
        frontier = grown
    return tuple(sorted(found, key=len))


@lru_cache(maxsize=4096)
@lru_cache(maxsize=4096)
def emitted(shape: Shape, *, clock: Clock = AGREE, job: str = "job-1", bare: bool = False) -> tuple[Event, ...]:
    """The events of a run, with plain values that tell them apart: the same objects whenever the same run is asked for.

    Args:
        shape: kinds and attempts.
        clock: when they happen.
        job: whose events they are.
        bare: whether everything that may be missing is: errors, who cancelled, when the next attempt is due.

    >>> [event.name for event in emitted((Mark(CREATED, 0), Mark(ACTIVE, 1)))]
    ['created', 'active 1']
    """
    return tuple(
        emit(mark, at=clock.at(position, mark), job=job, nth=position, bare=bare) for position, mark in enumerate(shape)
    )


def emit(mark: Mark, *, at: datetime, job: str = "job-1", nth: int = 0, bare: bool = False) -> Event:
    """One event of the given kind and attempt.

    Args:
        mark: kind and attempt.
        at: when it happened.
        job: whose event it is.
        nth: tells its values from those of other events; 0 to 19.
        bare: whether everything that may be missing is.
    """
    kind, attempt = mark
    if bare:
        return Event(kind, job, at, attempt=attempt, progress=5 * (nth + 1) if kind is PROGRESS else None)
    fails = kind in (RETRYING, FAILED)
    return Event(
        kind,
        job,
        at,
        attempt=attempt,
        error=JobError("ValueError", f"attempt {attempt} failed in line {nth + 1}", "Traceback: …") if fails else None,
        progress=5 * (nth + 1) if kind is PROGRESS else None,
        cancelled_by=f"user-{nth + 1}" if kind is CANCELLED else None,
        retry_at=at + timedelta(minutes=1) if kind is RETRYING else None,
        context={"queue": "default", "job_type": "report"},
    )


@cache
def long_shapes(kinds: frozenset[EventKind], *, progress: bool) -> tuple[Shape, ...]:
    """Runs in which every attempt that there may be is started, with progress in each or in none.

    >>> " ".join(f"{mark.kind} {mark.attempt}" for mark in long_shapes(frozenset(EventKind), progress=False)[0])
    'created 0 active 1 retrying 1 active 2 stalled 2 active 3'
    """
    both: list[tuple[EventKind, ...]] = [(RETRYING, STALLED), (STALLED, RETRYING)]
    one = [(kind,) * (MOST_ATTEMPTS - 1) for kind in (RETRYING, STALLED) if kind in kinds]
    ways = (both if progress else both + one) if len(one) == 2 else one or [()]
    found = []
    for way in ways:
        marks = [Mark(CREATED, 0)]
        for attempt, kind in enumerate((*way, None), 1):
            marks.append(Mark(ACTIVE, attempt))
            marks += [Mark(PROGRESS, attempt)] if progress else []
            marks += [Mark(kind, attempt)] if kind is not None else []
        seen = tuple(mark for mark in marks if mark.kind in kinds)
        found += [seen, *((*seen, Mark(kind, len(way) + 1)) for kind in TERMINAL_KINDS if kind in kinds)]
    return tuple(shape for shape in found if shape)


@cache
def waiting_shapes(kinds: frozenset[EventKind]) -> tuple[Shape, ...]:
    """Runs in which every attempt that there may be ended, the last by a retrying and by a stall.

    >>> " ".join(f"{mark.kind} {mark.attempt}" for mark in waiting_shapes(frozenset(EventKind))[0][-3:])
    'active 3 progress 3 retrying 3'
    """
    last = [Mark(kind, MOST_ATTEMPTS) for kind in (RETRYING, STALLED) if kind in kinds]
    return tuple((*long_shapes(kinds, progress=True)[0], mark) for mark in last)


@lru_cache(maxsize=4096)
def is_run(marks: Shape, kinds: frozenset[EventKind]) -> bool:
    """Whether these events are a run from its beginning, with nothing left out but creations and starts of kinds that
    the tracker does not know.

    >>> is_run((Mark(ACTIVE, 1),), frozenset(EventKind)), is_run((Mark(ACTIVE, 1),), frozenset(EventKind) - {CREATED})
    (False, True)
    """
    unknown = {CREATED, ACTIVE} - kinds
    tails: set[Shape] = {()}
    for mark in marks:
        for _ in unknown:  # each happens unseen once in a row
            tails |= {(unseen,) for tail in tails for unseen in followers(tail) if unseen.kind in unknown}
        if not any(_may_come_next(tail, mark) for tail in tails):
            return False
        tails = {(mark,)}
    return True


def may_follow(before: Mark | None, after: Mark) -> bool:
    """Whether one event can come some time after another in a run, with unseen events between.

    >>> may_follow(Mark(RETRYING, 1), Mark(ACTIVE, 2)), may_follow(Mark(RETRYING, 1), Mark(COMPLETED, 1))
    (True, False)
    """
    if (after.attempt == 0) != (after.kind is CREATED) and after.kind is not CANCELLED and after != UNSTARTED:
        return False
    if before is None:
        return True
    if before.kind.terminal or after.kind is CREATED or after.attempt < before.attempt:
        return False
    return after.attempt > before.attempt or _may_come_next((before,), after)


def check_possible(events: Sequence[Event], *, source: str) -> None:
    """Make sure that a queue could have emitted the events of one job, in this order, some left out.

    Args:
        events: of one job, in causal order, without strays.
        source: where they came from, for the message.

    Raises:
        Misuse: naming the first event that is out of place.

    >>> check_possible(emitted((Mark(COMPLETED, 1), Mark(ACTIVE, 1))), source="x.toml")
    Traceback (most recent call last):
    pytest_jobstatus.misuse.Misuse: x.toml: active 1 cannot come after completed 1; say stray = true if it is meant
    """
    before: Mark | None = None
    for event in events:
        mark = Mark(event.kind, event.attempt)
        if not may_follow(before, mark):
            if event.attempt == 0 and not may_follow(None, mark):
                where = "happen as attempt 0: allowed are those from 1 on"
            else:
                where = f"come after {_named(before)}" if before else "happen"
            raise Misuse(f"{source}: {event.name} cannot {where}; say stray = true if it is meant")
        before = mark


def is_possible(events: Sequence[Event]) -> bool:
    """Whether a queue could have emitted the events of one job, in this order, some left out.

    >>> is_possible(emitted((Mark(ACTIVE, 1), Mark(COMPLETED, 1)))), is_possible(emitted((Mark(RETRYING, 1),) * 2))
    (True, False)
    """
    marks = [Mark(event.kind, event.attempt) for event in events]
    return all(map(may_follow, (None, *marks), marks))


def _named(mark: Mark) -> str:
    return f"{mark.kind} {mark.attempt}" if mark.attempt else str(mark.kind)

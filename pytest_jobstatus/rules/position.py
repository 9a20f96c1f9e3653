"""Positions: whether an event is ahead of what a job shows, or behind it (JSL/1, Position)."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_jobstatus.events import Event, EventKind, Mark
from pytest_jobstatus.history import History
from pytest_jobstatus.rules.rule import Violation
from pytest_jobstatus.runs import is_run
from pytest_jobstatus.tracker import Profile, Snapshot, Status

Position = tuple[int, int]

NOTHING: Position = (-1, -1)
"""Where a job is that nobody has heard of."""
OVER: Position = (1_000_000, 3)
"""Where a finished job is: beyond every attempt."""

PHASES = {
    EventKind.CREATED: 0,
    EventKind.ACTIVE: 1,
    EventKind.PROGRESS: 1,
    EventKind.RETRYING: 2,
    EventKind.STALLED: 2,
}


def of_event(event: Event | Mark) -> Position:
    """The position that the event tells of."""
    return OVER if event.kind.terminal else (event.attempt, PHASES[event.kind])


def of_snapshot(shown: Snapshot | None) -> Position:
    """The position that a tracker shows which shows its attempts."""
    return NOTHING if shown is None else of_status(shown.status, shown.attempt or 0)


def of_status(status: Status | None, attempt: int) -> Position:
    """The position that a status and an attempt stand for."""
    if status is None:
        return NOTHING
    if status.terminal:
        return OVER
    if status is Status.ACTIVE:
        return (attempt, 1)
    return (0, 0) if attempt == 0 and status is Status.PENDING else (attempt, 2)


def before(history: History, number: int) -> tuple[Position, Position]:
    """The position shown before a step: the lowest and the highest that it can be.

    They differ only where the tracker shows no attempts and progress of a newer one arrived: then nobody can tell
    whether it moved the position, which it may.
    """
    step = history.steps[number]
    if history.profile.supports("attempt"):
        shown = of_snapshot(step.before)
        return shown, shown
    if step.before is not None and step.before.status.terminal:
        return OVER, OVER
    # An end that was told and does not show was ignored, as a late one of an older attempt may be.
    told = [event for event in told_before(history, number) if not event.kind.terminal]
    low = max((of_event(event) for event in told if event.kind is not EventKind.PROGRESS), default=NOTHING)
    return low, max((of_event(event) for event in told), default=NOTHING)


def is_ahead(history: History, number: int) -> bool:
    """Whether the step's event is ahead of what was shown, without doubt: what may be the late end of an older attempt
    is not.
    """
    highest = before(history, number)[1]
    return of_event(history.steps[number].event) > highest and not _is_late_end(history, number, highest)


def is_behind(history: History, number: int) -> bool:
    """Whether the step's event is behind what was shown, or equal to it, without doubt."""
    return of_event(history.steps[number].event) <= before(history, number)[0]


def is_newest_progress(history: History, number: int) -> bool:
    """Whether the step brings progress of the attempt shown, while the job is open, newer than all told of it."""
    event = history.steps[number].event
    shown = before(history, number)[1]
    if event.kind is not EventKind.PROGRESS or shown not in ((event.attempt, 1), (event.attempt, 2)):
        return False
    return all(
        event.occurred_at - told.occurred_at >= history.profile.resolution
        for told in told_before(history, number)
        if told.attempt == event.attempt
    )


def may_be_refused(history: History, number: int) -> bool:
    """Whether the profile lets the tracker refuse the step's event with the exception that it raised."""
    step = history.steps[number]
    if not isinstance(step.raised, history.profile.refuses):
        return False
    if step.index in history.plan.strays:
        return True
    return not is_ahead(history, number) and not is_newest_progress(history, number)


def is_zombie(history: History, number: int) -> bool:
    """Whether the step brings a completed or failed of an attempt below the one that the open job shows."""
    low, high = before(history, number)
    return low[0] == high[0] and _is_late_end(history, number, low)


def _is_late_end(history: History, number: int, shown: Position) -> bool:
    event = history.steps[number].event
    return event.kind in (EventKind.COMPLETED, EventKind.FAILED) and shown < OVER and 0 < event.attempt < shown[0]


def was_taken(history: History, number: int) -> bool:
    """Whether the step's event counts as delivered: accepted, or refused as the profile says."""
    return history.steps[number].raised is None or may_be_refused(history, number)


def told_before(history: History, number: int) -> Iterator[Event]:
    """The events of the same job that were accepted before a step."""
    job_id = history.steps[number].event.job_id
    return (step.event for step in history.steps[:number] if step.raised is None and step.event.job_id == job_id)


def in_order(history: History) -> Iterator[int]:
    """The numbers of the first steps, as long as they tell a run as it happened: nothing lost, late or refused."""
    marks: tuple[Mark, ...] = ()
    for number, step in enumerate(history.steps):
        marks = (*marks, Mark(step.event.kind, step.event.attempt))
        if step.raised is not None or not is_run(marks, history.profile.kinds):
            return
        yield number


def missed(history: History, number: int, *, because: str = "was ahead of what was shown") -> Violation | None:
    """How the step's event, which is ahead and not progress, fails to show its status and attempt; None if it shows.

    Args:
        history: what was seen.
        number: of the step.
        because: why it must show, for the message.
    """
    step = history.steps[number]
    allowed = statuses_after(step.event, history.profile)
    told = f"{step.event.name} {because}"
    if step.after is None:
        return Violation(step=number, field="row", message=f"{told}, but the job reads as nothing")
    if step.after.status not in allowed:
        message = f"{told} and must show {or_so(allowed)}; it shows {step.after.status}"
        return Violation(step=number, field="status", message=message)
    if history.profile.supports("attempt") and (step.after.attempt or 0) != step.event.attempt:
        message = f"{told} and must show attempt {step.event.attempt}; it shows {attempt_shown(step.after)}"
        return Violation(step=number, field="attempt", message=message)
    return None


def attempt_shown(shown: Snapshot) -> str:
    """The attempt as a message ends with it; where there is none, what to say if there never is.

    >>> attempt_shown(Snapshot("a", Status.ACTIVE))
    "none (a tracker without attempts says so: unsupported={'attempt': 'why'})"
    """
    hint = "none (a tracker without attempts says so: unsupported={'attempt': 'why'})"
    return hint if shown.attempt is None else str(shown.attempt)


def is_news(history: History, number: int) -> bool:
    """Whether the step brings an event but progress that was accepted and is ahead without doubt."""
    step = history.steps[number]
    return step.raised is None and step.event.kind is not EventKind.PROGRESS and is_ahead(history, number)


def statuses_after(event: Event, profile: Profile) -> tuple[Status, ...]:
    """What a tracker may show right after an event that is ahead."""
    if event.kind is EventKind.STALLED:
        return (Status.PENDING, Status.DELAYED)
    if event.kind is EventKind.RETRYING:
        return (Status.DELAYED,) if profile.supports("delayed") else (Status.PENDING,)
    return (STATUSES[event.kind],)


STATUSES = {
    EventKind.CREATED: Status.PENDING,
    EventKind.ACTIVE: Status.ACTIVE,
    EventKind.PROGRESS: Status.ACTIVE,
    EventKind.COMPLETED: Status.COMPLETED,
    EventKind.FAILED: Status.FAILED,
    EventKind.CANCELLED: Status.CANCELLED,
}


def or_so(statuses: tuple[Status, ...]) -> str:
    """The statuses as a sentence names them.

    >>> or_so((Status.PENDING, Status.DELAYED))
    'pending or delayed'
    """
    return " or ".join(str(status) for status in statuses)

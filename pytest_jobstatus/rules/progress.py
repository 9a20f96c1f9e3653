"""PROG: progress reads back as it was given, the newest, whole, and moves nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_jobstatus.events import EventKind
from pytest_jobstatus.history import History, Step
from pytest_jobstatus.rules import position
from pytest_jobstatus.rules.effects import is_due, is_older, progress_lost, progress_moved, same_json
from pytest_jobstatus.rules.rule import Need, Plans, Violation, rule, tells
from pytest_jobstatus.rules.saying import told_json

PROGRESS = Need(groups=(("progress",),))


@rule("PROG-1", Plans.PROGRESS_VALUES, needs=(PROGRESS,), incidents=("celery/django-celery-results#37",))
def prog_1(history: History) -> Iterator[Violation | None]:
    """Progress reads back as the JSON value given: nesting, unicode, exact integers within ±(2⁵³−1), finite doubles,
    true and false apart from 1 and 0, empty values; key order is free; null reads as None. Without `json_progress`:
    integers 0 to 100.

    Intent: What the job tells its users must not change on the way through the table.
    Not checked if: the progress was refused, or is not the newest of the running attempt.
    Exercised: each progress of a table of values, delivered in order.
    If it fails: the value passes through `str()`, a column of integers, or `if value:`, which loses 0, "" and [].
    """
    for number in range(len(history.steps)):
        if is_due(history, number):
            yield progress_lost(history, number)


@rule(
    "PROG-2",
    Plans.PROGRESS_ORDERS,
    Plans.LONG_LIVES,
    Plans.CROWD,
    Plans.BATCHES,
    needs=(PROGRESS,),
    batches=True,
    incidents=("RolnickLab/antenna#1337",),
    about=tells(EventKind.PROGRESS),
)
def prog_2(history: History) -> Iterator[Violation | None]:
    """Older progress never replaces newer. Older is a lower attempt, or the same attempt and an instant earlier by at
    least one resolution; of equal instants in one attempt the last delivered shows.

    Intent: A bar that runs backwards, or stands still at the value of an attempt that is over, is worse than none.
    Not checked if: instants of one attempt differ by less than one resolution: either may show.
    Exercised: each progress that is older than one delivered before, and each that is the newest; of a batch the last.
    If it fails: `SET progress = :progress` without attempt and instant of the value that stands there.
    """
    for number, step in enumerate(history.steps):
        if step.event.kind is not EventKind.PROGRESS or step.unseen:
            continue
        batched = step.number >= history.plan.singles
        if batched and not _nothing_came_after(history, number):
            continue
        if is_due(history, number):
            yield progress_lost(history, number)
        elif batched:
            continue  # what else of the batch changed the progress nobody saw
        elif step.before is not None and step.after is not None and _is_outdated(history, number):
            if not same_json(step.after.progress, step.before.progress):
                was, now = told_json(step.before.progress), told_json(step.after.progress)
                message = f"{step.event.name} was older than what was told, yet progress went from {was} to {now}"
                yield Violation(step=number, field="progress", message=message)
            elif position.was_taken(history, number):
                yield None


def _nothing_came_after(history: History, number: int) -> bool:
    """Whether nothing was told that leaves the step's progress behind: of a batch not all is seen."""
    own = history.steps[number].event
    return all(position.of_event(told) <= position.of_event(own) for told in position.told_before(history, number))


def _is_outdated(history: History, number: int) -> bool:
    """Whether newer progress was told before the step's. Progress of an attempt beyond the one in which the job ended
    may have been ignored, as who shows the last attempt's alone does.
    """
    event = history.steps[number].event
    return any(
        is_older(event, step.event, history.profile) and not _is_beyond(step)
        for step in history.steps[:number]
        if step.event.kind is EventKind.PROGRESS and step.raised is None
    )


def _is_beyond(step: Step) -> bool:
    before, attempt = step.before, step.event.attempt
    return before is not None and before.status.terminal and attempt > (before.attempt or attempt)


@rule(
    "PROG-3",
    Plans.PROGRESS_ORDERS,
    Plans.TURNED,
    Plans.ORDERS,
    needs=(PROGRESS,),
    incidents=("tobymao/saq#215",),
    about=tells(EventKind.PROGRESS),
)
def prog_3(history: History) -> Iterator[Violation | None]:
    """Progress changes the status only where it is ahead of the shown position, and then to active of its attempt; it
    moves no timestamp already shown but `updated_at`.

    Intent: Heartbeats come often and late; none of them may bring a job back to life, or start it anew.
    Not checked if: the job reads as nothing.
    Exercised: each progress that comes to a job that shows something.
    If it fails: the heartbeat writes `status = 'active'`, or `started_at`, without a look at what stands there.
    """
    for number, step in enumerate(history.steps):
        if step.event.kind is EventKind.PROGRESS and step.before is not None:
            wrong = progress_moved(history, number)
            if wrong is not None or position.was_taken(history, number):
                yield wrong


@rule(
    "PROG-4",
    Plans.PROGRESS_PAIRS,
    Plans.IN_ORDER_CLOCKS,
    Plans.TIES,
    needs=(PROGRESS,),
    incidents=("RolnickLab/antenna#1337",),
)
def prog_4(history: History) -> Iterator[Violation | None]:
    """A new progress value replaces the old one whole.

    Intent: A merged value mixes two moments: stages that are over stand beside the one that runs.
    Not checked if: the progress was refused, or is not the newest of the running attempt.
    Exercised: each progress that follows another value, in pairs of a table of values.
    If it fails: `progress || :progress`, `dict.update`, or a column for each key of which only those given are set.
    """
    earlier = False
    for number, step in enumerate(history.steps):
        if step.event.kind is not EventKind.PROGRESS or step.raised is not None:
            continue
        if earlier and not step.repeat and is_due(history, number):
            yield progress_lost(history, number)
        earlier = True

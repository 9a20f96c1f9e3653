"""IDEM: an event that comes again changes nothing."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_jobstatus.events import EventKind
from pytest_jobstatus.history import History, Step
from pytest_jobstatus.reading import differences
from pytest_jobstatus.rules import position
from pytest_jobstatus.rules.rule import Plans, Violation, rule
from pytest_jobstatus.rules.saying import told


@rule(
    "IDEM-1",
    Plans.AT_ONCE_AGAIN,
    incidents=("jcass77/django-apscheduler#129",),
)
def idem_1(history: History) -> Iterator[Violation | None]:
    """Delivering an event again at once changes nothing but `updated_at`.

    Intent: Queues deliver at least once: a repeat is the normal case, not the error.
    Not checked if: the first delivery was refused, so that the second is no repeat.
    Exercised: each repeat that follows the same event directly, accepted or refused as declared.
    If it fails: `attempts = attempts + 1` where the event's own number should be taken; `now()` written on each
    delivery; an `INSERT` without a unique key.
    """
    for number in range(1, len(history.steps)):
        if history.steps[number].index == history.steps[number - 1].index:
            yield from _unchanged(history, number, "was delivered again at once")


@rule(
    "IDEM-2",
    Plans.LATER_AGAIN,
    Plans.CROWD,
    Plans.PROGRESS_ORDERS,
    Plans.LONG_LIVES,
    incidents=("celery/celery#5935",),
)
def idem_2(history: History) -> Iterator[Violation | None]:
    """Delivering any earlier event again, at any later time and any number of times, changes nothing but `updated_at`.

    Intent: A worker that lost its lease, or a queue that redelivers, repeats old news long after newer came.
    Not checked if: the earlier delivery was refused; progress that shares its instant with other progress of its
    attempt, of which the last delivered shows.
    Exercised: each repeat that comes after other events, accepted or refused as declared.
    If it fails: the guard looks at the status alone, not at attempt and phase; a timestamp taken from whatever came
    last; progress without its attempt and instant beside it.
    """
    for number in range(1, len(history.steps)):
        step, last = history.steps[number], history.steps[number - 1]
        later = step.index != last.index or step.number > last.number + 1  # an event of another job came between
        if later and step.repeat and not _tied_progress(history, number):
            yield from _unchanged(history, number, "was delivered again later")


def _unchanged(history: History, number: int, how: str) -> Iterator[Violation | None]:
    step = history.steps[number]
    if not step.repeat:
        return
    changed = [name for name in differences(step.before, step.after) if name != "updated_at"]
    if changed:
        message = f"{step.event.name} {how} and changed {_change(step, changed)}"
        yield Violation(step=number, field=changed[0], message=message)
    elif position.was_taken(history, number):
        yield None


def _change(step: Step, changed: list[str]) -> str:
    if step.before is None or step.after is None:
        return "the row as a whole"
    return ", ".join(
        f"{name} from {told(getattr(step.before, name))} to {told(getattr(step.after, name))}" for name in changed
    )


def _tied_progress(history: History, number: int) -> bool:
    event = history.steps[number].event
    return event.kind is EventKind.PROGRESS and any(
        step.index != history.steps[number].index
        and step.event.kind is EventKind.PROGRESS
        and (step.event.job_id, step.event.attempt) == (event.job_id, event.attempt)
        and abs(step.event.occurred_at - event.occurred_at) < history.profile.resolution
        for step in history.steps[:number]
    )

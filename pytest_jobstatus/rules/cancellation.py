"""CANC: a cancellation shows as one, and nothing else does."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_jobstatus.events import EventKind
from pytest_jobstatus.history import History, Step
from pytest_jobstatus.reading import differences
from pytest_jobstatus.rules import position
from pytest_jobstatus.rules.rule import Control, Need, Plans, Violation, rule, tells
from pytest_jobstatus.rules.saying import told
from pytest_jobstatus.tracker import Status

CANCELLED = Need(groups=(("cancelled",),))


@rule(
    "CANC-1",
    Plans.CANCELLERS,
    Plans.IN_ORDER,
    Plans.ORDERS,
    Plans.MEETINGS,
    Plans.TIES,
    needs=(CANCELLED,),
    incidents=("rq/rq#1389",),
    about=tells(EventKind.CANCELLED),
)
def canc_1(history: History) -> Iterator[Violation | None]:
    """A cancellation shows cancelled, with `cancelled_at` and the `cancelled_by` given (where none was given, any is
    free).

    Intent: Who asked for it, and when, is the first question about a job that was called off.
    Not checked if: the event was refused (TRACK-3 tells of it).
    Exercised: each cancellation of a job that is not over.
    If it fails: a cancellation is stored as a failure without its flag, or its time and author only where the job
    was running.
    """
    for number, step in enumerate(history.steps):
        if step.event.kind is EventKind.CANCELLED and position.is_news(history, number):
            yield _cancelled(history, number)


def _cancelled(history: History, number: int) -> Violation | None:
    step = history.steps[number]
    if step.after is None or step.after.status is not Status.CANCELLED:
        return position.missed(history, number, because="called the job off")
    if history.profile.supports("cancelled_at") and step.after.cancelled_at is None:
        message = f"{step.event.name} called the job off, but cancelled_at is missing"
        return Violation(step=number, field="cancelled_at", message=message)
    given, shown = step.event.cancelled_by, step.after.cancelled_by
    if history.profile.supports("cancelled_by") and given is not None and shown != given:
        message = f"{step.event.name} was asked for by {told(given)}; cancelled_by shows {told(shown)}"
        return Violation(step=number, field="cancelled_by", message=message)
    return None


@rule(
    "CANC-2",
    Plans.CROWD,
    Plans.AFTER_END,
    needs=(CANCELLED,),
    incidents=("rq/rq#2160",),
    about=tells(EventKind.CANCELLED),
)
def canc_2(history: History) -> Iterator[Violation | None]:
    """Cancelled before it started, a job stays cancelled.

    Intent: The worker may have taken the job at the same moment; its start must not undo the cancellation.
    Not checked if: the cancellation was refused (TRACK-3 tells of it).
    Exercised: each delivery after a cancellation of a job of which no start was told.
    If it fails: the cancellation is looked for before the start is written, not in the statement that writes it.
    """
    cancelled: Step | None = None
    for number, step in enumerate(history.steps):
        if cancelled is not None:
            shown = step.after.status if step.after is not None else None
            if shown is not Status.CANCELLED:
                message = (
                    f"the job was cancelled before it started; {step.event.name} made it {shown or 'read as nothing'}"
                )
                yield Violation(step=number, field="row" if shown is None else "status", message=message)
            elif position.was_taken(history, number):
                yield None
        elif _cancels_waiting(history, number):
            cancelled = step


def _cancels_waiting(history: History, number: int) -> bool:
    """Whether the step cancels a job of which no start was told, and it shows."""
    step = history.steps[number]
    return (
        step.event.kind is EventKind.CANCELLED
        and position.is_news(history, number)
        and step.after is not None
        and step.after.status is Status.CANCELLED
        and not any(event.attempt for event in (*position.told_before(history, number), step.event))
    )


@rule(
    "CANC-3",
    Plans.TWO_ENDS,
    needs=(CANCELLED,),
    incidents=("dbos-inc/dbos-transact-py#767",),
    about=tells(EventKind.CANCELLED),
)
def canc_3(history: History) -> Iterator[Violation | None]:
    """Cancelling a finished job changes nothing but `updated_at`.

    Intent: Whoever clicks "cancel" a moment too late must see the outcome, not a mixture.
    Not checked if: there is nothing that excuses it.
    Exercised: each cancellation that comes to a job that is over, accepted or refused as declared.
    If it fails: `UPDATE … SET cancelled_at = …` guarded for the status alone, or for none of the three ends.
    """
    for number, step in enumerate(history.steps):
        if step.event.kind is not EventKind.CANCELLED or step.before is None or not step.before.status.terminal:
            continue
        changed = [name for name in differences(step.before, step.after) if name != "updated_at"]
        if changed:
            message = f"the job was {step.before.status}; {step.event.name} changed {' and '.join(changed)}"
            yield Violation(step=number, field=changed[0], message=message)
        elif position.was_taken(history, number):
            yield None


@rule("CANC-4", Plans.CANCEL_WORDS, control=Control.PLAIN)
def canc_4(history: History) -> Iterator[Violation | None]:
    """Only a cancellation is one: a failure whose type or text says "cancelled", "canceled" or the like is a failure.

    Intent: A job may fail because some other thing was cancelled, a payment or a request; that is its error.
    Not checked if: the event was refused (TRACK-3 tells of it).
    Exercised: each retrying or failed that is ahead; among them are errors with such words, and none at all.
    If it fails: `"cancelled" in str(error)` decides. Take the event's kind, or your own exception class.
    """
    for number, step in enumerate(history.steps):
        if step.event.kind in (EventKind.RETRYING, EventKind.FAILED) and position.is_news(history, number):
            error = step.event.error
            because = "failed without an error" if error is None else f"failed with {told(error)}"
            yield position.missed(history, number, because=because) or _called_off(history, number)


def _called_off(history: History, number: int) -> Violation | None:
    """Where the row of a failure has what only a cancellation has."""
    after = history.steps[number].after
    for name in ("cancelled_at", "cancelled_by"):
        if after is not None and getattr(after, name) is not None:
            message = f"nobody cancelled the job, yet {name} shows {told(getattr(after, name))}"
            return Violation(step=number, field=name, message=message)
    return None

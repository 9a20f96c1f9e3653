"""TRACK: each event is accepted and shows."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_jobstatus.events import EventKind
from pytest_jobstatus.history import History, Step
from pytest_jobstatus.raised import said
from pytest_jobstatus.reading import differences
from pytest_jobstatus.rules import position
from pytest_jobstatus.rules.rule import Control, Need, Plans, Violation, rule, tells
from pytest_jobstatus.rules.saying import lacks
from pytest_jobstatus.tracker import Status
from pytest_jobstatus.values import is_storable


@rule("TRACK-1", Plans.IN_ORDER, Plans.IN_ORDER_CLOCKS, Plans.LONG_LIVES, incidents=("python-arq/arq#342",))
def track_1(history: History) -> Iterator[Violation | None]:
    """Delivered in order, each event shows its status: created pending, active active, retrying delayed (pending
    where `delayed` is declared missing), stalled pending or delayed, the terminal event itself.

    Intent: The plain case must work before any other is worth looking at: a reader follows the job step by step.
    Not checked if: the event was refused, which TRACK-3 judges.
    Exercised: each event but progress that is delivered in order, nothing lost before it.
    If it fails: the mapping from event to status in your handler, or a write that is not committed when it returns; a
    tracker that writes later gives its adapter `settle()`, which waits until it has.
    """
    for number in position.in_order(history):
        step = history.steps[number]
        if step.event.kind is EventKind.PROGRESS:
            continue
        allowed = position.statuses_after(step.event, history.profile)
        if step.after is None:
            message = f"{step.event.name} was delivered in order, but the job reads as nothing"
            yield Violation(step=number, field="row", message=message)
        elif step.after.status not in allowed:
            told = f"{step.event.name} was delivered in order and must show {position.or_so(allowed)}"
            message = f"{told}; it shows {step.after.status}"
            yield Violation(step=number, field="status", message=message)
        else:
            yield None


def _missing(history: History) -> Iterator[Violation | None]:
    """Where an event that was accepted leaves nothing, or a creation no time."""
    for number, step in enumerate(history.steps):
        if step.after is None and step.raised is None and step.event.kind is not EventKind.PROGRESS:
            message = f"the job was read before it was created; after {step.event.name} it still reads as nothing"
            yield Violation(step=number, field="row", message=message)
        first = number == 0 and step.event.kind is EventKind.CREATED and step.raised is None
        if first and history.profile.supports("created_at") and step.after and step.after.created_at is None:
            message = "the job was read before it was created, and now its created_at is missing"
            yield Violation(step=number, field="created_at", message=message)


@rule(
    "TRACK-2",
    Plans.STRANGERS,
    control=Control.UNREAD,
    in_control=_missing,
    about=lambda plan: bool(plan.strangers) or plan.reads > 1,
)
def track_2(history: History) -> Iterator[Violation | None]:
    """A job never heard of reads as nothing, and reading changes nothing.

    Intent: A reader who asks early, or twice, must neither be told of a job that nobody created nor create it.
    Not checked if: there is nothing that excuses it.
    Exercised: each read of a job before its first event, and each read that follows another with no event between.
    If it fails: a default row for missing keys (`setdefault`, `get_or_create`), a query without its `WHERE`, or a
    read that writes.
    """
    for label, shown in history.first.items():
        message = f"nobody has heard of {label}, yet it reads as {shown.status}"
        yield Violation(step=0, field="row", message=message)
    if history.read_early:
        yield None
        yield from _missing(history)
    for number, step in enumerate(history.steps):
        for label, shown in step.strangers.items():
            message = f"nobody has heard of {label}, yet it reads as {shown.status}"
            yield Violation(step=number, field="row", message=message)
        changed = differences(step.after, step.reread)
        if changed:
            message = f"reading again, with nothing delivered between, changed {' and '.join(changed)}"
            yield Violation(step=number, field=changed[0], message=message)
        if history.read_early or history.plan.reads > 1:
            yield None


@rule(
    "TRACK-3",
    Plans.ERRORS,
    Plans.IN_ORDER_CLOCKS,
    Plans.MEETINGS,
    Plans.ORDERS,
    Plans.LATER_AGAIN,
    Plans.PROGRESS_ORDERS,
    Plans.AFTER_END,
    Plans.AT_ONCE_AGAIN,
    Plans.PROGRESS_PAIRS,
    incidents=("apache/airflow#63183", "cylc/cylc-flow#351", "gyrinx-app/gyrinx#1985"),
)
def track_3(history: History) -> Iterator[Violation | None]:
    """Every event of a run is accepted in every order, late, early and repeated. Only an event that is behind may be
    refused, with an exception that the profile names in `refuses`, and then nothing changes; not so progress of the
    attempt shown that is newer than all told of it, while the job is open.

    Intent: An exception in an event handler makes the queue deliver again, for ever, or loses the event; the guard
    against illegal transitions then does more harm than the transition.
    Not checked if: it is progress that stores need not hold (DATA-2 tells of it).
    Exercised: each delivery that is accepted, or refused as declared; of strays only undeclared exceptions count.
    If it fails: a transition table that raises; a foreign key or `NOT NULL` that needs an earlier event; a unique key
    hit by a repeat. Accept and ignore what is behind, or declare the exception: `Profile(refuses=(…,))`.
    """
    for number, step in enumerate(history.steps):
        if step.raised is None:
            yield None
        elif not is_storable(step.event.progress):
            continue
        elif position.may_be_refused(history, number):
            changed = differences(step.before, step.after)
            if changed:
                message = f"{step.event.name} was refused with {said(step.raised)}, yet {' and '.join(changed)} changed"
                yield Violation(step=number, field=changed[0], message=message)
            yield None
        else:
            yield Violation(step=number, field="raised", message=_refusal(history, number, step))


def _refusal(history: History, number: int, step: Step) -> str:
    assert step.raised is not None  # noqa: S101 - the caller's branch
    if not isinstance(step.raised, history.profile.refuses):
        return f"{step.event.name} must be accepted; it raised {said(step.raised)}"
    shown = step.before.status if step.before is not None else "nothing"
    what = f"was ahead of what was shown ({shown})"
    if not position.is_ahead(history, number):
        what = "was newer than all that was told of the running attempt"
    return f"{step.event.name} {what} and must be accepted; it was refused with {said(step.raised)}"


@rule(
    "TRACK-4",
    Plans.PARTS,
    Plans.ORDERS,
    Plans.ERRORS,
    Plans.IN_ORDER,
    incidents=("gchq/sleeper#251", "PrefectHQ/prefect#18634"),
)
def track_4(history: History) -> Iterator[Violation | None]:
    """The first terminal event alone is enough: whatever else was lost, the job ends in its status and attempt.

    Intent: The end is the one event that readers wait for; it must not need a row, or a predecessor, that was lost.
    Not checked if: the terminal event was refused (TRACK-3 tells of it).
    Exercised: each read of a job after its terminal event, in runs without strays.
    If it fails: an `UPDATE` that finds no row; an event parked until its predecessor comes; a guard such as
    `WHERE status = 'active'` on the end.
    """
    end: Step | None = None
    for number, step in enumerate(history.steps):
        if step.index in history.plan.strays:
            return  # a stray may be the first end, or none at all: other rules' business
        if end is None and step.event.kind.terminal and step.raised is None:
            end = step
        if end is None:
            continue
        name, status = end.event.name, position.STATUSES[end.event.kind]
        if step.after is None:
            yield Violation(step=number, field="row", message=f"{name} was delivered, but the job reads as nothing")
        elif step.after.status is not status:
            message = f"{name} was delivered, so the job must show {status}; it shows {step.after.status}"
            yield Violation(step=number, field="status", message=message)
        elif history.profile.supports("attempt") and (step.after.attempt or 0) != end.event.attempt:
            told = f"{name} was delivered, so the job must show attempt {end.event.attempt}"
            message = f"{told}; it shows {position.attempt_shown(step.after)}"
            yield Violation(step=number, field="attempt", message=message)
        else:
            yield None


@rule(
    "TRACK-5",
    Plans.PARTS,
    Plans.MEETINGS,
    Plans.ERRORS,
    Plans.ORDERS,
    needs=(Need(groups=(("error",),)),),
    incidents=("utgarda/sidekiq-status#125",),
    about=tells(EventKind.FAILED),
)
def track_5(history: History) -> Iterator[Violation | None]:
    """A failed job shows that failure's message (contains it, where the reader gives a plain string), and its type
    where the reader gives structured errors.

    Intent: Whoever looks at a failed job wants to know why; another attempt's reason, or none, sends them astray.
    Not checked if: the failure came without an error, or was refused (TRACK-3 tells of it).
    Exercised: each read of a job that failed first, with an error, in runs without strays.
    If it fails: the text is taken from the wrong attempt, only its first line or `repr()` is kept, or it is written
    only where the row was active.
    """
    end: Step | None = None
    for number, step in enumerate(history.steps):
        if step.index in history.plan.strays:
            return
        if end is None and step.event.kind.terminal and step.raised is None:
            end = step
        error = end.event.error if end is not None else None
        if end is None or error is None or step.after is None or step.after.status is not Status.FAILED:
            continue
        wrong = lacks(step.after.error, error)
        if wrong is not None:
            yield Violation(step=number, field="error", message=f"{end.event.name} {wrong}")
        elif position.was_taken(history, number):
            yield None


@rule(
    "TRACK-6",
    Plans.IN_ORDER,
    Plans.ORDERS,
    Plans.PARTS,
    Plans.MEETINGS,
    Plans.TURNED,
    Plans.LONG_LIVES,
    incidents=("cylc/cylc-flow#351",),
)
def track_6(history: History) -> Iterator[Violation | None]:
    """An event other than progress that is ahead of the shown position shows its status and attempt, whatever was
    lost before it; one that is behind changes neither.

    Intent: Where a job stands is decided by attempt and phase, not by what came last: that alone makes every order
    and every loss end well.
    Not checked if: the event was refused (TRACK-3 tells of it).
    Exercised: each delivery in runs without strays, progress that is ahead left out.
    If it fails: last-write-wins; a comparison of times where attempt and phase should decide; a guard that wants the
    exact predecessor.
    """
    for number, step in enumerate(history.steps):
        if step.index in history.plan.strays:
            return
        if position.is_behind(history, number):
            changed = [name for name in differences(step.before, step.after) if name in ("row", "status", "attempt")]
            if changed:
                message = f"{step.event.name} was behind what was shown, yet it changed {_change(step, changed[0])}"
                yield Violation(step=number, field=changed[0], message=message)
            elif position.was_taken(history, number):
                yield None
        elif position.is_news(history, number):
            yield position.missed(history, number)


def _change(step: Step, name: str) -> str:
    if step.before is None or step.after is None:
        return "whether there is a row"
    return f"{name} from {getattr(step.before, name)} to {getattr(step.after, name)}"

"""CONV: in whatever order events come, the end is the same."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_jobstatus.events import TERMINAL_KINDS
from pytest_jobstatus.history import History, Step
from pytest_jobstatus.reading import differences
from pytest_jobstatus.rules import instants
from pytest_jobstatus.rules.rule import Level, Need, Plans, Violation, rule, tells
from pytest_jobstatus.rules.saying import told
from pytest_jobstatus.tracker import END_TIMES, Snapshot, Status


@rule(
    "CONV-1",
    Plans.ORDERS,
    Plans.ALL_ORDERS,
    Plans.TURNED,
    Plans.CROWD,
    Plans.BATCHES,
    compares=lambda _: True,
    batches=True,
    incidents=("mher/flower#831", "RolnickLab/antenna#1338"),
)
def conv_1(history: History) -> Iterator[Violation | None]:
    """Every delivery order of the same run, with and without duplicates, and of every part of it, ends in the same
    status and attempt.

    Intent: Two workers, two partitions or one retry change the order; what a reader sees in the end must not depend
    on luck.
    Not checked if: an event was refused: it counts as lost.
    Exercised: each step of each order, against the same events told in causal order, once each.
    If it fails: compare the two deliveries of the counterexample: the event after which they part is decided by its
    arrival, not by attempt and phase.
    """
    for number, step in enumerate(history.steps):
        if step.number not in history.causal:
            continue
        causal = history.causal[step.number]
        name = _parted(step.after, causal, attempts=history.profile.supports("attempt"))
        if name is None:
            yield None
        else:
            message = (
                f"in this order the job shows {_end(step.after)}; the same events in causal order show {_end(causal)}"
            )
            yield Violation(step=number, field=name, message=message)


@rule(
    "CONV-2",
    Plans.END_LAST,
    Plans.BATCHES,
    level=Level.SHOULD,
    needs=(
        Need(groups=(("event_time",),)),
        Need(groups=(("created_at", "started_at", *END_TIMES.values(), "progress", "error"),)),
    ),
    compares=lambda _: True,
    batches=True,
    about=tells(*TERMINAL_KINDS),
)
def conv_2(history: History) -> Iterator[Violation | None]:
    """Every order in which the terminal event comes last also ends with the same timestamps (`updated_at` aside),
    progress and, if failed, error.

    Intent: Two readers of one run should not tell two stories of it, because a network was slow.
    Not checked if: clocks disagree, instants are less than three resolutions apart, or an event was refused; nor is an
    error that was made up where none was given.
    Exercised: each first end of a run, against the same events told in causal order, once each.
    If it fails: a time, the progress or the error is that of whatever came last (or first), not of the event that it
    belongs to.
    """
    for number, step in enumerate(history.steps):
        if step.raised is not None or step.index in history.plan.strays:
            return
        if not step.event.kind.terminal:
            continue
        causal = history.causal.get(step.number)
        if causal is not None and step.after is not None and instants.apart(history, number):
            names = [name for name in differences(causal, step.after) if name in _compared(causal, history, step)]
            if names:
                old, new = told(getattr(causal, names[0])), told(getattr(step.after, names[0]))
                message = f"in this order {names[0]} ends as {new}; the same events in causal order end with {old}"
                yield Violation(step=number, field=names[0], message=message)
            else:
                yield None
        return


def _compared(end: Snapshot, history: History, step: Step) -> tuple[str, ...]:
    """What must be the same. Where no reason was given any may be made up, but not taken from another event."""
    names = ("created_at", "started_at", *END_TIMES.values(), "progress")
    if end.status is not Status.FAILED or step.after is None:
        return names
    if step.event.error is not None:
        return (*names, "error")
    given = [event.error.message for event in history.plan.events if event.error is not None]
    shown = f"{end.error} {step.after.error}"
    return (*names, "error") if any(message in shown for message in given) else names


def _parted(one: Snapshot | None, other: Snapshot | None, *, attempts: bool) -> str | None:
    if one is None or other is None:
        return None if one is other else "row"
    if one.status is not other.status:
        return "status"
    return "attempt" if attempts and (one.attempt or 0) != (other.attempt or 0) else None


def _end(shown: Snapshot | None) -> str:
    if shown is None:
        return "nothing"
    return f"{shown.status}, attempt {shown.attempt}" if shown.attempt else str(shown.status)

"""STALL: a job whose worker was lost waits for another."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_jobstatus.events import EventKind
from pytest_jobstatus.history import History, Step
from pytest_jobstatus.reading import differences
from pytest_jobstatus.rules import position
from pytest_jobstatus.rules.rule import Need, Plans, Violation, rule, tells
from pytest_jobstatus.tracker import Status

STALLED = Need(groups=(("stalled",),))


@rule(
    "STALL-1",
    Plans.TIES,
    Plans.PARTS,
    Plans.ORDERS,
    Plans.LONG_LIVES,
    needs=(STALLED,),
    incidents=("procrastinate-org/procrastinate#1518",),
    about=tells(EventKind.STALLED),
)
def stall_1(history: History) -> Iterator[Violation | None]:
    """A stalled job does not stay active.

    Intent: A job whose worker died shows as running for ever, and nobody looks for it.
    Not checked if: the event was refused (TRACK-3 tells of it).
    Exercised: each stall report that is ahead of what was shown, and each read until the next event that is.
    If it fails: stall reports are only logged, or written where the row names the worker that was lost.
    """
    waits: Step | None = None
    for number, step in enumerate(history.steps):
        if step.raised is None and not position.is_behind(history, number):
            stalls = step.event.kind is EventKind.STALLED and position.is_ahead(history, number)
            waits = step if stalls else None
        if step is waits:
            yield position.missed(history, number, because="lost its worker")
        elif waits is not None and step.after is not None and step.after.status is Status.ACTIVE:
            message = f"{waits.event.name} lost its worker; {step.event.name} was behind and made it active again"
            yield Violation(step=number, field="status", message=message)


@rule(
    "STALL-2",
    Plans.BESIDE,
    Plans.LATER_AGAIN,
    Plans.ORDERS,
    needs=(STALLED,),
    incidents=("OptimalBits/bull#2059",),
    about=tells(EventKind.STALLED),
)
def stall_2(history: History) -> Iterator[Violation | None]:
    """A stall report for an attempt that ended, or was followed by another, changes nothing but `updated_at`.

    Intent: The check for lost workers runs late and on its own; the worker may have finished meanwhile.
    Not checked if: there is nothing that excuses it.
    Exercised: each stall report that is behind what was shown, accepted or refused as declared.
    If it fails: the report takes the job id and not the attempt, or is written over any row that is not pending.
    """
    for number, step in enumerate(history.steps):
        if step.event.kind is not EventKind.STALLED or step.before is None or not position.is_behind(history, number):
            continue
        changed = [name for name in differences(step.before, step.after) if name != "updated_at"]
        if changed:
            shown = (
                f"{step.before.status}, attempt {step.before.attempt}" if step.before.attempt else step.before.status
            )
            message = f"the job was {shown}; {step.event.name} changed {' and '.join(changed)}"
            yield Violation(step=number, field=changed[0], message=message)
        elif position.was_taken(history, number):
            yield None

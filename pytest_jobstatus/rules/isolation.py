"""ISO: jobs do not touch each other."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_jobstatus.history import History
from pytest_jobstatus.reading import differences
from pytest_jobstatus.rules.effects import effect_lost
from pytest_jobstatus.rules.rule import Plans, Violation, rule
from pytest_jobstatus.rules.saying import named, told


@rule("ISO-1", Plans.INTERLEAVED, others=True, incidents=("jcass77/django-apscheduler#75",))
def iso_1(history: History) -> Iterator[Violation | None]:
    """An event changes its own job only, however many jobs interleave.

    Intent: A finished job that changes because another one started is looked for in all the wrong places.
    Not checked if: never left out.
    Exercised: each delivery while other jobs are known, or will be.
    If it fails: state is kept for "the current job", on a class, or keyed by queue or type; an `UPDATE` lacks the id.
    """
    for number in range(len(history.steps)):
        yield touched(history, number) or effect_lost(history, number)


def touched(history: History, number: int) -> Violation | None:
    """How the step changed what another job shows; None if it did not."""
    step = history.steps[number]
    own = named(history.labels[step.event.job_id])
    for label, (before, after) in step.others.items():
        changed = differences(before, after)
        if before is None:
            message = f"nothing was told of {named(label)}, yet after {step.event.name} of {own} it has a row"
        elif after is None:
            message = f"{step.event.name} of {own} made {named(label)} read as nothing"
        else:
            old, new = told(getattr(before, changed[0])), told(getattr(after, changed[0]))
            message = f"{step.event.name} of {own} changed {changed[0]} of {named(label)} from {old} to {new}"
        return Violation(step=number, field=f"others {label}", message=message)
    return None

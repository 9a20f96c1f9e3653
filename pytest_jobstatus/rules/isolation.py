"""ISO: jobs do not touch each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pytest_jobstatus.history import History
from pytest_jobstatus.raised import said
from pytest_jobstatus.reading import differences
from pytest_jobstatus.rules import position
from pytest_jobstatus.rules.effects import effect_lost
from pytest_jobstatus.rules.rule import Control, Need, Plans, Violation, rule
from pytest_jobstatus.rules.saying import named, told
from pytest_jobstatus.tracker import TIMES
from pytest_jobstatus.values import is_storable


@rule(
    "ISO-1",
    Plans.INTERLEAVED,
    Plans.BATCHES,
    about=lambda plan: len(plan.jobs) > 1,
    compares=lambda plan: bool(plan.batch),
    others=True,
    batches=True,
    control=Control.ALONE,
    incidents=("jcass77/django-apscheduler#75",),
)
def iso_1(history: History) -> Iterator[Violation | None]:
    """An event changes its own job only, however many jobs interleave.

    Intent: A finished job that changes because another one started is looked for in all the wrong places.
    Not checked if: never left out.
    Exercised: each delivery while other jobs are known, or will be; and each job of several that nobody looked at
    between.
    If it fails: state is kept for "the current job", on a class, or keyed by queue or type; an `UPDATE` lacks the id.
    """
    if history.plan.batch:
        yield from _mixed(history)
        return
    for number in range(len(history.steps)):
        yield touched(history, number) or effect_lost(history, number)


@rule(
    "ISO-2",
    Plans.TENANTS,
    about=lambda plan: plan.tenancy,
    needs=(Need(groups=(("tenancy",),)),),
    others=True,
    control=Control.ALONE,
    incidents=("twentyhq/twenty#25204",),
)
def iso_2(history: History) -> Iterator[Violation | None]:
    """A reader of one tenant sees no other's job, no event of one reaches a row of another, and one id in two tenants
    is two jobs.

    Intent: One customer's jobs in another's list is a breach, and ids meet: they are counted up, or taken from names.
    Not checked if: the same fails with the job alone.
    Exercised: each delivery to one tenant while others have jobs, or will have, read through their own handles.
    If it fails: the tenant is not part of the key, or is missing from one `WHERE`; key and tenant are joined into one
    text; a cache is keyed by the id alone; or the tenant is a setting that stays on a shared connection.
    """
    for number, step in enumerate(history.steps):
        beside = f"beside other tenants' jobs, {named(history.labels[step.event.job_id])}"
        if step.raised is None or position.may_be_refused(history, number) or not is_storable(step.event.progress):
            lost = effect_lost(history, number)
            yield touched(history, number) or (lost and replace(lost, message=f"{beside}: {lost.message}"))
        else:
            message = f"{beside}: {step.event.name} must be accepted; it raised {said(step.raised)}"
            yield Violation(step=number, field="raised", message=message)


def _mixed(history: History) -> Iterator[Violation | None]:
    """Where a job that was told beside others, before anybody looked, shows something else than it does alone."""
    told_in = [step.index for step in history.steps]
    if told_in != sorted(set(told_in)):
        return  # what was late or told again may show something else by right
    hidden = {"job_id", "updated_at", *(() if history.profile.supports("event_time") else TIMES)}
    for number, step in enumerate(history.steps):
        if step.number not in history.causal or step.index in history.plan.strays:
            continue
        alone, label = history.causal[step.number], named(history.labels[step.event.job_id])
        changed = [name for name in differences(alone, step.after) if name not in hidden]
        if changed:
            old, new = (told(getattr(shown, changed[0], None)) for shown in (alone, step.after))
            message = f"told beside another job, before anybody looked, {label} shows {changed[0]} {new}; alone {old}"
            yield Violation(step=number, field=changed[0], message=message)
        else:
            yield None


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

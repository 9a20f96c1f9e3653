"""ISO: jobs do not touch each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pytest_jobstatus.events import EventKind
from pytest_jobstatus.history import History, Step
from pytest_jobstatus.raised import said
from pytest_jobstatus.reading import differences
from pytest_jobstatus.rules import position
from pytest_jobstatus.rules.effects import effect_lost
from pytest_jobstatus.rules.rule import Control, Need, Plans, Violation, rule
from pytest_jobstatus.rules.saying import named, told
from pytest_jobstatus.tracker import TIMES, Snapshot
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
    Not checked if: there is nothing that excuses it.
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
    compares=lambda plan: plan.tenancy,
    others=True,
    batches=True,
    control=Control.NO_TENANT,
    incidents=("twentyhq/twenty#25204",),
)
def iso_2(history: History) -> Iterator[Violation | None]:
    """A reader of one tenant sees no other's job, no event of one reaches a row of another, and one id in two tenants
    is two jobs.

    Intent: One customer's jobs in another's list is a breach, and ids meet: they are counted up, or taken from names.
    Not checked if: the same fails with the job alone and no tenant, or `for_tenant` refuses the name.
    Exercised: each delivery to one tenant while others have jobs, or will have, read through their own handles; and
    what its job shows then beside what it shows alone in its tenant.
    If it fails: the tenant is not part of the key, or is missing from one `WHERE`; key and tenant are joined into one
    text; a cache or a table beside is keyed by the id alone; or the tenant is a setting that stays on a connection.
    """
    for number, step in enumerate(history.steps[: history.plan.singles]):
        label = named(history.labels[step.event.job_id])
        if step.raised is None or position.may_be_refused(history, number) or not is_storable(step.event.progress):
            wrong = effect_lost(history, number) or _moved_back(history, number)
            yield touched(history, number) or (wrong and replace(wrong, message=f"{label}: {wrong.message}"))
        else:
            message = f"{label}: {step.event.name} must be accepted; it raised {said(step.raised)}"
            yield Violation(step=number, field="raised", message=message)
    yield from _mixed(history)


def _moved_back(history: History, number: int) -> Violation | None:
    """How the step's event, which is behind, changed status or attempt; None if it did not."""
    step = history.steps[number]
    if step.before is None or step.after is None or not position.is_behind(history, number):
        return None
    for name in sorted({"status", "attempt"}.intersection(differences(step.before, step.after)), reverse=True):
        old, new = (told(getattr(shown, name)) for shown in (step.before, step.after))
        message = f"{step.event.name} is behind what was shown, yet {name} went from {old} to {new}"
        return Violation(step=number, field=name, message=message)
    return None


def _mixed(history: History) -> Iterator[Violation | None]:
    """Where a job that was told beside others, by the same reader's eyes, shows something else than it does alone."""
    told_in = [step.index for step in history.steps]
    if told_in != sorted(set(told_in)):
        return  # what was late or told again may show something else by right
    hidden = {"job_id", "updated_at", *(() if history.profile.supports("event_time") else TIMES)}
    beside = "told beside another job, before anybody looked," if history.plan.batch else "beside other tenants' jobs,"
    for number, step in enumerate(history.steps):
        if step.number not in history.causal or step.index in history.plan.strays:
            continue
        alone, label = history.causal[step.number], named(history.labels[step.event.job_id])
        changed = [name for name in differences(alone, step.after) if name not in hidden]
        changed = [name for name in changed if not _is_free(name, history, step)]
        if changed:
            old, new = (_told(changed[0], shown) for shown in (alone, step.after))
            what = "" if changed[0] == "row" else f"{changed[0]} "
            other = ", with another traceback" if old == new else ""
            message = f"{beside} {label} shows {what}{new}; alone {old}{other}"
            yield Violation(step=number, field=changed[0], message=message)
        else:
            yield None


def _told(name: str, shown: Snapshot | None) -> str:
    if name == "row":
        return "nothing" if shown is None else f"status {shown.status}"
    return told(getattr(shown, name, None))


def _is_free(name: str, history: History, step: Step) -> bool:
    """Whether a tracker may show there what it likes, but for what it was told of another job: who cancelled where
    nobody was named, and why it failed where nothing was said.
    """
    given = {"cancelled_by": EventKind.CANCELLED, "error": EventKind.FAILED}
    if name not in given:
        return False
    label = history.labels[step.event.job_id]
    values = [(each.job_id, getattr(each, name)) for each in history.plan.events if each.kind is given[name]]
    foreign = {str(value) for job, value in values if job != label and value is not None}
    unsaid = any(job == label and value is None for job, value in values)
    return unsaid and str(getattr(step.after, name, None)) not in foreign


def touched(history: History, number: int) -> Violation | None:
    """How the step changed what another job shows; None if it did not."""
    step = history.steps[number]
    for label, (before, after) in step.others.items():
        own = named(history.labels[step.event.job_id])
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

"""TERM: what is over stays over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_jobstatus.events import TERMINAL_KINDS, Event, EventKind
from pytest_jobstatus.history import History, Step
from pytest_jobstatus.reading import differences
from pytest_jobstatus.rules import position
from pytest_jobstatus.rules.effects import effect_lost
from pytest_jobstatus.rules.rule import Need, Plans, Violation, rule, tells
from pytest_jobstatus.rules.saying import lacks, shows, told
from pytest_jobstatus.tracker import END_TIMES, Status

_ends = tells(*TERMINAL_KINDS)


@rule(
    "TERM-1",
    Plans.AFTER_END,
    Plans.OVERTAKEN,
    Plans.CROWD,
    incidents=("taskforcesh/bullmq#2433", "Bogdanp/django_dramatiq#154", "celery/celery#6090"),
    about=tells(*TERMINAL_KINDS),
)
def term_1(history: History) -> Iterator[Violation | None]:
    """A terminal status never changes, whatever arrives: each terminal status against each kind of event.

    Intent: The most common fault in the field: a late event shows a finished job as waiting or running, for ever.
    Not checked if: there is nothing that excuses it.
    Exercised: each delivery to a job that shows a terminal status, accepted or refused as declared.
    If it fails: the guard is missing, or checked in memory, or names only one of the three terminal statuses. Put
    `WHERE status NOT IN ('completed', 'failed', 'cancelled')` into the statement that writes.
    """
    for number, step in _after_end(history):
        if step.after is None:
            message = f"the job was {_shown(step)}; after {step.event.name} it reads as nothing"
            yield Violation(step=number, field="row", message=message)
        elif step.before is not None and step.after.status is not step.before.status:
            message = f"the job was {_shown(step)}; {step.event.name} made it {step.after.status}"
            yield Violation(step=number, field="status", message=message)
        elif position.was_taken(history, number):
            yield None


@rule(
    "TERM-2",
    Plans.AFTER_END,
    Plans.OVERTAKEN,
    Plans.CROWD,
    needs=(Need(groups=(("completed_at", "failed_at", "cancelled_at", "attempt", "cancelled_by", "error"),)),),
    incidents=("pulp/pulp#3159",),
    about=tells(*TERMINAL_KINDS),
)
def term_2(history: History) -> Iterator[Violation | None]:
    """With a terminal status its end time, `cancelled_by` and attempt never change either; nor, once failed, its error,
    a missing one included.

    Intent: A status that stands while its details are overwritten tells a story that never happened.
    Not checked if: the tracker shows none of these fields.
    Exercised: each delivery to a job that shows a terminal status, accepted or refused as declared.
    If it fails: the status is guarded, but the other columns are set in the same statement without the guard; often
    an upsert on `created` that empties the row.
    """
    for number, step in _after_end(history):
        if step.before is None or step.after is None:
            continue
        changed = next(_changed_details(step), None)
        if changed is not None:
            name, old, new = changed
            message = (
                f"the job was {_shown(step)}; {step.event.name} changed its {name} from {told(old)} to {told(new)}"
            )
            yield Violation(step=number, field=name, message=message)
        elif position.was_taken(history, number):
            yield None


def _changed_details(step: Step) -> Iterator[tuple[str, object, object]]:
    assert step.before is not None  # noqa: S101 - the caller's branch
    names = [END_TIMES[step.before.status], "cancelled_by", "attempt"]
    if step.before.status is Status.FAILED:
        names.append("error")
    for name in names:
        old, new = getattr(step.before, name), getattr(step.after, name)
        if name == "attempt":
            old, new = old or 0, new or 0
        if old != new:
            yield name, old, new


@rule(
    "TERM-3",
    Plans.OVERTAKEN,
    Plans.CROWD,
    needs=(Need(groups=(("created", "active", "progress", "retrying", "stalled"),)),),
    incidents=("jcass77/django-apscheduler#121", "precog/quasar#4549"),
    about=tells(*TERMINAL_KINDS),
)
def term_3(history: History) -> Iterator[Violation | None]:
    """A terminal event that overtakes earlier ones is recorded, its end time with it, and they do not undo it.

    Intent: A fast job ends before its start is reported; nobody delivers the end a second time.
    Not checked if: the terminal event was refused (TRACK-3 tells of it).
    Exercised: each terminal event that arrives before an earlier event of its run, and each such latecomer.
    If it fails: the end is written only over an active row, or without its time because the start is not known yet.
    """
    end: Step | None = None
    for number, step in enumerate(history.steps):
        if step.index in history.plan.strays:
            return
        if end is None and step.event.kind.terminal and step.raised is None and _overtakes(history, number):
            end = step
        if end is None or not (step is end or step.index < end.index):
            continue
        status = position.STATUSES[end.event.kind]
        missed = "recorded" if step is end else f"kept when {step.event.name} came late"
        shown = step.after.status if step.after is not None else "nothing"
        if step.after is None or step.after.status is not status:
            message = f"{end.event.name} overtook earlier events and must be {missed}; the job shows {shown}"
            yield Violation(step=number, field="status", message=message)
        elif history.profile.supports(END_TIMES[status]) and step.after.ended_at is None:
            message = (
                f"{end.event.name} overtook earlier events; its {END_TIMES[status]} must be {missed}, it is missing"
            )
            yield Violation(step=number, field=END_TIMES[status], message=message)
        else:
            yield None


@rule(
    "TERM-4",
    Plans.ZOMBIES,
    Plans.TWO_ENDS,
    Plans.BATCHES,
    batches=True,
    incidents=("kubernetes/kubernetes#117303", "OptimalBits/bull#2059"),
    about=lambda plan: _ends(plan) and (not plan.batch or bool(plan.strays)),
)
def term_4(history: History) -> Iterator[Violation | None]:
    """Of two contradicting terminal events the first delivered wins, whole: the row never mixes both. An ignored zombie
    does not count.

    Intent: A row that is completed and has an error, or was cancelled by somebody and failed, is true of no job.
    Not checked if: the first of them did not end the job (TRACK-4 and RETRY-7 tell of it).
    Exercised: each further terminal event that comes to a job that is over, accepted or refused as declared, the first
    that counts after an ignored one, and the first of two that came before anybody looked.
    If it fails: the status is guarded, and each end's own columns (error, cancelled_by, its time) are written beside it
    without the guard.
    """
    if history.plan.batch:
        yield from _first_of_batch(history)
    ends: Step | None = None
    for number, step in enumerate(history.steps):
        if step.number >= history.plan.singles:
            return
        over = step.before is not None and step.before.status.terminal
        if ends is None and not over and _after_ignored(history, number):
            yield _whole(history, number)
        if ends is None and not over and step.after is not None and step.after.status.terminal:
            ends = step
        elif ends is not None and over and step.event.kind.terminal and step.index != ends.index:
            mixed = [name for name in differences(step.before, step.after) if name in _OUTCOME]
            if mixed:
                old, new = getattr(step.before, mixed[0], None), getattr(step.after, mixed[0], None)
                change = (
                    f"changed {mixed[0]} from {told(old)} to {told(new)}" if step.after else "made it read as nothing"
                )
                message = f"{ends.event.name} ended the job; {step.event.name} {change}"
                yield Violation(step=number, field=mixed[0], message=message)
            elif position.was_taken(history, number):
                yield None


def _first_of_batch(history: History) -> Iterator[Violation | None]:
    """Of several ends of one attempt, one of which at least was told before anybody looked, whether the first shows."""
    ends = [step for step in history.steps if step.event.kind.terminal and step.raised is None]
    others = [step.event for step in ends if step.index != ends[0].index]
    if not others or ends[-1].number < history.plan.singles or history.steps[-1].unseen:
        return
    if {step.event.attempt for step in ends} != {max(step.event.attempt for step in history.steps)}:
        return  # one of them may be ignored as late
    number, first = len(history.steps) - 1, ends[0].event
    last = history.steps[number].after
    status, shown = position.STATUSES[first.kind], last.status if last is not None else "nothing"
    if shown is not status:
        message = f"{first.name} was delivered before {others[0].name} and must show; the job shows {shown}"
        yield Violation(step=number, field="status", message=message)
        return
    yield _lost(history, number, first) or _of_another(history, number, first, others, because="came later")


def _lost(history: History, number: int, first: Event) -> Violation | None:
    """Where the end that counts lost its own reason, or who cancelled."""
    shown = history.steps[number].after
    if shown is not None and history.profile.supports("error") and first.kind is EventKind.FAILED:
        wrong = lacks(shown.error, first.error) if first.error is not None else None
        if wrong is not None:
            return Violation(step=number, field="error", message=f"{first.name} {wrong}")
    given = first.cancelled_by if history.profile.supports("cancelled_by") else None
    if shown is not None and given is not None and shown.cancelled_by != given:
        message = f"{first.name} was by {told(given)}; cancelled_by shows {told(shown.cancelled_by)}"
        return Violation(step=number, field="cancelled_by", message=message)
    return None


def _after_ignored(history: History, number: int) -> bool:
    """Whether the step brings the run's own end after others that were told and did not end the job."""
    step, plan = history.steps[number], history.plan
    if not step.event.kind.terminal or step.raised is not None or step.index in plan.strays:
        return False
    strays = [plan.events[earlier.index] for earlier in history.steps[:number] if earlier.index in plan.strays]
    late = step.event.attempt < position.before(history, number)[1][0]  # itself an end of an older attempt
    return bool(strays) and not late and all(event.kind.terminal for event in strays)


def _whole(history: History, number: int) -> Violation | None:
    """Where the first end that counts is lost, or shows something of one that was ignored."""
    own = history.steps[number].event
    others = [event for event in position.told_before(history, number) if event.kind.terminal]
    return effect_lost(history, number) or _of_another(history, number, own, others, because="was ignored")


def _of_another(
    history: History, number: int, own: Event, others: Sequence[Event], *, because: str
) -> Violation | None:
    """Where the end that counts shows the time, the canceller or the error of another."""
    shown = history.steps[number].after
    if shown is None or not shown.status.terminal:
        return None
    retried = [step.event.error for step in history.steps if step.event.kind is EventKind.RETRYING]
    known = any(shows(shown.error, error, but=own.error) for error in retried)  # which may stay visible to the end
    for other in others:
        apart = abs(other.occurred_at - own.occurred_at) > 3 * history.profile.resolution
        canceller = other.cancelled_by if other.cancelled_by != own.cancelled_by else None
        for name, theirs in (
            (
                END_TIMES[shown.status],
                history.profile.supports("event_time") and apart and shown.ended_at == other.occurred_at,
            ),
            ("cancelled_by", canceller is not None and shown.cancelled_by == canceller),
            ("error", not known and shows(shown.error, other.error, but=own.error)),
        ):
            if theirs:
                message = f"{own.name} ended the job, but its {name} is that of {other.name}, which {because}"
                return Violation(step=number, field=name, message=message)
    return None


_OUTCOME = ("row", "status", "attempt", "error", "cancelled_by", *END_TIMES.values())
"""What a job's end leaves in the row."""


def _overtakes(history: History, number: int) -> bool:
    """Whether an event of the run that happened before this one is still to come, for the first time."""
    plan, step = history.plan, history.steps[number]
    before = set(plan.order[: step.number + 1])
    return any(
        index < step.index
        and index not in before
        and index not in plan.strays
        and plan.events[index].job_id == plan.events[step.index].job_id
        for index in plan.order[step.number + 1 :]
    )


def _after_end(history: History) -> Iterator[tuple[int, Step]]:
    for number, step in enumerate(history.steps):
        if step.before is not None and step.before.status.terminal:
            yield number, step


def _shown(step: Step) -> str:
    return str(step.before.status) if step.before is not None else "nothing"

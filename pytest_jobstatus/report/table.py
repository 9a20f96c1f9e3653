"""A history as a table that a tired person can read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from pytest_jobstatus.clocks import START
from pytest_jobstatus.delivery import Plan
from pytest_jobstatus.events import Event, EventKind
from pytest_jobstatus.history import History, Step
from pytest_jobstatus.raised import said
from pytest_jobstatus.reading import differences
from pytest_jobstatus.rules import Violation
from pytest_jobstatus.rules.saying import named, told
from pytest_jobstatus.tracker import FIELDS, Snapshot

HIDDEN = ("job_id", "status", "attempt", "updated_at")
"""Not listed among the changes: the first line says two of them, and `updated_at` moves at every step."""

Row = tuple[str, ...]


def table(history: History, *, violation: Violation | None = None, mark: str = "") -> list[str]:
    """The deliveries of a history, when each event happened and what was shown afterwards.

    Args:
        history: what was seen.
        violation: where it breaks a rule; its field is marked.
        mark: what to write beside that field: the rule's number.
    """
    several = len(history.plan.jobs) > 1
    head: Row = ("#", *(("job",) if several else ()), "delivered", "happened", "shown afterwards")
    rows: list[Row] = [head]
    newest: dict[str, int] = {}
    for step in history.steps:
        wrong = violation if violation is not None and violation.step == step.number else None
        own = step.event.job_id
        notes = _notes(step, history.plan, late=step.index < newest.get(own, -1))
        newest[own] = max(newest.get(own, -1), step.index)
        name = f"{step.event.name}{_given(step.event)}{notes}"
        job = (named(history.labels[step.event.job_id]),) if several else ()
        first, *others = _effect(step, history, wrong, mark)
        rows.append((str(step.number + 1), *job, name, happened(step.event.occurred_at, history.shift), first))
        rows += [("", *("" for _ in job), "", "", other) for other in others]
    if history.unreadable is not None and len(history.steps) < len(history.plan.order):
        event = history.plan.events[history.plan.order[len(history.steps)]]
        job = (named(event.job_id),) if several else ()
        name = f"{event.name}{_given(event)}"
        rows.append(
            (str(len(history.steps) + 1), *job, name, happened(event.occurred_at, timedelta()), _unread(history, mark))
        )
    return [*_aligned(rows), *epilogue(history, violation)]


def effects(history: History, *, violation: Violation | None = None, mark: str = "") -> Iterator[list[str]]:
    """What was shown after each delivery, as the table has it.

    Args:
        history: what was seen.
        violation: where it breaks a rule; its field is marked.
        mark: what to write beside that field: the rule's number.
    """
    for step in history.steps:
        yield [*_effect(step, history, violation if violation and violation.step == step.number else None, mark)]
    if history.unreadable is not None and len(history.steps) < len(history.plan.order):
        yield [_unread(history, mark)]


def _unread(history: History, mark: str) -> str:
    return f"read raised {history.unreadable}  ← {mark}"


def _given(event: Event) -> str:
    """What a progress tells: two of them are told apart by nothing else."""
    return f": {told(event.progress)}" if event.kind is EventKind.PROGRESS else ""


def _notes(step: Step, plan: Plan, *, late: bool) -> str:
    words = (
        ("again", step.repeat),
        ("late", late and not step.repeat),
        ("extra", step.index in plan.strays),
        (f"by worker {plan.workers[step.number] + 1}" if plan.workers else "", bool(plan.workers)),
    )
    notes = [word for word, holds in words if holds]
    return f" ({', '.join(notes)})" if notes else ""


def _effect(step: Step, history: History, wrong: Violation | None, mark: str) -> Iterator[str]:
    """What a reader saw, the position first, then each change; the field that broke the rule is marked."""

    def marked(text: str, *names: str) -> str:
        return f"{text}  ← {mark}" if wrong is not None and wrong.field in names else text

    if step.raised is not None:
        yield marked(f"apply raised {said(step.raised)}", "raised")
    yield marked(_seen(step, history), "row", "status", "attempt")
    listed = {"row", "raised", "status", "attempt", "waited", *(f"others {label}" for label in step.others)}
    changed = differences(step.before, step.after)
    for name in FIELDS if changed == ("row",) else changed:
        old, new = getattr(step.before, name, None), getattr(step.after, name, None)
        if name in HIDDEN or old == new:
            continue
        before = "" if old is None else f"{value(old, history.shift)} → "
        listed.add(name)
        yield marked(f"{name} {before}{value(new, history.shift)}", name)
    if wrong is not None and wrong.field not in listed:
        seen = getattr(step.after, wrong.field, None)
        seen = getattr(step.after, "early_end", None) if wrong.field == "ended_at" and seen is None else seen
        yield marked(f"{wrong.field} {value(seen, history.shift)}", wrong.field)
    for label, (was, now) in step.others.items():
        change = "; ".join(_change(name, was, now, history.shift) for name in differences(was, now))
        yield marked(f"{named(label)}: {change}", f"others {label}")
    if step.waited:
        yield marked(f"apply slept: {', '.join(step.waited)}", "waited")
    if step.reread != step.after:
        yield f"read again: {shown(step.reread)}"
    for label, seen in step.strangers.items():
        yield f"{label} reads as {shown(seen)}"


def _seen(step: Step, history: History) -> str:
    """Where the job stood, and when somebody looked if that was not at once."""
    if step.unseen:
        return "(nobody looked)"
    end = len(history.plan.order)
    later = step.number >= history.plan.singles and step.number + 1 < end
    return f"(after {end}) {shown(step.after)}" if later else shown(step.after)


def _change(name: str, before: Snapshot | None, after: Snapshot | None, shift: timedelta) -> str:
    """What became of another job's field."""
    if name == "row":
        return f"{shown(before)} → {shown(after)}"
    return f"{name} {value(getattr(before, name), shift)} → {value(getattr(after, name), shift)}"


def _lost(plan: Plan) -> Iterator[str]:
    """The events that were never delivered; of jobs of which none was, that they were read."""
    heard = {plan.events[index].job_id for index in plan.order}
    events = [plan.events[index] for index in plan.lost if plan.events[index].job_id in heard]
    names = [f"{event.name} of {named(event.job_id)}" if len(plan.jobs) > 1 else event.name for event in events]
    if names:
        yield f"never delivered: {', '.join(names)}"
    if len(heard) < len(plan.jobs):
        yield f"read as well, and never told of: {', '.join(named(job) for job in plan.jobs if job not in heard)}"


def epilogue(history: History, violation: Violation | None) -> Iterator[str]:
    """What else there is to say of a history, below its table."""
    for label, seen in history.first.items():
        yield f"before anything was delivered, {label} read as {shown(seen)}"
    if history.plan.lost:
        yield from _lost(history.plan)
    if history.plan.batch:
        places = f"{history.plan.singles + 1} and {len(history.plan.order)}"
        yield f"a batch: nobody looked, and `settle` was not called, between {places}"
    if any(history.plan.workers):
        yield "each worker has a handle of its own, from `another()`; what is shown is what worker 1 reads"
    last = violation.step if violation is not None else len(history.steps) - 1
    if last in history.causal:
        job = history.steps[last].event.job_id
        accepted = sorted({step.index for step in history.steps if step.raised is None and step.event.job_id == job})
        names = ", ".join(history.plan.events[index].name for index in accepted)
        end = history.causal[last]
        field = violation.field if violation is not None else "status"
        compared = "" if field in ("row", "status", "attempt") or end is None else _compared(field, end, history.shift)
        yield f"in causal order ({names}): {shown(end)}{compared}"


def _compared(name: str, end: Snapshot, shift: timedelta) -> str:
    return f", {name} {value(getattr(end, name), shift)}" if name in FIELDS else ""


def shown(snapshot: Snapshot | None) -> str:
    """Status and attempt, in short.

    >>> from pytest_jobstatus.tracker import Status
    >>> shown(Snapshot("a", Status.ACTIVE, attempt=2)), shown(None)
    ('active, attempt 2', 'nothing')
    """
    if snapshot is None:
        return "nothing"
    return f"{snapshot.status}, attempt {snapshot.attempt}" if snapshot.attempt else str(snapshot.status)


def value(given: object, shift: timedelta) -> str:
    """A field's value in few characters; an instant with its date where that is not the plan's."""
    return clock(given, shift) if isinstance(given, datetime) else told(given)


def clock(at: datetime, shift: timedelta) -> str:
    """The time of day in UTC, with the date where it is not the plan's day.

    >>> clock(START, timedelta())
    '12:00:00'
    """
    instant = at.astimezone(UTC)
    same_day = instant.date() == (START + shift).date()
    return instant.time().isoformat() if same_day else instant.replace(tzinfo=None).isoformat(sep=" ")


def happened(at: datetime, shift: timedelta) -> str:
    """When an event happened, in UTC, and as it was written where that is another offset.

    >>> from datetime import timezone
    >>> happened(START.astimezone(timezone(timedelta(hours=5, minutes=45))), timedelta())
    '12:00:00 (17:45:00+05:45)'
    """
    written = f" ({at.timetz().isoformat()})" if at.utcoffset() else ""
    return f"{clock(at, shift)}{written}"


def trace(history: History) -> list[str]:
    """Every apply and read of a history, with all that was given and all that was shown."""
    lines: list[str] = []
    reads: list[str] = []
    for step in history.steps:
        event = step.event
        given = {name: getattr(event, name) for name in ("error", "progress", "cancelled_by")}
        values = [f"{name} {value(each, history.shift)}" for name, each in given.items() if each is not None]
        lines.append(
            f"{step.number + 1}. apply {', '.join([event.name, clock(event.occurred_at, history.shift), *values])}"
        )
        lines.append(f"     {f'raised {said(step.raised)}' if step.raised is not None else 'accepted'}")
        if not step.unseen:
            seen = (
                {} if step.after is None else {name: getattr(step.after, name) for name in FIELDS if name != "job_id"}
            )
            fields = [f"{name} {value(each, history.shift)}" for name, each in seen.items() if each is not None]
            reads.append(f"   read {history.labels[event.job_id]}: {', '.join(fields) or 'nothing'}")
        if step.number < history.plan.singles or step.number + 1 == len(history.plan.order):
            lines += reads  # of a batch all jobs are read at its end
            reads.clear()
    lines += reads
    return [*lines, *([f"   read raised {history.unreadable}"] if history.unreadable is not None else [])]


def _aligned(rows: Sequence[Row]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    return [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]).rstrip()
        for row in rows
    ]

"""Whether a tracker shows in the end what a scenario expects."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import combinations
from typing import Any

from pytest_jobstatus.events import EventKind, JobError
from pytest_jobstatus.history import History
from pytest_jobstatus.rules import Violation
from pytest_jobstatus.rules.effects import same_json
from pytest_jobstatus.rules.saying import named, told, told_json
from pytest_jobstatus.scenario.expected import APART, closest
from pytest_jobstatus.scenario.scenario import Scenario
from pytest_jobstatus.tracker import Snapshot, Status


def mismatch(scenario: Scenario, history: History) -> Violation | None:
    """Where a tracker shows something else in the end than the scenario expects; None where it shows that, or where
    nobody can tell: an event was refused, or is of a kind that the tracker does not know.
    """
    refused = history.unreadable is not None or any(step.raised is not None for step in history.steps)
    if refused or history.plan is not scenario.plan:
        return None
    for job, fields in scenario.expected.items():
        step, shown = _last_shown(history, job)
        for name, wanted in fields.items():
            if not _is_judged(name, wanted, job, history):
                continue
            what = _differs(name, wanted, shown, history)
            if what is not None:
                of = f" of {named(job)}" if len(history.plan.jobs) > 1 else ""
                own = history.labels[history.steps[step].event.job_id] == job
                message = f"the scenario expects {name}{of} to end as {what}"
                return Violation(step=step, field=name if own else f"others {job}", message=message)
    return None


def ends_otherwise(scenario: Scenario, history: History) -> bool:
    """Whether a job ends in another status or attempt than expected though it was told with plain values and names."""
    plain = dict(zip(scenario.plan.jobs, history.plan.jobs, strict=True))
    return any(
        name in ("status", "attempt")
        and history.profile.supports(name)
        and _differs(name, wanted, _last_shown(history, plain[job])[1], history) is not None
        for job, fields in scenario.expected.items()
        for name, wanted in fields.items()
    )


def _last_shown(history: History, job: str) -> tuple[int, Snapshot | None]:
    """What the job showed last, and after which step: its own last, or another job's that changed it."""
    last, shown = 0, None
    for step in history.steps:
        if history.labels[step.event.job_id] == job:
            last, shown = step.number, step.after
        elif job in step.others:
            last, shown = step.number, step.others[job][1]
    return last, shown


def _is_judged(name: str, wanted: object, job: str, history: History) -> bool:
    profile = history.profile
    if not profile.supports(name):
        return False
    if name == "progress" and _is_tied(history, job):
        return False
    if not isinstance(wanted, datetime):
        return True
    return profile.supports("event_time") and closest(history.plan, job) >= APART * profile.resolution


def _is_tied(history: History, job: str) -> bool:
    """Whether progress of one attempt is told at two instants that the tracker may not tell apart."""
    own = [event for event in history.plan.events if event.job_id == job and event.kind is EventKind.PROGRESS]
    pairs = ((one, other) for one, other in combinations(own, 2) if one.attempt == other.attempt)
    apart = (abs(one.occurred_at - other.occurred_at) for one, other in pairs)
    return any(timedelta() < each < history.profile.resolution for each in apart)


def _differs(name: str, wanted: Any, shown: Snapshot | None, history: History) -> str | None:
    """What was wanted and what shows, where that is something else."""
    if shown is None:
        return f"{_told(name, wanted)}; it reads as nothing"
    value = getattr(shown, name)
    if _is_as(name, wanted, value, history):
        return None
    return f"{_told(name, wanted)}; it shows {_told(name, value)}"


def _is_as(name: str, wanted: Any, value: Any, history: History) -> bool:
    if name == "status":
        pending = Status.DELAYED in wanted and not history.profile.supports("delayed")
        return value in wanted or (pending and value is Status.PENDING)
    if name in ("attempt", "progress"):
        return same_json(value or 0 if name == "attempt" else value, wanted)
    if wanted is None or value is None:
        return wanted is value
    if name == "error":
        return wanted in (value.message if isinstance(value, JobError) else value)
    if isinstance(wanted, datetime):
        return bool(abs(value - history.shift - wanted) <= history.profile.resolution)
    return bool(value == wanted)


def _told(name: str, value: Any) -> str:
    if name == "status":
        return " or ".join(value) if isinstance(value, tuple) else str(value)
    if name == "progress":
        return told_json(value)
    return told(value)

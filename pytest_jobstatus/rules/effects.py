"""Effects: what an event must show, progress included."""

from __future__ import annotations

import math
from typing import Any

from pytest_jobstatus.events import Event, EventKind
from pytest_jobstatus.history import History
from pytest_jobstatus.reading import differences
from pytest_jobstatus.rules import instants, position
from pytest_jobstatus.rules.rule import Violation
from pytest_jobstatus.rules.saying import told, told_json
from pytest_jobstatus.tracker import END_TIMES, Profile, Status
from pytest_jobstatus.values import EXACT, is_storable


def effect_lost(history: History, number: int) -> Violation | None:
    """How the step's event, though it is ahead, left no trace; None where it did, or need not."""
    step = history.steps[number]
    if step.event.kind is EventKind.PROGRESS:
        return progress_lost(history, number) if is_due(history, number) else None
    if not position.is_news(history, number):
        return None
    missed = position.missed(history, number)
    if missed is not None or not step.event.kind.terminal:
        return missed
    name = END_TIMES[position.STATUSES[step.event.kind]]
    if history.profile.supports(name) and getattr(step.after, name) is None:
        return Violation(step=number, field=name, message=f"{step.event.name} ended the job, but {name} is missing")
    return None


def is_due(history: History, number: int) -> bool:
    """Whether the step brings progress that must show: accepted, of the running attempt, and the newest told of it.

    Of progress that shares its instant with another the last delivered is the newest; told again, it need not be.
    """
    step = history.steps[number]
    event = step.event
    if event.kind is not EventKind.PROGRESS or step.raised is not None or not history.profile.supports("progress"):
        return False
    if step.after is None or step.after.status.terminal or position.before(history, number)[1] > (event.attempt, 1):
        return False
    for other in position.told_before(history, number):
        if other.attempt > event.attempt:
            return False
        if other.attempt < event.attempt or other.kind is not EventKind.PROGRESS:
            continue
        newer = not (is_older(other, event, history.profile) or is_tied(step.repeat, other, event))
        if newer and other != event:
            return False
    return True


def is_older(one: Event, other: Event, profile: Profile) -> bool:
    """Whether one progress is older than the other: of a lower attempt, or earlier by a resolution at least."""
    if one.attempt != other.attempt:
        return one.attempt < other.attempt
    return other.occurred_at - one.occurred_at >= profile.resolution


def is_tied(repeat: bool, one: Event, other: Event) -> bool:  # noqa: FBT001 - read from the step
    """Whether the other comes after one that shares its instant, for the first time."""
    return not repeat and one.occurred_at == other.occurred_at


def progress_lost(history: History, number: int) -> Violation | None:
    """Where progress that must show does not read back as the value given; how odd values read is DATA-2's."""
    step = history.steps[number]
    given = step.event.progress
    shown = step.after.progress if step.after is not None else None
    if not is_storable(given) or same_json(shown, given):
        return None
    message = f"{step.event.name} told {told_json(given)}; progress shows {told_json(shown)}"
    return Violation(step=number, field="progress", message=message)


def progress_moved(history: History, number: int) -> Violation | None:
    """Where progress moved what it must not: status or attempt unless it is ahead, or a time already shown."""
    step = history.steps[number]
    changed = differences(step.before, step.after)
    if step.before is None or step.after is None:
        message = f"after {step.event.name} the job reads as nothing"
        return Violation(step=number, field="row", message=message)
    ahead = not position.is_behind(history, number)
    numbered = not history.profile.supports("attempt") or (step.after.attempt or 0) == step.event.attempt
    for name, right in (("status", step.after.status is Status.ACTIVE), ("attempt", numbered)):
        if not {"status", "attempt"}.isdisjoint(changed) and not (ahead and right):
            field = name if name in changed or ahead else "attempt"
            old, new = told(getattr(step.before, field)), told(getattr(step.after, field))
            why = "must show active with its attempt" if ahead else "is behind what is shown"
            change = f"{field} went from {old} to {new}" if field in changed else f"{field} is still {new}"
            return Violation(step=number, field=field, message=f"{step.event.name} {why}, yet {change}")
    for name in changed:
        old = getattr(step.before, name)
        if name == "started_at" and step.after.started_at is None and instants.start_unknown(history, number):
            continue
        if name.endswith("_at") and name != "updated_at" and old is not None:
            message = f"{step.event.name} moved {name} from {told(old)} to {told(getattr(step.after, name))}"
            return Violation(step=number, field=name, message=message)
    return None


def _as_double(number: float) -> float:
    """The number as every JSON reader can hold it; one that no double can is infinite."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def same_json(shown: Any, given: Any) -> bool:
    """Whether two values are the same JSON: true is not 1, the order of keys is free, 1.0 is 1.

    >>> same_json({"a": [1, 2.5]}, {"a": [1.0, 2.5]}), same_json(True, 1), same_json({}, [])
    (True, False, False)
    """
    left = [(shown, given)]  # not by recursion: progress may be nested as deep as Python itself can go
    while left:
        one, other = left.pop()
        if isinstance(one, dict) and isinstance(other, dict):
            if one.keys() != other.keys():
                return False
            left += [(one[key], each) for key, each in other.items()]
        elif isinstance(one, list | tuple) and isinstance(other, list | tuple):
            if len(one) != len(other):
                return False
            left += zip(one, other, strict=True)
        elif not _same_scalar(one, other):
            return False
    return True


def _same_scalar(one: Any, other: Any) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        # A store may write out a large double as the integer that it is.
        return _as_double(one) == _as_double(other) if max(abs(one), abs(other)) > EXACT else bool(one == other)
    return type(one) is type(other) and bool(one == other)

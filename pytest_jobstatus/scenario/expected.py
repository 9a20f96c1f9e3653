"""What a scenario expects in the end, as its file says it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from pytest_jobstatus.delivery import Plan
from pytest_jobstatus.events import is_aware, shortened
from pytest_jobstatus.misuse import Misuse, listed
from pytest_jobstatus.rules.instants import gaps
from pytest_jobstatus.rules.saying import named
from pytest_jobstatus.scenario.scenario import Expected
from pytest_jobstatus.tracker import TIMES, Profile, Status

NONE = "none"
"""How a file says that a field shows nothing."""
INSTANTS = tuple(name for name in TIMES if name != "updated_at")
FIELDS = ("status", "attempt", *INSTANTS, "error", "progress", "cancelled_by")
"""What a scenario may expect: `updated_at` is each tracker's own."""
APART = 3
"""How many resolutions instants must be apart for each to show as it is (TIME-5)."""


def expected_of(table: object, plan: Plan, source: str) -> Expected:
    """The table `[expected]` of a file.

    Args:
        table: what the file has there.
        plan: what is delivered.
        source: the file, for messages.

    Raises:
        Misuse: naming the job, the field, its value and what is allowed.
    """
    if not isinstance(table, dict) or not table:
        raise Misuse(f"{source}: expected = {shortened(table)}: allowed is a table with what must show in the end")
    told_of = tuple(dict.fromkeys(plan.events[index].job_id for index in plan.order))
    if not any(isinstance(each, dict) for each in table.values()):
        if len(told_of) > 1:
            raise Misuse(f"{source}: expected: whose is it? Allowed are [expected.{told_of[0]}] and so on, by job")
        table = {told_of[0]: table}
    for job, fields in table.items():
        where = f"{source}: expected: {job!r}"
        if job not in told_of:
            raise Misuse(f"{where}: nothing is delivered of such a job; there are {listed(told_of, given=job)}")
        if not isinstance(fields, dict) or not fields:
            raise Misuse(f"{where}: {shortened(fields)}: allowed is a table with what must show in the end")
    return {job: _fields(fields, job, plan, f"{source}: expected") for job, fields in table.items()}


def _fields(table: Mapping[str, Any], job: str, plan: Plan, where: str) -> dict[str, Any]:
    found = {}
    for name, given in table.items():
        if name not in FIELDS:
            raise Misuse(f"{where}: unknown key {name!r}: allowed are {listed(FIELDS, given=name)}")
        read = READERS.get(name, _instant)
        found[name] = None if given == NONE and name not in ("status", "attempt") else read(given, f"{where}: {name}")
        if isinstance(found[name], datetime) and closest(plan, job) < APART * Profile.resolution:
            raise Misuse(
                f"{where}: {name}: the events of {named(job)} share an instant, or run back: trackers may move it;"
                f" allowed is {NONE!r}, or to leave it out"
            )
    return found


def _status(given: object, where: str) -> tuple[Status, ...]:
    names: list[Any] = given if isinstance(given, list) and given else [given]
    for name in names:
        if not isinstance(name, str) or name not in tuple(Status):
            raise Misuse(f"{where} = {given!r}: allowed are, alone or in a list, {listed(Status, given=name)}")
    return tuple(Status(name) for name in names)


def _attempt(given: object, where: str) -> int:
    if not isinstance(given, int) or isinstance(given, bool) or given < 0:
        raise Misuse(f"{where} = {given!r}: allowed is a whole number from 0 on")
    return given


def _instant(given: object, where: str) -> datetime:
    if not isinstance(given, datetime):
        raise Misuse(f"{where} = {given!r}: allowed is a date and time with an offset, or {NONE!r}")
    if not is_aware(given):
        raise Misuse(f"{where} = {given.isoformat()}: an offset is needed, such as Z or +02:00")
    return given


def _error(given: object, where: str) -> str:
    if not isinstance(given, str) or not given:
        raise Misuse(f"{where} = {given!r}: allowed is a text that the error contains, or {NONE!r}")
    return given


def _progress(given: object, where: str) -> Any:
    try:
        return json.loads(given)  # type: ignore[arg-type]  # what is no text is told below
    except (ValueError, TypeError, RecursionError) as error:
        raise Misuse(f"{where} = {shortened(given)}: allowed is JSON text, or {NONE!r}: {error}") from None


def _cancelled_by(given: object, where: str) -> str | None:
    name = _progress(given, where)
    if name is not None and not isinstance(name, str):
        raise Misuse(f"{where} = {shortened(given)}: allowed is JSON text with a string, or {NONE!r}")
    return name


READERS: Mapping[str, Callable[[object, str], Any]] = {
    "status": _status,
    "attempt": _attempt,
    "error": _error,
    "progress": _progress,
    "cancelled_by": _cancelled_by,
}
"""How each field is read; the instants, which are left out here, by `_instant`."""


def values_of(fields: Mapping[str, Any]) -> Iterator[tuple[str, str | int | datetime | list[str]]]:
    """One job's fields as a file says them: the reverse of reading."""
    for name, wanted in fields.items():
        if name == "status":
            names = [str(status) for status in wanted]
            yield name, names if len(names) > 1 else names[0]
        elif wanted is None:
            yield name, NONE
        else:
            yield name, json.dumps(wanted) if name in ("progress", "cancelled_by") else wanted


def moved(expected: Expected, *, by: timedelta) -> Expected:
    """The same at another time."""
    return {
        job: {name: each + by if isinstance(each, datetime) else each for name, each in fields.items()}
        for job, fields in expected.items()
    }


def closest(plan: Plan, job: str) -> timedelta:
    """How close two events of the job's run come; negative where the later one has the earlier instant."""
    told = (plan.events[index] for index in sorted(set(plan.order) - plan.strays))
    return min(gaps([event for event in told if event.job_id == job]), default=timedelta.max)

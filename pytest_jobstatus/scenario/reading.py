"""A scenario from the text of a file, with errors that name file, key, value and what is allowed."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from pytest_jobstatus.clocks import START
from pytest_jobstatus.delivery import Plan, in_tenant
from pytest_jobstatus.events import LONGEST_ID, Event, JobError, is_aware, shortened
from pytest_jobstatus.misuse import Misuse, listed
from pytest_jobstatus.rules import RULES, SPEC, named
from pytest_jobstatus.runs import check_possible
from pytest_jobstatus.scenario.expected import expected_of, moved
from pytest_jobstatus.scenario.fitting import obvious_needs
from pytest_jobstatus.scenario.found import found_in
from pytest_jobstatus.scenario.scenario import FORMAT, Expected, Scenario
from pytest_jobstatus.tracker import COARSEST, MAYBE_MISSING, Profile

RESERVED = ("interleaving", "fault")
MOST_READS = 10
NUMBER = 10
"""How many digits stand for a # in a job's name."""


def load(path: Path) -> Scenario:
    """Read one scenario file.

    Raises:
        Misuse: naming the file, the key, its value and what is allowed.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Misuse(f"{path}: cannot be read: {error}") from None
    return parse(text, source=str(path))


@lru_cache(maxsize=1_000)  # pytest asks for the same files at every item
def parse(text: str, *, source: str) -> Scenario:
    """A scenario from its TOML text.

    Args:
        text: the TOML.
        source: where it came from, for messages.

    Raises:
        Misuse: naming the source, the key, its value and what is allowed.

    >>> parse("format = 'other'", source="x.toml")
    Traceback (most recent call last):
    pytest_jobstatus.misuse.Misuse: x.toml: format = 'other': allowed is 'jobstatus-scenario/1'
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Misuse(f"{source}: is no TOML: {error}") from None
    _check_header(table, source)
    rules = tuple(named(number, source=f"{source}: rules").id for number in table["rules"])
    plan = _plan(table, source)
    _check_batch(plan, rules, source)
    expected = expected_of(table["expected"], plan, source) if "expected" in table else {}
    days = _days_to_start(plan.events, source)
    if days:
        plan = replace(plan, events=tuple(event.moved(job_id=event.job_id, by=days) for event in plan.events))
    return Scenario(
        id=table["id"],
        title=table["title"],
        story=table.get("story", ""),
        link=table.get("link", ""),
        rules=rules,
        plan=plan,
        needs=_needs(table, plan, source),
        presumes=_presumes(table.get("profile", {}), source),
        expected=_moved(expected, days, source),
        source=source,
        found=found_in(table["found"], source) if "found" in table else None,
    )


def _plan(table: Mapping[str, Any], source: str) -> Plan:
    """What happened and how it is told, at the file's own instants."""
    events, strays, names = _events(table["events"], source)
    _check_runs(events, strays, source)
    order = tuple(_index(name, names, source) for name in table["delivery"])
    reads, batch = table.get("reads", 1), table.get("batch", 0)
    if not 1 <= reads <= MOST_READS:
        raise Misuse(f"{source}: reads = {reads}: allowed are 1 to {MOST_READS}")
    if batch not in (0, *range(2, len(order) + 1)):
        raise Misuse(f"{source}: batch = {batch}: allowed are 0, or 2 to the {len(order)} deliveries that there are")
    _check_jobs(table, events, source)
    return Plan(
        events=tuple(events),
        order=order,
        strays=frozenset(strays),
        reads=reads,
        strangers=tuple(table.get("strangers", ())),
        batch=batch,
        clock="as given",
        tenancy=table.get("tenancy", False),
        workers=_workers(table, source),
    )


def _check_runs(events: Sequence[Event], strays: Collection[int], source: str) -> None:
    """Make sure that a queue could have emitted the events, and that each job's name leaves room for a number."""
    for job in dict.fromkeys(event.job_id for event in events):
        own = [event for index, event in enumerate(events) if event.job_id == job and index not in strays]
        check_possible(own, source=source)
        if len(job) + (NUMBER - 1) * job.count("#") > LONGEST_ID and "#" in job:
            raise Misuse(
                f"{source}: job {shortened(job)}: {NUMBER} digits stand for each #: allowed are {LONGEST_ID} characters"
            )


def _check_batch(plan: Plan, rules: Sequence[str], source: str) -> None:
    """Make sure that no rule has to look where nobody does."""
    for number in rules if plan.batch else ():
        if not named(number, source=source).batches:
            allowed = listed(each.id for each in RULES if each.batches)
            raise Misuse(f"{source}: rules: {number} looks after each delivery: with a batch allowed are {allowed}")


def _moved(expected: Expected, days: timedelta, source: str) -> Expected:
    try:
        return moved(expected, by=days)
    except OverflowError:
        raise Misuse(f"{source}: expected: allowed are instants that can be moved as the events are") from None


def _needs(table: Mapping[str, Any], plan: Plan, source: str) -> tuple[str, ...]:
    """What a tracker must have; where the file does not say, what nobody can do without."""
    obvious = obvious_needs(plan)
    needs = tuple(table.get("needs", obvious))
    for name in needs:
        if name not in MAYBE_MISSING:
            raise Misuse(f"{source}: needs: {name!r}: allowed are {listed(MAYBE_MISSING, given=name)}")
    for name in obvious:
        if name not in needs:
            raise Misuse(f"{source}: needs = {list(needs)}: {WHY[name]}, so {name!r} is needed too")
    return needs


def _presumes(table: Mapping[str, Any], source: str) -> dict[str, Any]:
    """The table `[profile]`: the settings that a scenario is written for."""
    settings: dict[str, Any] = dict(table)
    for name, given in table.items():
        where = f"{source}: profile: {name} = {given!r}"
        if name == "resolution":
            is_number = isinstance(given, int | float) and not isinstance(given, bool)
            if not is_number or not 0 < given <= COARSEST.total_seconds():
                raise Misuse(f"{where}: allowed are seconds, above 0 and at most {COARSEST.total_seconds():.0f}")
            settings[name] = timedelta(seconds=given)
        elif name not in Profile.CHOICES:
            allowed = (*Profile.CHOICES, "resolution")
            raise Misuse(f"{source}: profile: unknown key {name!r}: allowed are {listed(allowed, given=name)}")
        elif given not in Profile.CHOICES[name]:
            raise Misuse(f"{where}: allowed are {listed(Profile.CHOICES[name], given=given)}")
    return settings


MOST_WORKERS = 10


def _workers(table: Mapping[str, Any], source: str) -> tuple[int, ...]:
    """Which worker tells each delivery, from 0; in the file they count from 1."""
    workers = table.get("workers", [])
    for each in workers:
        if not isinstance(each, int) or isinstance(each, bool) or not 1 <= each <= MOST_WORKERS:
            raise Misuse(f"{source}: workers: {each!r}: allowed are 1 to {MOST_WORKERS}")
    if workers and len(workers) != len(table["delivery"]):
        raise Misuse(
            f"{source}: workers = {workers}: allowed is one for each of the {len(table['delivery'])} deliveries"
        )
    if workers and table.get("tenancy"):
        raise Misuse(
            f"{source}: workers: with tenancy each tenant has a handle of its own; allowed is one or the other"
        )
    return tuple(each - 1 for each in workers)


def _check_jobs(table: Mapping[str, Any], events: Sequence[Event], source: str) -> None:
    """Make sure that strangers are none of the jobs that are told of, and that jobs have tenants where they must."""
    jobs, strangers = [event.job_id for event in events], table.get("strangers", ())
    for label in strangers:
        if label in jobs:
            raise Misuse(f"{source}: strangers: {label!r}: events are told of that job; allowed is a job without any")
    for label in (*jobs, *strangers) if table.get("tenancy") else ():
        if not all(in_tenant(label)):
            raise Misuse(f"{source}: job {shortened(label)}: with tenancy allowed is a tenant, a slash and an id")


TYPES = {
    str: "a text",
    int: "a whole number",
    bool: "true or false",
    list: "a list",
    dict: "a table",
    datetime: "a date and time with an offset",
}
HEADER: Mapping[str, type] = {
    "format": str, "spec": str, "id": str, "title": str, "story": str, "link": str,
    "rules": list, "delivery": list, "events": list, "reads": int, "strangers": list,
    "batch": int, "tenancy": bool, "workers": list, "needs": list, "profile": dict, "expected": dict,
    "found": dict,
}  # fmt: skip
WHY = {
    "skew": "an event has an earlier instant than one before it",
    "json_progress": "progress is told that is no whole number from 0 to 100",
    "opaque_ids": "a job has an id of more than letters, digits, - and _",
    "tenancy": "jobs have tenants",
    "concurrency": "several workers tell it",
}
"""How a file shows that it needs something, by what it needs."""
NEEDED = ("format", "spec", "id", "title", "rules", "delivery", "events")
EVENT: Mapping[str, type] = {
    "name": str, "job": str, "kind": str, "at": datetime, "attempt": int, "progress": str, "error": str,
    "cancelled_by": str, "retry_at": datetime, "context": dict, "stray": bool,
}  # fmt: skip


def _check_header(table: dict[str, Any], source: str) -> None:
    for key in RESERVED:
        if key in table:
            raise Misuse(f"{source}: {key}: reserved; this version plays scenarios one event at a time")
    for key, allowed in (("format", FORMAT), ("spec", SPEC)):
        if table.get(key, allowed) != allowed:
            raise Misuse(f"{source}: {key} = {table[key]!r}: allowed is {allowed!r}")
    _check_keys(table, HEADER, source)
    for key in NEEDED:
        if key not in table:
            raise Misuse(f"{source}: the key {key!r} is missing")
        if not table[key]:
            raise Misuse(f"{source}: {key} is empty: at least one is needed")
    for key in ("rules", "delivery", "strangers", "needs"):
        _check_texts(table, key, source)


def _check_texts(table: Mapping[str, Any], key: str, source: str) -> None:
    for each in table.get(key, ()):
        if not isinstance(each, str):
            raise Misuse(f"{source}: {key}: {each!r}: allowed is a text")


def _check_keys(table: Mapping[str, Any], allowed: Mapping[str, type], source: str) -> None:
    for key, value in table.items():
        if key not in allowed:
            raise Misuse(f"{source}: unknown key {key!r}: allowed are {listed(allowed, given=key)}")
        if not isinstance(value, allowed[key]) or (allowed[key] is int and isinstance(value, bool)):
            raise Misuse(f"{source}: {key} = {value!r}: allowed is {TYPES[allowed[key]]}")


def _events(tables: list[Any], source: str) -> tuple[list[Event], set[int], dict[str, int]]:
    events: list[Event] = []
    strays: set[int] = set()
    names: dict[str, int] = {}
    for number, table in enumerate(tables):
        where = f"{source}: event {number + 1}"
        if not isinstance(table, dict):
            raise Misuse(f"{where}: {table!r}: allowed is a table, [[events]]")
        _check_keys(table, EVENT, where)
        for key in ("name", "kind", "at"):
            if key not in table:
                raise Misuse(f"{where}: the key {key!r} is missing")
        if table["name"] in names:
            raise Misuse(f"{where}: name = {table['name']!r}: an earlier event has that name")
        names[table["name"]] = number
        if table.get("stray", False):
            strays.add(number)
        events.append(_event(table, where))
    return events, strays, names


def _event(table: Mapping[str, Any], where: str) -> Event:
    for key in ("at", "retry_at"):
        if key in table and not is_aware(table[key]):
            raise Misuse(f"{where}: {key} = {table[key].isoformat()}: an offset is needed, such as Z or +02:00")
    try:
        return Event(
            table["kind"],
            table.get("job", "job-1"),
            table["at"],
            attempt=table.get("attempt", 0),
            progress=_json(table, "progress", where, lambda value: value),
            error=_json(table, "error", where, lambda value: JobError(**value)),
            cancelled_by=_json(table, "cancelled_by", where, lambda value: value),
            retry_at=table.get("retry_at"),
            context=table.get("context", {}),
        )
    except Misuse as error:
        raise Misuse(f"{where}: {str(error).removeprefix(f'{where}: ')}") from None


def _json(table: Mapping[str, Any], key: str, where: str, made: Callable[[Any], Any]) -> Any:
    if key not in table:
        return None
    try:
        return made(json.loads(table[key]))
    except (ValueError, TypeError, RecursionError) as error:
        raise Misuse(f"{where}: {key} = {shortened(table[key])}: allowed is JSON text: {error}") from None


def _index(name: str, names: Mapping[str, int], source: str) -> int:
    if name not in names:
        raise Misuse(
            f"{source}: delivery: {name!r}: there is no event of that name; there are {listed(names, given=name)}"
        )
    return names[name]


def _days_to_start(events: Sequence[Event], source: str) -> timedelta:
    """By how many whole days to move the events to the day on which all plans start, so that a replay can move them to
    the present.
    """
    instants = sorted(event.occurred_at for event in events)
    try:
        days = timedelta(days=(START.date() - instants[-1].astimezone(UTC).date()).days)
        for event in events:
            event.moved(job_id=event.job_id, by=days)
    except OverflowError:
        span = f"{instants[0].isoformat()} to {instants[-1].isoformat()}"
        raise Misuse(f"{source}: at: {span}: allowed are instants that can be moved to {START.date()}") from None
    return days

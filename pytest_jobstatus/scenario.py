"""Scenario files: one plan as TOML, written by a check and by hand, read by any harness."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pytest_jobstatus.clocks import START
from pytest_jobstatus.delivery import Plan
from pytest_jobstatus.events import LONGEST_ID, Event, JobError, is_aware, shortened
from pytest_jobstatus.misuse import Misuse, listed
from pytest_jobstatus.rules import RULES, SPEC, named
from pytest_jobstatus.runs import check_possible

FORMAT = "jobstatus-scenario/1"
RESERVED = ("interleaving", "fault")
MOST_READS = 10
NUMBER = 10
"""How many digits stand for a # in a job's name."""


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A plan with its story.

    Args:
        id: short, unique among the scenarios of a folder.
        title: what happens, in a few words.
        rules: the numbers of the rules that it is about.
        plan: what is delivered.
        story: how it came about in the field.
        link: where that was told.
    """

    id: str
    title: str
    rules: tuple[str, ...]
    plan: Plan
    story: str = ""
    link: str = ""


def short_id(plan: Plan) -> str:
    """Eight characters that name a plan; the same plan has the same."""
    told = json.dumps([_event_values(event) for event in plan.events], default=str)
    return hashlib.sha256(
        f"{told}{plan.order}{sorted(plan.strays)}{plan.reads}{plan.strangers}{plan.batch or ''}".encode()
    ).hexdigest()[:8]


# ---- writing


def dump(scenario: Scenario) -> str:
    """The scenario as TOML. Progress and errors stand as JSON text: TOML has no null and no lone surrogates."""
    plan = scenario.plan
    names = event_names(plan)
    lines = [f"format = {_quoted(FORMAT)}", f"spec = {_quoted(SPEC)}", f"id = {_quoted(scenario.id)}"]
    lines += [f"{key} = {_quoted(value)}" for key in ("title", "story", "link") if (value := getattr(scenario, key))]
    lines.append(f"rules = {_array(scenario.rules)}")
    lines.append(f"delivery = {_array([names[index] for index in plan.order])}")
    if plan.reads != 1:
        lines.append(f"reads = {plan.reads}")
    if plan.batch:
        lines.append(f"batch = {plan.batch}")
    if plan.strangers:
        lines.append(f"strangers = {_array(plan.strangers)}")
    for index, event in enumerate(plan.events):
        lines += ["", "[[events]]", f"name = {_quoted(names[index])}"]
        lines += [f"{key} = {value}" for key, value in _event_values(event).items()]
        if index in plan.strays:
            lines.append("stray = true")
    return "\n".join(lines) + "\n"


def event_names(plan: Plan) -> list[str]:
    """A name for each event of the plan, unique in it: "active 1", and with several jobs "job-2 active 1"."""
    plain = [event.name if len(plan.jobs) == 1 else f"{event.job_id} {event.name}" for event in plan.events]
    seen: Counter[str] = Counter()
    names = []
    for name in plain:
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name} #{seen[name]}")
    return names


def _event_values(event: Event) -> dict[str, str]:
    values = {"job": _quoted(event.job_id), "kind": _quoted(event.kind), "at": event.occurred_at.isoformat()}
    if event.attempt:
        values["attempt"] = str(event.attempt)
    if event.progress is not None:
        values["progress"] = _quoted(json.dumps(event.progress))
    if event.error is not None:
        values["error"] = _quoted(json.dumps(event.error.__dict__))
    if event.cancelled_by is not None:
        values["cancelled_by"] = _quoted(json.dumps(event.cancelled_by))
    if event.retry_at is not None:
        values["retry_at"] = event.retry_at.isoformat()
    if event.context:
        values["context"] = "{ " + ", ".join(f"{_quoted(k)} = {_quoted(v)}" for k, v in event.context.items()) + " }"
    return values


def _quoted(text: str) -> str:
    # A JSON string is a TOML basic string, but for DEL, which TOML wants escaped, and lone surrogates, which it lacks.
    plain = str(text).encode("utf-8", "backslashreplace").decode()
    return json.dumps(plain, ensure_ascii=False).replace("\x7f", "\\u007f")


def _array(texts: Sequence[str]) -> str:
    return "[" + ", ".join(_quoted(text) for text in texts) + "]"


# ---- reading


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


def load_folder(folder: Path) -> Iterator[Scenario]:
    """Every scenario file in a folder and those below it, by name.

    Raises:
        Misuse: where the folder does not exist, holds no scenario, or holds a bad one.
    """
    if not folder.is_dir():
        raise Misuse(f"{folder}: no such folder of scenarios")
    files = sorted(folder.rglob("*.toml"))
    if not files:
        raise Misuse(f"{folder}: holds no scenario (*.toml)")
    ids: dict[str, Path] = {}
    for file in files:
        scenario = load(file)
        if scenario.id in ids:
            raise Misuse(f"{file}: id = {scenario.id!r}: {ids[scenario.id]} has that id")
        ids[scenario.id] = file
        yield scenario


def shipped() -> Path:
    """Where the scenarios of the project are: inside the wheel, or beside the package in an editable install."""
    inside = Path(__file__).parent / "scenarios"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "scenarios"


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
    events, strays, names = _events(table["events"], source)
    for job in dict.fromkeys(event.job_id for event in events):
        own = [event for index, event in enumerate(events) if event.job_id == job and index not in strays]
        check_possible(own, source=source)
        if len(job) + (NUMBER - 1) * job.count("#") > LONGEST_ID and "#" in job:
            raise Misuse(
                f"{source}: job {shortened(job)}: {NUMBER} digits stand for each #: allowed are {LONGEST_ID} characters"
            )
    order = tuple(_index(name, names, source) for name in table["delivery"])
    rules = tuple(named(number, source=f"{source}: rules").id for number in table["rules"])
    reads = table.get("reads", 1)
    if not 1 <= reads <= MOST_READS:
        raise Misuse(f"{source}: reads = {reads}: allowed are 1 to {MOST_READS}")
    batch = table.get("batch", 0)
    if batch not in (0, *range(2, len(order) + 1)):
        raise Misuse(f"{source}: batch = {batch}: allowed are 0, or 2 to the {len(order)} deliveries that there are")
    for number in rules if batch else ():
        if not named(number, source=source).batches:
            allowed = listed(each.id for each in RULES if each.batches)
            raise Misuse(f"{source}: rules: {number} looks after each delivery: with a batch allowed are {allowed}")
    for label in table.get("strangers", ()):
        if any(event.job_id == label for event in events):
            raise Misuse(f"{source}: strangers: {label!r}: events are told of that job; allowed is a job without any")
    plan = Plan(
        events=tuple(events),
        order=order,
        strays=frozenset(strays),
        reads=reads,
        strangers=tuple(table.get("strangers", ())),
        batch=batch,
        clock="as given",
    )
    return Scenario(
        id=table["id"],
        title=table["title"],
        story=table.get("story", ""),
        link=table.get("link", ""),
        rules=rules,
        plan=_near_start(plan, source),
    )


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
    "batch": int,
}  # fmt: skip
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
    for key in ("rules", "delivery", "strangers"):
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


def _near_start(plan: Plan, source: str) -> Plan:
    """The plan moved by whole days to the day on which all plans start, so that a replay can move it to the present."""
    instants = sorted(event.occurred_at for event in plan.events)
    try:
        days = timedelta(days=(START.date() - instants[-1].astimezone(UTC).date()).days)
        events = tuple(event.moved(job_id=event.job_id, by=days) for event in plan.events)
    except OverflowError:
        span = f"{instants[0].isoformat()} to {instants[-1].isoformat()}"
        raise Misuse(f"{source}: at: {span}: allowed are instants that can be moved to {START.date()}") from None
    return replace(plan, events=events) if days else plan

"""A scenario as the text of a file."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from pytest_jobstatus.delivery import Plan
from pytest_jobstatus.events import Event
from pytest_jobstatus.rules import SPEC
from pytest_jobstatus.scenario.expected import values_of
from pytest_jobstatus.scenario.scenario import FORMAT, Expected, Scenario


def short_id(plan: Plan, *, expected: Expected | None = None) -> str:
    """Eight characters that name a plan; the same plan has the same.

    Args:
        plan: what is delivered.
        expected: what must show in the end, where that is what counts.
    """
    told = json.dumps([_event_values(event) for event in plan.events], default=str)
    return hashlib.sha256(
        f"{told}{plan.order}{sorted(plan.strays)}{plan.reads}{plan.strangers}{plan.batch or ''}"
        f"{'tenancy' if plan.tenancy else ''}{plan.workers or ''}{expected or ''}".encode()
    ).hexdigest()[:8]


def dump(scenario: Scenario) -> str:
    """The scenario as TOML. Progress and errors stand as JSON text: TOML has no null and no lone surrogates."""
    plan = scenario.plan
    names = event_names(plan)
    lines = [f"format = {_quoted(FORMAT)}", f"spec = {_quoted(SPEC)}", f"id = {_quoted(scenario.id)}"]
    lines += [f"{key} = {_quoted(value)}" for key in ("title", "story", "link") if (value := getattr(scenario, key))]
    lines.append(f"rules = {_array(scenario.rules)}")
    if scenario.needs:
        lines.append(f"needs = {_array(scenario.needs)}")
    lines.append(f"delivery = {_array([names[index] for index in plan.order])}")
    if plan.reads != 1:
        lines.append(f"reads = {plan.reads}")
    if plan.batch:
        lines.append(f"batch = {plan.batch}")
    if plan.tenancy:
        lines.append("tenancy = true")
    if plan.workers:
        lines.append(f"workers = {[worker + 1 for worker in plan.workers]}")
    if plan.strangers:
        lines.append(f"strangers = {_array(plan.strangers)}")
    lines += _tables(scenario)
    if scenario.found is not None:
        values = scenario.found.values()
        lines += ["", "[found]"]
        lines += [f"{key} = {_quoted(each) if isinstance(each, str) else each}" for key, each in values.items()]
    for index, event in enumerate(plan.events):
        lines += ["", "[[events]]", f"name = {_quoted(names[index])}"]
        lines += [f"{key} = {value}" for key, value in _event_values(event).items()]
        if index in plan.strays:
            lines.append("stray = true")
    return "\n".join(lines) + "\n"


def _tables(scenario: Scenario) -> Iterator[str]:
    """What the scenario presumes and expects."""
    if scenario.presumes:
        yield from ("", "[profile]", *(f"{name} = {_setting(each)}" for name, each in scenario.presumes.items()))
    for job, fields in scenario.expected.items():
        head = f"[expected.{_quoted(job)}]" if len(scenario.plan.jobs) > 1 else "[expected]"
        yield from ("", head, *(f"{name} = {_setting(each)}" for name, each in values_of(fields)))


def _setting(value: Any) -> str:
    if isinstance(value, timedelta):
        return repr(value.total_seconds())
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list):
        return _array(value)
    return _quoted(value) if isinstance(value, str) else str(value)


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

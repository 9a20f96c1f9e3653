"""A counterexample as a test module to paste: it needs pytest_jobstatus and the tracker alone, and fails alike."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from textwrap import indent, wrap
from typing import Any

from pytest_jobstatus.delivery import Plan
from pytest_jobstatus.events import Event
from pytest_jobstatus.history import History
from pytest_jobstatus.report.source import argument, source, text
from pytest_jobstatus.report.table import effects, epilogue
from pytest_jobstatus.report.text import sentence
from pytest_jobstatus.rules import Violation, named
from pytest_jobstatus.scenario import Expected, Scenario, event_names
from pytest_jobstatus.scenario.expected import values_of
from pytest_jobstatus.targets import imported
from pytest_jobstatus.verdict import Counterexample

WIDTH = 100
LONGEST_COMMENT = 70


def program(found: Counterexample, *, target: str | None) -> str:
    """The test module that a counterexample is.

    Args:
        found: the counterexample.
        target: the tracker as the command line names it; None where no name leads to it, so that the program has a line
            to fill in.
    """
    words = [sentence(found.message), *([f"({found.note})"] if found.note else [])]
    return _module(
        found.plan,
        rule=found.rule,
        words=words,
        target=target,
        history=found.history,
        violation=found.violation,
        expected=found.expected,
    )


def program_of(
    scenario: Scenario,
    *,
    rule: str,
    target: str | None,
    history: History | None = None,
    violation: Violation | None = None,
) -> str:
    """The test module that a scenario is, for one of the rules that it is about.

    Args:
        scenario: what is told.
        rule: the rule's number.
        target: the tracker; None for a line to fill in.
        history: what was seen when it was told; None where nobody told it.
        violation: where that breaks the rule.
    """
    message = violation.message if violation is not None else scenario.title
    return _module(
        scenario.plan,
        rule=rule,
        words=[sentence(message)],
        target=target,
        history=history,
        violation=violation,
        expected=scenario.expected,
    )


def _module(
    plan: Plan,
    *,
    rule: str,
    words: Iterable[str],
    target: str | None,
    history: History | None,
    violation: Violation | None,
    expected: Expected,
) -> str:
    names = _names(event_names(plan))
    tracker = imported(target) if target is not None else None
    head = [f"{rule}: {named(rule, source='program').text}", *words]
    paragraphs = ["\n".join(wrap(_in_docstring(each), WIDTH)) for each in head]
    body = [*_events(plan, names), "", *_call(plan, names, rule, tracker.name if tracker else "tracker", expected)]
    if history is not None:
        body = _commented(body, history, violation, rule)
    written = "\n".join(body)
    lines = ['"""' + "\n\n".join(paragraphs), '"""', "", *_imports(written, tracker.lines if tracker else ())]
    lines += ["", "at = datetime.fromisoformat", ""]
    lines += _to_fill_in() if tracker is None else []
    function = re.sub(r"\W", "_", rule.lower())
    lines += ["", f"def test_{function}():", indent(written, "    "), ""]
    return "\n".join(lines)


def _in_docstring(words: str) -> str:
    """The words so that they stand in a docstring as they are: nothing escapes, ends it or cannot be seen."""
    return text(words, plain=True).replace("\\", "\\\\").replace('"""', '\\"\\"\\"')


def _imports(body: str, tracker: Sequence[str]) -> list[str]:
    names = [name for name in ("Event", "JobError", "assert_holds") if re.search(rf"\b{name}\(", body)]
    own = f"from pytest_jobstatus import {', '.join(names)}"
    first = [line for line in tracker if not line.startswith("from ")]
    first += [] if tracker else ["import pytest"]
    others = sorted([own, *(line for line in tracker if line.startswith("from "))])
    return [*(["import json"] if "json.loads(" in body else []), "from datetime import datetime", "", *first, *others]


def _to_fill_in() -> list[str]:
    return [
        "",
        "def tracker():",
        "    # FILL IN: make a fresh tracker here, as your conformance test does, and return it.",
        '    pytest.fail("fill in tracker(): this program has no name to import the tracker by", pytrace=False)',
        "",
    ]


def _names(told: Sequence[str]) -> list[str]:
    """A variable for each event: `active_1`, and with several jobs `job_2_active_1`."""
    names: list[str] = []
    for each in told:
        plain = re.sub(r"[^a-z0-9]+", "_", each.lower()).strip("_") or "event"
        plain = f"event_{plain}" if plain[0].isdigit() else plain
        plain, number = plain[:40], 1
        name = plain
        while name in names or name in {"at", "context", "tracker"}:
            number += 1
            name = f"{plain}_{number}" if not plain[-1].isdigit() else f"{plain}_again_{number}"
        names.append(name)
    return names


def _events(plan: Plan, names: Sequence[str]) -> Iterator[str]:
    """One line for each event, or several where it is long; what all of them carry stands once."""
    contexts = {tuple(sorted(event.context.items())) for event in plan.events}
    shared = dict(plan.events[0].context) if len(contexts) == 1 and len(plan.events) > 1 else {}
    if shared:
        yield f"context = {source(shared)}"
    for event, name in zip(plan.events, names, strict=True):
        yield from argument(f"{name} = Event", _arguments(event, shared=bool(shared)), width=WIDTH)


def _arguments(event: Event, *, shared: bool) -> Iterator[str]:
    yield text(str(event.kind))
    yield text(event.job_id)
    yield _instant(event.occurred_at)
    if event.attempt:
        yield f"attempt={event.attempt}"
    if event.error is not None:
        values = [event.error.type, event.error.message, event.error.traceback]
        yield f"error=JobError({', '.join(text(value) for value in values if value is not None)})"
    if event.progress is not None:
        yield f"progress={source(event.progress)}"
    if event.cancelled_by is not None:
        yield f"cancelled_by={text(event.cancelled_by)}"
    if event.retry_at is not None:
        yield f"retry_at={_instant(event.retry_at)}"
    if event.context:
        yield f"context={'context' if shared else source(dict(event.context))}"


def _instant(at: datetime) -> str:
    written = at.isoformat()
    return f'at("{written.removesuffix("+00:00")}Z")' if at.utcoffset() == UTC.utcoffset(None) else f'at("{written}")'


def _call(plan: Plan, names: Sequence[str], rule: str, tracker: str, expected: Expected) -> Iterator[str]:
    yield "assert_holds("
    yield f"    {text(rule)},"
    yield f"    {tracker},"
    yield "    ["
    yield from (f"        {names[index]}," for index in plan.order)
    yield "    ],"
    happened = [index for index in range(len(plan.events)) if index not in plan.strays]
    if happened != [index for index in dict.fromkeys(plan.order) if index not in plan.strays]:
        yield f"    happened=[{', '.join(names[index] for index in happened)}],"
    if plan.strays:
        yield f"    strays=[{', '.join(names[index] for index in sorted(plan.strays))}],"
    if plan.reads != 1:
        yield f"    reads={plan.reads},"
    if plan.strangers:
        yield f"    strangers=[{', '.join(map(text, plan.strangers))}],"
    if plan.batch:
        yield f"    batch={plan.batch},"
    if plan.tenancy:
        yield "    tenancy=True,"
    if plan.workers:
        yield f"    workers={[worker + 1 for worker in plan.workers]},"
    if expected:
        yield from _expected(plan, expected)
    yield ")"


def _expected(plan: Plan, expected: Expected) -> Iterator[str]:
    """What must show in the end, by job where there are several."""
    several = len(plan.jobs) > 1
    yield "    expected={"
    for job, fields in expected.items():
        values = [f"{text(name)}: {_value(each)}," for name, each in values_of(fields)]
        if several:
            yield from (f"        {text(job)}: {{", *(f"            {each}" for each in values), "        },")
        else:
            yield from (f"        {each}" for each in values)
    yield "    },"


def _value(given: Any) -> str:
    return _instant(given) if isinstance(given, datetime) else source(given)


def _commented(body: Sequence[str], history: History, violation: Violation | None, rule: str) -> list[str]:
    """What was shown after each delivery beside its line, and what the table says at its end below all."""
    start, end = body.index("    [") + 1, body.index("    ],")
    width = max((len(line) for line in body[start:end]), default=0)
    lines = [*body]
    for place, (first, *others) in enumerate(effects(history, violation=violation, mark=rule), start):
        beside = f"{lines[place].ljust(width)}  # {_comment(first)}"
        lines[place] = "\n".join([beside, *(f"{' ' * width}  #    {_comment(each)}" for each in others)])
    return [*lines, *(f"# {_comment(line, longest=WIDTH)}" for line in epilogue(history, violation))]


def _comment(words: str, *, longest: int = LONGEST_COMMENT) -> str:
    plain, arrow, mark = text(words, plain=True).partition("  ← ")
    return f"{plain if len(plain) <= longest else f'{plain[: longest - 1]}…'}{arrow}{mark}"

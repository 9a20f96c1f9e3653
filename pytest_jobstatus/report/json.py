"""The report as JSON: a stable format; keys may be added, never renamed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from pytest_jobstatus.delivery import DIMENSIONS, Plan
from pytest_jobstatus.events import Event, JobError
from pytest_jobstatus.exercise import Meeting
from pytest_jobstatus.history import History, Step
from pytest_jobstatus.raised import said
from pytest_jobstatus.report.program import program
from pytest_jobstatus.rules import SPEC, TOTAL
from pytest_jobstatus.scenario import event_names
from pytest_jobstatus.tracker import FIELDS, Snapshot
from pytest_jobstatus.verdict import Counterexample, Coverage, Report, RuleResult, Verdict, overall, summary

FORMAT = "jobstatus-report/1"


def render(report: Report) -> str:
    """The report as JSON text.

    >>> json.loads(render(Report(tracker="x", rules=())))["verdict"]
    'incomplete'
    """
    return json.dumps(report_values(report), indent=2) + "\n"


def report_values(report: Report) -> dict[str, Any]:
    """The report as JSON values."""
    return assembled(
        report.tracker,
        [result_values(result, target=report.tracker) for result in report.rules],
        stale=report.stale,
        unfinished=report.unfinished,
    )


def assembled(
    tracker: str,
    rules: Sequence[Mapping[str, Any]],
    *,
    stale: Mapping[str, str] | None = None,
    unfinished: int = 0,
) -> dict[str, Any]:
    """A report from the results of single rules, as pytest gathers them.

    Args:
        tracker: its name.
        rules: what `result_values` made of each.
        stale: entries of the baseline that do not fail any more, with their reasons.
        unfinished: how many rules were asked for and came to no verdict.
    """
    counts = Counter(Verdict(rule["verdict"]) for rule in rules)
    verdict = overall(
        counts,
        unknown=any(rule["verdict"] == Verdict.FAIL and not rule["known"] for rule in rules),
        unfinished=unfinished,
    )
    known = sum(rule["known"] for rule in rules)
    return {
        "format": FORMAT,
        "spec": SPEC,
        "tracker": tracker,
        "verdict": str(verdict),
        "summary": summary(verdict, counts, stale=len(stale or {}), unfinished=unfinished, known=known),
        "rules_in_book": TOTAL,
        "stale": dict(stale or {}),
        "covered": _covered(rules),
        "rules": list(rules),
    }


def _covered(rules: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The bounds of all rules as one."""
    parts = [rule["covered"] for rule in rules]
    return {
        "histories": sum(rule["histories"] for rule in rules),
        "events": sum(rule["events"] for rule in rules),
        "largest": {name: max((part["largest"][name] for part in parts), default=0) for name in DIMENSIONS},
        "clocks": list(dict.fromkeys(clock for part in parts for clock in part["clocks"])),
        "pairs": sorted({tuple(pair) for part in parts for pair in part["pairs"]}),
        "exercise": sorted({tuple(meeting) for part in parts for meeting in part["exercise"]}),
        "unreached": _unreached(parts),
    }


def result_values(result: RuleResult, *, target: str | None) -> dict[str, Any]:
    """One rule's result as JSON values.

    Args:
        result: the result.
        target: the tracker's name, if one leads to it, for the program that a counterexample is.
    """
    coverage = result.coverage
    values: dict[str, Any] = {
        "id": result.id,
        "level": str(result.level),
        "verdict": str(result.verdict),
        "reason": result.reason,
        "known": result.known,
        "histories": coverage.histories,
        "events": coverage.events,
        "exercised": coverage.exercised,
        "seconds": round(result.seconds, 3),
        "covered": {"complete": list(coverage.complete), **_bounds(coverage)},
    }
    if result.counterexample is not None:
        values["counterexample"] = _counterexample(result.counterexample, target)
    return values


def _bounds(coverage: Coverage) -> dict[str, Any]:
    meetings = _meetings(coverage.meetings)
    return {
        "largest": dict(coverage.largest),
        "clocks": list(coverage.clocks),
        "pairs": sorted({tuple(each[:2]) for each in meetings}),
        "exercise": meetings,
        "unreached": _meetings(coverage.unreached),
    }


def _meetings(meetings: Iterable[Meeting]) -> list[list[str]]:
    return sorted([str(status or "nothing"), str(kind), str(side)] for status, kind, side in meetings)


def _unreached(parts: Sequence[Mapping[str, Any]]) -> list[tuple[str, ...]]:
    """What no rule reached of what any could have: a state that one rule came to counts for all."""
    reached = {tuple(each) for part in parts for each in part["exercise"]}
    return sorted({tuple(each) for part in parts for each in part["unreached"]} - reached)


def _counterexample(found: Counterexample, target: str | None) -> dict[str, Any]:
    return {
        "message": found.message,
        "field": found.violation.field,
        "step": found.violation.step + 1,
        "note": found.note,
        "first_seen": found.first_seen,
        "raised_at": found.raised_at,
        "file": found.file,
        "scenario": {**_scenario(found.plan), "expected": _expected(found)},
        "shifted_days": found.history.shift.days,
        "history": [_step(step, found.history) for step in found.history.steps],
        "program": program(found, target=target),
    }


def _expected(found: Counterexample) -> dict[str, Any]:
    return {
        job: {name: _plain(list(each) if isinstance(each, tuple) else each) for name, each in fields.items()}
        for job, fields in found.expected.items()
    }


def _scenario(plan: Plan) -> dict[str, Any]:
    names = event_names(plan)
    return {
        "events": [
            {"name": names[index], **_event(event), **({"stray": True} if index in plan.strays else {})}
            for index, event in enumerate(plan.events)
        ],
        "delivery": [names[index] for index in plan.order],
        "reads": plan.reads,
        "strangers": list(plan.strangers),
        "batch": plan.batch,
        "tenancy": plan.tenancy,
        "workers": [worker + 1 for worker in plan.workers],
    }


def _event(event: Event) -> dict[str, Any]:
    return {
        "job": event.job_id,
        "kind": str(event.kind),
        "at": event.occurred_at.isoformat(),
        "attempt": event.attempt,
        "error": _plain(event.error),
        "progress": _plain(event.progress),
        "cancelled_by": event.cancelled_by,
        "retry_at": _plain(event.retry_at),
        "context": dict(event.context),
    }


def _step(step: Step, history: History) -> dict[str, Any]:
    return {
        "step": step.number + 1,
        "event": event_names(history.plan)[step.index],
        "job": history.labels[step.event.job_id],
        "raised": said(step.raised) if step.raised is not None else None,
        "shown": None if step.unseen else _snapshot(step.after),
        "unseen": step.unseen,
        "others": {label: _snapshot(after) for label, (_, after) in step.others.items()},
        "slept": list(step.waited or ()),
    }


def _snapshot(shown: Snapshot | None) -> dict[str, Any] | None:
    return None if shown is None else {name: _plain(getattr(shown, name)) for name in FIELDS}


def _plain(given: Any) -> Any:
    """The value as JSON has it; what JSON lacks, a Decimal or NaN for instance, as Python writes it."""
    if isinstance(given, datetime):
        return given.isoformat()
    if isinstance(given, JobError):
        return dict(given.__dict__)
    try:
        json.dumps(given, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return repr(given)
    return given

"""One conformance item: the rule's verdict as pytest's outcome."""

from __future__ import annotations

import asyncio
import inspect
import json
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest

from pytest_jobstatus import engine
from pytest_jobstatus.handle import Factory
from pytest_jobstatus.marks import PROPERTY
from pytest_jobstatus.misuse import Misuse
from pytest_jobstatus.options import OPTIONS, merged
from pytest_jobstatus.report import json as report_json
from pytest_jobstatus.report import text
from pytest_jobstatus.rules import RULES, named, select
from pytest_jobstatus.smoke import smoke
from pytest_jobstatus.verdict import RuleResult, Verdict, overall, summary

if TYPE_CHECKING:
    from pytest_jobstatus.suite import Suite


def judge_item(suite: Suite, request: pytest.FixtureRequest, number: str) -> None:
    """Judge one rule, tell pytest, and leave the result for the summary."""
    __tracebackhide__ = True
    try:
        result, name = _judged(suite, request, number)
    except Misuse as error:
        pytest.fail(f"{Path(suite.file).name}:{suite.line}: {error}", pytrace=False)
    request.node.user_properties.append((PROPERTY, {"tracker": name, "rule": report_json.result_values(result)}))
    if result.verdict is Verdict.NOT_APPLICABLE:
        pytest.skip(f"{number} is not applicable: {result.reason}")
    if result.verdict is Verdict.INCONCLUSIVE:
        pytest.fail(f"{number} is inconclusive, which is never green: {result.reason}", pytrace=False)
    if result.counterexample is not None:
        lines = text.counterexample(result.counterexample, target=_target(suite, name), known=result.known)
        head = f"{number}: {result.counterexample.message}"
        where = f"{suite.file}:{suite.line}: {name}"
        if result.known:
            pytest.xfail(f"known: {result.counterexample.message}")
        pytest.fail("\n".join([head, where, "", *lines]), pytrace=False)


def selected(config: pytest.Config) -> list[str]:
    """The numbers of the rules to judge.

    Raises:
        pytest.UsageError: for a bad option.
    """
    try:
        options = chosen_options(config)
        engine.settings(**{name: given for name, given in options.items() if name != "json"}, source="pytest")
        return [rule.id for rule in select(options.get("rules"), source="rules")]
    except Misuse as error:
        raise pytest.UsageError(str(error)) from None


def summaries(results: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """How much was judged, one line per tracker."""
    for tracker, rules in _by_tracker(results).items():
        counts = Counter(Verdict(rule["verdict"]) for rule in rules)
        unknown = any(rule["verdict"] == Verdict.FAIL and not rule["known"] for rule in rules)
        yield f"{tracker}: {summary(overall(counts, unknown=unknown), counts)}"


def write_json(results: Sequence[Mapping[str, Any]], config: pytest.Config) -> Iterator[str]:
    """Write the reports, where a file was named: one object, or an array where several trackers were judged."""
    file = chosen_options(config).get("json")
    if file is None:
        return
    reports = [report_json.assembled(tracker, rules) for tracker, rules in _by_tracker(results).items()]
    Path(file).write_text(json.dumps(reports[0] if len(reports) == 1 else reports, indent=2) + "\n", encoding="utf-8")
    yield f"report written to {file}"


def _by_tracker(results: Sequence[Mapping[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Each tracker's rules in number order: workers finish in any."""
    numbers = [rule.id for rule in RULES]
    found: dict[str, list[dict[str, Any]]] = {}
    for result in results:
        found.setdefault(result["tracker"], []).append(result["rule"])
    return {tracker: sorted(rules, key=lambda rule: numbers.index(rule["id"])) for tracker, rules in found.items()}


def chosen_options(config: pytest.Config) -> dict[str, Any]:
    """The options as given to pytest, else as pyproject.toml has them.

    Raises:
        Misuse: for a bad value.
    """
    given = {option.name: config.getoption(f"jobstatus_{option.name}") for option in OPTIONS}
    return merged(given, config.rootpath)


def _judged(suite: Suite, request: pytest.FixtureRequest, number: str) -> tuple[RuleResult, str]:
    options = chosen_options(request.config)
    options.pop("json", None)
    options |= {"rules": number, "save": request.config.rootpath / ".jobstatus"}
    if suite.scenarios is not None:
        options["scenarios"] = suite.scenarios
    chosen = engine.settings(**options, source="pytest")
    factory = _factory(suite, request)
    profile = smoke(factory)
    result = engine.judge(named(number, source="pytest"), factory, profile, chosen)
    report = engine.report(factory, chosen, [result])
    if report.stale:
        pytest.fail("\n".join(text.findings(report)).strip(), pytrace=False)
    return result, factory.name


def _factory(suite: Suite, request: pytest.FixtureRequest) -> Factory:
    if not isinstance(suite.tracker, str):
        return Factory.of(suite.tracker)
    try:
        value = request.getfixturevalue(suite.tracker)
    except pytest.FixtureLookupError:
        raise Misuse(f"conformance({suite.tracker!r}): there is no fixture of that name") from None
    name = f"fixture {suite.tracker}"
    if isinstance(value, type) or not (hasattr(value, "apply") and hasattr(value, "read")):
        return Factory.of(value, name=name)
    return Factory(make=lambda: value, name=name, loop=_loop_of(value), owned=False)


def _loop_of(tracker: Any) -> asyncio.AbstractEventLoop | None:
    """The loop on which an async fixture made the tracker: the one that is set and waits; None where there is none."""
    if not any(inspect.iscoroutinefunction(getattr(tracker, name)) for name in ("apply", "read")):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        policy = asyncio.get_event_loop_policy()
        # Before Python 3.12 asking for the loop makes one where none is set, and nobody would close it.
        with mock.patch.object(policy, "new_event_loop", side_effect=RuntimeError):
            try:
                loop = policy.get_event_loop()
            except RuntimeError:
                return None
    return None if loop.is_closed() else loop


def _target(suite: Suite, name: str) -> str | None:
    """How to name the tracker on the command line; fixtures cannot be named there."""
    return None if isinstance(suite.tracker, str) or "<" in name else name

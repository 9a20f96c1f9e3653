"""One conformance item: the rule's verdict as pytest's outcome."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from pytest_jobstatus import engine
from pytest_jobstatus.explore.observer import Shared
from pytest_jobstatus.factory import Factory
from pytest_jobstatus.loops import loop_of
from pytest_jobstatus.marks import MARK, PROPERTY
from pytest_jobstatus.misuse import Misuse
from pytest_jobstatus.options import OPTIONS, merged
from pytest_jobstatus.report import json as report_json
from pytest_jobstatus.report import text
from pytest_jobstatus.rules import RULES, named
from pytest_jobstatus.saved import FOLDER
from pytest_jobstatus.smoke import smoke
from pytest_jobstatus.tracker import Profile
from pytest_jobstatus.verdict import Report, Verdict

if TYPE_CHECKING:
    from pytest_jobstatus.suite import Suite


SEEN: pytest.StashKey[dict[str, Shared]] = pytest.StashKey()
"""What was seen of each suite's tracker, by what its items are called but for their rule."""


def judged_item(suite: Suite, request: pytest.FixtureRequest, number: str) -> Report:
    """Judge one rule and leave the result for the summary. It is the item's set-up: misuse there is pytest's error."""
    __tracebackhide__ = True
    own = _without_rule(request.node)
    values: dict[str, Any] = {"suite": f"{suite.file}:{suite.line} {own}", "of": len(_alike(request.session, own))}
    misuse = None
    try:
        report = _judged(suite, request, number)
    except Misuse as error:
        misuse = str(error)
    if misuse is not None:  # outside the except, or pytest would print the message once more for its cause
        request.node.user_properties.append((PROPERTY, json.dumps({**values, "broken": misuse})))
        _fail(f"{Path(suite.file).name}:{suite.line}: {misuse}")
    rule = report_json.result_values(report.rules[0], target=_target(suite, report.tracker))
    values |= {"tracker": report.tracker, "stale": dict(report.stale), "rule": rule}
    # As text: a worker of pytest-xdist can send no more than plain values.
    request.node.user_properties.append((PROPERTY, json.dumps(values)))
    return report


def tell(suite: Suite, report: Report) -> None:
    """The verdict on one rule as pytest's outcome."""
    __tracebackhide__ = True
    (result,) = report.rules
    if report.stale:
        _fail("\n".join(text.findings(report)).strip())
    if result.verdict is Verdict.NOT_APPLICABLE:
        pytest.skip(f"{result.id} is not applicable: {result.reason}")
    if result.verdict is Verdict.INCONCLUSIVE:
        pytest.fail(f"{result.id} is inconclusive, which is never green: {result.reason}", pytrace=False)
    if result.counterexample is not None:
        lines = text.counterexample(result.counterexample, target=_target(suite, report.tracker), known=result.known)
        head = f"{result.id}: {result.counterexample.message}"
        where = f"{suite.file}:{suite.line}: {report.tracker}"
        if result.known:
            pytest.xfail(f"known: {result.counterexample.message}")
        _fail("\n".join([head, where, "", *lines]))


def _fail(message: str) -> NoReturn:
    """Fail with a text that every terminal and every worker can take, lone surrogates escaped."""
    __tracebackhide__ = True
    pytest.fail(message.encode("utf-8", "backslashreplace").decode(), pytrace=False)


def selected(config: pytest.Config) -> list[str]:
    """The numbers of the rules to judge.

    Raises:
        pytest.UsageError: for a bad option.
    """
    try:
        options = chosen_options(config)
        options.pop("json", None)
        return [rule.id for rule in engine.settings(**options).rules]
    except Misuse as error:
        raise pytest.UsageError(str(error)) from None


def summaries(results: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """How much was judged, one line per tracker."""
    for values in _reports(results):
        yield f"{values['tracker']}: {values['summary']}"


def write_json(results: Sequence[Mapping[str, Any]], config: pytest.Config) -> Iterator[str]:
    """Write the reports, where a file was named: one object, or an array where several trackers were judged."""
    file = chosen_options(config).get("json")
    reports = _reports(results)
    if file is None or not reports:
        return
    Path(file).write_text(json.dumps(reports[0] if len(reports) == 1 else reports, indent=2) + "\n", encoding="utf-8")
    yield f"report written to {file}"


def _reports(results: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each suite's report, its rules in number order: workers finish in any."""
    numbers = [rule.id for rule in RULES]
    suites: dict[str, list[Mapping[str, Any]]] = {}
    for result in results:
        suites.setdefault(result["suite"], []).append(result)
    reports = []
    for found in suites.values():
        judged = [result for result in found if "broken" not in result]
        if judged:
            rules = sorted((result["rule"] for result in judged), key=lambda rule: numbers.index(rule["id"]))
            stale = {number: reason for result in judged for number, reason in result["stale"].items()}
            unfinished = max(result["of"] for result in found) - len(judged)  # broken, or not run after Ctrl-C or -x
            reports.append(report_json.assembled(judged[0]["tracker"], rules, stale=stale, unfinished=unfinished))
    return reports


def chosen_options(config: pytest.Config) -> dict[str, Any]:
    """The options as given to pytest, else as pyproject.toml has them.

    Raises:
        Misuse: for a bad value.
    """
    given = {option.name: config.getoption(f"jobstatus_{option.name}") for option in OPTIONS}
    return merged(given, config.rootpath)


def _judged(suite: Suite, request: pytest.FixtureRequest, number: str) -> Report:
    options = chosen_options(request.config)
    options.pop("json", None)
    options |= {"rules": number, "memory": request.config.rootpath / FOLDER}
    folders = [folder for folder in (options.pop("scenarios", None), suite.scenarios) if folder is not None]
    chosen = engine.settings(**options, scenarios=folders)
    factory = _factory(suite, request)
    profile = smoke(factory)
    shared = _shared(suite, request, profile)
    result = engine.judge(named(number, source="pytest"), factory, profile, chosen, shared=shared)
    return engine.report(factory, chosen, [result])


def _without_rule(item: pytest.Item) -> str:
    """What an item is called but for its rule: one suite may run several times, on the parameters of a fixture."""
    number = item.callspec.params["jobstatus_rule"] if isinstance(item, pytest.Function) else ""
    return item.nodeid.replace(f"[{number}", "[").replace(f"-{number}", "")


def _alike(session: pytest.Session, own: str) -> list[pytest.Function]:
    """The session's items that are called the same but for their rule."""
    items = (each for each in session.items if isinstance(each, pytest.Function))
    return [each for each in items if hasattr(each.function, MARK) and _without_rule(each) == own]


def _shared(suite: Suite, request: pytest.FixtureRequest, profile: Profile) -> Shared | None:
    """What the suite's items have seen so far on the same parameters; what a fixture made may differ at each item."""
    if isinstance(suite.tracker, str):
        return None
    own = _without_rule(request.node)
    seen = request.config.stash.setdefault(SEEN, {})
    if own not in seen:
        numbers = {each.callspec.params["jobstatus_rule"] for each in _alike(request.session, own)}
        seen[own] = Shared((rule for rule in RULES if rule.id in numbers), profile)
    return seen[own]


def _factory(suite: Suite, request: pytest.FixtureRequest) -> Factory:
    if not isinstance(suite.tracker, str):
        return Factory.of(suite.tracker)
    try:
        value = request.getfixturevalue(suite.tracker)
    except pytest.FixtureLookupError as error:
        if error.argname == suite.tracker:
            raise Misuse(f"conformance({suite.tracker!r}): there is no fixture of that name") from None
        raise Misuse(f"conformance({suite.tracker!r}): there is no fixture {error.argname!r}") from None
    name = f"fixture {suite.tracker}"
    if isinstance(value, type) or not (hasattr(value, "apply") and hasattr(value, "read")):
        try:
            return Factory.of(value, name=name)
        except Misuse as error:
            raise Misuse(f"{name}: {error}") from None
    return Factory(make=lambda: value, name=name, loop=loop_of(value, request.config), owned=False)


def _target(suite: Suite, name: str) -> str | None:
    """How to name the tracker on the command line; fixtures cannot be named there."""
    if isinstance(suite.tracker, str) or "<" in name:
        return None
    if isinstance(suite.tracker, Factory):
        return name if name.startswith("stdio:") else None
    module, _, attribute = name.partition(":")
    found: Any = sys.modules.get(module)
    for part in attribute.split("."):
        found = getattr(found, part, None)
    if found is not suite.tracker:
        return None  # an object that no name leads to, a functools.partial for instance
    file = Path(sys.modules[module].__file__ or "")
    here = Path.cwd()
    if not file.is_relative_to(here) or file == here.joinpath(*module.split(".")).with_suffix(".py"):
        return name
    return f"{file.relative_to(here)}:{attribute}"

"""pytest hooks and options; no logic. Loading it imports nothing that pytest has not loaded already."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_jobstatus.fixtures import (
    jobstatus_postgres,
    jobstatus_postgres_server,
    jobstatus_redis,
    jobstatus_redis_server,
    jobstatus_tracker,
)
from pytest_jobstatus.marks import MARK, PROPERTY, SERVER
from pytest_jobstatus.options import OPTIONS, SERVERS, is_configured

__all__ = [
    "jobstatus_postgres",
    "jobstatus_postgres_server",
    "jobstatus_redis",
    "jobstatus_redis_server",
    "jobstatus_tracker",
]

FIXTURES: pytest.StashKey[set[str]] = pytest.StashKey()
"""The fixtures that suites name as trackers; fixtures are looked at only where there are any."""
USED: pytest.StashKey[list[str]] = pytest.StashKey()
"""The servers that were used, each once."""
RESULTS: pytest.StashKey[list[dict[str, Any]]] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that the command line has too, and those of the fixtures."""
    group = parser.getgroup("jobstatus", "conformance of job-status trackers")
    for option in (*OPTIONS, *SERVERS):
        group.addoption(f"--jobstatus-{option.name}", metavar=option.metavar, help=option.help, action=option.action)


def pytest_configure(config: pytest.Config) -> None:
    """Make room for the results."""
    config.stash[RESULTS] = []
    config.stash[USED] = []
    config.stash[FIXTURES] = set()
    config.pluginmanager.register(_Results(config.stash[RESULTS], config.stash[USED]), "jobstatus-results")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Refuse bad options at once, not suite by suite."""
    given = {option.name: session.config.getoption(f"jobstatus_{option.name}") for option in OPTIONS}
    if is_configured(given, session.config.rootpath):
        from pytest_jobstatus.items import selected

        selected(session.config)
    for option in SERVERS:
        if session.config.getoption(f"jobstatus_{option.name}") is not None:
            from pytest_jobstatus.served import chosen

            chosen(option.name, session.config)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_fixture_setup(fixturedef: Any, request: pytest.FixtureRequest) -> Any:
    """Note on which loop an async fixture makes a tracker: its methods run there too."""
    if not request.config.stash[FIXTURES]:
        return (yield)
    from pytest_jobstatus.loops import note, noting

    loops: list[Any] = []
    plain = fixturedef.func
    fixturedef.func = noting(plain, loops)
    try:
        made = yield
    finally:
        fixturedef.func = plain
    note(request.config, made, loops)
    return made


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One item per rule for each function that `conformance` made."""
    if hasattr(metafunc.function, MARK):
        tracker = getattr(metafunc.function, MARK).tracker
        if isinstance(tracker, str):
            metafunc.config.stash[FIXTURES].add(tracker)
        from pytest_jobstatus.items import selected

        numbers = selected(metafunc.config)
        metafunc.parametrize("jobstatus_rule", numbers, ids=numbers)


@pytest.fixture
def jobstatus_report(request: pytest.FixtureRequest, jobstatus_rule: str) -> Any:
    """The report on one rule, for the items of `conformance`."""
    __tracebackhide__ = True
    from pytest_jobstatus.items import judged_item

    return judged_item(getattr(request.function, MARK), request, jobstatus_rule)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """Name a failure in the short summary by its first line: on CI pytest would print the whole text a second time."""
    report = yield
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is not None and hasattr(getattr(item, "function", None), MARK):
        crash.message = crash.message.partition("\n")[0]
    return report


class _Results:
    """Collects verdicts and servers from item reports, those of xdist workers included."""

    def __init__(self, results: list[dict[str, Any]], used: list[str]) -> None:
        self.results = results
        self.used = used

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "teardown":  # it comes after a failed set-up too
            properties: list[tuple[str, Any]] = report.user_properties
            self.results += [json.loads(value) for name, value in properties if name == PROPERTY]
            self.used += [value for name, value in properties if name == SERVER and value not in self.used]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Which servers were used; how much was judged, tracker by tracker; and the JSON report, where one is wanted."""
    results, used = config.stash[RESULTS], config.stash[USED]
    if results or used:
        terminalreporter.section("jobstatus")
    for line in used:
        terminalreporter.write_line(line)
    if results:
        from pytest_jobstatus.items import summaries, write_json

        for line in (*summaries(results), *write_json(results, config)):
            terminalreporter.write_line(line)

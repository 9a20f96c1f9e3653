"""The options of the plugin, from the command line and from `[tool.jobstatus]` in pyproject.toml."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pytest_jobstatus.rules import RULES, TOTAL
from tests.inner import QUICK, run, suite

CURSED = """
class Mine(Small):
    def apply(self, event):
        if event.context.get("queue") == "cursed":
            self.rows.pop(event.job_id, None)
        super().apply(event)
"""
SCENARIO = """
format = "jobstatus-scenario/1"
spec = "JSL/1"
id = "cursed"
title = "A late start in the cursed queue"
rules = ["TERM-1"]
delivery = ["completed", "active"]

[[events]]
name = "active"
kind = "active"
at = 2026-01-05T12:00:01Z
attempt = 1
context = { queue = "cursed" }

[[events]]
name = "completed"
kind = "completed"
at = 2026-01-05T12:00:02Z
attempt = 1
context = { queue = "cursed" }
"""


def given(pytester: pytest.Pytester, way: str, **options: object) -> list[str]:
    """The options as arguments, or as the table in pyproject.toml."""
    if way == "command line":
        return [f"--jobstatus-{name}={value}" for name, value in options.items()]
    table = "".join(f"{name} = {json.dumps(value)}\n" for name, value in options.items())
    pytester.makepyprojecttoml(f"[tool.pytest.ini_options]\n[tool.jobstatus]\n{table}")
    return []


def report(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))


both_ways = pytest.mark.parametrize("way", ["command line", "pyproject.toml"])


@both_ways
@pytest.mark.parametrize(
    ("rules", "numbers"),
    [
        ("TERM-1", ["TERM-1"]),
        ("term-1, TRACK-1", ["TRACK-1", "TERM-1"]),
        ("IDEM", [rule.id for rule in RULES if rule.id.startswith("IDEM-")]),
    ],
)
def test_rules(pytester: pytest.Pytester, way: str, rules: str, numbers: list[str]) -> None:
    """Rules are chosen by number or family; the others have no items, and the summary counts them."""
    suite(pytester, "test_conformance = conformance(Small)")
    result = run(pytester, "-v", *given(pytester, way, rules=rules, effort="quick"))
    ran = [line.split("[")[1].split("]")[0] for line in result.outlines if "PASSED" in line]
    assert ran == numbers
    assert f"{len(numbers)} of {TOTAL} rules judged, {len(RULES) - len(numbers)} not selected" in result.stdout.str()


def test_rules_may_be_an_array(pytester: pytest.Pytester) -> None:
    """In pyproject.toml several rules can stand as an array."""
    suite(pytester, "test_conformance = conformance(Small)")
    result = run(pytester, *given(pytester, "pyproject.toml", rules=["TERM-1", "TRACK-1"], effort="quick"))
    result.assert_outcomes(passed=2)


@both_ways
def test_effort_seed_and_json(pytester: pytest.Pytester, way: str) -> None:
    """The report is written where it was wanted, and its bounds show effort and seed."""
    suite(pytester, "test_conformance = conformance(Small)")
    options = {"rules": "IDEM-2", "json": "report.json", "seed": 7}
    result = run(pytester, *given(pytester, way, effort="quick", **options))
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["report written to *report.json"])
    quick = report(pytester.path / "report.json")
    assert (quick["format"], quick["tracker"]) == ("jobstatus-report/1", "tests.small_trackers:Small")
    (rule,) = quick["rules"]
    assert (rule["id"], rule["verdict"]) == ("IDEM-2", "pass")
    assert any("seed 7" in title for title in rule["covered"]["complete"]), rule["covered"]
    run(pytester, *given(pytester, way, effort="default", **options)).assert_outcomes(passed=1)
    (deeper,) = report(pytester.path / "report.json")["rules"]
    assert deeper["histories"] > rule["histories"]


def test_several_trackers_make_an_array(pytester: pytest.Pytester) -> None:
    """With two trackers the JSON file holds one report for each."""
    suite(pytester, "test_right = conformance(Small)\ntest_wrong = conformance(Reopening)")
    run(pytester, QUICK, "--jobstatus-rules=TERM-1", "--jobstatus-json=report.json")
    reports = report(pytester.path / "report.json")
    assert [(each["tracker"].split(":")[1], each["verdict"]) for each in reports] == [
        ("Small", "conformant"),
        ("Reopening", "violations"),
    ]


@pytest.mark.parametrize("way", ["command line", "pyproject.toml", "argument"])
def test_scenarios(pytester: pytest.Pytester, way: str) -> None:
    """A folder of scenarios is tried as well, whether an option or the suite names it."""
    argument = ", scenarios='saved'" if way == "argument" else ""
    suite(pytester, f"{CURSED}\ntest_conformance = conformance(Mine{argument})")
    run(pytester, QUICK, "--jobstatus-rules=TERM-1", "--co").assert_outcomes()
    (pytester.path / "saved").mkdir()
    (pytester.path / "saved" / "cursed.toml").write_text(SCENARIO, encoding="utf-8")
    options = {} if way == "argument" else {"scenarios": "saved"}
    result = run(pytester, QUICK, *given(pytester, way, **options), "-k", "TERM-1")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["TERM-1: the job was completed; active 1 made it active"])


def test_without_the_scenario_nothing_is_found(pytester: pytest.Pytester) -> None:
    """The tracker of the test above is wrong in that scenario alone."""
    suite(pytester, f"{CURSED}\ntest_conformance = conformance(Mine)")
    run(pytester, QUICK, "--jobstatus-rules=TERM-1").assert_outcomes(passed=1)


@both_ways
def test_a_known_violation_is_an_xfail(pytester: pytest.Pytester, way: str) -> None:
    """A failure that the baseline lists is expected, shows its message, and leaves the session green."""
    suite(pytester, "test_conformance = conformance(Reopening)")
    (pytester.path / "known.toml").write_text('[TERM-1]\nreason = "ticket 7"\n', encoding="utf-8")
    options = given(pytester, way, baseline="known.toml", rules="TRACK-1,TERM-1", effort="quick")
    result = run(pytester, "-rx", *options)
    result.assert_outcomes(passed=1, xfailed=1)
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(
        [
            f"*Reopening: conformant but for what is known: 2 of {TOTAL} rules judged, 1 known to fail, *",
            "XFAIL *TERM-1* known: the job was *",
        ]
    )


@both_ways
def test_a_stale_entry_of_the_baseline_is_a_failure(pytester: pytest.Pytester, way: str) -> None:
    """An entry that no longer fails is a failure that says what to remove; the rule counts as judged all the same."""
    suite(pytester, "test_conformance = conformance(Small)")
    (pytester.path / "known.toml").write_text('[TERM-1]\nreason = "ticket 7"\n', encoding="utf-8")
    result = run(pytester, *given(pytester, way, baseline="known.toml", rules="TRACK-1,TERM-1", effort="quick"))
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "TERM-1 does not fail any more, but the baseline lists it (ticket 7): remove the entry, or *",
            f"*Small: conformant, and the baseline is out of date: 2 of {TOTAL} *, 1 stale baseline entry",
        ]
    )


def test_the_command_line_comes_before_the_table(pytester: pytest.Pytester) -> None:
    """What is said in the call wins over what pyproject.toml says."""
    suite(pytester, "test_conformance = conformance(Small)")
    given(pytester, "pyproject.toml", rules="TERM", effort="quick")
    result = run(pytester, "--jobstatus-rules=TRACK-1,TRACK-2,IDEM-1")
    result.assert_outcomes(passed=3)


def test_files_in_the_table_are_relative_to_it(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """pyproject.toml means its own folder, from whichever folder below pytest is called."""
    suite(pytester, f"{CURSED}\ntest_conformance = conformance(Mine)")
    for name in ("saved", "checks"):
        (pytester.path / name).mkdir()
    (pytester.path / "saved" / "cursed.toml").write_text(SCENARIO, encoding="utf-8")
    (pytester.path / "test_jobs.py").rename(pytester.path / "checks" / "test_jobs.py")
    given(pytester, "pyproject.toml", scenarios="saved", json="report.json", rules="TERM-1", effort="quick")
    monkeypatch.chdir(pytester.path / "checks")
    run(pytester).assert_outcomes(failed=1)
    assert (pytester.path / "report.json").is_file()
    assert (pytester.path / ".jobstatus").is_dir(), "counterexamples stay with the project"


BAD: dict[str, tuple[dict[str, object], str]] = {
    "rule": ({"rules": "NOPE-1"}, "there is no rule 'NOPE-1'; `jobstatus rules` lists them all"),
    "rule not built": ({"rules": "RACE-1"}, "RACE-1 is not checked yet; `jobstatus rules` lists what is"),
    "no rule": ({"rules": ""}, "no rule given; `jobstatus rules` lists them"),
    "effort": ({"effort": "hard"}, "effort: 'hard': allowed are 'quick', 'default', 'thorough'"),
    "baseline": ({"baseline": "nope.toml"}, "nope.toml: the baseline cannot be read: "),
    "scenarios": ({"scenarios": "nope"}, "nope: no such folder of scenarios"),
    "postgres": ({"postgres": "weel"}, "postgres: 'weel': allowed are a URL of PostgreSQL, 'auto', 'containers', "),
    "redis": ({"redis": "mysql://me:secret@h"}, "redis: 'mysql://me:***@h': allowed are a URL of Redis, 'auto', "),
    "json": ({"json": "nope/report.json"}, "nope/report.json': allowed is a file in a folder that exists"),
}
BAD_TABLES = {
    "unknown key": ('efort = "quick"', "[tool.jobstatus] efort = 'quick': unknown key; allowed are 'rules', 'effort'"),
    "effort": ('effort = "fast"', "[tool.jobstatus] effort: 'fast': allowed are 'quick', 'default', 'thorough'"),
    "rules": ('rules = ["TERM-1", "TREM"]', "[tool.jobstatus] rules: there is no rule 'TREM'"),
    "seed": ('seed = "x"', "[tool.jobstatus] seed = 'x': allowed is a"),
    "seed a bool": ("seed = true", "[tool.jobstatus] seed = True: allowed is a"),
    "unknown key with a password": (
        'postgress = "postgresql://me:secret@h/db"',
        "[tool.jobstatus] postgress = 'postgresql://me:***@h/db': unknown key; allowed are 'rules', 'effort'",
    ),
    "several servers": (
        'redis = ["redis://:secret@h"]',
        "[tool.jobstatus] redis = ['redis://:***@h']: allowed is a text",
    ),
    "effort a number": ("effort = 1", "[tool.jobstatus] effort = 1: allowed is a text"),
    "rules of numbers": ("rules = [1]", "there is no rule '1'"),
}


def assert_usage_error(result: pytest.RunResult, said: str) -> None:
    """The exit code of pytest for a wrong call, and one line that says what is wrong."""
    text = result.stdout.str() + result.stderr.str()
    assert result.ret == pytest.ExitCode.USAGE_ERROR, text
    assert len([line for line in result.errlines if said in line]) == 1, text
    for noise in ("Traceback", "INTERNALERROR", "_hookexec", "rules judged", "secret"):
        assert noise not in text


@both_ways
@pytest.mark.parametrize("bad", BAD)
def test_a_bad_value_is_a_usage_error(pytester: pytest.Pytester, way: str, bad: str) -> None:
    """A value that is not allowed ends the session before anything is judged."""
    options, said = BAD[bad]
    suite(pytester, "test_conformance = conformance(Small)")
    assert_usage_error(run(pytester, *given(pytester, way, **options)), said)


def test_a_bad_seed_is_a_usage_error(pytester: pytest.Pytester) -> None:
    """The seed of the command line is a whole number in words."""
    suite(pytester, "test_conformance = conformance(Small)")
    assert_usage_error(run(pytester, "--jobstatus-seed=x"), "seed: 'x': allowed is a whole number")


@pytest.mark.parametrize("bad", BAD_TABLES)
def test_a_bad_table_is_a_usage_error(pytester: pytest.Pytester, bad: str) -> None:
    """A key or a type that `[tool.jobstatus]` does not have ends the session, naming file, key and value."""
    line, said = BAD_TABLES[bad]
    suite(pytester, "test_conformance = conformance(Small)")
    pytester.makepyprojecttoml(f"[tool.pytest.ini_options]\n[tool.jobstatus]\n{line}\n")
    assert_usage_error(run(pytester), said)


def test_a_table_that_is_none_is_a_usage_error(pytester: pytest.Pytester) -> None:
    """`jobstatus = …` in `[tool]` is no table, and is told so."""
    suite(pytester, "test_conformance = conformance(Small)")
    pytester.makepyprojecttoml('[tool.pytest.ini_options]\n[tool]\njobstatus = "quick"\n')
    assert_usage_error(run(pytester), "jobstatus = 'quick'")


def test_a_bad_value_is_a_usage_error_with_workers(pytester: pytest.Pytester) -> None:
    """With xdist the controller refuses, before it starts a worker."""
    suite(pytester, "test_conformance = conformance(Small)")
    assert_usage_error(run(pytester, "--jobstatus-effort=hard", "-n", "2"), "effort: 'hard': allowed are")

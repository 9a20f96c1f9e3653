"""What a conformance suite looks like in pytest: its items, their outcomes, the summary."""

from __future__ import annotations

import re
import sys

import pytest

from pytest_jobstatus.rules import RULES, TOTAL
from tests.inner import QUICK, line_of, run, suite

NUMBERS = [rule.id for rule in RULES]
FAULTY = """
class Mine(Reopening):
    pass

test_conformance = conformance(Mine)
"""


def summary_lines(result: pytest.RunResult) -> list[str]:
    return [line for line in result.outlines if f" of {TOTAL} rules judged" in line]


def test_one_item_per_rule_in_number_order(pytester: pytest.Pytester) -> None:
    """One line in a test module makes an item for each rule, named by the rule's number."""
    suite(pytester, "test_conformance = conformance(Small)")
    result = run(pytester, "--collect-only", "-q")
    collected = [line for line in result.outlines if "::" in line]
    assert collected == [f"test_jobs.py::test_conformance[{number}]" for number in NUMBERS]


def test_the_summary_says_how_much_was_judged(pytester: pytest.Pytester) -> None:
    """The terminal summary counts judged, not applicable and not yet checked rules out of the whole book."""
    suite(pytester, "test_conformance = conformance(Small)")
    result = run(pytester, QUICK)
    outcomes = result.parseoutcomes()
    passed, skipped = outcomes["passed"], outcomes["skipped"]
    assert passed + skipped == len(RULES), outcomes
    left = f"{skipped} not applicable, {TOTAL - len(RULES)} not yet checked"
    assert summary_lines(result) == [
        f"tests.small_trackers:Small: conformant: {passed} of {TOTAL} rules judged, {left}"
    ]


def test_all_rules_judged_reads_as_in_the_contract(pytester: pytest.Pytester) -> None:
    """A tracker to which every rule applies gets the summary without further words."""
    pytester.makepyfile(
        test_jobs="""
        from pytest_jobstatus import conformance
        from reference_tracker.adapter import sqlite

        test_conformance = conformance(sqlite)
        """
    )
    result = run(pytester, QUICK)
    result.assert_outcomes(passed=len(RULES))
    said = f"conformant: {len(RULES)} of {TOTAL} rules judged, {TOTAL - len(RULES)} not yet checked"
    assert summary_lines(result) == [f"reference_tracker.adapter:sqlite: {said}"]


def test_no_summary_where_nothing_was_judged(pytester: pytest.Pytester) -> None:
    """A session without a conformance suite says nothing of the plugin."""
    pytester.makepyfile("def test_other(): pass")
    result = run(pytester)
    result.assert_outcomes(passed=1)
    assert "jobstatus ===" not in result.stdout.str()


def test_not_applicable_is_a_skip_with_its_reason(pytester: pytest.Pytester) -> None:
    """A rule whose need is declared missing is skipped with the profile's words, at the user's line."""
    text = suite(pytester, "test_conformance = conformance(Small)")
    result = run(pytester, QUICK, "-rs", "--jobstatus-rules=TIME-1")
    result.assert_outcomes(skipped=1)
    line = line_of(text, "= conformance(")
    result.stdout.fnmatch_lines(
        [f"SKIPPED * test_jobs.py:{line}: TIME-1 is not applicable: not supported: *started_at, *: kept small*"]
    )


def test_inconclusive_is_a_failure(pytester: pytest.Pytester) -> None:
    """A rule that applies and was never exercised is never green."""
    suite(
        pytester,
        """
        class NeverEnds(Small):
            def apply(self, event):
                if event.kind.terminal:
                    raise ValueError("no end")
                super().apply(event)

        test_conformance = conformance(NeverEnds)
        """,
    )
    result = run(pytester, QUICK, "--jobstatus-rules=TERM-1")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "TERM-1 is inconclusive, which is never green: never exercised in * histories; needed is: *",
            f"*NeverEnds: incomplete: 0 of {TOTAL} rules judged, 1 inconclusive, *",
        ]
    )


def test_a_failure_begins_with_rule_and_message_and_the_users_line(pytester: pytest.Pytester) -> None:
    """The text of a failing item begins with what went wrong and where the suite stands."""
    text = suite(pytester, FAULTY)
    result = run(pytester, QUICK, "--jobstatus-rules=TERM-1")
    result.assert_outcomes(failed=1)
    lines = result.outlines
    start = next(number for number, line in enumerate(lines) if "test_conformance[TERM-1] __" in line)
    assert re.match(r"TERM-1: the job was \w+; .+ made it \w+$", lines[start + 1]), lines[start + 1]
    line = line_of(text, "= conformance(")
    assert lines[start + 2] == f"{pytester.path / 'test_jobs.py'}:{line}: test_jobs:Mine"
    assert "items.py" not in result.stdout.str(), "a failure shows no line of the plugin"
    assert "- Failed: TERM-1: the job was" in result.stdout.str(), "nor does the short summary begin otherwise"


@pytest.mark.parametrize("ci", ["", "true"])
def test_a_counterexample_is_printed_once(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, ci: str) -> None:
    """The short summary names a failure in one line, also on CI, where pytest does not shorten it."""
    monkeypatch.setenv("CI", ci)
    suite(pytester, FAULTY)
    result = run(pytester, QUICK, "--jobstatus-rules=TERM-1")
    assert result.stdout.str().count("Repeat it: ") == 1
    result.stdout.re_match_lines([r"FAILED test_jobs.py::test_conformance\[TERM-1\] - Failed: TERM-1: the job was "])


@pytest.mark.parametrize("folder", [".", "checks"])
def test_the_replay_command_of_a_failure_repeats_it(pytester: pytest.Pytester, folder: str) -> None:
    """The command names a file under .jobstatus, and run where pytest ran it reproduces the violation."""
    suite(pytester, FAULTY)
    (pytester.path / folder).mkdir(exist_ok=True)
    (pytester.path / "test_jobs.py").rename(pytester.path / folder / "test_jobs.py")
    result = run(pytester, QUICK, "--jobstatus-rules=TERM-1")
    (found,) = re.findall(r"^ +Repeat it: jobstatus (replay (\S+) .+)$", result.stdout.str(), re.MULTILINE)
    command, file = found
    assert file.startswith(".jobstatus/TERM-1-")
    assert (pytester.path / file).is_file()
    program = "import sys; from pytest_jobstatus.cli import main; sys.exit(main())"
    replayed = pytester.run(sys.executable, "-c", program, *command.split())
    assert (replayed.ret, replayed.stderr.str().count("Traceback")) == (1, 0), replayed.stderr.str()
    replayed.stdout.fnmatch_lines(["TERM-1: reproduced: the job was *"])


@pytest.mark.parametrize(
    ("chosen", "numbers"),
    [
        (("-k", "TERM-1"), ["TERM-1"]),
        (("-k", "TRACK-1 or IDEM"), ["TRACK-1", "IDEM-1", "IDEM-2"]),
        (("test_jobs.py::test_conformance[CONV-1]",), ["CONV-1"]),
    ],
)
def test_items_can_be_selected_by_name(pytester: pytest.Pytester, chosen: tuple[str, ...], numbers: list[str]) -> None:
    """Items are selected as any others are, by -k and by their ids."""
    suite(pytester, "test_conformance = conformance(Small)")
    result = run(pytester, QUICK, "-v", *chosen)
    ran = [line.split("[")[1].split("]")[0] for line in result.outlines if "PASSED" in line]
    assert ran == [number for number in NUMBERS if number in numbers]


def test_last_failed_runs_the_failed_rules_alone(pytester: pytest.Pytester) -> None:
    """With --lf only the rules that failed are judged again."""
    suite(pytester, FAULTY)
    first = run(pytester, QUICK, "--jobstatus-rules=TRACK-1,TERM-1,TERM-3", cache=True)
    first.assert_outcomes(passed=1, failed=2)
    again = run(pytester, QUICK, "--jobstatus-rules=TRACK-1,TERM-1,TERM-3", "--lf", cache=True)
    again.assert_outcomes(failed=2)
    assert f": violations: 2 of {TOTAL} rules judged, 2 failed, " in again.stdout.str()


@pytest.mark.parametrize("tracker", ["Small", "Reopening"])
def test_workers_of_xdist_change_nothing(pytester: pytest.Pytester, tracker: str) -> None:
    """With two processes the outcomes and the summary are those of one, failures included."""
    suite(pytester, f"test_conformance = conformance({tracker})")
    alone = run(pytester, QUICK, "--jobstatus-rules=TRACK-1,TERM,TIME-1")
    shared = run(pytester, QUICK, "--jobstatus-rules=TRACK-1,TERM,TIME-1", "-n", "2")
    assert shared.parseoutcomes() == alone.parseoutcomes()
    assert summary_lines(shared) == summary_lines(alone)
    assert len(summary_lines(alone)) == 1


ODD_TEXT = """
class Odd(Small):
    def apply(self, event):
        super().apply(event)
        if event.kind.terminal:
            raise ValueError("no \\ud800 and no \\U0001f600")
"""
ODD_PROGRESS = """
class Odd(Reopening):
    profile = Profile(unsupported=dict.fromkeys(set(LACKING) - {"progress"}, "kept small"))
    def read(self, job_id):
        shown = super().read(job_id)
        return shown and {**shown, "progress": {1, 2}}
"""


@pytest.mark.parametrize("workers", ["0", "2"])
@pytest.mark.parametrize(
    ("body", "rule"), [(ODD_TEXT, "TRACK-3"), (ODD_PROGRESS, "TERM-1")], ids=["lone surrogate", "a set"]
)
def test_odd_values_cost_a_failure_and_no_more(pytester: pytest.Pytester, body: str, rule: str, workers: str) -> None:
    """An exception text that is no UTF-8, and progress that JSON lacks, do not end the session."""
    suite(pytester, f"{body}\ntest_conformance = conformance(Odd)")
    result = run(pytester, QUICK, f"--jobstatus-rules={rule}", "--jobstatus-json=report.json", "-n", workers)
    assert "INTERNALERROR" not in result.stdout.str() + result.stderr.str()
    assert "Traceback" not in result.stdout.str() + result.stderr.str()
    result.assert_outcomes(failed=1)


def test_two_suites_in_one_module_are_summed_up_one_by_one(pytester: pytest.Pytester) -> None:
    """Each tracker has its own line in the summary."""
    suite(pytester, "test_right = conformance(Small)\ntest_wrong = conformance(Reopening)")
    result = run(pytester, QUICK, "--jobstatus-rules=TRACK-1,TERM-1")
    result.assert_outcomes(passed=3, failed=1)
    left = f"{len(RULES) - 2} not selected, {TOTAL - len(RULES)} not yet checked"
    assert summary_lines(result) == [
        f"tests.small_trackers:Small: conformant: 2 of {TOTAL} rules judged, {left}",
        f"tests.small_trackers:Reopening: violations: 2 of {TOTAL} rules judged, 1 failed, {left}",
    ]


def test_one_tracker_in_two_suites_is_not_counted_twice(pytester: pytest.Pytester) -> None:
    """No summary says that more rules were judged than were selected."""
    suite(pytester, "test_first = conformance(Small)\ntest_second = conformance(Small)")
    result = run(pytester, QUICK, "--jobstatus-rules=TRACK-1,TERM-1")
    result.assert_outcomes(passed=4)
    assert summary_lines(result), "a summary is given"
    for line in summary_lines(result):
        assert f"conformant: 2 of {TOTAL} rules judged, {len(RULES) - 2} not selected" in line


def test_what_was_not_run_is_not_judged(pytester: pytest.Pytester) -> None:
    """After `-x`, as after Ctrl-C, the rest has no verdict: it was selected, and nothing is said of it."""
    suite(pytester, "test_it = conformance(Reopening)")
    result = run(pytester, QUICK, "-x", "--jobstatus-rules=TRACK-2,TERM-1,TERM-3")
    said = f"*Reopening: violations: 2 of {TOTAL} rules judged, 1 failed, 1 without a verdict, *"
    result.stdout.fnmatch_lines([said])

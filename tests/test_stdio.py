"""Trackers in Node and in a Python child: sound ones conform, faulty ones are caught, in every way of checking."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pytest_jobstatus import Event, EventKind, Profile, Snapshot, Status, Verdict, check
from pytest_jobstatus.adapters.stdio import stdio
from pytest_jobstatus.cli import main
from pytest_jobstatus.report.text import render
from pytest_jobstatus.smoke import smoke
from tests import small_trackers
from tests.inner import QUICK, run
from tests.pinned import assert_fails
from tests.stdio.example import Example

ROOT = Path(__file__).parent.parent
NODE = ("node", str(ROOT / "tests" / "stdio" / "tracker.mjs"))
PYTHON = (sys.executable, str(ROOT / "tests" / "stdio" / "child.py"))
REFUSED = ("TRACK-1", "TRACK-2", "TRACK-4", "IDEM", "TIME", "RETRY", "PROG", "STALL", "DATA-1", "DATA-2", "LOAD-1")
SOUND = [
    ("Node", None, NODE, {"LOAD-1"}),
    ("Node, refusing", REFUSED, (*NODE, "--refusing"), {"LOAD-1"}),
    (
        "Python, refusing, with tenants",
        ("TRACK-1", "TERM-1", "STALL", "PROG", "DATA", "ISO-2"),
        (*PYTHON, "tests.stdio.example:Example"),
        {"STALL-1", "STALL-2"},
    ),
    (
        "Python, with a file",
        ("TRACK-1", "TRACK-4", "IDEM-1", "TERM-1", "CONV-1", "DATA-1", "ISO-2"),
        (*PYTHON, "tests.stdio.stored:Stored", "--file"),
        {"ISO-2"},
    ),
]
"""With the rules that may find something that the first leaves: what is refused, what another process sees."""


@pytest.mark.parametrize(("told", "rules", "command", "lacking"), SOUND, ids=[told for told, *_ in SOUND])
def test_the_sound_ones_are_conformant(
    told: str, rules: Sequence[str] | None, command: Sequence[str], lacking: set[str]
) -> None:
    """Nothing fails, and nothing that applies is left unexercised."""
    report = check(stdio(command), effort="quick", rules=rules)
    assert report.ok, f"{told}\n\n{render(report)}"
    assert {result.id for result in report.rules if result.verdict is Verdict.NOT_APPLICABLE} == lacking


FAULTY = [
    (
        "--milliseconds",
        "TRACK-1,TRACK-6,IDEM-2,TIME-1,TIME-5,PROG-2",
        {
            "IDEM-2": "progress 1 was delivered again later and changed progress from 10 to 5",
            "TIME-5": "created happened at 12:00:00.123457; created_at shows 12:00:00.123000",
            "PROG-2": "progress 1 was older than what was told, yet progress went from 10 to 5",
        },
    ),
    ("--folding", "DATA", {"DATA-3": "nothing was told of 'job #', yet after created of 'Job #' it has a row"}),
    (
        "--reopening",
        "TRACK-1,TRACK-4,TRACK-6,TERM-1,CANC-2,CANC-3,STALL",
        {
            "TRACK-4": "cancelled 1 was delivered, so the job must show cancelled; it shows active",
            "TRACK-6": "created was behind what was shown, yet it changed status from active to pending",
            "TERM-1": "the job was completed; created made it pending",
            "CANC-2": "the job was cancelled before it started; active 1 made it active",
            "CANC-3": "the job was completed; cancelled 1 changed status and completed_at and cancelled_at",
            "STALL-1": "stalled 1 lost its worker; progress 1 was behind and made it active again",
            "STALL-2": "the job was completed, attempt 1; stalled 1 changed status",
        },
    ),
]


@pytest.mark.parametrize(("switch", "rules", "messages"), FAULTY, ids=[switch for switch, *_ in FAULTY])
def test_the_faulty_ones_are_caught(switch: str, rules: str | None, messages: dict[str, str]) -> None:
    """Exactly these rules fail, and say why."""
    assert_fails(check(stdio([*NODE, switch]), rules=rules, effort="quick"), set(messages), messages)


def test_a_child_is_judged_as_in_memory() -> None:
    """The same tracker fails the same rules, with the same counterexamples."""
    rules = ["TRACK", "TERM", "RETRY-3"]
    inside = check(small_trackers.Reopening, rules=rules, effort="quick")
    outside = check(stdio([*PYTHON, "tests.small_trackers:Reopening"]), rules=rules, effort="quick")
    assert [str(result.counterexample and result.counterexample.message) for result in outside.rules] == [
        str(result.counterexample and result.counterexample.message) for result in inside.rules
    ]
    assert len(inside.failed) > 3


def test_the_profile_is_what_it_says() -> None:
    """What the child declares, and that nobody sees what it waits for."""
    profile = smoke(stdio([*PYTHON, "tests.stdio.example:Example"]))
    assert [each.__name__ for each in profile.refuses] == ["Stale"]
    assert profile.unsupported.items() >= Example.profile.unsupported.items()
    assert profile.waived == dict.fromkeys(
        ("LOAD-1", "LOAD-2"), "what a child process waits for cannot be seen from here"
    )
    again = smoke(stdio([*PYTHON, "tests.stdio.example:Example"]))
    assert again == profile, "an error's name is the same class in every child"


def test_another_handle_is_another_process() -> None:
    """It shares the storage and nothing else, and is gone with the first."""
    with stdio([*PYTHON, "tests.stdio.stored:Stored", "--file"]).open() as handle:
        first = handle.tracker
        others = [first.another(), first.another().another()]  # type: ignore[attr-defined]  # optional
        event = Event(EventKind.CANCELLED, "job-1", datetime.now(UTC), attempt=1, cancelled_by="Ann")
        others[0].apply(event)
        for each in (first, *others):
            shown = each.read("job-1")
            assert isinstance(shown, Snapshot)
            assert (shown.status, shown.cancelled_by) == (Status.CANCELLED, "Ann")
        assert others[0].profile == first.profile  # type: ignore[attr-defined]  # likewise


def test_what_a_child_does_not_offer_is_not_there() -> None:
    """Rules that need it do not apply."""
    with stdio(NODE).open() as handle:
        assert [name for name in ("settle", "forget", "for_tenant", "another") if hasattr(handle.tracker, name)] == [
            "forget",
            "for_tenant",
        ]
        assert handle.profile.supports("tenancy")
    with stdio([*PYTHON, "tests.small_trackers:Small"]).open() as handle:
        assert handle.profile.unsupported["tenancy"] == "the tracker has no method for_tenant"


SUITE = """
from pytest_jobstatus import conformance
from pytest_jobstatus.adapters.stdio import stdio

test_conformance = conformance(stdio(["node", {file!r}, *{switches}]))
"""


@pytest.mark.parametrize(("switches", "outcome"), [([], {"passed": 1}), (["--reopening"], {"failed": 1})])
def test_it_is_a_suite_in_pytest(pytester: pytest.Pytester, switches: list[str], outcome: dict[str, int]) -> None:
    """The items, the report and the command that repeats a failure name the command."""
    (pytester.path / "test_node.py").write_text(SUITE.format(file=NODE[1], switches=switches), encoding="utf-8")
    result = run(pytester, QUICK, "--jobstatus-rules=TERM-1")
    result.assert_outcomes(**outcome)
    target = " ".join([f"stdio:{' '.join(NODE)}", *switches])
    output = result.stdout.str()
    assert f"{target}: {'conformant: 1' if not switches else 'violations: 1'} of " in output
    assert ("Repeat it: jobstatus replay .jobstatus/TERM-1-" in output) is bool(switches)
    assert (f" '{target}'" in output) is bool(switches)


def test_a_broken_child_is_an_error_in_pytest(pytester: pytest.Pytester) -> None:
    """No failure of a rule."""
    (pytester.path / "test_node.py").write_text(SUITE.format(file="nowhere.mjs", switches=[]), encoding="utf-8")
    result = run(pytester, QUICK, "--jobstatus-rules=TERM-1")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["test_node.py:5: stdio:node nowhere.mjs: it ended, or closed its standard output*"])


def command(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    program = [sys.executable, "-m", "pytest_jobstatus.cli", *words]
    return subprocess.run(program, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def test_the_commands_take_such_a_target(tmp_path: Path) -> None:
    """`check` finds a counterexample, and the command that it prints repeats it; a sound tracker shows it is gone."""
    faulty, sound = (f"stdio:{' '.join([*NODE, *switch])}" for switch in (["--reopening"], []))
    done = command("check", faulty, "--rules=TERM-1", "--json=report.json", cwd=tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stderr == f"jobstatus: rows will be written by {faulty}\n"
    assert done.stdout.startswith(f"{faulty} against JSL/1")
    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["tracker"] == faulty
    (repeat,) = [line for line in done.stdout.splitlines() if "jobstatus replay" in line]
    assert repeat.endswith(f" '{faulty}'")
    (file,) = (tmp_path / ".jobstatus").glob("TERM-1-*.toml")
    done = command("replay", str(file), faulty, cwd=tmp_path)
    assert (done.returncode, "TERM-1: reproduced: " in done.stdout) == (1, True), done.stdout + done.stderr
    done = command("replay", str(file), sound, cwd=tmp_path)
    assert (done.returncode, "TERM-1: gone: " in done.stdout) == (0, True), done.stdout + done.stderr
    done = command("trace", sound, cwd=tmp_path)
    assert (done.returncode, "4. apply completed 1" in done.stdout) == (0, True), done.stdout + done.stderr


@pytest.mark.parametrize("words", [("check", "stdio:false"), ("trace", "stdio:false"), ("validate", "stdio:")])
def test_a_broken_child_is_misuse(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """One line, exit code 2."""
    assert main(words) == 2
    (said,) = [line for line in capsys.readouterr().err.splitlines() if "rows will be written" not in line]
    assert said.startswith(f"jobstatus: {words[1]}: ")


def test_where_it_was_raised_is_told(tmp_path: Path) -> None:
    """The place that an error's reply names stands in the report."""
    reply = '{"id": %d, "reply": "error", "name": "Gone", "message": "no connection", "at": "jobs.go:42"}'
    child = tmp_path / "child.py"
    child.write_text(
        "import json, sys\n"
        "for line in sys.stdin:\n"
        "    asked = json.loads(line)\n"
        "    hello = asked['request'] == 'hello'\n"
        "    told = {'id': asked['id'], 'reply': asked['request']}\n"
        "    told |= {'protocol': 'jobstatus-stdio/1', 'spec': 'JSL/1'} if hello else {}\n"
        "    told |= {'snapshot': None} if asked['request'] == 'read' else {}\n"
        "    gone = asked['request'] == 'apply' and asked['event']['kind'] != 'created'\n"
        f"    print({reply!r} % asked['id'] if gone else json.dumps(told), flush=True)\n",
        encoding="utf-8",
    )
    report = check(stdio([sys.executable, str(child)]), rules="TRACK-3")
    found = report["TRACK-3"].counterexample
    assert found is not None
    assert found.message == "active 1 must be accepted; it raised Gone: no connection"
    assert "Raised at jobs.go:42" in render(report)


def test_the_profile_has_no_limit_of_its_own() -> None:
    """A profile without a word is the default one, but for what cannot be seen."""
    profile = smoke(stdio(NODE))
    assert profile == Profile(waived=profile.waived, unsupported=profile.unsupported)
    assert set(profile.unsupported) <= {"concurrency"}, "what needs a method that it does not offer"

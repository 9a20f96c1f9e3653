"""The jobstatus command: what it prints, and its exit codes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from pytest_jobstatus.cli import main
from pytest_jobstatus.rules import PLANNED, RULES
from pytest_jobstatus.targets import resolve
from tests.golden_files import Golden

SMALL = "tests.small_trackers:Small"
REOPENING = "tests.small_trackers:Reopening"


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test works in a folder of its own, and leaves the import path as it was."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(arguments)
    out, err = capsys.readouterr()
    return code, out, err


EXIT_CODES = [
    (("check", SMALL, "--effort=quick"), 0, "conformant: "),
    (("check", REOPENING, "--effort=quick"), 1, "violations: "),
    (("check", SMALL, "--rules=TIME-1"), 3, "incomplete: 0 of"),
    (("rules",), 0, "RACE-1"),
    (("explain", "term-1"), 0, "https://github.com/taskforcesh/bullmq/issues/2433"),
    (("trace", SMALL), 0, "1. apply created, 12:00:00"),
    (("trace", SMALL, "seed-canc"), 0, "apply cancelled"),
    (("demo",), 0, "violations: 2 of"),
]


@pytest.mark.parametrize(
    ("arguments", "code", "said"), EXIT_CODES, ids=lambda each: each[0] if isinstance(each, tuple) else ""
)
def test_exit_codes(arguments: tuple[str, ...], code: int, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each outcome has its exit code, and says so."""
    found, out, _ = run(capsys, *arguments)
    assert (found, said in out) == (code, True), out


QUITTING = """
import sys, pytest
from tests.small_trackers import Small

class InFactory:
    def __init__(self):
        sys.exit(3)

class Skipping:
    def __init__(self):
        pytest.skip("no database here")

class InApply(Small):
    def apply(self, event):
        sys.exit(0)
"""

MISUSES = [
    ((), "the following arguments are required: COMMAND"),
    (("check",), "the following arguments are required: TARGET"),
    (("check", SMALL, "--faster"), "unrecognized arguments: --faster"),
    (("chekc", SMALL), "invalid choice: 'chekc'"),
    (("check", "nowhere"), "target 'nowhere': allowed are module:attribute, celery:URL, "),
    (("check", "no_such_module:Tracker"), "there is no module 'no_such_module'"),
    (("check", "tests.no_such:Tracker"), "there is no module 'tests.no_such'"),
    (
        ("check", "tests.small_trackers:Smal"),
        "has no 'Smal'; it has 'Small', 'Reopening', 'Otherwise'; did you mean 'Small'?",
    ),
    (("check", "bad:Tracker"), "importing bad raised ZeroDivisionError: division by zero"),
    (("check", "bad.py:Tracker"), "importing bad raised ZeroDivisionError: division by zero"),
    (("check", "profile:Tracker"), "Profile(unsupported={'stall': …}): allowed are 'created', 'active'"),
    (("check", SMALL, "--rules=TERM-9"), "rules: there is no rule 'TERM-9'"),
    (("check", SMALL, "--rules=RACE"), "rules: RACE is not checked yet"),
    (("check", SMALL, "--rules=TERM1"), "rules: there is no rule 'TERM1'; `jobstatus rules` lists them all; did you"),
    (
        ("check", SMALL, "--rules=TREM"),
        "there is no rule 'TREM'; `jobstatus rules` lists them all; did you mean 'TERM'?",
    ),
    (("check", SMALL, "--effort=hard"), "effort: 'hard': allowed are 'quick', 'default', 'thorough'"),
    (("check", SMALL, "--effort=quik"), "'thorough'; did you mean 'quick'?"),
    (("check", SMALL, "--seed=x"), "seed: 'x': allowed is a whole number"),
    (
        ("check", SMALL, "--json=no/such/folder.json"),
        "json 'no/such/folder.json': allowed is a file in a folder that exists",
    ),
    (("check", SMALL, "--scenarios=none"), "none: no such folder of scenarios"),
    (("check", SMALL, "--baseline=none.toml"), "none.toml: the baseline cannot be read"),
    (("explain", "TERM"), "explain: TERM is a family; say which rule: TERM-1, TERM-2, TERM-3"),
    (("explain", "RACE-1"), "explain: RACE-1 is not checked yet"),
    (("replay", "none.toml", SMALL), "none.toml: cannot be read"),
    (("replay", "TERM-1-0123", SMALL), "'TERM-1-0123': no file, and no scenario of that id; there are "),
    (("check", SMALL, "--save=bad.py"), "save 'bad.py': allowed is a folder; it is made where there is none"),
    (("trace", SMALL, "TERM-1-0123"), "'TERM-1-0123': no file, and no scenario of that id; there are "),
    (("trace", SMALL, SMALL), "no such file; the order is: jobstatus trace TARGET [ID|FILE]"),
    (("replay", SMALL, "none.toml"), "no such file; the order is: jobstatus replay ID|FILE TARGET"),
    (("check", ":Tracker"), "target ':Tracker': allowed are module:attribute, celery:URL, "),
    (("check", "ending:Tracker"), "importing ending raised SystemExit: 0"),
    (
        ("check", "quitting:InFactory"),
        "quitting:InFactory: the factory raised SystemExit: 3; that is no verdict on the tracker",
    ),
    (("check", SMALL, "--rule=TERM"), "unrecognized arguments: --rule=TERM"),
    (("check", "quitting:Skipping"), "the tracker gave up: Skipped: no database here; it was not judged"),
    (("init", "bad.py"), "init 'bad.py': the file exists, and nothing is overwritten"),
    (("init", "my-adapter.py"), "init 'my-adapter.py': allowed is a Python file that can be imported"),
    (("init", "no/such/adapter.py"), "init 'no/such/adapter.py': cannot be written"),
    (
        ("check", "celery:db+postgresql://me:secret@db.example.com/jobs"),
        "me:***@db.example.com/jobs: the check writes rows",
    ),
    (("check", "reference:postgresql+psycopg://db.example.com/jobs"), "db.example.com is not this machine: say --yes"),
    (("check", "celery:db+postgresql:///jobs?host=db.example.com"), "db.example.com is not this machine: say --yes"),
    (("check", "celery:db+postgresql://[::1/x"), "no URL: Invalid IPv6 URL"),
]


def checked(capsys: pytest.CaptureFixture[str], source: str, rules: str) -> tuple[int, str, str, list[dict[str, Any]]]:
    """What checking the class Own of a source gives: exit code, output, errors, and the rules in JSON."""
    Path("own.py").write_text(source, encoding="utf-8")
    sys.modules.pop("own", None)
    code, out, err = run(capsys, "check", "own:Own", f"--rules={rules}", "--json=report.json")
    return code, out, err, json.loads(Path("report.json").read_text(encoding="utf-8"))["rules"]


LOCKING = """
from tests.small_trackers import Small

class Own(Small):
    "Never ends the transaction of a write that failed, so that nobody gets in any more."
    writes = 0

    def __init__(self):
        if Own.writes > 100:
            raise OSError("database is locked")
        super().__init__()

    def apply(self, event):
        Own.writes += 1
        super().apply(event)
"""


def test_what_was_found_before_the_adapter_broke_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """Verdicts, the JSON and the summary are there, then what broke, and at which rule."""
    code, out, err, rules = checked(capsys, LOCKING, "TRACK-2,TRACK-6,TERM-4")
    assert code == 2
    assert "TRACK-2   pass" in out
    assert "ended early: incomplete: 2 of 59 rules judged, 1 without a verdict" in out
    assert "own:Own: the factory raised OSError: database is locked" in err
    assert err.rstrip().endswith("(at TERM-4)")
    assert [each["id"] for each in rules] == ["TRACK-2", "TRACK-6"]


RAISING = """
from tests.small_trackers import Small

class Own(Small):
    def apply(self, event):
        if event.attempt > 1:
            self.rows["no such row"]
        super().apply(event)
"""


def test_where_it_was_raised_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """The line of the tracker's own that raised, below the history and in the JSON."""
    code, out, _, (rule,) = checked(capsys, RAISING, "TRACK-3")
    assert code == 1
    assert "Raised at own.py:7, in apply" in out
    assert rule["counterexample"]["raised_at"] == "own.py:7, in apply"


@pytest.mark.parametrize(("arguments", "said"), MISUSES, ids=[said[:40] for _, said in MISUSES])
def test_misuse_is_one_line(arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong call ends with exit code 2 and one line that says what is wrong and what is allowed."""
    Path("bad.py").write_text("1 / 0\n", encoding="utf-8")
    Path("profile.py").write_text(
        "from pytest_jobstatus import Profile\nProfile(unsupported={'stall': 'x'})\n", encoding="utf-8"
    )
    Path("ending.py").write_text("import sys\nsys.exit(0)\n", encoding="utf-8")
    Path("quitting.py").write_text(QUITTING, encoding="utf-8")
    code, out, err = run(capsys, *arguments)
    last = err.strip().splitlines()[-1]
    assert code == 2
    assert last.startswith("jobstatus: ")
    assert said in last
    assert "secret" not in err + out
    assert "Traceback" not in err + out


def test_a_tracker_that_exits_is_no_success(capsys: pytest.CaptureFixture[str]) -> None:
    """What a handler raises is judged, though it be SystemExit(0)."""
    Path("quitting.py").write_text(QUITTING, encoding="utf-8")
    code, out, _ = run(capsys, "check", "quitting:InApply", "--rules=TRACK-3", "--effort=quick")
    assert (code, "created must be accepted; it raised SystemExit: 0" in out) == (1, True), out


def test_rules_add_up(capsys: pytest.CaptureFixture[str]) -> None:
    """An option for rules that is given twice means all of them."""
    _, out, _ = run(capsys, "check", SMALL, "--rules=TRACK-1", "--rules=TERM", "--effort=quick")
    assert "conformant: 5 of" in out


def test_counterexample_can_be_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    """The command that a failure prints repeats it: reproduced on the faulty tracker, gone on a sound one."""
    _, out, _ = run(capsys, "check", REOPENING, "--rules=TERM-1")
    (command,) = [line.strip() for line in out.splitlines() if "jobstatus replay" in line]
    _, replay, file, target = command.removeprefix("Repeat it: ").split()
    assert target == REOPENING
    code, out, _ = run(capsys, replay, file, target)
    assert (code, "TERM-1: reproduced: the job was" in out) == (1, True)
    code, out, _ = run(capsys, replay, file, SMALL)
    assert (code, "TERM-1: gone: it holds" in out) == (0, True)


def test_json_report(capsys: pytest.CaptureFixture[str]) -> None:
    """The JSON report is written, also where rules failed."""
    code, _, _ = run(capsys, "check", REOPENING, "--effort=quick", "--json=report.json")
    values = json.loads(Path("report.json").read_text(encoding="utf-8"))
    assert (code, values["verdict"], len(values["rules"])) == (1, "violations", len(RULES))


def test_pyproject_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    """What pyproject.toml says holds where the command line says nothing else."""
    Path("pyproject.toml").write_text('[tool.jobstatus]\nrules = ["TRACK-1"]\neffort = "quick"\n', encoding="utf-8")
    _, out, _ = run(capsys, "check", SMALL)
    assert f"1 of {len(RULES) + len(PLANNED)} rules judged" in out
    _, out, _ = run(capsys, "check", SMALL, "--rules=TRACK-1,TRACK-3")
    assert f"2 of {len(RULES) + len(PLANNED)} rules judged" in out


def test_servers_are_for_pytest_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """Of the table that both read, the command checks what the fixtures of pytest want, and does nothing with it."""
    Path("pyproject.toml").write_text('[tool.jobstatus]\nrules = "TRACK-1"\npostgres = "wheel"\n', encoding="utf-8")
    assert run(capsys, "check", SMALL, "--effort=quick")[0] == 0
    Path("pyproject.toml").write_text('[tool.jobstatus]\npostgres = "weel"\n', encoding="utf-8")
    code, _, err = run(capsys, "check", SMALL)
    assert (code, "[tool.jobstatus] postgres: 'weel': allowed are a URL of PostgreSQL" in err) == (2, True), err
    code, _, err = run(capsys, "check", SMALL, "--postgres=wheel")
    assert (code, "unrecognized arguments: --postgres=wheel" in err) == (2, True), err


def test_skeleton_is_an_adapter(capsys: pytest.CaptureFixture[str]) -> None:
    """What init writes can be checked as it stands, and fails by rules, not by misuse."""
    code, out, _ = run(capsys, "init", "my_adapter.py")
    assert (code, out) == (0, "wrote my_adapter.py; fill it in, then: jobstatus check my_adapter:MyTracker\n")
    code, out, _ = run(capsys, "check", "my_adapter:MyTracker", "--effort=quick")
    assert (code, "TRACK-1   pass" in out) == (1, True), out


def test_targets_in_files_of_other_folders(capsys: pytest.CaptureFixture[str]) -> None:
    """A tracker in a file that cannot be imported by name is named by its path."""
    Path("checks").mkdir()
    Path("checks/mine.py").write_text("from tests.small_trackers import Small as Mine\n", encoding="utf-8")
    code, out, _ = run(capsys, "check", "checks/mine.py:Mine", "--rules=TRACK-1")
    assert code == 0
    assert out.startswith("checks/mine.py:Mine against JSL/1")
    assert resolve("checks/mine.py:Mine").make is resolve(SMALL).make


def test_what_is_written_to_is_said_first(capsys: pytest.CaptureFixture[str]) -> None:
    """Before a row is written, the command says by which target."""
    _, _, err = run(capsys, "check", SMALL, "--rules=TRACK-1")
    assert err == f"jobstatus: rows will be written by {SMALL}\n"


SLOW = """
import time
from tests.small_trackers import Reopening

class Slow(Reopening):
    def apply(self, event):
        time.sleep(0.0005)
        super().apply(event)
"""


def test_ctrl_c_ends_with_what_was_found() -> None:
    """Ctrl-C during a check ends at once with exit code 130 and what was found until then."""
    Path("slow.py").write_text(SLOW, encoding="utf-8")
    command = [sys.executable, "-m", "pytest_jobstatus.cli", "check", "slow:Slow"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("TRACK-1"):
            threading.Timer(0.2, process.send_signal, [signal.SIGINT]).start()
            break
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "interrupted: " in out
    assert "Traceback" not in err


def test_help(capsys: pytest.CaptureFixture[str], golden: Golden, monkeypatch: pytest.MonkeyPatch) -> None:
    """The help says what there is."""
    monkeypatch.setenv("COLUMNS", "100")
    with pytest.raises(SystemExit):
        main(["check", "--help"])
    golden.compare("help_check.txt", capsys.readouterr().out)

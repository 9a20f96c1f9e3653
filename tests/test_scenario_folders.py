"""Folders of scenarios of the user's own, in a call, on the command line and in pytest."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_jobstatus import Misuse, Profile, Snapshot, check
from pytest_jobstatus.cli import main
from pytest_jobstatus.engine import settings
from pytest_jobstatus.scenario import shipped
from tests.inner import QUICK
from tests.inner import run as run_pytest
from tests.scenario_text import ACTIVE, COMPLETED, CREATED, FIRST, written
from tests.sound_trackers.merging import Row, Sound

OWN = FIRST | {"id": '"mine"', "title": '"One attempt"', "rules": '["IDEM-1"]', "needs": '["event_time"]'}
TEXT = written(OWN, CREATED, ACTIVE, COMPLETED, tables="[expected]\nattempt = 1")
SAID = "IDEM-1    FAIL            the scenario expects attempt to end as 1; it shows 2"
WRONG = "tests.test_scenario_folders:OneTooMany"


class OneTooMany(Sound):
    """Shows, once a job is over, one attempt more than it had: the scenario alone asks whether it does."""

    def show(self, row: Row) -> Snapshot:
        shown = super().show(row)
        return replace(shown, attempt=row.attempt + 1) if row.over else shown


class Stamping(OneTooMany):
    """The same with times of its own, so that the scenario is not for it."""

    profile = Profile(unsupported={"event_time": "rows are stamped on arrival"})


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder "own", with one scenario, in the current one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    own = tmp_path / "own" / "below"
    own.mkdir(parents=True)
    (own / "plain.toml").write_text(TEXT, encoding="utf-8")
    return own.parent


def test_on_the_command_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The user sees which file failed, and can repeat it; the report in JSON says what was expected."""
    asked = ["--rules=IDEM-1", "--effort=quick", "--scenarios", folder.name, "--json=report.json", "--coverage"]
    assert main(["check", WRONG, *asked]) == 1
    out = capsys.readouterr().out
    assert SAID in out
    note = "scenario mine (own/below/plain.toml): One attempt; if it expects the wrong thing, mend it there"
    assert f"({note})" in " ".join(out.split())
    (command,) = [line for line in out.splitlines() if "jobstatus replay" in line]
    file = command.split()[-2]
    assert main(["replay", file, WRONG]) == 1
    assert "IDEM-1: reproduced: the scenario expects" in capsys.readouterr().out
    assert main(["replay", file, WRONG, "--program"]) == 0
    names: dict[str, Any] = {}
    exec(capsys.readouterr().out, names)
    with pytest.raises(AssertionError, match="IDEM-1: the scenario expects attempt to end as 1; it shows 2"):
        names["test_idem_1"]()
    names["OneTooMany"] = Sound
    names["test_idem_1"]()
    assert main(["replay", file, "tests.sound_trackers.merging:Sound"]) == 0
    assert "IDEM-1: gone: it holds" in capsys.readouterr().out
    (rule,) = json.loads(Path("report.json").read_text(encoding="utf-8"))["rules"]
    assert rule["counterexample"]["scenario"]["expected"] == {"job-1": {"attempt": 1}}


def test_covered_scenarios_are_counted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The first thing that was gone through are the scenarios that the tracker could be told, the user's included."""
    counts = []
    for scenarios in ([], ["--scenarios", folder.name]):
        assert main(["check", "tests.sound_trackers.merging:Sound", "--rules=IDEM-1", "--coverage", *scenarios]) == 0
        (line,) = [line for line in capsys.readouterr().out.splitlines() if line.endswith(" scenarios")]
        counts.append(int(line.split()[0]))
    assert counts[1] == counts[0] + 1
    mine = ["--rules=IDEM-1", "--coverage", "--scenarios", folder.name]
    assert main(["check", "tests.test_scenario_folders:Stamping", *mine]) == 0
    assert f"    {counts[0]} scenarios" in capsys.readouterr().out.splitlines()


def test_in_pytest(folder: Path, pytester: pytest.Pytester) -> None:
    """The item of the rule fails, and names the file."""
    pytester.makepyfile(
        test_own=f"""
        from pytest_jobstatus import conformance
        from tests.test_scenario_folders import OneTooMany
        test_conformance = conformance(OneTooMany, scenarios={str(folder)!r})
        """
    )
    result = run_pytest(pytester, QUICK, "--jobstatus-rules=IDEM-1")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["IDEM-1: the scenario expects attempt to end as 1; it shows 2", "*(scenario mine (*plain.toml):*"]
    )


def test_in_a_call(folder: Path) -> None:
    """Several folders can be given; one that comes twice is read once."""
    found = check(OneTooMany, rules=["IDEM-1"], effort="quick", scenarios=[folder, folder, shipped()])
    assert found["IDEM-1"].counterexample is not None
    assert found["IDEM-1"].counterexample.message == "the scenario expects attempt to end as 1; it shows 2"
    assert len(settings(scenarios=[folder, folder, shipped()]).scenarios) == len(settings().scenarios) + 1


def test_an_id_of_the_projects_own_is_refused(folder: Path) -> None:
    """An id names one scenario of a check; both files are told, the user's first."""
    (folder / "late.toml").write_text(TEXT.replace('"mine"', '"late-start"'), encoding="utf-8")
    with pytest.raises(Misuse) as caught:
        settings(scenarios=folder)
    theirs = shipped() / "terminal" / "late-start.toml"
    assert str(caught.value) == f"{folder / 'late.toml'}: id = 'late-start': {theirs} has that id"


@pytest.mark.parametrize("apart", [False, True], ids=["in one folder", "in two"])
def test_an_id_that_two_files_have_is_refused(folder: Path, apart: bool) -> None:  # noqa: FBT001 - a column of the table
    """Likewise of two of the user's own."""
    second = folder.parent / "second" if apart else folder
    second.mkdir(exist_ok=True)
    (second / "again.toml").write_text(TEXT, encoding="utf-8")
    with pytest.raises(Misuse) as caught:
        settings(scenarios=[second, folder] if apart else folder)
    said = f"{second / 'again.toml'}: id = 'mine': {folder / 'below' / 'plain.toml'} has that id"
    assert str(caught.value) == said


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ("attempt = -1", "own/below/plain.toml: expected: attempt = -1: allowed is a whole number from 0 on"),
        ("attempts = 1", "own/below/plain.toml: expected: unknown key 'attempts': allowed are 'status', 'attempt'"),
    ],
)
def test_a_bad_file_is_misuse(folder: Path, capsys: pytest.CaptureFixture[str], bad: str, said: str) -> None:
    """One line names file, key, value and what is allowed, and the exit code is that of misuse."""
    (folder / "below" / "plain.toml").write_text(
        TEXT.replace("[expected]\nattempt = 1", f"[expected]\n{bad}"), encoding="utf-8"
    )
    assert main(["check", WRONG, "--scenarios", folder.name]) == 2
    assert said in capsys.readouterr().err


def test_a_file_that_changes_is_read_again(folder: Path) -> None:
    """Files are read once for a check, and what is in them counts, not what was."""
    before = settings(scenarios=folder).scenarios[0]
    assert settings(scenarios=folder).scenarios[0] is before
    (folder / "below" / "plain.toml").write_text(TEXT.replace("One attempt", "Two attempts"), encoding="utf-8")
    assert settings(scenarios=folder).scenarios[0].title == "Two attempts"

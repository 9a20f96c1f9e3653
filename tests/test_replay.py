"""`jobstatus replay`: reproduced, changed, gone or never exercised, by id or file, each with its exit code."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from pytest_jobstatus.cli import main
from tests.inner import QUICK, suite
from tests.inner import run as run_pytest

TRACKERS = """
from pytest_jobstatus import Profile
from tests.small_trackers import LACKING, Otherwise, Small

class Mine(Small):
    "What comes last is shown."
    def apply(self, event):
        self.rows.pop(event.job_id, None)
        super().apply(event)

class Deaf(Small):
    "Takes no end at all."
    def apply(self, event):
        if not event.kind.terminal:
            super().apply(event)

class Waived(Small):
    profile = Profile(unsupported=dict.fromkeys((*LACKING, "created"), "kept small"))
"""


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test works in a folder of its own, with trackers and a counterexample in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    Path("their_jobs.py").write_text(TRACKERS, encoding="utf-8")
    sys.modules.pop("their_jobs", None)


def saved(*options: str) -> Path:
    """The file of the counterexample to TERM-1 that a check finds in Mine."""
    assert main(["check", "their_jobs:Mine", "--rules=TERM-1", *options]) == 1
    (file,) = Path(".jobstatus").glob("TERM-1-*.toml")
    return file


REPLAYS = [
    ("their_jobs:Mine", 1, ["TERM-1: reproduced: the job was completed; created made it pending"]),
    (
        "their_jobs:Otherwise",
        1,
        [
            "TERM-1: changed: the job was completed; created made it failed (delivery 2, status)",
            "    it was: the job was completed; created made it pending (delivery 2, status; their_jobs:Mine)",
        ],
    ),
    ("their_jobs:Small", 0, ["TERM-1: gone: it holds"]),
    ("their_jobs:Deaf", 3, ["TERM-1: never exercised"]),
]


@pytest.mark.parametrize(("target", "code", "said"), REPLAYS, ids=[target for target, _, _ in REPLAYS])
def test_each_outcome_has_its_words_and_exit_code(
    target: str, code: int, said: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The same file is reproduced, changed, gone or never exercised, as the tracker is."""
    file = saved()
    capsys.readouterr()
    assert main(["replay", file.stem, target]) == code
    out = capsys.readouterr().out
    assert out.splitlines()[-len(said) :] == said
    assert out.startswith(f"{file.stem}: the job was completed; created made it pending\n")


def test_a_rule_that_does_not_apply_is_never_exercised(capsys: pytest.CaptureFixture[str]) -> None:
    """Where the one rule of a scenario does not apply, nothing was exercised: exit code 3."""
    text = saved().read_text(encoding="utf-8").replace("TERM-1", "TIME-1")
    Path("time.toml").write_text(text, encoding="utf-8")
    assert main(["replay", "time.toml", "their_jobs:Mine"]) == 3
    assert "TIME-1: not applicable: not supported: " in capsys.readouterr().out


def test_a_tracker_that_cannot_be_told_is_misuse(capsys: pytest.CaptureFixture[str]) -> None:
    """What the tracker declares missing cannot be delivered to it: exit code 2."""
    file = saved()
    assert main(["replay", file.stem, "their_jobs:Waived"]) == 2
    assert "needs created, which their_jobs:Waived lacks: kept small" in capsys.readouterr().err


@pytest.mark.parametrize("word", ["id", "beginning", "lower case", "file"])
def test_by_id_or_file(word: str) -> None:
    """A counterexample is named by its id, as much of it as is needed, or its file."""
    file = saved()
    words = {"id": file.stem, "beginning": file.stem[:10], "lower case": file.stem[:9].lower(), "file": str(file)}
    assert main(["replay", words[word], "their_jobs:Mine"]) == 1


@pytest.mark.parametrize(
    "way", ["option", "save in pyproject.toml", "scenarios in pyproject.toml", "baseline", "shipped"]
)
def test_ids_in_other_folders(way: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Ids are looked up in the user's folders of scenarios and of kept counterexamples too, and among the shipped."""
    number = "late-start"
    if way == "baseline":
        assert main(["check", "their_jobs:Mine", "--rules=TERM-1", "--update-baseline"]) == 0
        (file,) = Path("jobstatus-baseline").iterdir()
        number = file.stem
        shutil.rmtree(".jobstatus")
    elif way != "shipped":
        number = saved("--save=kept").stem
        shutil.rmtree(".jobstatus")
        key = way.partition(" ")[0]
        if way != "option":
            Path("pyproject.toml").write_text(f'[tool.jobstatus]\n{key} = "kept"\n', encoding="utf-8")
    arguments = ["--scenarios=kept"] if way == "option" else []
    assert main(["replay", number, "their_jobs:Mine", *arguments]) == 1
    assert "reproduced" in capsys.readouterr().out


def test_a_second_check_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    """The command line tells what it saw before first, and repeats the command that replays it."""
    file = saved()
    capsys.readouterr()
    saved()
    out = capsys.readouterr().out
    assert f"(seen before: {file.stem}, which was not made small again)" in out
    assert f"Repeat it: jobstatus replay {file} their_jobs:Mine" in out


def test_a_damaged_file_ends_a_check(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, with the file and what to do; before anything is judged."""
    file = saved()
    file.write_text("[", encoding="utf-8")
    capsys.readouterr()
    assert main(["check", "their_jobs:Mine", "--rules=TERM-1"]) == 2
    out, err = capsys.readouterr()
    assert f"{file}: is no TOML: " in err
    assert "mend the file or remove it" in err
    assert out == ""
    assert file.read_text(encoding="utf-8") == "["


FAULTY = "class Mine(Reopening):\n    pass\n\ntest_conformance = conformance(Mine)"


def test_pytest_tells_first_what_it_saw_before(pytester: pytest.Pytester) -> None:
    """A second run shows the saved counterexample, and a damaged file is an error that names it."""
    suite(pytester, FAULTY)
    run_pytest(pytester, QUICK, "--jobstatus-rules=TERM-1").assert_outcomes(failed=1)
    again = run_pytest(pytester, QUICK, "--jobstatus-rules=TERM-1")
    again.assert_outcomes(failed=1)
    again.stdout.fnmatch_lines(["*(seen before: TERM-1-*, which was not made small again)"])
    (file,) = (pytester.path / ".jobstatus").glob("TERM-1-*.toml")
    file.write_text("[", encoding="utf-8")
    broken = run_pytest(pytester, QUICK, "--jobstatus-rules=TERM-1")
    broken.assert_outcomes(errors=1)
    broken.stdout.fnmatch_lines([f"*{file}: is no TOML: *mend the file or remove it*"])


@pytest.mark.parametrize("way", ["option", "pyproject.toml"])
def test_pytest_keeps_counterexamples(pytester: pytest.Pytester, way: str) -> None:
    """With a folder named each counterexample is kept there, by several workers at once, and found there again."""
    suite(pytester, FAULTY.replace("test_conformance", "test_one") + "\ntest_other = conformance(Mine)")
    options = ["--jobstatus-save=kept/here"]
    if way != "option":
        pytester.makepyprojecttoml('[tool.jobstatus]\nsave = "kept/here"\n')
        options = []
    rules = "--jobstatus-rules=TERM-1,CONV-1,TERM-3"
    run_pytest(pytester, QUICK, rules, "-n", "2", *options).assert_outcomes(failed=6)
    names = sorted(file.name for file in (pytester.path / "kept" / "here").iterdir())
    assert [name.rpartition("-")[0] for name in names] == ["CONV-1", "TERM-1", "TERM-3"]
    assert sorted(file.name for file in (pytester.path / ".jobstatus").iterdir()) == [".gitignore", *names]
    shutil.rmtree(pytester.path / ".jobstatus")
    again = run_pytest(pytester, QUICK, rules, "--jobstatus-scenarios=kept/here", "-n", "0", "-k", "test_one")
    again.assert_outcomes(failed=3, deselected=3)
    assert again.stdout.str().count("(seen before: ") == 3

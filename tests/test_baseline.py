"""The baseline: known violations are told quickly, what has changed is said, and a check keeps the file up to date."""

from __future__ import annotations

import shutil
import stat
import sys
import tomllib
from pathlib import Path

import pytest

from pytest_jobstatus import Misuse, check
from pytest_jobstatus.baseline import load_baseline
from pytest_jobstatus.cli import main
from pytest_jobstatus.verdict import Overall
from tests.inner import QUICK, suite
from tests.inner import run as run_pytest
from tests.small_trackers import Reopening, Small

TRACKERS = """
from tests.small_trackers import Otherwise, Reopening, Small

class Mine(Reopening):
    pass

class Stopping(Reopening):
    "Ctrl-C comes in the middle."
    left = 300

    def apply(self, event):
        Stopping.left -= 1
        if not Stopping.left:
            raise KeyboardInterrupt
        super().apply(event)

class Breaking(Reopening):
    made = 0

    def __init__(self):
        Breaking.made += 1
        if Breaking.made > 20:
            raise OSError("database is locked")
        super().__init__()
"""
FILE = Path("jobstatus-baseline.toml")
FOLDER = Path("jobstatus-baseline")


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test works in a folder of its own, with trackers in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    Path("their_jobs.py").write_text(TRACKERS, encoding="utf-8")
    sys.modules.pop("their_jobs", None)


def updated(*arguments: str, target: str = "their_jobs:Mine", rules: str = "TRACK-1,TERM-1") -> int:
    return main(["check", target, f"--rules={rules}", "--effort=quick", "--update-baseline", *arguments])


def test_violations_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """What fails is written with a counterexample beside it, and the next check ends with 0, told at once."""
    assert updated() == 0
    out = capsys.readouterr().out
    (entry,) = tomllib.loads(FILE.read_text(encoding="utf-8")).items()
    assert (entry[0], entry[1]["reason"]) == ("TERM-1", "new: say why")
    assert [file.stem for file in FOLDER.iterdir()] == [entry[1]["counterexample"]]
    assert "jobstatus-baseline.toml: written\n    added: TERM-1; say why, in place of 'new: say why'\n" in out
    assert "    to use it: --baseline jobstatus-baseline.toml, or baseline in [tool.jobstatus]\n" in out
    assert "\nconformant but for what is known: 2 of 59 rules judged, 1 known to fail" in out
    shutil.rmtree(".jobstatus")  # as on CI
    report = check(Reopening, rules="TERM-1", baseline=FILE)
    assert (report.exit_code, report["TERM-1"].known, report["TERM-1"].coverage.histories) == (0, True, 1)
    assert report["TERM-1"].counterexample is not None
    assert report["TERM-1"].counterexample.note == (
        f"seen before: {entry[1]['counterexample']}, which was not made small again; the baseline does not say why yet"
    )


def test_it_is_not_picked_up_by_itself(capsys: pytest.CaptureFixture[str]) -> None:
    """A file that hides violations has to be named."""
    updated()
    capsys.readouterr()
    assert main(["check", "their_jobs:Mine", "--rules=TERM-1"]) == 1
    said = "jobstatus: jobstatus-baseline.toml is there and not used; to use it: --baseline jobstatus-baseline.toml\n"
    assert said in capsys.readouterr().err
    assert main(["check", "their_jobs:Mine", "--rules=TERM-1", f"--baseline={FILE}"]) == 0
    Path("pyproject.toml").write_text(f'[tool.jobstatus]\nbaseline = "{FILE}"\n', encoding="utf-8")
    assert main(["check", "their_jobs:Mine", "--rules=TERM-1"]) == 0
    assert "is there and not used" not in capsys.readouterr().err


BY_HAND = """\
# What we know of our tracker.

[TERM-1]  # the guard is missing
reason = "the old queue tells ends late"   # until March
link = "https://example.com/issues/12"

# Nobody has looked at this one.
[track-1]
reason = 'it was slow then'

# Idle since spring.
[IDEM-1]
reason = "seen in spring"
"""


def test_what_a_person_wrote_stays(capsys: pytest.CaptureFixture[str]) -> None:
    """Reasons, links, comments and the order stay; an entry gets its counterexample, and one that holds goes."""
    FILE.write_text(BY_HAND, encoding="utf-8")
    FILE.chmod(0o640)
    assert updated(rules="TRACK-1,TERM-1,TERM-3") == 0
    text = FILE.read_text(encoding="utf-8")
    number = tomllib.loads(text)["TERM-1"]["counterexample"]
    assert text.startswith(
        "# What we know of our tracker.\n\n[TERM-1]  # the guard is missing\n"
        'reason = "the old queue tells ends late"   # until March\n'
        f'link = "https://example.com/issues/12"\ncounterexample = "{number}"\n'
        "\n# Nobody has looked at this one.\n\n# Idle since spring.\n"
    )
    assert '[IDEM-1]\nreason = "seen in spring"\n\n[TERM-3]\nreason = "new: say why"\ncounterexample = "TERM-3-' in text
    assert "track-1" not in text
    assert stat.S_IMODE(FILE.stat().st_mode) == 0o640
    out = capsys.readouterr().out
    assert "    added: TERM-3; say why" in out
    assert "    with a new counterexample: TERM-1\n" in out
    assert "    removed: TRACK-1, which does not fail any more\n" in out
    assert "    left alone: IDEM-1: not judged\n" in out
    assert [*load_baseline(FILE).entries] == ["TERM-1", "IDEM-1", "TERM-3"]


KEPT = {
    "without a last newline": '[TERM-1]\nreason = "x"',
    "inline": 'TRACK-1 = {reason = "y"}  # slow\nTERM-1 = { reason = "x" }  # the guard\n',
    "first": '# ours\n[TRACK-1]\nreason = "y"\n# below\n\n# the guard\n[TERM-1]\nreason = "x"\n# the end',
    "dotted": 'TERM-1.reason = "x"\nTRACK-1.reason = "y"\n',
    "comments alone": "# ours\n",
    "quoted": '["TERM-1"]\nreason = """\n[TRACK-1]\nx"""\n',
    "lower case": '[term-1]\nreason = "x"\n[track-1]\nreason = "y"\n',
    "another counterexample": '[TERM-1]\nreason = "x"\ncounterexample = "TERM-1-00000000"  # old\n',
}


@pytest.mark.parametrize("text", KEPT.values(), ids=KEPT)
def test_however_it_was_written(text: str) -> None:
    """Whatever form a person gave the file, it reads the same afterwards, with its comments, but for what changed."""
    FILE.write_text(text, encoding="utf-8")
    known = load_baseline(FILE).entries
    assert updated(rules="TRACK-1,TERM-1,TERM-3") == 0
    now = load_baseline(FILE).entries
    assert now.keys() == {"TERM-1", "TERM-3"}
    assert now["TERM-1"].reason == (known["TERM-1"].reason if known else "new: say why")
    assert all(Path(FOLDER, f"{entry.counterexample}.toml").is_file() for entry in now.values())
    written = FILE.read_text(encoding="utf-8")
    for comment in (
        "# ours\n",
        "# below\n\n# the guard\n[TERM-1]",
        "# the end\n\n[TERM-3]",
        "  # old\n",
        "# the guard\n",
    ):
        assert (comment in written) or (comment.rstrip() not in text)


def test_ends_of_lines_stay() -> None:
    """A file with the ends of lines of Windows keeps them."""
    FILE.write_bytes(b'# ours\r\n[IDEM-1]\r\nreason = "y"\r\n')
    assert updated(rules="TERM-1") == 0
    assert FILE.read_bytes().startswith(b'# ours\r\n[IDEM-1]\r\nreason = "y"\r\n')


def test_nothing_to_change(capsys: pytest.CaptureFixture[str]) -> None:
    """A second update leaves the file as it is, to the byte; where nothing fails, none is made."""
    updated()
    before = FILE.read_bytes(), FILE.stat().st_mtime_ns
    capsys.readouterr()
    assert updated() == 0
    assert "jobstatus-baseline.toml: nothing to change\n" in capsys.readouterr().out
    assert (FILE.read_bytes(), FILE.stat().st_mtime_ns) == before
    assert updated("--baseline=other.toml", target="tests.small_trackers:Small") == 0
    assert "other.toml: not written: no violation was found\n" in capsys.readouterr().out
    assert not Path("other.toml").exists()
    assert not Path("other").exists()


def test_what_is_mended_is_removed(capsys: pytest.CaptureFixture[str]) -> None:
    """An entry that no longer fails is a failure, until the update removes it and leaves its counterexample."""
    updated()
    (file,) = FOLDER.iterdir()
    capsys.readouterr()
    arguments = ["check", "tests.small_trackers:Small", "--rules=TRACK-1,TERM-1", f"--baseline={FILE}"]
    assert main(arguments) == 1
    out = capsys.readouterr().out
    assert (
        "the baseline lists it (new: say why): remove the entry, or let `jobstatus check --update-baseline` do it"
        in out
    )
    assert "\nconformant, and the baseline is out of date: 2 of 59 rules judged" in out
    assert main([*arguments, "--update-baseline"]) == 0
    out = capsys.readouterr().out
    assert f"    removed: TERM-1, which does not fail any more; {file} is left to you\n" in out
    assert FILE.read_text(encoding="utf-8") == ""
    assert file.is_file()
    assert main(arguments) == 0


@pytest.mark.parametrize(
    ("target", "reason"),
    [("tests.small_trackers:Small", "not applicable"), ("their_jobs:Mine", "not applicable")],
)
def test_what_does_not_apply_is_left_alone(target: str, reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An entry about a rule that was not judged says nothing false: it stays, and is named with the reason."""
    FILE.write_text('[TIME-1]\nreason = "clocks"\n', encoding="utf-8")
    updated(target=target, rules="TIME-1,TRACK-1")
    assert f"    left alone: TIME-1: {reason}\n" in capsys.readouterr().out
    assert FILE.read_text(encoding="utf-8") == '[TIME-1]\nreason = "clocks"\n'


def test_another_counterexample_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """A listed rule that fails otherwise is known, with the note that the counterexample is another."""
    updated()
    capsys.readouterr()
    report = check(_named("Otherwise"), rules="TERM-1", baseline=FILE)
    found = report["TERM-1"].counterexample
    assert (report.verdict, report["TERM-1"].known) == (Overall.CONFORMANT, True)
    assert found is not None
    number = load_baseline(FILE).entries["TERM-1"].counterexample
    said = f"the baseline's counterexample, {number}, does not show the same any more"
    assert said in str(found.note)
    assert updated(target="their_jobs:Otherwise") == 0
    assert "    with a new counterexample: TERM-1\n" in capsys.readouterr().out
    assert load_baseline(FILE).entries["TERM-1"].counterexample != number
    assert len([*FOLDER.iterdir()]) == 2


def _named(name: str) -> type:
    import their_jobs  # type: ignore[import-not-found]  # the test writes it

    made: type = getattr(their_jobs, name)
    return made


def test_a_counterexample_that_is_not_there_is_a_note() -> None:
    """Where the file is gone the rule is searched in full, and says so; the update brings it back."""
    updated()
    shutil.rmtree(FOLDER)
    shutil.rmtree(".jobstatus")
    found = check(Reopening, rules="TERM-1", baseline=FILE)["TERM-1"].counterexample
    assert found is not None
    assert "is not there: searched in full" in str(found.note)
    text = FILE.read_text(encoding="utf-8")
    assert updated() == 0
    assert FILE.read_text(encoding="utf-8") == text
    assert len([*FOLDER.iterdir()]) == 1


@pytest.mark.parametrize("target", ["their_jobs:Stopping", "their_jobs:Breaking"])
def test_a_check_that_ends_early_writes_nothing(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    """After Ctrl-C, or where the adapter breaks, the baseline stays as it was."""
    FILE.write_text(BY_HAND, encoding="utf-8")
    assert updated(target=target, rules="TRACK,IDEM,TERM") in {2, 130}
    assert "the baseline was left as it was: the check has not come to its end" in capsys.readouterr().out
    assert FILE.read_text(encoding="utf-8") == BY_HAND
    assert not FOLDER.exists()


BAD = {
    "[TERM-1": "cannot be read: ",
    '[TERM-0]\nreason = "x"': "there is no rule 'TERM-0'",
    '[TREM-1]\nreason = "x"': "there is no rule 'TREM-1'; `jobstatus rules` lists them all; did you mean 'TERM-1'?",
    '[RACE-1]\nreason = "x"': "RACE-1 is not checked yet",
    '[TERM-1]\nreasn = "x"': "allowed are 'reason', 'link', 'counterexample'; did you mean 'reason'?",
    "[TERM-1]": "TERM-1 = {}: allowed is a table with a reason, in words",
    '[TERM-1]\nreason = " "': "allowed is a table with a reason, in words",
    'TERM-1 = "x"': "TERM-1 = 'x': allowed is a table with a reason, in words",
    '[TERM-1]\nreason = "x"\nowner = "me"': "TERM-1: unknown key 'owner': allowed are 'reason', 'link', ",
    '[TERM-1]\nreason = "x"\nlink = 7': "TERM-1: link = 7: allowed is a text",
    '[TERM-1]\nreason = "x"\ncounterexample = "../../secret"': "counterexample = '../../secret': allowed is the id of",
    '[TERM-1]\nreason = "x"\ncounterexample = "TERM-2-01234567"': "allowed is the id of a counterexample to TERM-1, ",
    '[TERM-1]\nreason = "x"\n[term-1]\nreason = "y"': "term-1: TERM-1 is the same rule: allowed is one entry for each",
}


@pytest.mark.parametrize("content", BAD, ids=BAD.values())
@pytest.mark.parametrize("update", [False, True])
def test_a_bad_baseline_is_refused(content: str, capsys: pytest.CaptureFixture[str], *, update: bool) -> None:
    """It is named with the key, its value and what is allowed, exit code 2, and left as it is."""
    FILE.write_text(content, encoding="utf-8")
    options = ["--update-baseline"] if update else [f"--baseline={FILE}"]
    assert main(["check", "their_jobs:Mine", "--rules=TERM-1", *options]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"jobstatus: {FILE}: ")
    assert BAD[content] in err
    assert FILE.read_text(encoding="utf-8") == content


def test_a_damaged_counterexample_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """The file beside the baseline is named, with what to do."""
    updated()
    (file,) = FOLDER.iterdir()
    file.write_text("[", encoding="utf-8")
    shutil.rmtree(".jobstatus")
    capsys.readouterr()
    assert main(["check", "their_jobs:Mine", "--rules=TERM-1", f"--baseline={FILE}"]) == 2
    assert f"{file}: is no TOML: " in capsys.readouterr().err
    with pytest.raises(Misuse, match="mend the file or remove it"):
        check(Small, rules="TERM-1", baseline=FILE)


def test_a_baseline_that_cannot_be_written(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, with the reason, before the check where that is known then; what was found is told all the same."""
    assert updated("--baseline=none/known.toml") == 2
    out, err = capsys.readouterr()
    assert (out, "baseline 'none/known.toml': allowed is a file in a folder that exists" in err) == ("", True)
    FOLDER.touch()
    assert updated() == 2
    out, err = capsys.readouterr()
    assert "\nTERM-1: A terminal status never changes" in out
    assert "violations: 2 of 59 rules judged" in out
    assert f"jobstatus: {FILE}: the baseline cannot be written: " in err
    assert not FILE.exists()


def test_a_baseline_that_is_damaged_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a person is writing during the check is not overwritten, and what is well-formed is not lost."""
    for written, code in (("[TERM-1", 2), ('[IDEM-1]\nreason = "new here"\n', 0)):
        FILE.write_text("", encoding="utf-8")
        monkeypatch.setattr(_named("Mine"), "close", lambda _, text=written: FILE.write_text(text), raising=False)
        assert updated() == code
        assert FILE.read_text(encoding="utf-8").startswith(written)
    assert [*load_baseline(FILE).entries] == ["IDEM-1", "TERM-1"]


def test_a_link_stays_a_link() -> None:
    """A baseline that is linked from elsewhere is written where it is."""
    Path("there").mkdir()
    Path("there/known.toml").write_text("# ours\n", encoding="utf-8")
    FILE.symlink_to("there/known.toml")
    assert updated() == 0
    assert FILE.is_symlink()
    assert Path("there/known.toml").read_text(encoding="utf-8").startswith("# ours\n\n[TERM-1]\n")
    assert [file.name for file in Path("there").iterdir()] == ["known.toml"]


def test_pytest_takes_the_quick_way_too(pytester: pytest.Pytester) -> None:
    """What the command line wrote pytest reads: an xfail, from the counterexample beside the baseline."""
    suite(pytester, "class Mine(Reopening):\n    pass\n\ntest_conformance = conformance(Mine)")
    assert updated(target="tests.small_trackers:Reopening", rules="TERM-1") == 0
    assert Path.cwd() == pytester.path
    shutil.rmtree(".jobstatus")
    result = run_pytest(
        pytester, QUICK, "--jobstatus-rules=TERM-1", f"--jobstatus-baseline={FILE}", "--jobstatus-json=report.json"
    )
    result.assert_outcomes(xfailed=1)
    assert '"histories": 1,' in (pytester.path / "report.json").read_text(encoding="utf-8")

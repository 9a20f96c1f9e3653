"""Counterexamples as programs: each fails on the faulty tracker as the check did, and passes on a sound one."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest

from pytest_jobstatus import Event, EventKind, Misuse, Profile, assert_holds, check
from pytest_jobstatus.cli import main
from pytest_jobstatus.report import json as report_json
from pytest_jobstatus.report.program import program
from pytest_jobstatus.report.source import source, text
from pytest_jobstatus.rules import RULES
from pytest_jobstatus.scenario import timeless
from pytest_jobstatus.targets import imported
from pytest_jobstatus.values import ODD_PROGRESS, ODD_TEXTS, PROGRESS, deep
from pytest_jobstatus.verdict import Counterexample
from tests.faulty_trackers import FAULTY, conv_2, data_1, data_3, iso_1, rules_of, time_5, workers
from tests.golden_files import Golden
from tests.inner import run, suite
from tests.small_trackers import Reopening, Small
from tests.sound_trackers.merging import SoundWaiting


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    return tmp_path


@cache
def found(tracker: type, number: str) -> Counterexample:
    counterexample = check(tracker, rules=[number])[number].counterexample
    assert counterexample is not None
    return counterexample


def named(tracker: type) -> str:
    return f"{tracker.__module__}:{tracker.__qualname__}"


def of_program(written: str, instead: object = None) -> Callable[[], None]:
    """The one test of a program, on another tracker where one is given."""
    names: dict[str, Any] = {}
    exec(compile(written, "program.py", "exec"), names)
    if instead is not None:
        (imported_as,) = re.findall(r'    assert_holds\(\n        "[A-Z]+-\d+",\n        ([\w.]+),\n', written)
        names[imported_as.partition(".")[0]] = instead
    (function,) = [value for name, value in names.items() if name.startswith("test_")]
    return function  # type: ignore[no-any-return]


EACH_RULE = {number: tracker for tracker in reversed(FAULTY) for number in rules_of(tracker)}
"""Each rule with the first of the faulty trackers that break it."""
MORE = [tracker for tracker in FAULTY[::9] if tracker not in EACH_RULE.values()]
CASES = [
    *((EACH_RULE[rule.id], rule.id) for rule in RULES),
    *((tracker, rules_of(tracker)[0]) for tracker in MORE),
    (workers.OwnCopyOfEachRow, "TRACK-6"),
]


def sound_like(tracker: type) -> type:
    """The sound tracker that the faulty one was made of."""
    return next(each for each in tracker.__mro__ if each.__module__.startswith("tests.sound_trackers"))


@pytest.mark.parametrize(("tracker", "number"), CASES, ids=lambda each: getattr(each, "__name__", each))
def test_it_fails_as_the_check_did_and_passes_on_a_sound_tracker(tracker: type, number: str) -> None:
    """Run as it is printed, it breaks the same rule in the same words; on a sound tracker it passes."""
    counterexample = found(tracker, number)
    written = program(counterexample, target=named(tracker))
    with pytest.raises(AssertionError) as caught:
        of_program(written)()
    said = str(caught.value).partition("\n")[0]
    assert timeless(said) == timeless(f"{number}: {counterexample.message}")
    try:
        of_program(written, instead=sound_like(tracker))()
    except pytest.skip.Exception as error:
        pytest.fail(f"not judged on the sound tracker: {error}")
    assert max(map(len, written.splitlines())) < 2_000
    assert {each for each in written if not each.isprintable()} == {"\n"}, "an editor shows all of it"


GOLDEN = [
    (Reopening, "TERM-1"),
    (conv_2.FirstStartDelivered, "CONV-2"),
    (iso_1.CancelsAllPending, "ISO-1"),
    (data_1.TailOfLongTextKept, "DATA-1"),
    (data_3.IdsNormalised, "DATA-3"),
    (time_5.OffsetInWholeHours, "TIME-5"),
    (EACH_RULE["ISO-2"], "ISO-2"),
    (EACH_RULE["TRACK-2"], "TRACK-2"),
]


@pytest.mark.parametrize(("tracker", "number"), GOLDEN, ids=[number for _, number in GOLDEN])
def test_it_reads_as_it_did(tracker: type, number: str, golden: Golden) -> None:
    """A program is printed word for word as before: it is there to be read."""
    golden.compare(f"program_{number}.txt", program(found(tracker, number), target=named(tracker)))


class WaitingByKind(SoundWaiting):
    """Writes what waits in the order of the kinds' names."""

    def settle(self) -> None:
        self.waiting.sort(key=lambda event: str(event.kind))
        super().settle()


class AsyncReopening:
    """Async, and a closed job opens again."""

    profile = Reopening.profile

    def __init__(self) -> None:
        self.inner = Reopening()

    async def apply(self, event: Event) -> None:
        self.inner.apply(event)

    async def read(self, job_id: str) -> Any:
        return self.inner.read(job_id)


async def async_factory() -> AsyncReopening:
    return AsyncReopening()


class Unreadable(Small):
    """Cannot be read after a stall, and says so in words that no terminal can print."""

    def read(self, job_id: str) -> Any:
        if job_id in self.rows and self.rows[job_id][0][1] == 2:
            raise LookupError("two\x1b rows \ud800")
        return super().read(job_id)


class EndsTwice(Small):
    """An end that is told again counts as another attempt."""

    def apply(self, event: Event) -> None:
        told = self.rows.get(event.job_id)
        super().apply(event)
        if told is not None and told[0] == (10_000, 3):
            self.rows[event.job_id] = (*told[:2], told[2] + 1)


ODD = [
    (WaitingByKind, SoundWaiting, "TERM-4", "    batch=2,"),
    (AsyncReopening, Small, "TERM-1", "created"),
    (async_factory, Small, "TERM-1", "async_factory,"),
    (Unreadable, Small, "TRACK-1", "# read raised LookupError: two\\x1b rows \\ud800  ← TRACK-1"),
]


@pytest.mark.parametrize(("tracker", "sound", "number", "says"), ODD, ids=[each[0].__name__ for each in ODD])
def test_trackers_of_every_make(tracker: Any, sound: type, number: str, says: str) -> None:
    """Batches, async trackers and factories, and trackers that cannot be read have programs that work."""
    written = program(found(tracker, number), target=named(tracker))
    assert says in written
    with pytest.raises(AssertionError, match=number):
        of_program(written)()
    with suppress(pytest.skip.Exception):  # what was shown before read raised need not exercise the rule
        of_program(written, instead=sound)()


@pytest.mark.parametrize("target", [None, "fixture my_tracker", "tests.x:made.<locals>.Mine", "jobs:<lambda>", "x:a-b"])
def test_a_tracker_without_a_name_is_to_be_filled_in(target: str | None) -> None:
    """Where no name leads to the tracker a marked line is to be filled in, and says so until it is."""
    written = program(found(Reopening, "TERM-1"), target=target)
    assert "    # FILL IN: " in written
    with pytest.raises(
        pytest.fail.Exception, match=r"fill in tracker\(\): this program has no name to import the tracker by"
    ):
        of_program(written)()
    filled = written.replace("    pytest.fail", "    return Reopening() or pytest.fail")
    filled = filled.replace("def tracker", "from tests.small_trackers import Reopening\n\n\ndef tracker")
    with pytest.raises(AssertionError, match="TERM-1: the job was "):
        of_program(filled)()


TARGETS = {
    "my_app.jobs:Outer.Tracker": ("from my_app.jobs import Outer", "Outer.Tracker"),
    "jobs.py:Mine": ("from jobs import Mine", "Mine"),
    "celery:db+sqlite:///jobs.db": (
        "from pytest_jobstatus.adapters.celery import factory",
        'factory("db+sqlite:///jobs.db")',
    ),
    "rq:redis://:secret@localhost/1": (
        "from pytest_jobstatus.adapters.rq import factory",
        'factory("redis://:***@localhost/1")',
    ),
}


@pytest.mark.parametrize("target", TARGETS)
def test_targets_are_imported(target: str) -> None:
    """What the command line takes as a target a program imports, without its password."""
    line, name = TARGETS[target]
    assert imported(target) == ((line,), name)


@pytest.mark.usefixtures("own_folder")
def test_targets_in_files_of_other_folders() -> None:
    """A tracker in a file that no name leads to is imported from its folder."""
    Path("checks").mkdir()
    Path("checks/their_own.py").write_text("from tests.small_trackers import Reopening as Mine\n", encoding="utf-8")
    written = program(found(Reopening, "TERM-1"), target="checks/their_own.py:Mine")
    with pytest.raises(AssertionError, match="TERM-1: the job was "):
        of_program(written)()


COUNTING = [[*range(30)], {"a": [*range(30)]}, [False, *range(1, 30)], [0, True, *range(2, 30)], [True, 1], deep(25)]


@pytest.mark.parametrize("value", [*ODD_PROGRESS, *PROGRESS, deep(), *COUNTING], ids=lambda value: ascii(value)[:30])
def test_values_are_told_exactly(value: Any) -> None:
    """A value as source is the value again, with true and false apart from 1 and 0, in few characters."""
    again = eval(source(value), {"json": json})
    assert repr(again) == repr(value)
    assert len(source(value)) < 2_000


TEXTS = [*ODD_TEXTS, "x" * 1_000_000, "ab" * 500 + "\0" + "y" * 90 + "end", "words " + "".join(map(str, range(99)))]


@pytest.mark.parametrize("value", TEXTS, ids=lambda value: ascii(value)[:30])
def test_texts_are_told_exactly(value: str) -> None:
    """A text as source is the text again, in ASCII; a megabyte takes few characters."""
    written = text(value)
    assert eval(written) == value
    assert written.isascii()
    assert len(written) < 300


NOON = datetime(2020, 2, 29, 12, tzinfo=UTC)
CREATED = Event(EventKind.CREATED, "job-1", NOON)
ACTIVE = Event(EventKind.ACTIVE, "job-1", NOON + timedelta(seconds=1), attempt=1)
COMPLETED = Event(EventKind.COMPLETED, "job-1", NOON + timedelta(seconds=2), attempt=1)
MISUSES: list[tuple[dict[str, Any], str]] = [
    ({"rule": "TERM-0"}, "assert_holds: there is no rule 'TERM-0'"),
    ({"rule": "TERM"}, "assert_holds: TERM is a family; say which rule: TERM-1"),
    ({"tracker": Small()}, "is no factory"),
    ({"happened": [ACTIVE]}, "completed 1 of 'job-1' is delivered, and stands not in happened"),
    ({"happened": [COMPLETED, ACTIVE]}, "active 1 cannot come after completed 1; say stray = true if it is meant"),
    ({"batch": 3}, "assert_holds: a batch of 3: there are 2 deliveries"),
    ({"batch": 2}, "assert_holds: rules: TERM-1 looks after each delivery: with a batch allowed are "),
    ({"reads": 0}, "assert_holds: reads = 0: allowed are 1 to 10"),
    ({"delivered": []}, "assert_holds: delivery is empty: at least one is needed"),
    ({"tenancy": True}, "assert_holds: job 'job-1': with tenancy allowed is a tenant, a slash and an id"),
    ({"strangers": ["job-1"]}, "assert_holds: strangers: 'job-1': events are told of that job"),
]


@pytest.mark.parametrize(("changed", "said"), MISUSES, ids=[said[:40] for _, said in MISUSES])
def test_a_program_that_was_changed_is_told_what_is_wrong(changed: dict[str, Any], said: str) -> None:
    """What no queue emits, and what cannot be delivered, is refused before the tracker is told anything."""
    given: dict[str, Any] = {"rule": "TERM-1", "tracker": Reopening, "delivered": [COMPLETED, ACTIVE]}
    given |= {"happened": [ACTIVE, COMPLETED]} | changed
    with pytest.raises(Misuse) as caught:
        assert_holds(given.pop("rule"), given.pop("tracker"), given.pop("delivered"), **given)
    assert said in str(caught.value)


def test_what_is_not_exercised_is_not_green() -> None:
    """A rule whose premise does not come up, or that does not apply, is skipped with its reason."""
    with pytest.raises(pytest.skip.Exception, match="TERM-1 holds, and was never exercised; needed is: "):
        assert_holds("TERM-1", Small, [CREATED, ACTIVE])
    with pytest.raises(pytest.skip.Exception, match="TIME-1 is not applicable: not supported: "):
        assert_holds("TIME-1", Small, [CREATED, ACTIVE])
    lacking = Profile(unsupported={**Small.profile.unsupported, "created": "never told"})
    with pytest.raises(Misuse, match=r"needs created, which tests.*Lacking lacks"):
        assert_holds("TRACK-1", type("Lacking", (Small,), {"profile": lacking}), [CREATED])


def test_the_json_report_has_the_program() -> None:
    """Each counterexample of the JSON report has its program; what has no name has the line to fill in."""
    values = json.loads(report_json.render(check(Reopening, rules="TERM-1,TRACK-1")))
    (program_of_it,) = [rule["counterexample"]["program"] for rule in values["rules"] if "counterexample" in rule]
    assert program_of_it == program(found(Reopening, "TERM-1"), target=named(Reopening))
    values = json.loads(report_json.render(check(partial(Reopening), rules="TERM-1")))
    assert values["tracker"] == "functools:<partial>"
    assert "# FILL IN" in values["rules"][0]["counterexample"]["program"]


@pytest.mark.usefixtures("own_folder")
def test_the_command_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    """`replay … --program` prints the program alone, with what is shown now; without a target that of the check."""
    target = named(Reopening)
    assert main(["check", target, "--rules=TERM-1"]) == 1
    assert "    As a test to paste: the same with --program\n" in capsys.readouterr().out
    (file,) = Path(".jobstatus").glob("TERM-1-*.toml")
    assert main(["replay", file.stem, target, "--program"]) == 0
    assert capsys.readouterr().out == program(found(Reopening, "TERM-1"), target=target)
    assert main(["replay", file.stem, named(Small), "--program"]) == 0
    assert "← TERM-1" not in capsys.readouterr().out
    assert main(["replay", file.stem, "--program"]) == 0
    assert "        Reopening,\n" in capsys.readouterr().out
    assert main(["replay", "end-told-twice", "--program"]) == 0
    assert "# FILL IN" in capsys.readouterr().out
    assert main(["replay", "end-told-twice", "tests.test_program:EndsTwice", "--program"]) == 0
    assert "← IDEM-1" in capsys.readouterr().out
    assert main(["replay", file.stem]) == 2
    assert "replay: TARGET is missing; only --program can do without" in capsys.readouterr().err


def test_pasted_into_a_test_folder(pytester: pytest.Pytester) -> None:
    """Pytest runs the program as it was printed: it fails with the rule's message, and without a line of ours."""
    suite(pytester, "class Mine(Reopening):\n    pass\n\ntest_conformance = conformance(Mine)")
    run(pytester, "--jobstatus-rules=TERM-1", "--jobstatus-json=report.json").assert_outcomes(failed=1)
    values = json.loads((pytester.path / "report.json").read_text(encoding="utf-8"))
    written = values["rules"][0]["counterexample"]["program"]
    assert "from test_jobs import Mine" in written
    (pytester.path / "test_pasted.py").write_text(written, encoding="utf-8")
    result = run(pytester, "test_pasted.py")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E *AssertionError: TERM-1: the job was *", "E * ← TERM-1"])
    assert "replay.py" not in result.stdout.str()


def test_a_fixture_is_named_in_the_failure(pytester: pytest.Pytester) -> None:
    """A tracker that is a fixture has no target; the program can be printed all the same."""
    suite(
        pytester, "import pytest\n@pytest.fixture\ndef mine():\n    return Reopening\n\ntest_it = conformance('mine')"
    )
    result = run(pytester, "--jobstatus-rules=TERM-1")
    result.stdout.fnmatch_lines(["    As a test to paste: jobstatus replay .jobstatus/TERM-1-*.toml --program"])

"""The Hypothesis state machine: finds what is wrong, passes what is right, and can be extended."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from pytest_jobstatus import Misuse, lifecycle_machine
from pytest_jobstatus.machine import LifecycleMachine, Violated
from pytest_jobstatus.rules import RULES
from reference_tracker.adapter import sqlite
from tests.faulty_trackers import iso_1, retry_7, term_1, workers
from tests.sound_trackers import SOUND
from tests.sound_trackers.merging import Sound
from tests.sound_trackers.workers import SharedRows

ROOT = Path(__file__).parent.parent
SOME = settings(
    max_examples=80,
    stateful_step_count=20,
    database=None,
    deadline=None,
    derandomize=True,
    print_blob=False,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)
FEW = settings(SOME, max_examples=8)


def run(machine: type[RuleBasedStateMachine], chosen: settings = SOME) -> None:
    run_state_machine_as_test(machine, settings=chosen)


def steps(error: BaseException) -> list[str]:
    """The program that Hypothesis printed, line by line."""
    return [line for note in error.__notes__ for line in note.splitlines() if line.startswith("state")]


@pytest.mark.parametrize("tracker", [factory for factory, _ in SOUND], ids=lambda each: each.__name__)
def test_what_is_right_passes(tracker: Any) -> None:
    """No sound tracker is accused, whatever it declares to lack."""
    run(lifecycle_machine(tracker), FEW)


FOUND = [
    (term_1.LastWriteWins, "TERM-1", r"TERM-1: the job was (completed|failed|cancelled); created made it pending"),
    (term_1.GuardsCompletedOnly, "TERM-1", r"TERM-1: the job was (failed|cancelled); \w+( 1)? made it"),
    (workers.OwnCopyOfEachRow, "TERM-1", r"each worker has a handle of its own"),
    (term_1.LastWriteWins, "IDEM-2", "IDEM-2: "),
    (term_1.LastWriteWins, "CONV", "CONV-1: in this order the job shows"),
    (iso_1.FAULTY[0], None, "ISO-1: "),
    (retry_7.FAULTY[0], "RETRY-7", "RETRY-7: "),
]


@pytest.mark.parametrize(("tracker", "number", "message"), FOUND, ids=lambda each: getattr(each, "__name__", None))
def test_what_is_wrong_is_found(tracker: type[Sound], number: str | None, message: str) -> None:
    """A fault is found, by the rule, with the table and the steps that lead to it."""
    machine = lifecycle_machine(tracker, rules=number)
    with pytest.raises(Violated, match=message) as caught:
        run(machine)
    program = steps(caught.value)
    assert program[0] == f"state = {machine.__name__}()"
    assert "#  " in str(caught.value)


@pytest.mark.parametrize("tracker", [term_1.LastWriteWins, workers.EndsKnownToItsWorker, iso_1.FAULTY[0]])
def test_the_printed_program_runs(tracker: type[Sound]) -> None:
    """What Hypothesis prints is a program that ends in the same violation."""
    machine = lifecycle_machine(tracker)
    with pytest.raises(Violated) as caught:
        run(machine)
    program = "\n".join(steps(caught.value))
    with pytest.raises(Violated) as again:
        exec(program, {machine.__name__: machine})
    undated = [re.sub(r"20\d\d-\d\d-\d\d", "", str(each.value)) for each in (caught, again)]
    assert undated[0] == undated[1]


def test_a_step_says_what_it_was() -> None:
    """Choices are numbers; the comment beside them is for people."""
    with pytest.raises(Violated) as caught:
        run(lifecycle_machine(term_1.LastWriteWins, rules="TERM-1"))
    told = [line.partition("  # ")[2] for line in steps(caught.value) if "arrives" in line]
    assert all(re.match(r"\w+( \d)? of job-[123]", each) for each in told), told
    assert told


def test_what_was_made_is_let_go() -> None:
    """Each run has a tracker of its own, which is cleaned up, also after a failure."""
    made = gone = 0

    def counted() -> Iterator[Sound]:
        nonlocal made, gone
        made += 1
        yield term_1.LastWriteWins()
        gone += 1

    with pytest.raises(Violated):
        run(lifecycle_machine(counted))
    assert made == gone > 3


class Mine(lifecycle_machine(SharedRows)):  # type: ignore[misc]  # a class that is made when it is asked for
    """With a rule and an invariant of its own."""

    swept = 0

    @initialize()
    def begin(self) -> None:
        self.seen: list[int] = []

    @rule()
    def sweep(self) -> None:
        Mine.swept += 1
        self.seen.append(len(self.jobs))

    @invariant()
    def rows_are_those_of_the_jobs(self) -> None:
        if hasattr(self, "seen"):
            assert set(self.tracker.rows) >= set(self.jobs) == set(self.shown)


def test_rules_and_invariants_can_be_added() -> None:
    """A subclass sees the tracker, the jobs and what was shown of them."""
    run(Mine, FEW)
    assert Mine.swept


class Strict(lifecycle_machine(Sound)):  # type: ignore[misc]  # likewise
    """With an invariant that does not hold."""

    @invariant()
    def nothing_ever_ends(self) -> None:
        assert not any(shown is not None and shown.status.terminal for shown in self.shown.values())


def test_an_invariant_of_ones_own_fails() -> None:
    """It is Hypothesis that reports it, with the smallest run."""
    with pytest.raises(AssertionError) as caught:
        run(Strict)
    assert not isinstance(caught.value, Violated)
    assert 1 <= len([line for line in steps(caught.value) if "job-1" in line]) <= 3


def test_it_judges_by_every_rule_that_needs_no_other_means() -> None:
    """Left out are rules on what was slept, and those that do not apply."""
    target = lifecycle_machine(sqlite).target
    assert {each.id for each in RULES} - {each.id for each in target.applying} == {"LOAD-1"}


WRONG = [
    (lambda: lifecycle_machine(Sound, rules="TERM-0"), "there is no rule 'TERM-0'"),
    (lambda: lifecycle_machine(3), "3"),
    (lifecycle_machine(object), "no method 'apply'"),
]


@pytest.mark.parametrize(("make", "message"), WRONG)
def test_misuse(make: Any, message: str) -> None:
    """What cannot be judged is refused in words."""
    with pytest.raises(Misuse, match=re.escape(message)):
        make()


PROGRAM = """
from hypothesis import settings
from hypothesis.database import DirectoryBasedExampleDatabase
from pytest_jobstatus import lifecycle_machine
from tests.faulty_trackers.term_1 import LastWriteWins
from tests.sound_trackers.merging import Sound

TestSound = lifecycle_machine(Sound).TestCase
TestSound.settings = settings(max_examples=5, stateful_step_count=10)

class Faulty(lifecycle_machine(LastWriteWins, rules="TERM")):
    pass

TestFaulty = Faulty.TestCase
TestFaulty.settings = settings(max_examples=60, deadline=None, database=DirectoryBasedExampleDatabase("examples"))
"""


def test_as_a_test_case(pytester: pytest.Pytester) -> None:
    """Pytest collects `TestCase`, and its example database finds a failure again."""
    pytester.makepyfile(PROGRAM)
    for _ in range(2):
        result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-p", "no:asyncio")
        result.assert_outcomes(passed=1, failed=1)
        result.stdout.fnmatch_lines(["*Violated: TERM-*", "*state = Faulty()*"])
    assert [*(pytester.path / "examples").rglob("*")]


def test_the_class_is_named_after_its_tracker() -> None:
    """Hypothesis keeps the examples of two machines apart by their names."""
    assert lifecycle_machine(Sound).__name__ == "SoundMachine"
    assert issubclass(lifecycle_machine(Sound), LifecycleMachine)

"""The test of one mutant, `python -m tests.mutation.probe FILE`: exits with 1 at the first difference.

It runs in a copy of the project in which FILE was changed. What probably notices the change comes first.
"""

from __future__ import annotations

import doctest
import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import chain, zip_longest
from pathlib import Path

from pytest_jobstatus import Report, engine
from pytest_jobstatus.explore.effort import EFFORTS
from pytest_jobstatus.factory import Factory
from pytest_jobstatus.rules import RULES, Rule
from pytest_jobstatus.verdict import Verdict

ROOT = Path(__file__).parent.parent.parent
MERGE = "reference_tracker/lifecycle.py"
LISTS = ("__init__.py", "book.py")
UNITS = (
    "tests/test_rules.py",
    "tests/test_rules_premises.py",
    "tests/test_rules_messages.py",
    "tests/test_saying.py",
    "tests/test_position.py",
    "tests/test_instants.py",
    "tests/test_batches.py",
    "tests/test_control.py",
)
"""The tests of rules by single histories."""
SLOW = ("EveryFiftiethLost", "GuardForgetsAfterFifty", "DedupWindowOfFifty")
"""Faulty trackers that are about the number of jobs: of files that all rules share they tell nothing more."""


def report(tracker: object, rules: tuple[Rule, ...], effort: str) -> Report:
    """What the search finds by itself, without scenarios."""
    chosen = engine.Settings(rules=rules, effort=EFFORTS[effort])
    factory = Factory.of(tracker)
    return engine.report(factory, chosen, list(engine.results(factory, chosen)))


def wrong(tracker: object, rules: tuple[Rule, ...]) -> str | None:
    """Which rules call a sound tracker faulty, or apply and were never exercised."""
    verdicts = {each.id: each.verdict for each in report(tracker, rules, "quick").rules}
    left = [number for number, verdict in verdicts.items() if verdict in (Verdict.FAIL, Verdict.INCONCLUSIVE)]
    return f"{tracker}: {', '.join(left)}" if left else None


def timeless(text: str) -> str:
    """The text without how long sleeps took, which depends on what else the machine does.

    >>> timeless("slept: time.sleep for about 0.0006 s, time.sleep for about 0.002 s")
    'slept: time.sleep'
    """
    return re.sub(r"(slept: \S+) .*", r"\1", text)


def module_name(file: str) -> str:
    """The module that a file defines.

    >>> module_name("pytest_jobstatus/rules/load.py"), module_name("pytest_jobstatus/rules/__init__.py")
    ('pytest_jobstatus.rules.load', 'pytest_jobstatus.rules')
    """
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def judged_by(file: str) -> tuple[Rule, ...]:
    """The rules that a file defines; all of them where it is one that they share, none where it only lists them."""
    if Path(file).name in LISTS:
        return ()
    return tuple(each for each in RULES if each.check.__module__ == module_name(file)) or RULES


def of_doctests(file: str) -> Iterator[str]:
    """The examples in the file itself."""
    failed = doctest.testmod(importlib.import_module(module_name(file)), optionflags=doctest.ELLIPSIS).failed
    if failed:
        yield f"{failed} doctests"


def of_faulty_trackers(rules: tuple[Rule, ...]) -> Iterator[str]:
    """Each faulty tracker by each of the rules that it is about: the line in the golden file must be the same.

    The first tracker of every rule comes before the second of any. Of files that all rules share only the first rule
    of each tracker is judged.
    """
    from tests.faulty_trackers import FAULTY, rules_of
    from tests.golden_files import undated

    golden = timeless((ROOT / "tests/golden/faulty_trackers.txt").read_text(encoding="utf-8")).splitlines()
    most = 1 if rules == RULES else len(RULES)
    about = ([each for each in FAULTY if rule.id in rules_of(each)[:most]] for rule in rules)
    for row in zip_longest(*about):
        for rule, tracker in zip(rules, row, strict=True):
            if tracker is None or (rules == RULES and tracker.__name__ in SLOW):
                continue
            found = report(tracker, (rule,), "default")[rule.id].counterexample
            size = 0 if found is None else len(found.plan.order)
            count = f"{size} {'delivery' if size == 1 else 'deliveries'}"
            line = f"{tracker.__name__} {rule.id} {count}: {undated(found.message) if found else None}"
            if timeless(line) not in golden:
                yield line


def of_units(*files: str, only: str = "") -> Iterator[str]:
    """Test files, or those of their tests that are chosen."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *files, "-k", only]
    if subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode:
        yield ", ".join(files)


def of_sound_trackers(rules: tuple[Rule, ...]) -> Iterator[str]:
    """No sound tracker fails, and nothing that applies is left unexercised; of all rules the first eleven will do."""
    from tests.small_trackers import Small
    from tests.sound_trackers import (
        attempts,
        choices,
        merging,
        missing,
        parts,
        refusing,
        shapes_of_reading,
        ticks,
        times,
    )

    trackers = (
        merging.Sound,
        missing.OnlyEnds,
        merging.SoundRefusing,
        missing.NoAttempt,
        choices.TouchedByZombies,
        Small,
        times.HoursInAnyOffset,
        missing.Percentages,
        parts.NoDelayed,
        merging.SoundArrival,
        attempts.RowPerAttempt,
        merging.SoundLatest,
        ticks.StrictMillisecondsUp,
        parts.StallsOnly,
        missing.NoEndTimes,
        choices.OutcomeOnly,
        refusing.RefusesButZombies,
        refusing.RefusesUnmoved,
        shapes_of_reading.SparseMapping,
    )
    for tracker in trackers[:11] if rules == RULES else trackers:
        found = wrong(tracker, rules)
        if found:
            yield found


def differences(file: str) -> Iterator[str]:
    """How a tree in which the file was changed differs from what the tests want."""
    yield from of_doctests(file)
    if file == MERGE:
        from tests.mutation import merge

        yield from merge.differences()
        return
    rules = judged_by(file)
    checks = [of_units(*UNITS), of_faulty_trackers(rules), of_sound_trackers(rules)]
    if rules != RULES and rules:
        checks[:2] = [of_faulty_trackers(rules), of_units(*UNITS)]
    yield from chain.from_iterable(checks if rules else checks[:1])


if __name__ == "__main__":
    assert Path(sys.modules["pytest_jobstatus"].__file__ or "").is_relative_to(ROOT), "another installation is in front"
    difference = next(differences(sys.argv[1]), None)
    print(difference)
    sys.exit(difference is not None)

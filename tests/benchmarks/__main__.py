"""Measure everything: `python -m tests.benchmarks`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from pytest_jobstatus import Verdict, check
from pytest_jobstatus.engine import results, settings
from pytest_jobstatus.factory import Factory
from tests.benchmarks import machine, writes
from tests.benchmarks.figure import Figure, fresh_processes
from tests.faulty_trackers import FAULTY, rules_of

REFERENCE = """
import time
from pytest_jobstatus import check
from reference_tracker.adapter import sqlite
check(sqlite, rules="TRACK-2", effort="quick")
began = time.perf_counter()
report = check(sqlite, ARGUMENTS)
assert report.ok, str(report)
print(time.perf_counter() - began)
"""
FIRST = "TRACK-1 TRACK-2 TRACK-3 TRACK-4 TRACK-6 IDEM TERM-1 TERM-2 TERM-3 TIME-1 CONV-1"
"""The rules of the first release: order, loss, repeats, ends and the order of times."""


def reference(**arguments: str) -> Sequence[float]:
    """A check of the reference tracker, in five fresh processes."""
    words = ", ".join(f"{name}={value!r}" for name, value in arguments.items())
    return fresh_processes(REFERENCE.replace("ARGUMENTS", words), times=5)


MEMORY = """
import resource
from pytest_jobstatus import check
from reference_tracker.adapter import sqlite
assert check(sqlite).ok
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""
LOADING = """
import time, pytest
from _pytest.config import get_config
config = get_config([])
began = time.perf_counter()
import pytest_jobstatus.plugin as plugin
plugin.pytest_addoption(config._parser)
plugin.pytest_configure(config)
print((time.perf_counter() - began) * 1000)
"""


def one_rule_each() -> Sequence[float]:
    """Each faulty tracker by each rule that it breaks, one check for each."""
    seconds = []
    for tracker in FAULTY:
        for rule in rules_of(tracker):
            began = time.perf_counter()
            report = check(tracker, rules=[rule])
            seconds.append(time.perf_counter() - began)
            assert report.failed, f"{tracker.__name__} is not caught by {rule}"
    return seconds


class Whole(NamedTuple):
    """How long the check of each faulty tracker by all rules took, in seconds.

    Args:
        first: until the first rule had failed, with its minimal counterexample.
        all: until every rule had its verdict.
    """

    first: Sequence[float]
    all: Sequence[float]


@cache
def whole_checks() -> Whole:
    """Each faulty tracker by all rules, one after the other as `check` judges them."""
    check(FAULTY[0], effort="quick")
    first, all_of_them = [], []
    for tracker in FAULTY:
        began = time.perf_counter()
        found = results(Factory.of(tracker), settings())
        failed = [time.perf_counter() - began for result in found if result.verdict is Verdict.FAIL]
        all_of_them.append(time.perf_counter() - began)
        assert failed, f"{tracker.__name__} is not caught"
        first.append(failed[0])
    return Whole(first, all_of_them)


ON_POSTGRESQL = """
import time
from pytest_jobstatus import check
from pytest_jobstatus.servers import postgres_from_wheel
from reference_tracker.adapter import factory
with postgres_from_wheel(durable=True) as url:
    check(factory(url), rules="TRACK-2", effort="quick")
    began = time.perf_counter()
    report = check(factory(url))
    assert report.ok, str(report)
    print(time.perf_counter() - began)
"""

FIGURES = (
    Figure(
        name="check of the reference tracker on SQLite, twelve rules, default effort",
        goal=5,
        unit="s",
        measure=lambda: reference(rules=FIRST),
    ),
    Figure(
        name="check of the reference tracker on SQLite, default effort",
        goal=25,
        unit="s",
        measure=reference,
    ),
    Figure(
        name="check of the reference tracker on SQLite, quick effort",
        goal=5,
        unit="s",
        measure=lambda: reference(effort="quick"),
    ),
    Figure(
        name="peak memory of a check of the reference tracker on SQLite, default effort",
        goal=200,
        unit="MB",
        measure=lambda: fresh_processes(MEMORY, times=3),
        worst=True,
    ),
    Figure(
        name="check of the reference tracker on PostgreSQL, durable, default effort",
        goal=40,
        unit="s",
        measure=lambda: fresh_processes(ON_POSTGRESQL, times=3),
    ),
    Figure(
        name="check(faulty in-memory tracker), all rules, until the first fails",
        goal=1,
        unit="s",
        measure=lambda: whole_checks().first,
    ),
    Figure(
        name="check(faulty in-memory tracker), all rules, default effort: median",
        goal=1,
        unit="s",
        measure=lambda: whole_checks().all,
    ),
    Figure(
        name="check(faulty in-memory tracker), all rules, default effort: worst",
        goal=5,
        unit="s",
        measure=lambda: whole_checks().all,
        worst=True,
    ),
    Figure(
        name="check(faulty in-memory tracker, rules=[its rule]), imports left out",
        goal=0.3,
        unit="s",
        measure=one_rule_each,
    ),
    Figure(
        name="loading the plugin: import, addoption and configure",
        goal=5,
        unit="ms",
        measure=lambda: fresh_processes(LOADING, times=20),
    ),
)


def main() -> None:
    """Print one line for each figure."""
    for figure in (*FIGURES, *machine.FIGURES, *writes.FIGURES):
        print(figure.line(), flush=True)


if __name__ == "__main__":
    main()

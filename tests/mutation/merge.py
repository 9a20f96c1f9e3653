"""What the tests want of the reference merge: the rules hold in memory, and SQL computes the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import permutations
from random import Random
from typing import cast

from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from pytest_jobstatus import Profile
from pytest_jobstatus.clocks import CLOCKS
from pytest_jobstatus.delivery import Plan
from pytest_jobstatus.exercise import Meeting
from pytest_jobstatus.explore.machine import draw
from pytest_jobstatus.rules import RULES
from pytest_jobstatus.runs import emitted, shapes
from reference_tracker.adapter import Adapter
from reference_tracker.change import Change
from reference_tracker.lifecycle import Row, merge
from reference_tracker.store import Store
from reference_tracker.tracker import JobStatusTracker
from tests.mutation.probe import of_units, wrong


class Rows:
    """What the adapter needs of a tracker, on a dict instead of a table."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}

    def apply(self, change: Change) -> None:
        self.rows[change.job_id] = merge(self.rows.get(change.job_id), change, now=datetime.now(UTC))

    def get_job_status(self, job_id: str) -> Row | None:
        return self.rows.get(job_id)

    def forget(self, job_ids: list[str]) -> None:
        for job_id in job_ids:
            self.rows.pop(job_id, None)


def in_memory() -> Adapter:
    """The reference merge without SQL."""
    return Adapter(cast("JobStatusTracker", Rows()))


def plans() -> Iterator[Plan]:
    """Small runs in every order by every clock, each event told twice, and some large ones drawn at random."""
    for clock in CLOCKS:
        for shape in shapes(3, Profile().kinds):
            for order in permutations(range(len(shape))):
                yield Plan(events=emitted(shape, clock=clock), order=(*order, *order))
    random = Random(1)
    reached: Counter[Meeting] = Counter()
    for _ in range(200):
        yield draw(random, Profile(), reached, number=0, length=16).plan()


def unlike_sql() -> Iterator[str]:
    """Where the statement and the pure merge part."""
    from tests.test_reference_merge import assert_same, changes

    engine = create_engine("sqlite://", poolclass=StaticPool)
    JobStatusTracker(engine).create_table()
    for number, plan in enumerate(plans()):
        try:
            assert_same(Store(engine), [change._replace(job_id=f"job-{number}") for change in changes(plan)])
        except AssertionError as error:
            yield f"unlike SQL: {error}"
    engine.dispose()


def differences() -> Iterator[str]:
    """What is wrong with the merge."""
    yield from of_units("tests/test_reference_tracker.py", only="sqlite and not conformant")
    yield from of_units("tests/test_reference_merge.py", only="not one_by_one and not batch and not by_hand")
    yield from unlike_sql()
    found = wrong(in_memory, RULES)
    if found:
        yield found

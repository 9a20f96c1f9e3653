"""Workers: each tells through a handle of its own, from `another`, and the first one reads."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from pytest_jobstatus import EventKind, Misuse, assert_holds, check
from pytest_jobstatus.delivery import Plan, joined, keeping, until
from pytest_jobstatus.events import Mark
from pytest_jobstatus.explore.observer import seen_by
from pytest_jobstatus.explore.shrink import shrunk
from pytest_jobstatus.factory import Factory
from pytest_jobstatus.replay import replay
from pytest_jobstatus.report.table import table
from pytest_jobstatus.runs import emitted
from pytest_jobstatus.scenario import Scenario, dump, parse
from reference_tracker.adapter import sqlite
from tests.faulty_trackers.workers import OwnCopyOfEachRow
from tests.sound_trackers.merging import Sound
from tests.sound_trackers.workers import SharedRows

RUN = emitted((Mark(EventKind.CREATED, 0), Mark(EventKind.ACTIVE, 1), Mark(EventKind.COMPLETED, 1)))
PLAN = Plan(events=RUN, order=(0, 1, 2, 1), workers=(0, 2, 1, 2))
LATE = Plan(events=RUN[:2], order=(1, 0, 1), workers=(0, 1, 0))


class Noting(SharedRows):
    """Notes who is told, who reads and who is closed, by the order in which they were made."""

    def __init__(self) -> None:
        super().__init__()
        self.number = 0
        self.made = [self]
        self.calls: list[str] = []

    def another(self) -> Noting:
        own = super().another()
        own.number, own.made, own.calls = len(self.made), self.made, self.calls
        self.made.append(own)
        return own

    def apply(self, event: Any) -> None:
        self.calls.append(f"{self.number} {event.kind}")
        super().apply(event)

    def read(self, job_id: str) -> Any:
        self.calls.append(f"{self.number} reads")
        return super().read(job_id)

    def close(self) -> None:
        self.calls.append(f"{self.number} closes")


def test_each_worker_has_its_handle() -> None:
    """All are made before anything is told, each once for all plans; the first one reads; all are closed."""
    with Factory.of(Noting).open() as handle:
        calls: list[str] = handle.tracker.calls  # type: ignore[attr-defined]  # it is a Noting
        seen_by(handle, PLAN)
        seen_by(handle, PLAN)
        assert len(handle.workers) == 2
        assert calls[::2] == ["0 created", "2 active", "1 completed", "2 active"] * 2
        assert set(calls[1::2]) == {"0 reads"}
    assert calls[-3:] == ["1 closes", "2 closes", "0 closes"]


def test_those_that_were_asked_for_are_closed_where_the_factory_cleans_up() -> None:
    """A generator cleans up what it made, and knows of no other."""
    made = Noting()

    def generator() -> Any:
        yield made
        made.calls.append("cleaned up")

    with Factory.of(generator).open() as handle:
        seen_by(handle, PLAN)
    assert made.calls[-3:] == ["1 closes", "2 closes", "cleaned up"]


class Raises(Sound):
    def another(self) -> Any:
        raise OSError("no more connections")


class Itself(Sound):
    def another(self) -> Any:
        return self


class Nothing(Sound):
    def another(self) -> Any:
        return None


BROKEN = [
    (Raises, r"Raises: another\(\) raised OSError: no more connections; that is no verdict on the tracker"),
    (Itself, r"Itself.another\(\) gave the same object twice: each worker needs a handle of its own"),
    (Nothing, r"Nothing.another\(\) made None, which has no method 'apply'"),
]


@pytest.mark.parametrize(("tracker", "said"), BROKEN)
def test_a_broken_handle_is_no_verdict(tracker: type[Sound], said: str) -> None:
    """What `another` does wrong is misuse, whenever it turns out."""
    with pytest.raises(Misuse, match=said):
        check(tracker, rules="TRACK-6")


def test_without_another_one_tells_all() -> None:
    """A tracker without the method is told by one worker, and cannot be told a scenario that needs two."""
    report = check(Sound, rules="TRACK-6")
    assert report.coverage.largest["workers"] == 1
    assert check(SharedRows, rules="TRACK-6").coverage.largest["workers"] == 3
    told = Scenario(id="two", title="Two", rules=("TERM-1",), plan=PLAN)
    said = "two: needs concurrency, which .*:Sound lacks: the tracker has no method another"
    with pytest.raises(Misuse, match=said):
        replay(Factory.of(Sound), told)


def test_the_reference_tracker_has_several() -> None:
    """On its own connections, on the same database."""
    with Factory.of(sqlite).open() as handle:
        history = seen_by(handle, PLAN)
    assert [step.after is not None and str(step.after.status) for step in history.steps] == [
        "pending",
        "active",
        "completed",
        "completed",
    ]


def test_plans_stay_what_they_are() -> None:
    """Written, read, cut, thinned and joined, each delivery keeps its worker."""
    scenario = parse(dump(Scenario(id="a", title="A", rules=("TERM-1",), plan=PLAN)), source="test")
    assert scenario.plan.workers == PLAN.workers
    assert scenario.needs == ("concurrency",)
    assert until(PLAN, 1).workers == (0, 2)
    assert keeping(PLAN, [1, 3]).workers == (2, 2)
    assert joined([replace(PLAN, workers=()), PLAN]).workers == (0, 0, 0, 0, *PLAN.workers)
    both = [event.moved(job_id="acme/a", by=timedelta()) for event in RUN]
    text = dump(Scenario(id="a", title="A", rules=("TERM-1",), plan=replace(PLAN, events=tuple(both), tenancy=True)))
    with pytest.raises(Misuse, match="workers: with tenancy each tenant has a handle of its own"):
        parse(text, source="test")
    with pytest.raises(ValueError, match="1 workers: there are 4 deliveries"):
        replace(PLAN, workers=(1,))


def test_the_smallest_has_the_fewest_workers() -> None:
    """Two for three, the first for another, and one where that will do."""

    def needs_two(plan: Plan) -> bool:
        return len(set(plan.workers)) > 1 and len(plan.order) > 1

    assert shrunk(replace(PLAN, workers=(2, 1, 2, 2)), needs_two).workers in {(0, 1), (1, 0)}
    assert shrunk(PLAN, lambda plan: len(plan.order) > 1).workers == ()


def test_the_table_says_who_told() -> None:
    """By number, from 1, and who reads."""
    with Factory.of(SharedRows).open() as handle:
        lines = table(seen_by(handle, LATE), violation=None, mark="")
    assert "created (late, by worker 2)" in "\n".join(lines)
    assert lines[-1] == "each worker has a handle of its own, from `another()`; what is shown is what worker 1 reads"


def test_a_program_can_have_several() -> None:
    """`assert_holds` takes the workers as a counterexample prints them."""
    created, _, completed = RUN
    told = {"delivered": [created, completed, created], "happened": [created, completed], "workers": [1, 2, 1]}
    assert_holds("TERM-1", SharedRows, **told)  # type: ignore[arg-type]  # as a mapping both have one type
    with pytest.raises(AssertionError, match="TERM-1: the job was completed; created made it pending"):
        assert_holds("TERM-1", OwnCopyOfEachRow, **told)  # type: ignore[arg-type]  # likewise
    with pytest.raises(Misuse, match="assert_holds: 1 workers: there are 3 deliveries"):
        assert_holds("TERM-1", SharedRows, told["delivered"], workers=[1])  # type: ignore[arg-type]  # likewise

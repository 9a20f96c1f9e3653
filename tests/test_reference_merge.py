"""Differential proof: the pure merge and each database's statement agree, one by one, by hand and in batches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import permutations
from random import Random
from typing import cast

import pytest
from sqlalchemy import Engine

from pytest_jobstatus.clocks import CLOCKS, Clock
from pytest_jobstatus.delivery import Plan
from pytest_jobstatus.exercise import Meeting
from pytest_jobstatus.explore.machine import draw
from pytest_jobstatus.runs import emitted, shapes
from pytest_jobstatus.tracker import Profile
from reference_tracker.batch import rounds
from reference_tracker.change import Change, Kind
from reference_tracker.lifecycle import Row, merge, reopened
from reference_tracker.statement import COLUMNS
from reference_tracker.store import Store, prepare_sqlite

NOW = datetime(2026, 1, 6, tzinfo=UTC)
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.fixture
def store(engine: Engine) -> Store:
    """The rows of an empty table."""
    if engine.dialect.name == "sqlite":
        prepare_sqlite(engine)
    made = Store(engine)
    made.create_table()
    return made


def changes(plan: Plan) -> list[Change]:
    """The plan's deliveries as the tracker takes them."""
    return [
        Change(
            job_id="job-1",
            kind=cast("Kind", str(given.kind)),
            at=given.occurred_at,
            attempt=given.attempt,
            error=None if given.error is None else (given.error.type, given.error.message, given.error.traceback),
            progress=given.progress,
            cancelled_by=given.cancelled_by,
        )
        for given in (plan.events[index] for index in plan.order)
    ]


def large(*, seed: int, many: int, largest: int = 16) -> Iterator[list[Change]]:
    """Random long lives with strays, losses and repeats, each of a job of its own."""
    random = Random(seed)
    reached: Counter[Meeting] = Counter()
    for number in range(many):
        life = draw(random, Profile(), reached, number=0, length=random.randint(4, largest))
        yield [change._replace(job_id=f"job-{number}") for change in changes(life.plan())]


def assert_same(store: Store, told: Sequence[Change]) -> None:
    """After each event the stored row is the one that the pure merge gives."""
    row: Row | None = None
    for step, change in enumerate(told):
        now = NOW + timedelta(seconds=Random(step).randint(-3, 3))
        row = merge(row, change, now=now)
        store.write(change, now=now)
        assert store.read(change.job_id) == row, [(each.kind, each.attempt) for each in told]


def test_a_creation_has_no_attempt() -> None:
    """An event that does not say its attempt came before the first start."""
    assert Change("job-1", "created", NOON).attempt == 0


@pytest.mark.parametrize("kind", ["retrying", "stalled", "failed"])
def test_progress_stays_until_newer_comes(kind: Kind) -> None:
    """Neither the end of an attempt nor the start of the next takes the progress away."""
    row: Row | None = None
    for place, (what, attempt) in enumerate((("active", 1), ("progress", 1), (kind, 1), ("active", 2))):
        change = Change("job-1", cast("Kind", what), NOON + timedelta(seconds=place), attempt=attempt, progress=None)
        row = merge(row, change._replace(progress=30 if what == "progress" else None), now=NOW)
        assert row.progress == (30 if place else None)


def test_where_the_job_belongs_and_why_it_failed() -> None:
    """Queue and type are those first told, by whatever event, and the traceback stands beside the message."""
    started = merge(None, Change("a", "active", NOON, attempt=1), now=NOW)
    where = Change("a", "progress", NOON, attempt=1, progress=1, queue="slow", job_type="report")
    told = merge(started, where, now=NOW)
    failed = Change("a", "failed", NOON, attempt=1, error=("E", "m", "t"), queue="fast", job_type="other")
    again = merge(told, failed, now=NOW)
    assert (started.queue, started.job_type) == (None, None)
    assert (again.queue, again.job_type) == ("slow", "report")
    assert (again.error_type, again.error_message, again.error_traceback) == ("E", "m", "t")


def test_a_reopened_job_has_got_nowhere() -> None:
    """It waits as if it had never started, without the end, the error and who cancelled."""
    started = merge(None, Change("a", "active", NOON, attempt=3), now=NOW)
    called_off = merge(started, Change("a", "cancelled", NOON, attempt=3, cancelled_by="alice"), now=NOW)
    again = reopened(called_off)
    assert (again.status, again.attempt, again.ended_at, again.started_at) == ("pending", 0, None, NOON)
    assert (again.cancelled, again.cancelled_at, again.cancelled_by) == (False, None, None)


def test_row_is_the_table() -> None:
    """The row's fields are the table's columns, in order: a row's values are the statement's parameters."""
    assert Row._fields == COLUMNS


@pytest.mark.parametrize("clock", CLOCKS, ids=lambda clock: clock.name)
def test_one_by_one_on_small_runs(clock: Clock, store: Store) -> None:
    """On every order of every run of up to four events, with each event repeated, SQL and the pure merge agree."""
    number = 0
    for shape in shapes(4, Profile().kinds):
        events = emitted(shape, clock=clock)
        for order in permutations(range(len(shape))):
            number += 1
            told = changes(Plan(events=events, order=(*order, *order)))
            assert_same(store, [change._replace(job_id=f"job-{number}") for change in told])


def test_one_by_one_on_large_runs(store: Store) -> None:
    """On random runs of up to sixteen events with strays, losses and repeats they agree too."""
    for told in large(seed=1, many=500):
        assert_same(store, told)


def test_set_by_hand(store: Store) -> None:
    """So they do where some of the events are set against the guard, as an operator does."""
    random = Random(3)
    for told in large(seed=2, many=200):
        row: Row | None = None
        for change in told:
            by_hand = random.random() < 0.3
            row = merge(reopened(row) if by_hand and row is not None else row, change, now=NOW)
            store.write(change, now=NOW, reopening=by_hand)
            assert store.read(change.job_id) == row


LIFE: tuple[tuple[Kind, int], ...] = (("created", 0), ("active", 1), ("progress", 1), ("completed", 1))


def mixed(runs: Sequence[Sequence[Change]], random: Random) -> list[Change]:
    """The events of several jobs in a random order, each job's own kept."""
    left = [list(run) for run in runs]
    told = []
    while any(left):
        told.append(random.choice([run for run in left if run]).pop(0))
    return told


def test_in_batches(store: Store) -> None:
    """Random events of several jobs, cut into batches of any size, end as they do one by one."""
    random, runs = Random(5), list(large(seed=4, many=240))
    for first in range(0, len(runs), 4):
        told = mixed(runs[first : first + 4], random)
        rows: dict[str, Row] = {}
        for change in told:
            rows[change.job_id] = merge(rows.get(change.job_id), change, now=NOW)
        while told:
            size = random.randint(1, 12)
            store.write_many(told[:size], now=NOW)
            del told[:size]
        assert {job: store.read(job) for job in rows} == rows


@pytest.mark.parametrize("clock", [CLOCKS[0], CLOCKS[-1]], ids=lambda clock: clock.name)
def test_in_one_batch(clock: Clock, store: Store) -> None:
    """Every order of every run of up to four events, with each event repeated, in one batch each, after one event that
    stands there already.
    """
    number = 0
    for shape in shapes(4, Profile().kinds):
        events = emitted(shape, clock=clock)
        for order in permutations(range(len(shape))):
            number += 1
            plan = Plan(events=events, order=(*order, *order))
            before, *told = (change._replace(job_id=f"job-{number}") for change in changes(plan))
            store.write(before, now=NOW)
            store.write_many(told, now=NOW)
            row = None
            for change in (before, *told):
                row = merge(row, change, now=NOW)
            assert store.read(before.job_id) == row


def test_an_empty_queue_is_one(store: Store) -> None:
    """Told together or one by one, the queue that was told first stays, though it has no name."""
    told = [
        Change("a", "stalled", NOON, attempt=1, queue="", job_type=""),
        Change("a", "progress", NOON, attempt=1, progress=1, queue="q", job_type="t"),
    ]
    store.write_many(told, now=NOW)
    row = store.read("a")
    assert row == merge(merge(None, told[0], now=NOW), told[1], now=NOW)
    assert row is not None
    assert (row.queue, row.job_type) == ("", "")


def test_first_round_has_every_job_in_order() -> None:
    """Batches that share jobs meet them in the same order, in the first round: they cannot block each other."""
    for seed in range(20):
        told = mixed(list(large(seed=seed, many=6)), Random(seed))
        sorted_jobs = sorted({(change.tenant, change.job_id) for change in told})
        by_round = [[(row.tenant, row.job_id) for row in each] for each in rounds(told, now=NOW)]
        assert by_round[0] == sorted_jobs
        assert all(each == sorted(set(each)) for each in by_round)


def test_what_comes_before_an_end_is_folded() -> None:
    """A life up to its end is one row, its end another; a start that comes before its creation stays by itself."""
    told = [Change("a", kind, NOON + timedelta(seconds=n), attempt=attempt) for n, (kind, attempt) in enumerate(LIFE)]
    assert [[row.status for row in each] for each in rounds(told, now=NOW)] == [["active"], ["completed"]]
    assert len(rounds([told[1], told[0]], now=NOW)) == 2
    assert len(rounds([told[0]._replace(at=told[1].at), told[1]], now=NOW)) == 2


def test_progress_is_folded() -> None:
    """A flood of reports is one row."""
    told = [Change("a", "progress", NOON + timedelta(seconds=n), attempt=1, progress=n) for n in range(50)]
    ((row,),) = rounds(told, now=NOW)
    assert row.progress == 49

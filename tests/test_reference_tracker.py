"""The reference tracker: one statement per event, and the statement means what the pure merge means."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path
from random import Random
from typing import Any, cast

import pytest
from sqlalchemy import Engine, create_engine, create_mock_engine, event, text
from sqlalchemy.exc import IntegrityError

from pytest_jobstatus import check
from pytest_jobstatus.clocks import CLOCKS, Clock
from pytest_jobstatus.delivery import Plan
from pytest_jobstatus.explore.samples import draw
from pytest_jobstatus.runs import emitted, shapes
from pytest_jobstatus.tracker import Profile
from reference_tracker.adapter import sqlite
from reference_tracker.lifecycle import Change, Kind, Row, merge
from reference_tracker.schema import JOB_STATUS
from reference_tracker.store import Store
from reference_tracker.tracker import JobStatusTracker

NOW = datetime(2026, 1, 6, tzinfo=UTC)
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """An engine on a fresh database with the tracker's table."""
    made = create_engine(f"sqlite:///{tmp_path / 'jobs.db'}")
    JobStatusTracker(made).create_table()
    yield made
    made.dispose()


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


def assert_same(store: Store, plan: Plan, number: int) -> None:
    """After each delivery of the plan the stored row is the one that the pure merge gives."""
    row: Row | None = None
    for step, change in enumerate(changes(plan)):
        own = change._replace(job_id=f"job-{number}")
        now = NOW + timedelta(seconds=Random(step).randint(-3, 3))
        row = merge(row, own, now=now)
        store.write(own, now=now)
        assert store.read(own.job_id) == row, [given.name for given in (plan.events[index] for index in plan.order)]


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


@pytest.mark.parametrize("clock", CLOCKS, ids=lambda clock: clock.name)
def test_statement_is_the_merge_on_small_runs(clock: Clock, engine: Engine) -> None:
    """On every order of every run of up to four events, with each event repeated, SQL and the pure merge agree."""
    store = Store(engine)
    number = 0
    for shape in shapes(4, Profile().kinds):
        events = emitted(shape, clock=clock)
        for order in permutations(range(len(shape))):
            number += 1
            assert_same(store, Plan(events=events, order=(*order, *order)), number)


def test_statement_is_the_merge_on_large_runs(engine: Engine) -> None:
    """On random runs of up to sixteen events with strays, losses and repeats they agree too."""
    store, random = Store(engine), Random(1)
    for number in range(500):
        assert_same(store, draw(random, Profile(), largest=16, with_strays=True), number)


def test_row_is_the_table() -> None:
    """The row's fields are the table's columns, in order: a row's values are the statement's parameters."""
    assert list(Row._fields) == [column.name for column in JOB_STATUS.columns]


def test_an_event_is_one_statement(engine: Engine) -> None:
    """Each verb writes with a single statement and reads nothing before it."""
    tracker = JobStatusTracker(engine)
    seen: list[str] = []
    raw = engine.raw_connection()
    cast("Any", raw.driver_connection).set_trace_callback(seen.append)
    raw.close()
    tracker.create_job_status("a", queue="default", job_type="report")
    tracker.mark_job_active("a")
    tracker.update_job_progress("a", {"percent": 50})
    tracker.mark_job_retrying("a", ValueError("boom"))
    tracker.mark_job_stalled("a", attempt=2)
    tracker.mark_job_failed("a", ValueError("again"), attempt=3)
    tracker.mark_job_cancelled("a", "alice", attempt=3)
    tracker.mark_job_completed("a", attempt=3)
    work = [statement.split()[0] for statement in seen if statement not in ("BEGIN ", "COMMIT")]
    assert work == ["INSERT"] * 8


def test_verbs_and_reader(engine: Engine) -> None:
    """A job's life through the verbs is what the reader sees in the end."""
    tracker = JobStatusTracker(engine, now=lambda: NOW)
    tracker.create_job_status("a", at=NOON, queue="default", job_type="report")
    tracker.mark_job_active("a", at=NOON + timedelta(seconds=1))
    tracker.update_job_progress("a", {"percent": 50}, at=NOON + timedelta(seconds=2))
    tracker.mark_job_failed("a", ValueError("boom"), at=NOON + timedelta(seconds=3))
    row = tracker.get_job_status("a")
    assert row is not None
    assert (row.status, row.attempt, row.progress) == ("failed", 1, {"percent": 50})
    assert (row.error_type, row.error_message, row.queue, row.job_type) == ("ValueError", "boom", "default", "report")
    assert [row.created_at, row.started_at, row.failed_at] == [NOON + timedelta(seconds=n) for n in (0, 1, 3)]
    assert tracker.get_job_status("b") is None
    tracker.forget(["a"])
    assert tracker.get_job_status("a") is None


def test_verbs_merge_where_the_job_belongs_and_why_it_failed() -> None:
    """Queue and type are those first told, by whatever event, and the traceback stands beside the message."""
    started = merge(None, Change("a", "active", NOON, attempt=1), now=NOW)
    where = Change("a", "progress", NOON, attempt=1, progress=1, queue="slow", job_type="report")
    told = merge(started, where, now=NOW)
    failed = Change("a", "failed", NOON, attempt=1, error=("E", "m", "t"), queue="fast", job_type="other")
    again = merge(told, failed, now=NOW)
    assert (started.queue, started.job_type) == (None, None)
    assert (again.queue, again.job_type) == ("slow", "report")
    assert (again.error_type, again.error_message, again.error_traceback) == ("E", "m", "t")


REFUSED = [
    ("started_at", 0, "created_before_started"),
    ("status", "'running'", "status_known"),
    ("attempt", -1, "attempt_counts"),
    ("completed_at", 10**18, "completed_at_if_completed"),
    ("cancelled_at", 10**18, "cancelled_at_if_cancelled"),
]


@pytest.mark.parametrize(("column", "value", "constraint"), REFUSED, ids=[name for _, _, name in REFUSED])
def test_database_refuses_what_no_event_makes(column: str, value: object, constraint: str, engine: Engine) -> None:
    """A hand-written update that breaks the order of the times or the status is refused by the database itself."""
    tracker = JobStatusTracker(engine)
    tracker.create_job_status("a", at=NOON)
    with engine.begin() as connection, pytest.raises(IntegrityError, match=constraint):
        connection.execute(text(f"UPDATE job_status SET {column} = {value}"))


def test_failed_write_leaves_the_connection_clean(engine: Engine) -> None:
    """After a statement that fails the same tracker goes on."""
    tracker = JobStatusTracker(engine)

    @event.listens_for(engine, "checkout")
    def _refuse(*_: object) -> None:
        raise OSError("no database")

    with pytest.raises(OSError, match="no database"):
        tracker.mark_job_active("a")
    event.remove(engine, "checkout", _refuse)
    tracker.mark_job_active("a")
    row = tracker.get_job_status("a")
    assert row is not None
    assert row.status == "active"


def test_other_databases_are_refused() -> None:
    """A database that the tracker does not know yet is refused by name."""
    with pytest.raises(ValueError, match="the engine's dialect is 'mysql': allowed is 'sqlite'"):
        JobStatusTracker(cast("Engine", create_mock_engine("mysql://", lambda *_: None)))


def test_conformant() -> None:
    """By every rule that is checked the reference tracker is right, and every one of them judged it."""
    report = check(sqlite)
    assert report.ok, str(report)
    assert not [result.id for result in report.rules if result.reason is not None]

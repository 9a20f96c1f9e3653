"""The reference tracker: its verbs, its reader's side, and what it does with bad input and a database that fails."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from sqlalchemy import Engine, create_engine, create_mock_engine, event, text
from sqlalchemy.exc import IntegrityError

from pytest_jobstatus import check
from reference_tracker.adapter import factory, sqlite
from reference_tracker.change import Change, Kind
from reference_tracker.query import one_job
from reference_tracker.tracker import JobStatusTracker

NOW = datetime(2026, 1, 6, tzinfo=UTC)
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.fixture
def tracker(engine: Engine) -> JobStatusTracker:
    """A tracker on each database, with its table."""
    made = JobStatusTracker(engine, now=lambda: NOW)
    made.create_table()
    return made


def test_an_event_is_one_statement(tracker: JobStatusTracker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each verb writes with a single statement and reads nothing before it."""
    seen: list[str] = []
    database = tracker._store._database

    def noting(cursor: Any, statement: str, values: Sequence[Any]) -> object:
        seen.append(statement.split(maxsplit=1)[0])
        return database.execute(cursor, statement, values)

    monkeypatch.setattr(tracker._store, "_database", database._replace(execute=noting))
    tracker.create_job_status("a", queue="default", job_type="report")
    tracker.mark_job_active("a")
    tracker.update_job_progress("a", {"percent": 50})
    tracker.mark_job_retrying("a", ValueError("boom"))
    tracker.mark_job_stalled("a", attempt=2)
    tracker.mark_job_failed("a", ValueError("again"), attempt=3)
    tracker.mark_job_cancelled("a", "alice", attempt=3)
    tracker.mark_job_completed("a", attempt=3)
    tracker.update_job_status("a", "active")
    assert seen == ["INSERT"] * 9


def test_an_event_is_one_transaction_on_sqlite() -> None:
    """Below the driver, too, there is the one statement: no BEGIN and no COMMIT."""
    engine = create_engine("sqlite://")
    tracker = JobStatusTracker(engine)
    tracker.create_table()
    seen: list[str] = []
    raw = engine.raw_connection()
    cast("Any", raw.driver_connection).set_trace_callback(seen.append)
    raw.close()
    tracker.mark_job_active("a")
    assert [statement.split()[0] for statement in seen] == ["INSERT"]


def test_verbs_and_reader(tracker: JobStatusTracker) -> None:
    """A job's life through the verbs is what the reader sees in the end."""
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


@pytest.mark.parametrize("status", ["pending", "active", "delayed", "completed", "failed", "cancelled"])
def test_a_status_by_its_name(status: str, tracker: JobStatusTracker) -> None:
    """What a status is called is enough to set it; a job that has ended keeps its end unless told otherwise."""
    tracker.update_job_status("a", status)
    tracker.mark_job_failed("b", ValueError("boom"), at=NOON)
    tracker.update_job_status("b", status, at=NOON + timedelta(hours=1))
    tracker.update_job_status("c", "completed", at=NOON)
    tracker.update_job_status("c", status, at=NOON + timedelta(hours=1), only_if_not_completed=False)
    stored, cancelled = ("failed", True) if status == "cancelled" else (status, False)
    rows = {job: tracker.get_job_status(job) for job in "abc"}
    assert {job: (row.status, row.cancelled) for job, row in rows.items() if row is not None} == {
        "a": (stored, cancelled),
        "b": ("failed", False),
        "c": (stored, cancelled),
    }
    assert rows["c"] is not None
    assert rows["c"].ended_at == (NOON + timedelta(hours=1) if stored in ("completed", "failed") else None)


def test_pending_again_is_no_creation(tracker: JobStatusTracker) -> None:
    """Set to pending with an attempt, a job waits for the next one; when it was created stays open."""
    tracker.mark_job_active("a", attempt=2, at=NOON)
    tracker.update_job_status("a", "pending", attempt=2)
    row = tracker.get_job_status("a")
    assert row is not None
    assert (row.status, row.attempt, row.created_at) == ("pending", 2, None)


def test_lists_by_status_newest_first(engine: Engine, tracker: JobStatusTracker) -> None:
    """Pages begin after the last row of the page before, and together they are everything once."""
    ticks = (NOW + timedelta(seconds=n // 2) for n in range(1000))  # two jobs at each instant
    ticking = JobStatusTracker(engine, now=lambda: next(ticks))
    ends = (ticking.mark_job_completed, ticking.mark_job_failed, ticking.mark_job_cancelled, ticking.mark_job_active)
    for number in range(40):
        ends[number % 4](f"job-{number:02}", at=NOON)
    everything, after = [], None
    while page := tracker.list_jobs(limit=7, after=after):
        after = page[-1]
        everything += [row.job_id for row in page]
    assert everything == [f"job-{number:02}" for number in reversed(range(40))]
    for place, status in enumerate(("completed", "failed", "cancelled", "active")):
        expected = [job for job in everything if int(job[-2:]) % 4 == place]
        assert [row.job_id for row in tracker.list_jobs(status=status)] == expected
        third = tracker.list_jobs(status=status)[2]
        assert [row.job_id for row in tracker.list_jobs(status=status, limit=2, after=third)] == expected[3:5]
    assert tracker.list_jobs(status="delayed") == []


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_a_row_is_found_by_its_key(engine: Engine, tracker: JobStatusTracker) -> None:
    """In a new table, too, of which the planner knows nothing: it keeps the plan of the first reads for good."""
    tracker.mark_job_active("a")
    with engine.connect() as connection:
        explained = connection.exec_driver_sql(f"EXPLAIN (GENERIC_PLAN) {one_job('postgresql')}").scalars().all()
    assert "job_status_pkey" in explained[0]


def test_tenants_do_not_meet(engine: Engine) -> None:
    """One id in two tenants is two jobs, and each lists its own, whatever the tenant is called."""
    names = ["", "acme", "o'brien", 'say "no"', "a;b--", "ünï", "%", "_"]
    trackers = {name: JobStatusTracker(engine, tenant=name) for name in names}
    trackers[""].create_table()
    for number, tracker in enumerate(trackers.values()):
        tracker.mark_job_active("a", attempt=number + 1)
    trackers["acme"].forget(["a"])
    seen = {name: [row.attempt for row in tracker.list_jobs()] for name, tracker in trackers.items()}
    assert seen == {name: [] if name == "acme" else [number + 1] for number, name in enumerate(names)}
    assert trackers["acme"].get_job_status("a") is None


REFUSED_INPUT = [
    ({"job_id": ""}, "job_id '': allowed are 1 to 255 characters without NUL and lone surrogates"),
    ({"job_id": "x" * 256}, "job_id 'xxx"),
    ({"job_id": "a\0b"}, r"job_id 'a\x00b': allowed are"),
    ({"job_id": "\ud800"}, r"job_id '\ud800': allowed are"),
    ({"at": datetime.max.replace(tzinfo=UTC)}, "at datetime.datetime(9999, 12, 31, 23, 59"),
    ({"at": datetime.min.replace(tzinfo=UTC)}, "at datetime.datetime(1, 1, 1, 0, 0"),
    ({"kind": "running"}, "kind 'running': allowed is one of created, active"),
    ({"at": datetime(2026, 1, 5)}, "at datetime.datetime(2026, 1, 5, 0, 0): allowed is an aware datetime"),  # noqa: DTZ001
    ({"at": "2026-01-05"}, "at '2026-01-05': allowed is an aware datetime"),
    ({"attempt": -1}, "attempt -1: allowed are 0 to 2147483647"),
    ({"attempt": 2**31}, "attempt 2147483648: allowed are"),
    ({"attempt": True}, "attempt True: allowed are"),
    ({"queue": 5}, "queue 5: allowed is a text or None"),
    ({"progress": float("nan")}, "progress nan: allowed is JSON, without NaN and Infinity"),
    ({"progress": object()}, "progress <object object at"),
]


@pytest.mark.parametrize(("given", "message"), REFUSED_INPUT)
def test_bad_input_is_refused_with_its_value(given: dict[str, Any], message: str, tracker: JobStatusTracker) -> None:
    """The field, its value and what is allowed; nothing of the event, nor of its batch, is written."""
    kind: Kind = "progress" if "progress" in given else "active"
    tracker.mark_job_active("a", at=NOON)
    before = tracker.get_job_status("a")
    change = Change(**{"job_id": "a", "kind": kind, "at": NOON, "attempt": 2} | given)
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the message is compared below
        tracker.apply(change)
    assert str(caught.value).startswith(message)
    with pytest.raises(ValueError):  # noqa: PT011 - as above
        tracker.apply_many([Change("a", "completed", NOON, attempt=1), change])
    assert tracker.get_job_status("a") == before


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda tracker: tracker.list_jobs(status="running"), "status='running'): allowed are pending, active"),
        (lambda tracker: tracker.list_jobs(limit=0), "limit=0): allowed are 1 to 1000"),
        (lambda tracker: tracker.list_jobs(limit="5"), "limit='5'): allowed are 1 to 1000"),
        (
            lambda tracker: tracker.apply(Change("a", "active", NOON, attempt=1, tenant="acme")),
            "tenant 'acme': this tracker is for ''",
        ),
        (lambda tracker: tracker.update_job_status("a", "done"), "status='done'): allowed are pending, active"),
    ],
)
def test_bad_arguments_are_refused(call: Any, message: str, tracker: JobStatusTracker) -> None:
    """So are the arguments of the verbs and of lists."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the message is compared below
        call(tracker)
    assert message in str(caught.value)


def test_texts_that_no_database_takes_stay_readable(tracker: JobStatusTracker) -> None:
    """NUL and lone surrogates become escapes, in errors and in progress."""
    tracker.update_job_progress("a", {"note": "x\0y\ud800"})
    tracker.mark_job_failed("a", ValueError("x\0y\ud800"))
    row = tracker.get_job_status("a")
    assert row is not None
    assert (row.error_message, row.progress) == (r"x\x00y\ud800", {"note": "x\0y\ud800"})


def test_each_write_is_logged_without_secrets(tracker: JobStatusTracker, caplog: pytest.LogCaptureFixture) -> None:
    """What was written about which job, and how long it took; neither progress nor errors, which may hold secrets."""
    caplog.set_level(logging.INFO, logger="reference_tracker")
    tracker.create_job_status("a", queue="slow", job_type="report")
    tracker.update_job_progress("a", "hunter2")
    tracker.apply_many([Change("a", "failed", NOON, attempt=1, error=("E", "hunter2", None))])
    assert [(record.job_id, record.kind, record.attempt, record.tenant) for record in cast("Any", caplog.records)] == [
        ("a", "created", 0, ""),
        ("a", "progress", 1, ""),
        ("a", "failed", 1, ""),
    ]
    first = cast("Any", caplog.records[0])
    assert (first.queue, first.job_type) == ("slow", "report")
    assert first.duration_ms > 0
    assert not any("hunter2" in repr(vars(record)) for record in caplog.records)


REFUSED = [
    ("started_at", "created_at", "created_before_started"),
    ("status", "'running'", "status_known"),
    ("attempt", "-1", "attempt_counts"),
    ("completed_at", "updated_at", "completed_at_if_completed"),
    ("cancelled_at", "updated_at", "cancelled_at_if_cancelled"),
    ("cancelled", "NOT cancelled", "cancelled"),
]


@pytest.mark.parametrize(("column", "value", "constraint"), REFUSED, ids=[name for _, _, name in REFUSED])
def test_database_refuses_what_no_event_makes(
    column: str, value: str, constraint: str, engine: Engine, tracker: JobStatusTracker
) -> None:
    """A hand-written update that breaks the order of the times or the status is refused by the database itself."""
    tracker.create_job_status("a", at=NOON)
    with engine.begin() as connection, pytest.raises(IntegrityError, match=constraint):
        connection.execute(text(f"UPDATE job_status SET {column} = {value}"))


def test_failed_write_leaves_the_connection_clean(engine: Engine, tracker: JobStatusTracker) -> None:
    """After a statement that fails the same tracker goes on."""

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


def test_the_application_keeps_its_transactions(engine: Engine, tracker: JobStatusTracker) -> None:
    """An engine that the application uses too still opens transactions after the tracker has had its connections."""
    tracker.mark_job_active("a")
    with engine.connect() as connection:
        connection.execute(text("DELETE FROM job_status"))
        connection.rollback()
    assert tracker.get_job_status("a") is not None


def test_other_databases_are_refused() -> None:
    """A database or a driver that the tracker does not know is refused by name."""
    message = r"for mysql\+mysqldb: allowed are sqlite\+pysqlite and postgresql\+psycopg"
    with pytest.raises(ValueError, match=message):
        JobStatusTracker(cast("Engine", create_mock_engine("mysql://", lambda *_: None)))


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_conformant(database: str, request: pytest.FixtureRequest) -> None:
    """By every rule that is checked the reference tracker is right, and every one of them judged it: on a server
    quickly; the benchmarks check it there in full.
    """
    if database == "sqlite":
        report = check(sqlite)
    else:
        report = check(factory(request.getfixturevalue("jobstatus_postgres")), effort="quick")
    assert report.ok, str(report)
    assert not [result.id for result in report.rules if result.reason is not None]

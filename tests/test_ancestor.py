"""The ancestor: what the check finds in it, pinned, and the weak places that the project was begun for."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event

from pytest_jobstatus import check
from pytest_jobstatus.databases import fresh_database
from pytest_jobstatus.factory import Factory
from pytest_jobstatus.replay import replay
from pytest_jobstatus.scenario import Scenario
from pytest_jobstatus.smoke import plain_plan
from tests.ancestor.adapter import Adapter, adapter, hurried, sqlite
from tests.ancestor.tracker import ACTIVE_DELAY, COMPLETED_DELAY, MILLISECOND, Job, Row, Tracker
from tests.ancestor.worker import JobCancelledError, Worker
from tests.pinned import assert_fails

FAILS = {
    "TRACK-1", "TRACK-4", "TRACK-6", "IDEM-1", "IDEM-2", "TERM-1", "TERM-2", "TERM-3", "TERM-4", "TIME-4", "CONV-1",
    "RETRY-1", "RETRY-2", "RETRY-3", "RETRY-4", "RETRY-5", "RETRY-7", "CANC-1", "CANC-2", "CANC-3", "CANC-4", "PROG-2",
    "STALL-1", "DATA-1",
}  # fmt: skip
"""An UPDATE that finds no row loses the event (TRACK-4, RETRY-1 and CANC-1 need no more than that); the upsert of the
pending row reopens what is over; a failure or a cancellation is written over any end; stall reports are only logged.
"""
FAILS_ON_POSTGRESQL = {"TIME-4", "PROG-2", "DATA-1", "DATA-2"}
"""Of the rules judged there. PostgreSQL refuses NaN and NUL, which SQLite takes, and the ancestor says nothing."""

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def no_wait(_seconds: float) -> None:
    pass


@pytest.fixture
def tracker(engine: Engine) -> Tracker:
    made = Tracker(engine, sleep=no_wait)
    made.create_table()
    return made


def row(tracker: Tracker, job_id: str = "a") -> Row:
    found = tracker.get_job_status(job_id)
    assert found is not None
    return found


def test_what_the_ancestor_fails() -> None:
    """The check finds exactly these faults; that a finished job runs again is one of them."""
    report = check(hurried, effort="quick")
    assert_fails(report, FAILS, {"TERM-1": "the job was completed; active 1 made it pending"})


def test_what_it_fails_on_postgresql(postgres_url: str) -> None:
    """What depends on the database: odd values are refused there, and the refusal is swallowed."""
    with fresh_database(postgres_url) as url:
        report = check(lambda: adapter(create_engine(url), sleep=no_wait), rules="TIME-4,PROG-2,DATA", effort="quick")
    message = "was neither refused nor stored"
    assert_fails(report, FAILS_ON_POSTGRESQL, {"DATA-2": message})


def test_its_delays_are_seen() -> None:
    """With the real delays LOAD-1 names the wait before a job is marked active."""
    plan = plain_plan(Adapter.profile)
    seen = replay(Factory.of(sqlite), Scenario(id="plain", title="a plain job", rules=("LOAD-1",), plan=plan))
    _, violation = seen.verdicts["LOAD-1"]
    assert violation is not None
    assert violation.message == "apply(active 1) slept: time.sleep for about 0.5 s"


def test_a_fast_job_breaks_no_constraint(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    """A job that starts and ends at the instant of its creation shows three times in order, and no error is logged."""
    tracker = Tracker(engine, sleep=no_wait, clock=lambda: NOON)
    tracker.create_table()
    worker = Worker(tracker)
    worker.active(Job("a"))
    worker.completed(Job("a", attempts_made=1))
    shown = row(tracker)
    assert [shown["created_at"], shown["started_at"], shown["completed_at"]] == [
        NOON + n * MILLISECOND for n in range(3)
    ]
    assert shown["status"] == "completed"
    assert caplog.records == []


def test_the_delays_hide_a_race(engine: Engine) -> None:
    """A job that completes during the longer delay is left as it is; this is what the delays are for."""
    slept: list[float] = []

    def completing(seconds: float) -> None:
        slept.append(seconds)
        if seconds == ACTIVE_DELAY:
            made.mark_job_completed(Job("a"))

    made = Tracker(engine, sleep=completing)
    made.create_table()
    Worker(made).active(Job("a"))
    assert (row(made)["status"], row(made)["started_at"]) == ("completed", None)
    assert slept == [ACTIVE_DELAY, COMPLETED_DELAY]


@pytest.mark.parametrize(
    ("later", "status", "logged"),
    [
        (timedelta(seconds=1), "completed", ["update_job_status"]),
        (timedelta(seconds=-1), "active", []),
    ],
)
def test_the_race_is_there_all_the_same(
    later: timedelta, status: str, logged: list[str], engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    """A job that completes between the last look and the write runs again, unless a constraint happens to refuse it."""
    tracker = Tracker(engine, sleep=no_wait, clock=lambda: NOON)
    tracker.create_table()
    tracker.create_job_status(Job("a"))
    done = NOON + timedelta(minutes=1)

    def clock() -> datetime:
        Tracker(engine, sleep=no_wait, clock=lambda: done).mark_job_completed(Job("a"))
        return done + later

    Tracker(engine, sleep=no_wait, clock=clock).mark_job_active(Job("a"))
    assert (row(tracker)["status"], row(tracker)["completed_at"]) == (status, done)
    assert [record.getMessage().split(" failed: ")[0] for record in caplog.records] == logged


@pytest.mark.parametrize(
    ("error", "cancelled"),
    [
        (JobCancelledError("stop"), True),
        (type("JobCancelledError", (Exception,), {})("stop"), True),
        (ValueError("the payment was cancelled by the bank"), True),
        (ValueError("the payment was Cancelled"), False),
        (ValueError("boom"), False),
    ],
)
def test_cancellation_is_guessed_from_the_text(error: Exception, cancelled: bool, tracker: Tracker) -> None:  # noqa: FBT001 - a column of the table
    """An ordinary failure whose text says "cancelled" becomes a cancellation, and its text is lost."""
    worker = Worker(tracker)
    worker.active(Job("a"))
    worker.failed(Job("a", attempts_made=1), error)
    shown = row(tracker)
    assert (shown["status"], shown["cancelled"]) == ("failed", cancelled)
    assert shown["error_message"] == ("Job cancelled by user request" if cancelled else str(error))


def test_a_failure_that_will_be_retried_is_delayed(tracker: Tracker) -> None:
    """While attempts are left the job is delayed, without a time of failure; then the next attempt is active."""
    worker = Worker(tracker)
    worker.active(Job("a", attempts=2))
    worker.failed(Job("a", attempts_made=1, attempts=2), ValueError("boom"))
    assert (row(tracker)["status"], row(tracker)["failed_at"], row(tracker)["attempts"]) == ("delayed", None, 1)
    worker.active(Job("a", attempts_made=1, attempts=2))
    assert (row(tracker)["status"], row(tracker)["attempts"]) == ("active", 2)


def test_a_stalled_job_stays_active(tracker: Tracker, caplog: pytest.LogCaptureFixture) -> None:
    """The report of a lost worker is logged, and the row is as it was."""
    caplog.set_level(logging.INFO)
    worker = Worker(tracker)
    worker.active(Job("a"))
    before = row(tracker)
    worker.stalled("a")
    assert row(tracker) == before
    assert before["status"] == "active"
    assert [record.getMessage() for record in caplog.records] == ["job a stalled"]


LOST: list[tuple[Callable[[Tracker], object], list[str]]] = [
    (lambda tracker: tracker.mark_job_completed(Job("a")), ["update_job_status"]),
    (lambda tracker: tracker.mark_job_failed(Job("a", attempts_made=1), ValueError("boom")), ["update_job_status"]),
    (lambda tracker: tracker.mark_job_cancelled("a"), ["update_job_status"]),
    (lambda tracker: tracker.update_job_progress("a", {"percent": 50}), []),
]


@pytest.mark.parametrize(("write", "logged"), LOST, ids=["completed", "failed", "cancelled", "progress"])
def test_a_database_error_loses_the_event(
    write: Callable[[Tracker], object], logged: list[str], tracker: Tracker, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is raised, so that nobody tells the event again; where it was progress, nothing is logged either."""

    def broken(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("UPDATE"):
            raise ConnectionError("the server is gone")

    tracker.create_job_status(Job("a"))
    before = row(tracker)
    event.listen(tracker.engine, "before_cursor_execute", broken)
    write(tracker)
    event.remove(tracker.engine, "before_cursor_execute", broken)
    assert row(tracker) == before
    assert [record.getMessage() for record in caplog.records] == [
        f"{name} failed: the server is gone" for name in logged
    ]

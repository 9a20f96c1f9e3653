"""The reference tracker where the database fails: it says so, loses nothing, and goes on when the database is back."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Identifier
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from pytest_jobstatus.databases import fresh_database
from reference_tracker.adapter import factory
from reference_tracker.change import Change
from reference_tracker.tracker import JobStatusTracker

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


class Switch:
    """Turns one database of a server off and on again."""

    def __init__(self, server: str, name: str) -> None:
        self.admin = psycopg.connect(server.replace("+psycopg", "", 1), autocommit=True)
        self.name = name

    def cut(self) -> None:
        """End every session; new ones may come."""
        self.admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [self.name])

    def off(self) -> None:
        """End every session and let no new one in."""
        self.admin.execute(SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(Identifier(self.name)))
        self.cut()

    def on(self) -> None:
        """Let sessions in."""
        self.admin.execute(SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(Identifier(self.name)))


@contextmanager
def switched(server: str) -> Iterator[tuple[Engine, Switch]]:
    with fresh_database(server) as url:
        engine = create_engine(url)
        assert engine.url.database is not None
        switch = Switch(server, engine.url.database)
        try:
            yield engine, switch
        finally:
            switch.admin.close()
            engine.dispose()


@pytest.fixture
def database(postgres_url: str) -> Iterator[tuple[Engine, Switch]]:
    """A database with the table, and its switch."""
    with switched(postgres_url) as (engine, switch):
        JobStatusTracker(engine).create_table()
        yield engine, switch


def status(tracker: JobStatusTracker, job_id: str = "a") -> str | None:
    row = tracker.get_job_status(job_id)
    return row and row.status


def test_down_at_the_start(database: tuple[Engine, Switch]) -> None:
    """A tracker that was made while the database was down works once it is up."""
    engine, switch = database
    switch.off()
    tracker = JobStatusTracker(create_engine(engine.url))
    for _ in range(2):
        with pytest.raises(OperationalError, match="not currently accepting connections"):
            tracker.mark_job_active("a")
    switch.on()
    tracker.mark_job_active("a")
    assert status(tracker) == "active"
    tracker._engine.dispose()


CALLS: dict[str, Callable[[JobStatusTracker], object]] = {
    "one event": lambda tracker: tracker.mark_job_completed("a"),
    "a batch": lambda tracker: tracker.apply_many([Change("a", "completed", NOON), Change("b", "failed", NOON)]),
    "a read": lambda tracker: tracker.get_job_status("a"),
    "a list": lambda tracker: tracker.list_jobs(),
    "by hand": lambda tracker: tracker.update_job_status("a", "failed", only_if_not_completed=False),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_down_in_the_middle(call: Callable[[JobStatusTracker], object], database: tuple[Engine, Switch]) -> None:
    """What is called while it is down raises, changes nothing and keeps no connection; then the tracker goes on."""
    engine, switch = database
    tracker = JobStatusTracker(engine)
    tracker.mark_job_active("a")
    switch.off()
    for _ in range(2):
        with pytest.raises(OperationalError):
            call(tracker)
    assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    switch.on()
    assert (status(tracker), status(tracker, "b")) == ("active", None)
    call(tracker)
    assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", [name for name in CALLS if name != "by hand"])
def test_a_connection_that_was_lost_unseen(name: str, database: tuple[Engine, Switch]) -> None:
    """Where the server was restarted in between, nobody notices, whichever of the pool's connections comes."""
    engine, switch = database
    tracker = JobStatusTracker(engine)
    held = [engine.connect() for _ in range(3)]
    for connection in held:
        connection.close()
    tracker.mark_job_active("a")
    switch.cut()
    found = CALLS[name](tracker)
    assert status(tracker) == ("completed" if found is None else "active")
    assert found is None or found
    assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]


def test_what_is_not_safe_to_repeat_is_not(database: tuple[Engine, Switch]) -> None:
    """A status set against the guard is not set twice: the caller is told, and decides."""
    engine, switch = database
    tracker = JobStatusTracker(engine)
    tracker.mark_job_active("a")
    switch.cut()
    with pytest.raises(OperationalError):
        CALLS["by hand"](tracker)
    assert status(tracker) == "active"


def test_a_batch_is_all_or_none(engine: Engine) -> None:
    """Where the database refuses one row of a batch, none is written, and the tracker goes on."""
    tracker = JobStatusTracker(engine)
    tracker.create_table()
    trigger = {
        "sqlite": "CREATE TRIGGER refuse BEFORE INSERT ON job_status WHEN NEW.job_id = 'c'"
        " BEGIN SELECT RAISE(ABORT, 'refused c'); END",
        "postgresql": "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF NEW.job_id = 'c' THEN RAISE 'refused c'; END IF; RETURN NEW; END $$;"
        " CREATE TRIGGER refuse BEFORE INSERT ON job_status FOR EACH ROW EXECUTE FUNCTION refuse()",
    }
    with engine.begin() as connection:
        connection.exec_driver_sql(trigger[engine.dialect.name])
    told = [Change(job_id, "active", NOON, attempt=1) for job_id in "abcd"]
    told += [Change(job_id, "completed", NOON + timedelta(seconds=1), attempt=1) for job_id in "abd"]
    with pytest.raises(DBAPIError, match="refused c"):
        tracker.apply_many(told)
    assert tracker.list_jobs() == []
    tracker.apply_many([change for change in told if change.job_id != "c"])
    assert [row.status for row in tracker.list_jobs()] == ["completed"] * 3


def test_errors_are_those_of_sqlalchemy(engine: Engine) -> None:
    """The application catches what it catches elsewhere; the statement and its parameters are not in the text."""
    tracker = JobStatusTracker(engine)
    with pytest.raises(DBAPIError, match="job_status") as caught:  # there is no table
        tracker.update_job_progress("a", {"secret": "hunter2"})
    assert (caught.value.statement, caught.value.params) == (None, None)
    assert "hunter2" not in str(caught.value)
    tracker.create_table()
    with engine.begin() as connection:
        connection.execute(text("CREATE UNIQUE INDEX one_queue ON job_status (queue)"))
    tracker.create_job_status("a", queue="q")
    with pytest.raises(IntegrityError):
        tracker.create_job_status("b", queue="q")


def test_a_locked_sqlite_is_told(tmp_path: Path) -> None:
    """A writer that waits too long raises; when the lock is gone the same tracker goes on."""
    file = tmp_path / "jobs.db"
    engine = create_engine(f"sqlite:///{file}")
    tracker = JobStatusTracker(engine)
    tracker.create_table()
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=1")
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(OperationalError, match="database is locked"):
        tracker.mark_job_active("a")
    other.execute("ROLLBACK")
    other.close()
    tracker.mark_job_active("a")
    assert status(tracker) == "active"
    engine.dispose()


TENANTS = ["it's", 'say "hi"', "a; DROP TABLE job_status", "%s $1 ?", "größe 🙂", " ", "x" * 255]


@pytest.mark.parametrize("tenant", TENANTS, ids=ascii)
def test_a_tenant_is_any_text(tenant: str, engine: Engine) -> None:
    """Quotes and what looks like SQL are part of its name."""
    JobStatusTracker(engine).create_table()
    tracker = JobStatusTracker(engine, tenant=tenant)
    tracker.mark_job_active("a")
    tracker.apply_many([Change("a", "completed", NOON, attempt=1)])
    assert [(row.tenant, row.status) for row in tracker.list_jobs(status="completed")] == [(tenant, "completed")]
    assert JobStatusTracker(engine, tenant=f"{tenant[:-1]}y").list_jobs() == []


@pytest.mark.parametrize("target", ["postgresql+nosuch://localhost/x", "mysql+nosuch://localhost/x"])
def test_a_url_without_a_driver(target: str) -> None:
    """The check says which URL, and why it cannot be used, in one line."""
    from pytest_jobstatus import Misuse, check

    with pytest.raises(Misuse, match=r"nosuch") as caught:
        check(factory(target), rules="TERM-1")
    assert "\n" not in str(caught.value)

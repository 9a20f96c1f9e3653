"""Celery's own database result backend, on real databases: what the check finds there, pinned for Celery 5.7."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from pytest_jobstatus import Event, EventKind, JobError, Misuse, Status, check
from pytest_jobstatus.adapters.celery import ResultBackend, factory
from pytest_jobstatus.cli import main
from pytest_jobstatus.databases import fresh_database
from pytest_jobstatus.factory import Factory
from pytest_jobstatus.handle import Handle
from tests.pinned import assert_fails, assert_refused
from tests.result_backends import CHEAP, DATABASES_DIFFER, a_bad_file, told

FAILS = {
    "TRACK-4", "TRACK-6", "IDEM-1", "IDEM-2", "TERM-1", "TERM-2", "TERM-3", "TERM-4", "TIME-4", "TIME-8", "CONV-1",
    "RETRY-3", "RETRY-6", "CANC-2", "CANC-3", "PROG-2", "PROG-3", "DATA-1",
}  # fmt: skip
"""Celery guards a stored SUCCESS and nothing else; whatever comes last wins over FAILURE, REVOKED and RETRY. Its one
time, date_done, is set by every state; and a lone surrogate in a text, on PostgreSQL NUL as well, keeps the failure
from being stored. The databases differ in nothing else.
"""

SURROGATE, NUL = "before\ud800after", "before\0after"
UNSTORABLE = r'the text "boom\ud800" must be recorded; it raised UnicodeEncodeError: '


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def url(database: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    if database == "sqlite":
        yield f"db+sqlite:///{tmp_path / 'jobs.db'}"
        return
    with fresh_database(request.getfixturevalue("postgres_url")) as made:
        yield f"db+{made}"


@pytest.fixture
def handle(url: str) -> Iterator[Handle]:
    with Factory.of(factory(url)).open() as opened:
        yield opened


def rows(url: str) -> list[str]:
    engine = create_engine(url.removeprefix("db+"))
    with engine.connect() as connection:
        found = [task_id for (task_id,) in connection.execute(text("SELECT task_id FROM celery_taskmeta"))]
    engine.dispose()
    return found


def test_what_celery_fails(url: str, database: str) -> None:
    """The check finds exactly these faults, among them that a failed task succeeds; on PostgreSQL alike."""
    judged = CHEAP if database == "sqlite" else DATABASES_DIFFER
    report = check(factory(url), rules=judged, effort="quick")
    said = {"TERM-1": "the job was failed; completed 1 made it completed", "DATA-1": UNSTORABLE}
    assert_fails(report, FAILS & set(judged), said)


@pytest.mark.parametrize(
    ("odd", "where"), [(SURROGATE, {"sqlite", "postgresql"}), (NUL, {"postgresql"})], ids=["surrogate", "NUL"]
)
def test_a_text_that_cannot_be_stored_leaves_the_task_started(
    handle: Handle, database: str, odd: str, where: set[str]
) -> None:
    """The traceback is stored as it is: where that is refused the failure is lost, and the task seems to run."""
    job_id = handle.fresh(["job"])["job"]
    handle.apply(Event(EventKind.ACTIVE, job_id, datetime.now(UTC), attempt=1))
    failed = Event(EventKind.FAILED, job_id, datetime.now(UTC), attempt=1, error=JobError("ValueError", odd))
    refused = handle.apply(failed)
    shown = handle.read(job_id)
    assert shown is not None
    assert (refused is not None) == (database in where)
    assert shown.status is (Status.ACTIVE if database in where else Status.FAILED)


def test_postgresql_refuses_a_long_id_that_sqlite_takes(handle: Handle, database: str) -> None:
    """The column has 155 characters, which SQLite does not count: there a longer id is kept, here it is refused."""
    job_id = "x" * 156 + handle.token
    refused = handle.apply(Event(EventKind.COMPLETED, job_id, datetime.now(UTC), attempt=1))
    assert (refused is None, handle.read(job_id) is None) == (database == "sqlite", database == "postgresql")


@pytest.mark.parametrize(
    ("end", "then"),
    [
        ("completed", Status.COMPLETED),
        ("failed", Status.ACTIVE),
        ("cancelled", Status.ACTIVE),
    ],
)
def test_a_success_alone_is_final(handle: Handle, end: str, then: Status) -> None:
    """A start that comes after the end is ignored after a success and wins over a failure and a cancellation."""
    assert told(handle, end).status == end
    assert told(handle, end, "active").status is then


def test_each_state_has_its_status(handle: Handle) -> None:
    """Tasks read as nothing, active, delayed and over, with what Celery keeps beside the state."""
    assert handle.read("nobody") is None
    assert told(handle, "active").status is Status.ACTIVE
    assert told(handle, "active", "progress").progress == {"half": 0.5}
    boom = JobError("MyError", "boom ✗")
    retried = told(handle, "active", "retrying", error=boom)
    assert (retried.status, retried.error) == (Status.DELAYED, boom)
    failed = told(handle, "active", "failed", error=boom)
    assert (failed.status, failed.error) == (Status.FAILED, boom)
    assert failed.failed_at is not None
    assert abs(datetime.now(UTC) - failed.failed_at) < timedelta(minutes=1)


@pytest.mark.parametrize("kind", ["created", "stalled"])
def test_what_celery_never_stores_is_not_taken(handle: Handle, kind: str) -> None:
    """Without the profile's word the kit would be told that the adapter does not know the kind."""
    with pytest.raises(Misuse, match="gave NotImplemented"):
        told(handle, kind)


def test_reads_are_fresh(url: str) -> None:
    """A reader sees what another one did since: a success that was read before and then removed is gone."""
    one, other = (Factory.of(factory(url)).open() for _ in range(2))
    with one as mine, other as theirs:
        job_id = told(mine, "completed").job_id
        assert theirs.read(job_id) is not None
        mine.tracker.forget([job_id])  # type: ignore[attr-defined]
        assert theirs.read(job_id) is None


def test_only_the_rows_of_the_check_are_removed(url: str) -> None:
    """Results that were there before are there afterwards, and nothing else."""
    tracker = next(made := factory(url)())
    assert isinstance(tracker, ResultBackend)
    tracker.apply(Event(EventKind.COMPLETED, "mine", datetime.now(UTC), attempt=1))
    assert next(made, None) is None
    check(factory(url), rules="TRACK-2", effort="quick")
    assert rows(url) == ["mine"]


def test_the_short_name_on_the_command_line(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`jobstatus check celery:URL` judges, ignores Celery settings of the environment, and ends with exit code 1."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setenv("CELERY_CONFIG_MODULE", "no_such_module")
    assert main(["check", "--rules", "TERM-1", "--effort", "quick", f"celery:{url}"]) == 1
    output = capsys.readouterr().out
    assert output.startswith(f"celery:{url} against JSL/1\n\nTERM-1    FAIL            the job was failed; completed")
    assert rows(url) == []


BAD = [
    ("redis://localhost", "celery:redis://…: allowed is db+ and a database URL of SQLAlchemy"),
    ("sqlite:///jobs.db", "celery:sqlite://…: allowed is db+ and"),
    ("jobs.db", "celery:jobs.db: allowed is db+ and"),
    ("db+nonsense", "celery:db+nonsense: sqlalchemy.exc.ArgumentError: Could not parse"),
    ("db+nosuch://localhost", "celery:db+nosuch://…: sqlalchemy.exc.NoSuchModuleError: Can't load plugin"),
    ("db+mysql+pymysql://me:pw@localhost/x", "celery:db+mysql+pymysql://…: ModuleNotFoundError: No module named"),
    ("db+sqlite://", "celery:db+sqlite://: Celery connects more than once, and finds memory empty each time"),
    ("db+sqlite:///no/such/x.db", "celery:db+sqlite:///no/such/x.db: sqlite3.OperationalError: unable to open"),
    ("db+sqlite:///text.db", "celery:db+sqlite:///text.db: sqlite3.DatabaseError: file is not a database"),
]


@pytest.mark.parametrize(("bad", "said"), BAD)
def test_a_bad_url_is_misuse(bad: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message is one line with the value, without a password, the reason, and what is allowed."""
    monkeypatch.chdir(tmp_path)
    a_bad_file(tmp_path)
    assert_refused(factory, bad, said)


@pytest.mark.parametrize("missing", ["celery.backends.database.models", "sqlalchemy"])
def test_a_missing_library_is_misuse(url: str, missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message tells what to install."""
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(Misuse, match=r"; install it: pip install 'pytest-jobstatus\[celery\]'$"):
        factory(url)

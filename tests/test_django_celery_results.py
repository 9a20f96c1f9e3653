"""django-celery-results on real databases: what the check finds there, pinned for its version 2.6 and Celery 5.7."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pytest_jobstatus import Event, EventKind, JobError, Misuse, Status, check
from pytest_jobstatus.adapters.django_celery_results import TaskResults, factory
from pytest_jobstatus.cli import main
from pytest_jobstatus.databases import fresh_database
from pytest_jobstatus.factory import Factory
from pytest_jobstatus.handle import Handle
from tests.pinned import assert_fails, assert_refused
from tests.result_backends import CHEAP, DATABASES_DIFFER, a_bad_file, told

FAILS = {
    "TRACK-4", "TRACK-6", "IDEM-1", "IDEM-2", "TERM-1", "TERM-2", "TERM-3", "TERM-4", "TIME-4", "TIME-8", "CONV-1",
    "RETRY-3", "RETRY-6", "CANC-2", "CANC-3", "PROG-2", "PROG-3",
}  # fmt: skip
"""Nothing is guarded: whatever comes last wins, over SUCCESS too; and date_done is the time of the last store."""


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield sqlite(tmp_path)
        return
    with fresh_database(request.getfixturevalue("postgres_url")) as made:
        yield made


@pytest.fixture
def handle(url: str) -> Iterator[Handle]:
    with Factory.of(factory(url)).open() as opened:
        yield opened


def sqlite(folder: Path) -> str:
    return f"sqlite:///{folder / 'jobs.db'}"


def test_what_it_fails(tmp_path: Path) -> None:
    """The check finds exactly these faults, among them that an end is undone."""
    report = check(factory(sqlite(tmp_path)), rules=CHEAP, effort="quick")
    said = "cancelled 1 was delivered, so the job must show cancelled; it shows active"
    assert_fails(report, FAILS, {"TRACK-4": said})


def test_it_fails_on_postgresql_alike(postgres_url: str) -> None:
    """Another database makes no difference where databases differ."""
    with fresh_database(postgres_url) as url:
        report = check(factory(url), rules=DATABASES_DIFFER, effort="quick")
    assert_fails(report, FAILS & set(DATABASES_DIFFER), {})


@pytest.mark.parametrize("end", ["completed", "failed", "cancelled"])
def test_no_end_is_final(handle: Handle, end: str) -> None:
    """A start that comes after the end wins over each, a success included."""
    assert told(handle, end).status == end
    assert told(handle, end, "active").status is Status.ACTIVE


def test_a_task_that_runs_has_a_done_date(url: str) -> None:
    """date_done is set by every store (celery/django-celery-results#415)."""
    with Factory.of(factory(url)).open() as handle:
        job_id = told(handle, "active").job_id
        shown = handle.tracker.read(job_id)
    assert isinstance(shown, dict)
    assert shown["status"] is Status.ACTIVE
    assert abs(datetime.now(UTC) - shown["ended_at"]) < timedelta(minutes=1)


def test_each_state_has_its_status(handle: Handle) -> None:
    """Tasks read as nothing, active, delayed and over, with what is kept beside the state."""
    assert handle.read("nobody") is None
    active = told(handle, "active")
    assert active.status is Status.ACTIVE
    assert active.started_at is not None
    assert abs(datetime.now(UTC) - active.started_at) < timedelta(minutes=1)
    assert told(handle, "active", "progress").progress == {"half": 0.5}
    boom = JobError("MyError", "boom ✗")
    retried = told(handle, "active", "retrying", error=boom)
    assert (retried.status, retried.error) == (Status.DELAYED, boom)
    failed = told(handle, "active", "failed", error=boom)
    assert (failed.status, failed.error) == (Status.FAILED, boom)


@pytest.mark.parametrize("kind", ["created", "stalled"])
def test_what_is_never_stored_is_not_taken(handle: Handle, kind: str) -> None:
    """Without the profile's word the kit would be told that the adapter does not know the kind."""
    with pytest.raises(Misuse, match="gave NotImplemented"):
        told(handle, kind)


def test_two_databases_in_one_process(url: str, tmp_path: Path) -> None:
    """Each tracker writes to its own, in turns too, though Django has one default database."""
    with Factory.of(factory(url)).open() as one, Factory.of(factory(sqlite(tmp_path / ".."))).open() as other:
        mine = told(one, "completed").job_id
        theirs = told(other, "failed").job_id
        assert (one.read(theirs), other.read(mine)) == (None, None)
        assert [one.read(mine) is None, other.read(theirs) is None] == [False, False]


def test_only_the_rows_of_the_check_are_removed(url: str) -> None:
    """Results that were there before are there afterwards, and nothing else."""
    made = factory(url)()
    tracker = next(made)
    assert isinstance(tracker, TaskResults)
    tracker.apply(Event(EventKind.COMPLETED, "mine", datetime.now(UTC), attempt=1))
    check(factory(url), rules="TRACK-2", effort="quick")
    assert tracker.read("mine") is not None

    from django_celery_results.models import TaskResult

    assert list(TaskResult.objects.values_list("task_id", flat=True)) == ["mine"]
    assert next(made, None) is None


def test_the_short_name_on_the_command_line(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`jobstatus check django-celery-results:URL` judges, ignores Celery's settings, and ends with exit code 1."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setenv("CELERY_CONFIG_MODULE", "no_such_module")
    assert main(["check", "--rules", "TERM-1", "--effort", "quick", f"django-celery-results:{url}"]) == 1
    output = capsys.readouterr().out
    assert output.startswith(
        f"django-celery-results:{url} against JSL/1\n\nTERM-1    FAIL            the job was compl"
    )


BAD = [
    ("redis://localhost", "redis://localhost: allowed are sqlite:///jobs.db and postgresql"),
    ("jobs.db", "jobs.db: allowed are"),
    ("mysql://me:pw@localhost/x", "mysql://localhost/x: allowed are"),
    ("sqlite://", "sqlite://: it names no file; allowed are"),
    ("sqlite:///:memory:", "sqlite:///:memory:: it names no file; allowed are"),
    ("sqlite://host/x.db", "sqlite://host/x.db: it names no file; allowed are"),
    ("postgresql://me:pw@localhost", "postgresql://localhost: it names no database; allowed are"),
    ("postgresql://me:pw@localhost:x/jobs", "postgresql://localhost:x/jobs: Port could not be cast"),
    ("postgresql://me:pw@[/jobs", "postgresql://…: no URL: Invalid IPv6 URL; allowed are"),
    ("postgresql://me:pw@/jobs?host=/nowhere", "postgresql:///jobs: django.db.utils.OperationalError: connection"),
    ("sqlite:///no/such/x.db", "sqlite:///no/such/x.db: django.db.utils.OperationalError: unable to open"),
    ("sqlite:///text.db", "sqlite:///text.db: django.db.utils.DatabaseError: file is not a database"),
]


@pytest.mark.parametrize(("bad", "said"), BAD)
def test_a_bad_url_is_misuse(bad: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message is one line with the value, without a password, the reason, and what is allowed."""
    monkeypatch.chdir(tmp_path)
    a_bad_file(tmp_path)
    assert_refused(factory, bad, f"django-celery-results:{said}")


@pytest.mark.parametrize("missing", ["django", "django_celery_results"])
def test_a_missing_library_is_misuse(tmp_path: Path, missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message tells what to install."""
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(Misuse, match=r"; install it: pip install 'pytest-jobstatus\[django\]'$"):
        factory(sqlite(tmp_path))


OTHER = """
from django.conf import settings
settings.configure()
"""


@pytest.mark.parametrize(("program", "variable"), [(OTHER, {}), ("", {"DJANGO_SETTINGS_MODULE": "mysite.settings"})])
def test_django_that_is_set_up_otherwise_is_misuse(program: str, variable: dict[str, str], tmp_path: Path) -> None:
    """Django takes settings once for each process: those of somebody else are left alone."""
    program += f"from pytest_jobstatus.adapters.django_celery_results import factory\nfactory({sqlite(tmp_path)!r})"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=os.environ | variable, capture_output=True, text=True, check=False)
    last = done.stderr.splitlines()[-1]
    assert "Misuse: django-celery-results:sqlite://" in last
    assert last.endswith("allowed is a process of its own, without DJANGO_SETTINGS_MODULE")
    assert not (tmp_path / "jobs.db").exists()

"""What Celery's `State` makes of events, which Flower and `celery events` show: pinned for Celery 5.7."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from pytest_jobstatus import Event, EventKind, JobError, Misuse, Snapshot, Status, check
from pytest_jobstatus.adapters.celery_events import factory, messages
from pytest_jobstatus.cli import main
from pytest_jobstatus.factory import Factory
from pytest_jobstatus.handle import Handle
from tests.pinned import assert_fails

FAILS = {
    "TRACK-1", "TRACK-4", "TRACK-6", "IDEM-2", "TERM-1", "TERM-2", "TERM-3", "TERM-4", "TIME-1", "TIME-4", "TIME-5",
    "TIME-6", "TIME-7", "CONV-1", "CONV-2", "RETRY-3", "RETRY-5", "RETRY-6", "CANC-1", "CANC-2", "CANC-3", "PROG-2",
    "PROG-3",
}  # fmt: skip
"""States have an order, but RETRY stands outside it, and a state of one's own is above REVOKED; whatever comes, late or
not, brings its time and its fields; and instants are moved by the difference of the hosts' time zones.
"""

START = datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.fixture
def handle() -> Iterator[Handle]:
    with Factory.of(factory("memory")).open() as opened:
        yield opened


def told(handle: Handle, *events: str, zone: timezone = UTC) -> Snapshot:
    """What a new job shows after these events, "active 1" for instance, a second apart."""
    job_id = handle.fresh(["job"])["job"]
    for second, event in enumerate(events):
        kind, _, attempt = event.partition(" ")
        at = (START + timedelta(seconds=second)).astimezone(zone)
        error = JobError("MyError", f"boom {attempt}") if kind in ("retrying", "failed") else None
        given = Event(EventKind(kind), job_id, at, attempt=int(attempt or 0), error=error, progress={"half": 0.5})
        assert handle.apply(given) is None
    shown = handle.read(job_id)
    assert shown is not None
    return shown


def test_what_celery_fails() -> None:
    """The check finds exactly these faults, among them that a custom event hides a revocation."""
    report = check(factory("memory"), effort="quick")
    said = "cancelled 1 was delivered in order and must show cancelled; it shows active"
    assert_fails(report, FAILS, {"TRACK-1": said})


def test_each_state_has_its_status(handle: Handle) -> None:
    """Told in order, a task shows what it does, its times, its error and its progress."""
    assert handle.read("nobody") is None
    done = told(handle, "created", "active 1", "completed 1")
    assert (done.status, done.created_at, done.started_at, done.completed_at) == (
        Status.COMPLETED, START, START + timedelta(seconds=1), START + timedelta(seconds=2)
    )  # fmt: skip
    assert told(handle, "created").status is Status.PENDING
    assert told(handle, "created", "active 1", "progress 1").progress == {"half": 0.5}
    assert told(handle, "created", "cancelled").status is Status.CANCELLED
    retried = told(handle, "created", "active 1", "retrying 1")
    assert (retried.status, retried.error) == (
        Status.DELAYED, "Traceback (most recent call last):\nMyError: boom 1\n"
    )  # fmt: skip
    assert told(handle, "created", "active 1", "retrying 1", "active 2").status is Status.ACTIVE


@pytest.mark.parametrize("end", ["completed 2", "failed 2", "cancelled 2"])
def test_a_late_retry_reopens_a_finished_task(handle: Handle, end: str) -> None:
    """RETRY stands outside the order of states: it wins over every end."""
    assert told(handle, end, "retrying 1").status is Status.DELAYED


def test_a_custom_event_hides_a_revocation(handle: Handle) -> None:
    """A state of one's own is above REVOKED: a task that told its progress and is killed looks active for good."""
    killed = told(handle, "created", "active 1", "progress 1", "cancelled 1")
    assert (killed.status, killed.cancelled_at) == (Status.ACTIVE, START + timedelta(seconds=3))


def test_a_late_start_moves_the_start_behind_the_end(handle: Handle) -> None:
    """The state is kept, the time is not."""
    shown = told(handle, "completed 1", "active 1")
    assert shown.status is Status.COMPLETED
    assert (shown.completed_at, shown.started_at) == (START, START + timedelta(seconds=1))


def test_a_retry_moves_the_creation_behind_the_start(handle: Handle) -> None:
    """A worker that retries sends the task anew, and the time of that is shown as the time it was sent."""
    shown = told(handle, "created", "active 1", "retrying 1")
    assert (shown.created_at, shown.started_at) == (START + timedelta(seconds=2), START + timedelta(seconds=1))


def test_a_zombie_leaves_its_error_on_a_task_that_succeeded(handle: Handle) -> None:
    """The state is kept, the fields are mixed."""
    shown = told(handle, "completed 2", "failed 1")
    assert (shown.status, shown.failed_at) == (Status.COMPLETED, START + timedelta(seconds=1))
    assert "boom 1" in str(shown.error)


@pytest.mark.parametrize(("hours", "shown"), [(0, 0), (2, 2), (-5, -5), (5.5, 5.5)])
def test_another_time_zone_moves_the_instant(handle: Handle, hours: float, shown: float) -> None:
    """A timestamp counts from 1970 in UTC, and is yet moved by the difference of the zones (celery/celery#2694)."""
    done = told(handle, "completed 1", zone=timezone(timedelta(hours=hours)))
    assert done.completed_at == START + timedelta(hours=shown)


@pytest.fixture(scope="module")
def real() -> dict[str, set[str]]:
    """The fields of each event that a real client and worker send about tasks that report, retry, fail and expire."""
    from celery import Celery
    from celery.contrib.testing.worker import start_worker

    seen: list[dict[str, Any]] = []
    over = threading.Event()
    with Celery("real", broker="memory://", set_as_current=False) as app:
        app.config_from_object(
            {
                "task_send_sent_event": True,
                "worker_send_task_events": True,
                "task_ignore_result": True,
                "broker_transport_options": {"polling_interval": 0.01},
            }
        )

        @app.task(bind=True, name="job", max_retries=1)  # type: ignore[untyped-decorator] # celery has no types
        def job(self: Any, *, good: bool) -> None:
            self.send_event("task-progress", progress=5)
            if not good:
                raise self.retry(exc=ValueError("boom"), countdown=0)

        def note(event: dict[str, Any]) -> None:
            seen.append(event)
            if {"task-revoked", "task-succeeded", "task-failed"} <= {each["type"] for each in seen}:
                over.set()

        with app.connection() as connection, start_worker(app, perform_ping_check=False):
            receiver = app.events.Receiver(connection, handlers={"*": note})
            receiver.queue.bind(connection.default_channel).declare()  # what is sent before there is a queue is lost
            job.apply_async(kwargs={"good": True}, expires=-1)
            for good in (False, True):
                job.apply_async(kwargs={"good": good})
            for _ in receiver.itercapture(wakeup=False, timeout=20):
                if over.is_set():
                    break
    return {event["type"]: set(event) for event in seen if event["type"].startswith("task-")}


@pytest.mark.parametrize("kind", [kind for kind in EventKind if kind is not EventKind.STALLED])
def test_the_messages_have_the_fields_of_real_ones(real: dict[str, set[str]], kind: EventKind) -> None:
    """What the adapter makes up differs from what Celery's own client and worker send in its values alone."""
    at = datetime.now(UTC)
    made = messages(Event(kind, "job", at, attempt=1, error=JobError("MyError", "boom"), retry_at=at))
    for message in made:
        assert {*message, "local_received"} == real[message["type"]]


def test_a_stall_is_not_taken(handle: Handle) -> None:
    """Without the profile's word the kit would be told that the adapter does not know the kind."""
    with pytest.raises(Misuse, match="gave NotImplemented"):
        told(handle, "stalled 1")


def test_what_was_told_is_forgotten(handle: Handle) -> None:
    """The tasks of a check are dropped, others are kept."""
    mine, other = told(handle, "active 1").job_id, told(handle, "active 1").job_id
    handle.tracker.forget([mine, "nobody"])  # type: ignore[attr-defined]
    assert (handle.read(mine) is None, handle.read(other) is None) == (True, False)


def test_the_short_name_on_the_command_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Any
) -> None:
    """`jobstatus check celery-events:memory` judges, ignores Celery's settings, and ends with exit code 1."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setenv("CELERY_CONFIG_MODULE", "no_such_module")
    assert main(["check", "--rules", "TERM-1", "--effort", "quick", "celery-events:memory"]) == 1
    output = capsys.readouterr().out
    assert output.startswith(
        "celery-events:memory against JSL/1\n\nTERM-1    FAIL            the job was failed; compl"
    )


@pytest.mark.parametrize(
    ("bad", "said"),
    [("redis://me:pw@localhost", "celery-events:redis://…: allowed"), ("Memory", "celery-events:Memory: allowed")],
)
def test_a_bad_url_is_misuse(bad: str, said: str) -> None:
    """The message is one line with the value, without a password, and what is allowed."""
    with pytest.raises(Misuse) as caught:
        factory(bad)
    assert str(caught.value).startswith(said)
    assert str(caught.value).endswith("celery-events:memory, for events are told to Celery without a broker")


def test_a_missing_library_is_misuse(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message tells what to install."""
    monkeypatch.setitem(sys.modules, "celery", None)
    with pytest.raises(Misuse, match=r"; install it: pip install 'pytest-jobstatus\[celery\]'$"):
        factory("memory")

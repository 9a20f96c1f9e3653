"""RQ's own job status, on a real Valkey server: what the check finds there, pinned for RQ 2.12."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from rq import Queue, Retry
from rq.exceptions import InvalidJobOperation

from pytest_jobstatus import Event, EventKind, JobError, Misuse, Snapshot, Status, check
from pytest_jobstatus.adapters.rq import factory
from pytest_jobstatus.cli import main
from pytest_jobstatus.factory import Factory
from pytest_jobstatus.handle import Handle
from tests.pinned import assert_fails, assert_refused

FAILS = {
    "TRACK-4", "TRACK-6", "IDEM-1", "IDEM-2", "TERM-1", "TERM-2", "TERM-3", "TERM-4", "TIME-4", "TIME-6", "TIME-8",
    "CONV-1", "RETRY-3", "RETRY-6", "CANC-2", "CANC-3", "PROG-2", "STALL-1", "STALL-2",
    "DATA-1",
}  # fmt: skip
"""RQ writes a status without a look at the one that stands there. A second `enqueue` with the same id begins anew; the
error of a failure that is retried is not kept, but its end time is; and the worker dies of a lone surrogate in a text.
"""


@pytest.fixture
def server(jobstatus_redis: str) -> str:
    """The URL of an empty database."""
    return jobstatus_redis


@pytest.fixture
def connection(server: str) -> Iterator[Redis]:
    """A connection to an empty database."""
    with Redis.from_url(server) as opened:
        yield opened


@pytest.fixture
def handle(server: str) -> Iterator[Handle]:
    with Factory.of(factory(server)).open() as opened:
        yield opened


def tell(handle: Handle, job_id: str, *told: str, error: JobError | None = None) -> list[BaseException | None]:
    """Deliver events, "active 1" for instance, and give what was raised."""
    raised = []
    for kind, attempt in (name.split() for name in told):
        given = error if kind in ("retrying", "failed") else None
        event = Event(EventKind(kind), job_id, datetime.now(UTC), attempt=int(attempt), error=given, progress={"a": 1})
        raised.append(handle.apply(event))
    return raised


def shown(handle: Handle, *told: str, error: JobError | None = None) -> Snapshot:
    """What a new job shows after these events."""
    job_id = handle.fresh(["job"])["job"]
    assert tell(handle, job_id, *told, error=error) == [None] * len(told)
    found = handle.read(job_id)
    assert found is not None
    return found


def test_what_rq_fails(server: str) -> None:
    """The check finds exactly these faults, among them that a finished job runs again."""
    report = check(factory(server), effort="quick")
    assert_fails(report, FAILS, {"TERM-1": "the job was completed; active 1 made it active"})


@pytest.mark.parametrize(
    ("told", "status"),
    [
        (["created 0"], Status.PENDING),
        (["active 1"], Status.ACTIVE),
        (["active 1", "retrying 1"], Status.DELAYED),
        (["active 1", "retrying 1", "active 2"], Status.ACTIVE),
        (["active 1", "stalled 1"], Status.DELAYED),
        (["active 1", "completed 1"], Status.COMPLETED),
        (["active 1", "failed 1"], Status.FAILED),
        (["created 0", "cancelled 0"], Status.CANCELLED),
        (["active 1", "cancelled 1"], Status.CANCELLED),
    ],
)
def test_each_event_has_its_status(handle: Handle, told: list[str], status: Status) -> None:
    """Told in order, events show as RQ's states, whose names are others."""
    assert shown(handle, *told).status is status


def test_what_a_job_shows(handle: Handle) -> None:
    """Progress is kept in the job's meta, times are near, and the error ends with the exception's own text."""
    assert handle.read("nobody") is None
    found = shown(handle, "created 0", "active 1", "progress 1", "failed 1", error=JobError("MyError", "boom ✗"))
    assert (found.progress, found.error) == ({"a": 1}, "MyError: boom ✗\n")
    assert found.created_at is not None
    assert found.started_at is not None
    assert found.failed_at is not None
    assert found.created_at < found.started_at < found.failed_at < found.created_at + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("told", "late", "then"),
    [
        (["created 0", "cancelled 0"], "active 1", Status.ACTIVE),  # rq/rq#2160: it was fetched before
        (["active 1", "cancelled 1"], "completed 1", Status.COMPLETED),
        (["active 1", "completed 1"], "cancelled 1", Status.CANCELLED),
        (["active 1", "completed 1"], "active 1", Status.ACTIVE),  # its id was in the queue twice
        (["created 0", "active 1", "completed 1"], "created 0", Status.PENDING),
        (["active 1", "stalled 1", "active 2", "completed 2"], "retrying 1", Status.DELAYED),
    ],
)
def test_the_last_write_wins(handle: Handle, told: list[str], late: str, then: Status) -> None:
    """No state is final: whatever a client or a worker writes last stands there."""
    assert shown(handle, *told, late).status is then


@pytest.mark.parametrize(
    ("told", "late"),
    [
        (["active 1", "progress 1"], "created 0"),
        (["active 1", "stalled 1", "active 2"], "stalled 1"),
        (["active 1", "completed 1"], "stalled 1"),
        (["active 1", "cancelled 1"], "stalled 1"),
    ],
)
def test_a_late_report_of_rqs_own_step_finds_it_done(handle: Handle, told: list[str], late: str) -> None:
    """What RQ has done before anything that follows from it is not done again when its event comes late."""
    assert shown(handle, *told, late).status is shown(handle, *told).status


def test_a_second_cancellation_is_refused(handle: Handle) -> None:
    """RQ raises, and the profile says so."""
    job_id = handle.fresh(["job"])["job"]
    (first, second) = tell(handle, job_id, "cancelled 0", "cancelled 0")
    assert first is None
    assert isinstance(second, InvalidJobOperation)
    assert handle.profile.refuses == (InvalidJobOperation,)


CALLS: list[tuple[str, dict[str, Any], list[str], JobError | None]] = [
    ("pass", {}, ["active 1", "completed 1"], None),
    ("raise ValueError('boom')", {}, ["active 1", "failed 1"], JobError("ValueError", "boom")),
    (
        "raise ValueError('boom')",
        {"retry": Retry(max=1, interval=60)},
        ["active 1", "retrying 1"],
        JobError("ValueError", "boom"),
    ),
    (
        "raise ValueError('before\\ud800after')",
        {},
        ["active 1", "failed 1"],
        JobError("ValueError", "before\ud800after"),
    ),
]


def test_a_real_worker_leaves_the_same(server: str, connection: Redis, handle: Handle) -> None:
    """What the calls leave is what `rq worker` leaves: status, which times there are, and how the error ends."""
    queue = Queue("real", connection=connection)
    jobs = [queue.enqueue("builtins.exec", text, **options).id for text, options, _, _ in CALLS]
    command = [sys.executable, "-m", "rq.cli", "worker", "--burst", "--quiet", "--url", server, "real"]
    subprocess.run(command, check=True, capture_output=True)
    for job_id, (text, _, told, error) in zip(jobs, CALLS, strict=True):
        real, ours = handle.read(job_id), shown(handle, *told, error=error)
        assert real is not None
        assert summary(real) == summary(ours), text


def summary(found: Snapshot) -> tuple[object, ...]:
    """What does not depend on when and where the job ran."""
    times = [found.started_at, found.ended_at, found.early_end]
    text = str(found.error or "").strip().splitlines()[-1:]
    return found.status, [at is not None for at in times], [line.partition(";")[0] for line in text]


def test_only_what_the_check_wrote_is_removed(server: str, connection: Redis) -> None:
    """Jobs that were there before are there afterwards, and nothing else."""
    Queue("mine", connection=connection).enqueue("builtins.exec", "pass")
    before = sorted(connection.keys())
    check(factory(server), rules="TERM-1,STALL-1", effort="quick")
    assert sorted(connection.keys()) == before


def test_the_short_name_on_the_command_line(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`jobstatus check rq:URL` judges, and ends with exit code 1."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    assert main(["check", "--rules", "TERM-1", "--effort", "quick", f"rq:{server}"]) == 1
    output = capsys.readouterr().out
    assert output.startswith(f"rq:{server} against JSL/1\n\nTERM-1    FAIL            the job was completed; active 1")


BAD = [
    ("localhost:6379", "rq:localhost:6379: allowed is redis://HOST:PORT/DB or unix:///SOCKET?db=DB"),
    ("http://me:pw@localhost", "rq:http://…: allowed is redis://"),
    ("redis://me:pw@localhost:1/2", "rq:redis://localhost:1/2: redis.exceptions.ConnectionError: Error 111"),
    ("unix:///no/such?password=pw", "rq:unix:///no/such?db=0: redis.exceptions.ConnectionError: Error 2"),
    ("redis://localhost:port", "rq:redis://…: ValueError: Port could not be cast to integer value as 'port'; allowed"),
    ("redis://:pw/x@localhost", "rq:redis://…: redis-py cannot read it; allowed is"),
    ("unix:///x?db=many", "rq:unix://…: ValueError: Invalid value for 'db' in connection URL.; allowed is"),
    ("unix:///x?colour=red", "rq:unix://…: TypeError: "),
]


@pytest.mark.parametrize(("bad", "said"), BAD)
def test_a_bad_url_is_misuse(bad: str, said: str) -> None:
    """The message is one line with the value, without a password, the reason, and what is allowed."""
    assert_refused(factory, bad, said)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("db=99", r"\?db=99: redis.exceptions.ResponseError: DB index is out of range; allowed is a Redis or Valkey"),
        ("decode_responses=true", r"^rq:unix://…: RQ reads bytes; allowed is .*, without decode_responses$"),
    ],
)
def test_a_server_used_wrongly_is_misuse(server: str, options: str, said: str) -> None:
    """There is a server, but no such database in it, or it would answer what RQ cannot read."""
    with pytest.raises(Misuse, match=said):
        factory(f"{server.partition('?')[0]}?{options}")


@pytest.mark.parametrize("missing", ["rq", "redis"])
def test_a_missing_library_is_misuse(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message tells what to install."""
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(Misuse, match=r"; install it: pip install 'pytest-jobstatus\[rq\]'$"):
        factory("redis://localhost")


@pytest.mark.parametrize("version", ["3.0.0", "2.1.2"])
def test_another_version_is_misuse(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker's calls are those of one version; with another one the check would tell of the adapter's faults."""
    monkeypatch.setattr("rq.version.VERSION", version)
    with pytest.raises(Misuse, match=rf"^rq:redis://…: RQ {version} is installed; allowed is 2\.12$"):
        factory("redis://localhost")

"""RQ's own job status under test: written by the calls of RQ's client and worker, and read as another process reads."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from traceback import format_exception
from typing import Any

from pytest_jobstatus.events import Event, EventKind, JobError
from pytest_jobstatus.misuse import Misuse
from pytest_jobstatus.raised import said
from pytest_jobstatus.tracker import Profile, Status

SCHEMES = ("redis", "rediss", "unix")
VERSION = "2.12"
"""Of RQ: in others the worker's own calls differ, and a check would tell of this adapter's faults."""
ALLOWED = "allowed is redis://HOST:PORT/DB or unix:///SOCKET?db=DB, as redis-py takes it"
STATUSES = {
    "created": Status.PENDING,
    "queued": Status.PENDING,
    "deferred": Status.PENDING,
    "scheduled": Status.DELAYED,
    "started": Status.ACTIVE,
    "finished": Status.COMPLETED,
    "failed": Status.FAILED,
    "stopped": Status.CANCELLED,
    "canceled": Status.CANCELLED,
}
FUNCTION = "jobstatus.check"
"""What the jobs would call. No worker listens to the queue, whose name is new for each tracker."""
MANY = 1000
"""How many retries a job has: the events say which failure is the last."""
INTERVAL = 60
"""In seconds: when the next attempt is due."""

UNSUPPORTED = {
    "attempt": "kept as the retries that are left, which are the same before the first start as after it",
    "updated_at": "a job has no time of its last change",
    "cancelled_at": "a cancelled job tells neither when",
    "cancelled_by": "nor by whom",
    "event_time": "the times are the client's and the worker's clock when they write",
    "opaque_ids": "an id has letters, digits, _ and - alone; RQ refuses others in each call",
}


@dataclass
class Run:
    """One attempt in the hands of a worker: the job as it was fetched, and how it ended there.

    Args:
        job: RQ's own object, which the worker keeps from the start to the end.
        execution: its entry among those that are watched for lost workers; None once removed.
        last: the last event of its start or end.
    """

    job: Any
    execution: Any
    last: EventKind | None = None


@dataclass
class Known:
    """What was told of a job.

    Args:
        created: whether the event of its creation has come.
        newest: the newest attempt.
        over: whether an end has come.
        runs: by attempt, where a worker has it in its hands.
    """

    created: bool = False
    newest: int = 0
    over: bool = False
    runs: dict[int, Run] = field(default_factory=dict)


class JobStatus:
    """RQ's job status with its default settings: a client enqueues and cancels, a forking worker does the rest.

    What is RQ's own step and no report of another's has happened before anything that follows from it, however late its
    event is told: a job is enqueued before its first event, and the next attempt is queued by the finding that a worker
    was lost. A second creation enqueues again; and a worker that was given up may still write, as in RQ.

    Args:
        connection: a `redis.Redis`.
    """

    def __init__(self, connection: Any) -> None:
        """Make a queue and a worker; neither is seen by others before it is used."""
        from rq import Queue, Worker
        from rq.exceptions import InvalidJobOperation

        self.profile = Profile(started="latest", refuses=(InvalidJobOperation,), unsupported=UNSUPPORTED)
        self.connection = connection
        self.queue = Queue(f"jobstatus-{secrets.token_hex(4)}", connection=connection)
        self.worker = Worker([self.queue], connection=connection)
        self.jobs: dict[str, Known] = {}
        self.executions: list[str] = []

    def apply(self, event: Event) -> None:
        """Make the calls that RQ's client or its worker makes (rq/worker/base.py, perform_job)."""
        known = self.jobs.get(event.job_id)
        if known is None or (event.kind is EventKind.CREATED and known.created):
            self._enqueue(event.job_id)
        known = self.jobs.setdefault(event.job_id, Known())
        match event.kind:
            case EventKind.CREATED:
                known.created = True
            case EventKind.CANCELLED:
                known.over = True
                self._fetch(event.job_id).cancel()
            case EventKind.STALLED:
                self._stalled(known, event)
            case EventKind.PROGRESS:
                job = self._run(known, event).job
                job.meta["progress"] = event.progress
                job.save_meta()
            case _:
                known.over = known.over or event.kind.terminal
                with self._working(self._run(known, event)) as run:
                    self._work(run, event)
        known.newest = max(known.newest, event.attempt)

    def _enqueue(self, job_id: str) -> None:
        from rq import Retry

        self.queue.enqueue(FUNCTION, job_id=job_id, retry=Retry(max=MANY, interval=INTERVAL))

    def _fetch(self, job_id: str) -> Any:
        from rq.job import Job

        return Job.fetch(job_id, connection=self.connection)

    def _run(self, known: Known, event: Event) -> Run:
        """The attempt: at its first event a worker fetches the job, and notes that it has it."""
        run = known.runs.get(event.attempt)
        # A start that comes again, or after the end: the same id was in the queue twice, and a worker takes it again.
        if run is not None and (event.kind is not EventKind.ACTIVE or run.last is None):
            return run
        job = self._fetch(event.job_id)
        job.retries_left = MANY + 1 - event.attempt  # as it was when the attempt was queued
        taken = Run(job, self.worker.prepare_execution(job))
        self.executions.append(taken.execution.key)
        return known.runs.setdefault(event.attempt, taken) if run is None else taken

    @contextmanager
    def _working(self, run: Run) -> Iterator[Run]:
        """The worker with this attempt in its hands: a worker has one at a time."""
        self.worker.execution = run.execution
        yield run
        run.execution = self.worker.execution

    def _work(self, run: Run, event: Event) -> None:
        from rq.job import JobStatus as Name

        job, queue, registry = run.job, self.queue, self.queue.started_job_registry
        again, run.last = run.last is event.kind, event.kind
        if event.kind is EventKind.ACTIVE:
            self.worker.prepare_job_execution(job, remove_from_intermediate_queue=True)
            return
        if not again:  # else the same write is made again
            self.worker.handle_execution_ended(job, queue, INTERVAL)
        job.started_at = job.started_at or job.ended_at
        if event.kind is EventKind.COMPLETED:
            job._status = Name.FINISHED  # noqa: SLF001 - as the worker does
            self.worker.handle_job_success(job, queue, registry)
        else:
            job._status = Name.FAILED  # noqa: SLF001 - likewise
            job.retries_left = job.retries_left if event.kind is EventKind.RETRYING else 0
            self._fail(job, JobError("", "") if event.error is None else event.error)

    def _fail(self, job: Any, error: JobError) -> None:
        """The process that ran the job writes its failure; where it dies of that, the worker above it does."""
        # Without the stack: its paths would end up in reports.
        text = "".join(format_exception(error.exception().with_traceback(None)))
        try:
            self.worker.handle_job_failure(job, self.queue, self.queue.started_job_registry, text)
        except ValueError:
            if job.get_status() not in ("finished", "failed"):
                self.worker.handle_job_failure(job, self.queue, exc_string="Work-horse terminated unexpectedly")

    def _stalled(self, known: Known, event: Event) -> None:
        """Another worker's maintenance finds the entry of the worker that was lost, once its time has passed. A late
        report finds none: the entry goes when the next attempt is queued, or the job ends.
        """
        if known.newest > event.attempt or (known.over and event.attempt not in known.runs):
            return
        run, registry = self._run(known, event), self.queue.started_job_registry
        if run.execution is not None:
            self.connection.zadd(registry.key, {run.execution.composite_key: 1}, xx=True)
        registry.cleanup(timestamp=1)

    def read(self, job_id: str) -> Mapping[str, Any] | None:
        """What another process fetches."""
        from rq.exceptions import NoSuchJobError
        from rq.results import Result

        try:
            job = self._fetch(job_id)
        except NoSuchJobError:
            return None
        result = job.latest_result()
        return {
            "status": STATUSES[job.get_status(refresh=False)],
            "created_at": job.created_at,
            "started_at": job.started_at,
            "ended_at": job.ended_at,  # shown whatever the status: that of an open job can be read as well
            "error": result.exc_string if result and result.type is Result.Type.FAILED else None,
            "progress": job.meta.get("progress"),
        }

    def forget(self, job_ids: list[str]) -> None:
        """Remove what is kept of these jobs, but for the queue's own lists of them."""
        names = ("rq:job:{}", "rq:results:{}", "rq:executions:{}")
        if keys := [name.format(job_id) for job_id in job_ids for name in names]:
            self.connection.delete(*keys)

    def close(self) -> None:
        """Remove the queue and the worker."""
        queue = self.queue
        registries = (
            queue.started_job_registry,
            queue.finished_job_registry,
            queue.failed_job_registry,
            queue.deferred_job_registry,
            queue.scheduled_job_registry,
            queue.canceled_job_registry,
        )
        self.connection.srem(queue.redis_queues_keys, queue.key)
        keys = (queue.key, queue.intermediate_queue_key, self.worker.key, *(each.key for each in registries))
        self.connection.delete(*keys, *self.executions)


def factory(url: str) -> Callable[[], Iterator[JobStatus]]:
    """The factory of the target `rq:URL`.

    Args:
        url: as redis-py takes it: "redis://localhost:6379/0" or "unix:///run/redis.sock?db=0".

    Raises:
        Misuse: where it is no Redis or Valkey, or one that cannot be used; or where RQ is not installed.

    >>> factory("localhost:6379")
    Traceback (most recent call last):
    pytest_jobstatus.misuse.Misuse: rq:localhost:6379: allowed is redis://HOST:PORT/DB or ...
    """
    if url.partition("://")[0] not in SCHEMES:
        raise Misuse(f"{_scheme(url)}: {ALLOWED}")
    _try_out(url)

    def job_status() -> Iterator[JobStatus]:
        from redis import Redis

        with Redis.from_url(url) as connection, closing(JobStatus(connection)) as made:
            yield made

    return job_status


def _try_out(url: str) -> None:
    """Write to the server once, without the retries of redis-py, which take seconds."""
    try:
        from redis import Redis
        from redis.backoff import NoBackoff
        from redis.exceptions import RedisError
        from redis.retry import Retry
        from rq import Queue, version
    except ImportError as error:
        raise Misuse(f"{_scheme(url)}: {error}; install it: pip install 'pytest-jobstatus[rq]'") from error
    if not version.VERSION.startswith(f"{VERSION}."):
        raise Misuse(f"{_scheme(url)}: RQ {version.VERSION} is installed; allowed is {VERSION}")
    key = f"jobstatus-{secrets.token_hex(4)}"
    try:
        with Redis.from_url(url, retry=Retry(NoBackoff(), 0)) as connection:
            answer = connection.echo(key)
            connection.set(key, "")
            connection.delete(key)
            Queue(connection=connection).get_redis_server_version()
    except (ValueError, TypeError) as error:
        why = "redis-py cannot read it" if "@" in url else said(error)  # it may quote a piece of a password
        raise Misuse(f"{_scheme(url)}: {why}; {ALLOWED}") from error
    except (RedisError, OSError) as error:
        why = f"{said(error)}; allowed is a Redis or Valkey that can be reached and written"
        raise Misuse(f"{_place(url, connection)}: {why}") from error
    if isinstance(answer, str):
        raise Misuse(f"{_scheme(url)}: RQ reads bytes; {ALLOWED}, without decode_responses")


def _place(url: str, connection: Any) -> str:
    """The target without its password."""
    scheme, given = url.partition("://")[0], connection.get_connection_kwargs()
    if scheme == "unix":
        return f"rq:unix://{given.get('path', '')}?db={given.get('db', 0)}"
    return f"rq:{scheme}://{given.get('host', 'localhost')}:{given.get('port', 6379)}/{given.get('db', 0)}"


def _scheme(url: str) -> str:
    """The target up to where a password may stand."""
    head, there, _ = url.partition("://")
    return f"rq:{head}{there}{'…' if there else ''}"

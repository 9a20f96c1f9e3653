"""Celery's database result backend under test: it is told what a worker tells it, and read as another process reads."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC
from typing import Any

from pytest_jobstatus.events import Event, EventKind, JobError
from pytest_jobstatus.misuse import Misuse
from pytest_jobstatus.raised import said
from pytest_jobstatus.tracker import Profile, Status

PREFIX = "db+"
ALLOWED = f"allowed is {PREFIX} and a database URL of SQLAlchemy, {PREFIX}sqlite:///jobs.db for instance"
PROGRESS = "PROGRESS"
STATUSES = {
    "STARTED": Status.ACTIVE,
    PROGRESS: Status.ACTIVE,
    "RETRY": Status.DELAYED,
    "SUCCESS": Status.COMPLETED,
    "FAILURE": Status.FAILED,
    "REVOKED": Status.CANCELLED,
}
"""What Celery's states mean here. PENDING is missing: it is what Celery says of a task that it has not heard of."""

ONE_TIME = "the row has one time, date_done: when the result was stored"


class ResultBackend:
    """Celery's database result backend with Celery's default settings, and tasks that track their start.

    Args:
        backend: `app.backend` of a Celery app.
    """

    profile = Profile(
        timezone=UTC,  # Celery stores date_done without its offset, and documents it as UTC
        unsupported={
            "created": "sending a task stores nothing: an unknown task and a waiting one both read as PENDING",
            "stalled": "a lost worker leaves the row as it is until the task runs again or fails with WorkerLostError",
            "attempt": "kept as `retries`, with result_extended only, and 0 before the first start as well as after it",
            "created_at": ONE_TIME,
            "started_at": ONE_TIME,
            "updated_at": ONE_TIME,
            "event_time": "date_done is the worker's clock when it stores the result",
            "cancelled_by": "a revoked task tells why (revoked, terminated, expired), not who",
        },
    )

    def __init__(self, backend: Any) -> None:
        """Keep the backend."""
        self.backend = backend

    def apply(self, event: Event) -> Any:
        """Make the call that a worker makes (celery/app/trace.py, celery/worker/request.py)."""
        job_id, request = event.job_id, _request(event)
        match event.kind:
            case EventKind.ACTIVE:
                worker = {"pid": os.getpid(), "hostname": request.hostname}
                self.backend.store_result(job_id, worker, "STARTED", request=request)
            case EventKind.PROGRESS:
                # Task.update_state, with the state that Celery's manual takes for its example.
                self.backend.store_result(job_id, event.progress, PROGRESS, request=request)
            case EventKind.RETRYING:
                self.backend.mark_as_retry(job_id, *_raised(event), request=request)
            case EventKind.COMPLETED:
                self.backend.mark_as_done(job_id, None, request)
            case EventKind.FAILED:
                self.backend.mark_as_failure(job_id, *_raised(event), request=request)
            case EventKind.CANCELLED:
                # The worker that drops or kills the task; unlike the revoke command it does not look at the row first.
                reason = "terminated" if event.attempt else "revoked"
                self.backend.mark_as_revoked(job_id, reason, request=request)
            case _:
                return NotImplemented
        return None

    def read(self, job_id: str) -> Mapping[str, Any] | None:
        """What a new `AsyncResult` shows; one that was asked before may keep its answer in memory."""
        meta = self.backend.get_task_meta(job_id, cache=False)
        state, result = meta["status"], meta["result"]
        if state == "PENDING":
            return None
        # date_done is shown whatever the state: that of an open task can be read as well.
        shown: dict[str, Any] = {"status": STATUSES[state], "ended_at": meta["date_done"]}
        if state == PROGRESS:
            shown["progress"] = result
        elif isinstance(result, BaseException):
            # Not the traceback: it tells nothing about the job, and its paths would end up in reports.
            shown["error"] = JobError(type(result).__name__, str(result))
        return shown

    def forget(self, job_ids: list[str]) -> None:
        """Remove the rows that a check made."""
        for job_id in job_ids:
            self.backend.forget(job_id)


def factory(url: str) -> Callable[[], Iterator[ResultBackend]]:
    """The factory of the target `celery:URL`.

    Args:
        url: as in Celery's setting `result_backend`: "db+sqlite:///jobs.db".

    Raises:
        Misuse: where it is no database, or one that cannot be used; or where Celery is not installed.

    >>> factory("redis://localhost")
    Traceback (most recent call last):
    pytest_jobstatus.misuse.Misuse: celery:redis://…: allowed is db+ and a database URL of SQLAlchemy, ...
    """
    if not url.startswith(PREFIX):
        raise Misuse(f"{_scheme(url)}: {ALLOWED}")
    _try_out(url)

    def result_backend() -> Iterator[ResultBackend]:
        from celery import Celery

        with Celery("jobstatus", backend=url, set_as_current=False) as app:
            # Said by name, so that no settings are taken from the environment.
            app.config_from_object({"database_engine_callback": _do_not_wait_for_the_disk})
            # As in a worker's child process: one engine for all calls, not a new one for each.
            app.backend.session_manager.forked = True
            try:
                yield ResultBackend(app.backend)
            finally:
                with app.backend.ResultSession() as session:
                    session.get_bind().dispose()

    return result_backend


def _try_out(url: str) -> None:
    """Open the database and make Celery's tables: where that fails, Celery itself tries again and again."""
    try:
        from celery.backends.database.models import Task
        from sqlalchemy import create_engine, false
    except ImportError as error:
        raise Misuse(f"{_scheme(url)}: {error}; install it: pip install 'pytest-jobstatus[celery]'") from error
    try:
        engine = create_engine(url.removeprefix(PREFIX))
    except Exception as error:
        raise Misuse(f"{_scheme(url)}: {said(error)}; {ALLOWED}, its driver installed") from error
    name = f"celery:{PREFIX}{engine.url.render_as_string()}"
    if engine.dialect.name == "sqlite" and engine.url.database in (None, "", ":memory:"):
        raise Misuse(f"{name}: Celery connects more than once, and finds memory empty each time; allowed is a file")
    try:
        with engine.begin() as connection:
            Task.metadata.create_all(connection)
            connection.execute(Task.__table__.delete().where(false()))
    except Exception as error:
        why = said(getattr(error, "orig", None) or error)
        raise Misuse(f"{name}: {why}; allowed is a database that can be opened and written") from error
    finally:
        engine.dispose()


def _scheme(url: str) -> str:
    """The target up to where a password may stand."""
    head, there, _ = url.partition("://")
    return f"celery:{head}{there}{'…' if there else ''}"


def _do_not_wait_for_the_disk(engine: Any) -> None:
    """No rule judges a power cut; without this most of a check on SQLite is spent waiting for the disk."""
    from sqlalchemy import event

    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous = OFF"))


def _request(event: Event) -> Any:
    """What a worker knows of the task that it runs."""
    from celery.app.task import Context

    return Context(
        id=event.job_id,
        task=event.context.get("job_type", "jobstatus"),
        hostname="celery@jobstatus",
        retries=max(event.attempt - 1, 0),
        delivery_info={"routing_key": event.context.get("queue", "celery")},
        called_directly=False,
    )


def _raised(event: Event) -> tuple[Exception | None, str | None]:
    """The exception and the text of its traceback, which ends with the exception's own text, as a worker's does."""
    if event.error is None:
        return None, None
    error = event.error.exception()
    return error, "".join(traceback.format_exception(error))

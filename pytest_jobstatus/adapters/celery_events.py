"""Celery's in-memory view of a cluster under test: what Flower and `celery events` make of the events they receive."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from pytest_jobstatus.adapters.celery import STATUSES as STORED
from pytest_jobstatus.events import Event, EventKind, JobError
from pytest_jobstatus.misuse import Misuse
from pytest_jobstatus.tracker import Profile, Status

URL = "memory"
STATUSES = STORED | {"PENDING": Status.PENDING, "RECEIVED": Status.PENDING}
"""What Celery's states mean here, those that only events tell included."""

NAME = "jobstatus"
CLIENT, WORKER = "client@jobstatus", "celery@jobstatus"
STEPS = ("task-sent", "task-received", "task-started", "task-progress", "task-retried")
"""The events of one attempt in the order of their Lamport clocks; an end is beyond all."""

IN_MEMORY = "the view is kept in memory and built anew by whoever starts to listen"


class EventState:
    """Celery's `State`, told what an event receiver passes on of what clients (with `task_send_sent_event`) and workers
    send.

    A creation is `task-sent`; a start is `task-received`, which brings the number of the attempt, and `task-started`; a
    failure that is retried is told as Celery tells it: the worker sends the task anew, then says `task-retried`. An
    event's UTC offset is taken for the time zone of the host that sent it; UTC stands for the receiver's own.

    Args:
        receiver: an `EventReceiver`, which is asked only to take messages apart.
        state: the `State` that it would feed.
    """

    profile = Profile(
        started="latest",
        unsupported={
            "stalled": "a lost worker sends nothing: the task stays as it is until it runs again or fails",
            "attempt": "`retries` is what the newest message said; no event but sent and received tells its attempt",
            "cancelled_by": "task-revoked tells whether a running task was killed or expired, not who asked for it",
            "skew": "each host's clock is shown as it is; of clocks that drift apart by 16 seconds Celery warns",
            "faults": IN_MEMORY,
            "durability": IN_MEMORY,
        },
    )

    def __init__(self, receiver: Any, state: Any) -> None:
        """Keep both."""
        self.receiver = receiver
        self.state = state

    def apply(self, event: Event) -> Any:
        """Let the state see each event that Celery sends when this happens, as it comes out of the broker."""
        from kombu.utils.json import dumps, loads

        sent = messages(event)
        if not sent:
            return NotImplemented
        for message in sent:
            body = loads(dumps(message))  # type: ignore[no-untyped-call] # kombu types parts of itself only
            _, fields = self.receiver.event_from_message(body)
            # Not now: the instants lie days back, and Celery would warn that the clocks disagree.
            fields["local_received"] = fields["timestamp"]
            self.state.event(fields)
        return None

    def read(self, job_id: str) -> Mapping[str, Any] | None:
        """The task as the state shows it, with every time that it shows, whatever its status."""
        task = self.state.tasks.get(job_id)
        if task is None:
            return None
        times = {
            "created_at": task.sent,
            "started_at": task.started,
            "completed_at": task.succeeded,
            "failed_at": task.failed,
            "cancelled_at": task.revoked,
            "updated_at": task.timestamp,
        }
        return {
            "status": STATUSES[task.state],
            # The exception is shown as well, but as a repr, in which quotes and line ends are escaped.
            "error": task.traceback or task.exception,
            "progress": getattr(task, "progress", None),
            **{name: None if at is None else datetime.fromtimestamp(at, UTC) for name, at in times.items()},
        }

    def forget(self, job_ids: list[str]) -> None:
        """Drop the tasks that a check made."""
        for job_id in job_ids:
            self.state.tasks.pop(job_id, None)


def factory(url: str) -> Callable[[], Iterator[EventState]]:
    """The factory of the target `celery-events:memory`.

    Args:
        url: "memory", for there is nothing to connect to.

    Raises:
        Misuse: where it is anything else; or where Celery is not installed.

    >>> factory("redis://localhost")
    Traceback (most recent call last):
    pytest_jobstatus.misuse.Misuse: celery-events:redis://…: allowed is celery-events:memory, ...
    """
    if url != URL:
        head, there, _ = url.partition("://")  # what follows may hold a password
        shown = f"celery-events:{head}{there}{'…' if there else ''}"
        raise Misuse(f"{shown}: allowed is celery-events:{URL}, for events are told to Celery without a broker")
    try:
        from celery import Celery
    except ImportError as error:
        raise Misuse(f"celery-events:{URL}: {error}; install it: pip install 'pytest-jobstatus[celery]'") from error

    def event_state() -> Iterator[EventState]:
        with Celery(NAME, broker="memory://", set_as_current=False) as app:
            # Said by name, so that no settings are taken from the environment.
            app.config_from_object({"event_serializer": "json"})
            yield EventState(app.events.Receiver(None), app.events.State())

    return event_state


def messages(event: Event) -> list[dict[str, Any]]:
    """What Celery's client and worker send when this happens: nothing for what Celery never tells.

    (celery/app/amqp.py, celery/worker/strategy.py, celery/worker/request.py.)
    """
    attempt = max(event.attempt, 1)
    told: dict[str, dict[str, Any]] = {}
    match event.kind:
        case EventKind.CREATED:
            told = {"task-sent": _task(event, retries=0) | _route(event)}
        case EventKind.ACTIVE:
            told = {"task-received": _task(event, retries=attempt - 1), "task-started": {}}
        case EventKind.PROGRESS:
            # Task.send_event, which Celery offers for events of one's own.
            told = {"task-progress": {"progress": event.progress}}
        case EventKind.RETRYING:
            told = {"task-sent": _task(event, retries=attempt) | _route(event), "task-retried": _raised(event)}
        case EventKind.COMPLETED:
            told = {"task-succeeded": {"result": "None", "runtime": 0.5}}
        case EventKind.FAILED:
            told = {"task-failed": _raised(event)}
        case EventKind.CANCELLED:
            killed = event.attempt > 0
            told = {"task-revoked": {"terminated": killed, "signum": "15" if killed else None, "expired": False}}
    return [_message(kind, event, fields) for kind, fields in told.items()]


def _message(kind: str, event: Event, fields: Mapping[str, Any]) -> dict[str, Any]:
    """One message as the dispatcher of a client or a worker makes it (celery/events/dispatcher.py)."""
    from celery.events.event import Event as Message
    from celery.utils.time import utcoffset

    offset = event.occurred_at.utcoffset()
    assert offset is not None  # noqa: S101 - events are aware
    step = STEPS.index(kind) if kind in STEPS else len(STEPS)
    made: dict[str, Any] = Message(
        kind,
        uuid=event.job_id,
        timestamp=event.occurred_at.timestamp(),
        hostname=CLIENT if kind == "task-sent" else WORKER,
        pid=1,
        utcoffset=utcoffset() - offset.total_seconds() / 3600,
        # It orders tasks in lists, which nobody reads here; of the client's the receiver makes its own.
        clock=len(STEPS) * event.attempt + step + 1,
        **fields,
    )
    return made


def _task(event: Event, *, retries: int) -> dict[str, Any]:
    return {
        "name": event.context.get("job_type", NAME),
        "args": "()",
        "kwargs": "{}",
        "root_id": event.job_id,
        "parent_id": event.job_id if retries else None,  # a retry is sent by the task itself
        "retries": retries,
        "eta": event.retry_at and event.retry_at.isoformat(),
        "expires": None,
    }


def _route(event: Event) -> dict[str, Any]:
    queue = event.context.get("queue", "celery")
    return {"queue": queue, "exchange": "", "routing_key": queue}


def _raised(event: Event) -> dict[str, Any]:
    """The exception's repr and a traceback, which ends with its text."""
    if event.error is None:
        return {"exception": None, "traceback": None}
    return {"exception": repr(event.error.exception()), "traceback": _traceback(event.error)}


def _traceback(error: JobError) -> str:
    """As a worker's, but for the lines between, whose paths would end up in reports."""
    return f"{error.traceback or 'Traceback (most recent call last):'}\n{error.type}: {error.message}\n"

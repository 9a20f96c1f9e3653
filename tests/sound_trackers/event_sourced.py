"""Sound trackers that store events, and no rows."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from pytest_jobstatus import Event, EventKind, JobError, Profile, Snapshot, Status
from tests.sound_trackers.layout import Layout
from tests.sound_trackers.merging import PHASES, SHOWS


class EventLog:
    """Appends each event as it comes, repeats too, and folds the job's log at each read.

    An error or a time that is told late shows from then on, after the end too.
    """

    profile = Profile()

    def __init__(self) -> None:
        self.logs: dict[str, list[Event]] = defaultdict(list)

    def apply(self, event: Event) -> None:
        self.logs[event.job_id].append(event)

    def read(self, job_id: str) -> Snapshot | None:
        return folded(self.logs[job_id]) if job_id in self.logs else None


class EventOnce(EventLog):
    """Appends no event a second time, so that of two reports of one instant the first does not show again."""

    def apply(self, event: Event) -> None:
        if event not in self.logs[event.job_id]:
            super().apply(event)


class EventSet(EventLog):
    """Keeps each event once, a repeated report of progress as the newest, and none that comes after the end."""

    def apply(self, event: Event) -> None:
        log = self.logs[event.job_id]
        if log and log[-1].kind.terminal:
            return
        if event.kind is EventKind.PROGRESS and event in log:
            log.remove(event)
        if event not in log:
            log.append(event)


def folded(log: Sequence[Event]) -> Snapshot:
    """What a log in the order of delivery shows."""
    end = next((event for event in log if event.kind.terminal), None)
    told = log if end is None else log[: log.index(end)]
    furthest = max(told, key=lambda event: (event.attempt, PHASES[event.kind]), default=None)
    attempt = max(event.attempt for event in (furthest, end) if event is not None)
    shows = end or furthest
    assert shows is not None
    status = SHOWS[shows.kind]
    return Snapshot(
        log[0].job_id,
        status,
        attempt=attempt,
        **times(log, end, attempt=attempt).shown(status),
        updated_at=max(event.occurred_at for event in log),
        error=end.error if end is not None and status is Status.FAILED else last_error(log, attempt=attempt),
        progress=last_progress(log),
        cancelled_by=end.cancelled_by if end is not None and status is Status.CANCELLED else None,
    )


def times(log: Sequence[Event], end: Event | None, *, attempt: int) -> Layout:
    """The job's times; a start after the end counts where it is of an attempt shown."""
    found = Layout()
    for event in log:
        if event.kind is EventKind.CREATED:
            found.create(event.occurred_at)
        elif event.kind is EventKind.ACTIVE and (found.ended_at is None or event.attempt <= attempt):
            found.start(event.attempt, event.occurred_at)
        elif event is end:
            found.end(event.occurred_at)
    return found


def last_error(log: Sequence[Event], *, attempt: int) -> JobError | None:
    """The error of the newest attempt that is known to be retried."""
    failures = [event for event in log if event.kind is EventKind.RETRYING and event.attempt <= attempt]
    last = max(failures, key=lambda event: event.attempt, default=None)
    return None if last is None else last.error


def last_progress(log: Sequence[Event]) -> Any:
    """The newest progress, of equals the one told last."""
    reports = [event for event in reversed(log) if event.kind is EventKind.PROGRESS]
    last = max(reports, key=lambda event: (event.attempt, event.occurred_at), default=None)
    return None if last is None else json.loads(json.dumps(last.progress))

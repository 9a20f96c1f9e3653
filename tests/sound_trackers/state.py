"""Sound trackers whose state is no row: a register for each field, a coroutine for each job."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Generator
from typing import Any

from pytest_jobstatus import Event, EventKind, JobError, Profile, Snapshot
from tests.sound_trackers.layout import Layout
from tests.sound_trackers.merging import LONG_AGO, PHASES, SHOWS
from tests.sound_trackers.times import MILLISECOND, rounded_down

OVER = (1_000_000, 0)
NOWHERE = (-1, 0)


def position(event: Event) -> tuple[int, int]:
    """Attempt and phase; a terminal event is beyond all."""
    return OVER if event.kind.terminal else (event.attempt, PHASES[event.kind])


class Registers:
    """Joins each field by itself in its own way, the largest, the first or the newest; a read puts them together."""

    profile = Profile()

    def __init__(self) -> None:
        self.furthest: dict[str, Event] = {}
        self.attempt: dict[str, int] = {}
        self.failure: dict[str, Event] = {}
        self.progress: dict[str, Event] = {}
        self.times: dict[str, Layout] = defaultdict(Layout)
        self.updated: dict[str, Event] = {}

    def apply(self, event: Event) -> None:
        job = event.job_id
        before = self.furthest.get(job)
        over = before is not None and before.kind.terminal
        if event.occurred_at >= self.updated.setdefault(job, event).occurred_at:
            self.updated[job] = event
        if event.kind is EventKind.CREATED:
            self.times[job].create(event.occurred_at)
        if event.kind is EventKind.PROGRESS:
            newest = self.progress.setdefault(job, event)
            if (event.attempt, event.occurred_at) >= (newest.attempt, newest.occurred_at):
                self.progress[job] = event
        if not over:
            self.attempt[job] = max(event.attempt, self.attempt.get(job, 0))
            self.move(event, before)

    def move(self, event: Event, before: Event | None) -> None:
        """Let an event of an open job count in the registers that an end closes."""
        job = event.job_id
        if event.kind is EventKind.ACTIVE:
            self.times[job].start(event.attempt, event.occurred_at)
        if before is not None and position(event) <= position(before):
            return
        self.furthest[job] = event
        if event.kind in (EventKind.RETRYING, EventKind.FAILED):
            self.failure[job] = event
        if event.kind.terminal:
            self.times[job].end(event.occurred_at)

    def read(self, job_id: str) -> Snapshot | None:
        shows = self.furthest.get(job_id)
        if shows is None:
            return None
        status = SHOWS[shows.kind]
        failure, progress = self.failure.get(job_id), self.progress.get(job_id)
        return Snapshot(
            job_id,
            status,
            attempt=self.attempt[job_id],
            **self.times[job_id].shown(status),
            updated_at=self.updated[job_id].occurred_at,
            error=None if failure is None else failure.error,
            progress=None if progress is None else json.loads(json.dumps(progress.progress)),
            cancelled_by=shows.cancelled_by,
        )


class CoroutinePerJob:
    """Lets a coroutine live each job's life: where it waits is its state, and each event that it gets makes it show."""

    profile = Profile(order="strict", resolution=MILLISECOND, started="latest")

    def __init__(self) -> None:
        self.jobs: dict[str, Generator[Snapshot, Event, None]] = {}
        self.shown: dict[str, Snapshot] = {}

    def apply(self, event: Event) -> None:
        json.dumps(event.progress)  # what cannot be stored is refused here, before the coroutine could die of it
        if event.job_id in self.jobs:
            self.shown[event.job_id] = self.jobs[event.job_id].send(event)
        else:
            self.jobs[event.job_id] = life(event)
            self.shown[event.job_id] = next(self.jobs[event.job_id])

    def read(self, job_id: str) -> Snapshot | None:
        return self.shown.get(job_id)


def life(event: Event) -> Generator[Snapshot, Event, None]:
    """One job's life, from the first event told to long after its end."""
    times = Layout(tick=MILLISECOND, latest=True)
    where, attempt, newest = NOWHERE, 0, (0, LONG_AGO)
    error: JobError | None = None
    progress: Any = None
    updated = LONG_AGO

    while not event.kind.terminal:
        at = rounded_down(event.occurred_at, unit=MILLISECOND)
        updated = max(updated, at)
        if event.kind is EventKind.CREATED:
            times.create(at)
        if event.kind is EventKind.ACTIVE:
            times.start(event.attempt, at)
        if position(event) > where:
            if event.attempt > attempt:
                error, progress, newest = None, None, (event.attempt, LONG_AGO)
            where, attempt, status = position(event), event.attempt, SHOWS[event.kind]
            error = event.error if event.kind is EventKind.RETRYING else error
        if event.kind is EventKind.PROGRESS and (event.attempt, event.occurred_at) >= newest:
            progress, newest = json.loads(json.dumps(event.progress)), (event.attempt, event.occurred_at)
        event = yield Snapshot(
            event.job_id,
            status,
            attempt=attempt or None,
            **times.shown(status),
            updated_at=updated,
            error=error,
            progress=progress,
        )

    end, status = event, SHOWS[event.kind]
    times.end(rounded_down(end.occurred_at, unit=MILLISECOND))
    while True:  # over: nothing moves any more but the time of the last change
        updated = max(updated, rounded_down(event.occurred_at, unit=MILLISECOND))
        event = yield Snapshot(
            end.job_id,
            status,
            attempt=max(attempt, end.attempt),
            **times.shown(status),
            updated_at=updated,
            error=end.error,
            progress=progress,
            cancelled_by=end.cancelled_by,
        )

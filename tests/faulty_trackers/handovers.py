"""Faulty where one worker goes on with what another began, by two or three events that have to be just these."""

from __future__ import annotations

from typing import Any

from pytest_jobstatus import Event, EventKind, Profile, Snapshot, Status
from tests.sound_trackers.merging import Row
from tests.sound_trackers.workers import SharedRows


class Remembering(SharedRows):
    """Sound as it stands: each worker keeps something of its own for each job."""

    def __init__(self) -> None:
        super().__init__()
        self.own: dict[str, Any] = {}


class NewestProgressOfItsOwn(Remembering):
    """PROG-2: a worker writes progress unless it told newer progress itself."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        key = (event.attempt, event.occurred_at)
        if key >= self.own.get(row.job_id, key):
            row.progress, row.progress_key = value, key
            self.own[row.job_id] = key


class ProgressFencedByEachWorker(Remembering):
    """PROG-2: a worker knows the newest attempt with progress that it told of, and compares instants within one."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        newest = self.own.get(row.job_id, 0)
        if event.attempt > newest:
            row.progress_key = None
        if event.attempt >= newest:
            super().note_progress(row, event, value)
            self.own[row.job_id] = event.attempt


class SameProgressNotWritten(Remembering):
    """PROG-1/PROG-2: a worker leaves progress out that is what it wrote last."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        if self.own.get(row.job_id) != repr(value):
            self.own[row.job_id] = repr(value)
            super().note_progress(row, event, value)


class ErrorFencedByEachWorker(Remembering):
    """RETRY-6: a worker writes a retry's error unless it told of a later attempt's itself."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        newest = self.own.get(row.job_id, 0)
        if event.kind is EventKind.RETRYING and not row.over and event.attempt >= newest:
            row.error, self.own[row.job_id] = event.error, event.attempt


class SecondFailureExplains(Remembering):
    """TERM-2/TERM-4: a worker that did not tell the end itself writes a further failure's error."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if row.status is Status.FAILED and event.kind is EventKind.FAILED and row.job_id not in self.own:
            row.error = event.error
        super().merge(row, event, value)
        if event.kind.terminal:
            self.own[row.job_id] = True


class StartRememberedByItsWorker(Remembering):
    """TIME-9: a worker goes on showing the start that it told of, though another has told of a newer one."""

    profile = Profile(started="latest")

    def set_started(self, row: Row, event: Event, at: Any) -> None:
        if event.attempt > row.note.get("start", 0):
            row.note["start"] = event.attempt
            row.started_at = self.fit_start(row, at)

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind is EventKind.ACTIVE:
            self.own[row.job_id] = row.started_at

    def show(self, row: Row) -> Snapshot:
        shown = super().show(row)
        start = self.own.get(row.job_id, row.started_at)
        return Snapshot(**{**vars(shown), "started_at": start})


class StallOfOneWorkerOnly(SharedRows):
    """STALL-1/TRACK-6: a stall is taken for the last one told again where another worker tells of it."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        if (
            event.kind is EventKind.STALLED
            and row.status is Status.ACTIVE
            and row.note.get("stalled", self) is not self
        ):
            return False
        return super().is_ahead(row, event)

    def touch(self, row: Row, event: Event) -> None:
        super().touch(row, event)
        if event.kind is EventKind.STALLED:
            row.note["stalled"] = self


FAULTY = (
    NewestProgressOfItsOwn,
    ProgressFencedByEachWorker,
    SameProgressNotWritten,
    ErrorFencedByEachWorker,
    SecondFailureExplains,
    StartRememberedByItsWorker,
    StallOfOneWorkerOnly,
)

"""Faulty with several workers only: each is right as long as one tells everything."""

from __future__ import annotations

import time
from copy import copy
from datetime import timedelta
from typing import Any

from pytest_jobstatus import Event, Snapshot
from tests.faulty_trackers.load_1 import MOMENT
from tests.sound_trackers.merging import Row
from tests.sound_trackers.workers import SharedRows


class OwnCopyOfEachRow(SharedRows):
    """TERM-1/TRACK-6/CONV-1: each worker merges into its own copy of the row, and writes the copy back whole."""

    def __init__(self) -> None:
        super().__init__()
        self.copies: dict[str, Row] = {}

    def find(self, event: Event) -> Row:
        if event.job_id not in self.copies:
            self.copies[event.job_id] = copy(super().find(event))
        row = self.rows[event.job_id] = self.copies[event.job_id]
        return row


class EndsKnownToItsWorker(SharedRows):
    """TERM-1/TERM-2: each worker guards the ends that it told of itself."""

    def __init__(self) -> None:
        super().__init__()
        self.over: set[str] = set()

    def is_ahead(self, row: Row, event: Event) -> bool:
        if row.over and row.job_id not in self.over:
            return True
        return super().is_ahead(row, event)

    def move(self, row: Row, event: Event) -> None:
        super().move(row, event)
        if event.kind.terminal:
            self.over.add(row.job_id)


class FencePerWorker(SharedRows):
    """RETRY-3/RETRY-4: each worker remembers the newest attempt that it told of, and takes it for the job's."""

    def __init__(self) -> None:
        super().__init__()
        self.newest: dict[str, int] = {}

    def merge(self, row: Row, event: Event, value: Any) -> None:
        newest = self.newest[row.job_id] = max(self.newest.get(row.job_id, 0), event.attempt)
        super().merge(row, event, value)
        if not row.over:
            row.attempt = newest or row.attempt


class WaitsForTheOther(SharedRows):
    """LOAD-1: where another worker wrote last, its changes are given time to show."""

    def apply(self, event: Event) -> None:
        row = self.rows.get(event.job_id)
        if row is not None and row.note.get("writer", self) is not self:
            time.sleep(MOMENT)
        super().apply(event)

    def touch(self, row: Row, event: Event) -> None:
        super().touch(row, event)
        row.note["writer"] = self


class RepeatsKnownToItsWorker(SharedRows):
    """IDEM-2/TERM-2: an end that another worker told of already moves the end time, one of its own does not."""

    def __init__(self) -> None:
        super().__init__()
        self.told: set[tuple[str, str]] = set()

    def merge(self, row: Row, event: Event, value: Any) -> None:
        known, key = row.over, (event.job_id, event.kind.value)
        if event.kind.terminal and row.status == event.kind.value and key not in self.told and known:
            row.ended_at = self.instant(event) + self.DELAY
        super().merge(row, event, value)
        if not known:
            self.told.add(key)

    DELAY = timedelta(seconds=1)


class ReaderTrustsItself(SharedRows):
    """TRACK-1/TRACK-4: a worker that has read a job shows it so until it writes the row itself."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: dict[str, Snapshot] = {}

    def apply(self, event: Event) -> None:
        self.seen.pop(event.job_id, None)
        super().apply(event)

    def read(self, job_id: str) -> Snapshot | None:
        shown = self.seen.get(job_id) or super().read(job_id)
        if shown is not None:
            self.seen[job_id] = shown
        return shown


class ProgressOfItsOwn(SharedRows):
    """PROG-2: each worker compares progress with the newest that it told itself."""

    def __init__(self) -> None:
        super().__init__()
        self.keys: dict[str, Any] = {}

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        row.progress_key = self.keys.get(row.job_id)
        super().note_progress(row, event, value)
        self.keys[row.job_id] = row.progress_key


FAULTY: tuple[type[SharedRows], ...] = (
    OwnCopyOfEachRow,
    EndsKnownToItsWorker,
    FencePerWorker,
    RepeatsKnownToItsWorker,
    WaitsForTheOther,
    ReaderTrustsItself,
    ProgressOfItsOwn,
)

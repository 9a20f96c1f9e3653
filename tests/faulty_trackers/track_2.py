"""Faulty for TRACK-2: a job never heard of shows, or reading changes something."""

from __future__ import annotations

from datetime import timedelta

from pytest_jobstatus import Event, EventKind, Snapshot, Status
from tests.sound_trackers.merging import Row, Sound


class UnknownShownPending(Sound):
    """TRACK-2: a job never heard of reads as pending, as Celery's do."""

    def read(self, job_id: str) -> Snapshot | None:
        return super().read(job_id) or Snapshot(job_id, Status.PENDING, attempt=0)


class UnknownShowsLastRow(Sound):
    """TRACK-2: a job never heard of reads as the job that was handled last."""

    last = ""

    def apply(self, event: Event) -> None:
        super().apply(event)
        self.last = event.job_id

    def read(self, job_id: str) -> Snapshot | None:
        return super().read(job_id if job_id in self.rows else self.last)


class ReadInserts(Sound):
    """TRACK-2: reading a job never heard of leaves a pending row behind."""

    def read(self, job_id: str) -> Snapshot | None:
        found = super().read(job_id)
        if found is None:
            row = self.rows.setdefault(job_id, Row(job_id))
            row.status = Status.PENDING
        return found


class SecondReadRaises(Sound):
    """TRACK-2: reading a job never heard of raises the second time."""

    def __init__(self) -> None:
        super().__init__()
        self.missing: set[str] = set()

    def read(self, job_id: str) -> Snapshot | None:
        found = super().read(job_id)
        if found is None:
            if job_id in self.missing:
                raise RuntimeError("unknown state of result")
            self.missing.add(job_id)
        return found


class MissIsCached(Sound):
    """TRACK-2: a job that was read too early is remembered as missing, and created does not change that."""

    def __init__(self) -> None:
        super().__init__()
        self.misses: set[str] = set()

    def apply(self, event: Event) -> None:
        if event.kind is not EventKind.CREATED:
            self.misses.discard(event.job_id)
        super().apply(event)

    def read(self, job_id: str) -> Snapshot | None:
        if job_id in self.misses:
            return None
        found = super().read(job_id)
        if found is None:
            self.misses.add(job_id)
        return found


class ReadTouches(Sound):
    """TRACK-2: reading changes updated_at."""

    def read(self, job_id: str) -> Snapshot | None:
        found = super().read(job_id)
        if found is not None and found.updated_at is not None:
            self.rows[job_id].updated_at = found.updated_at + timedelta(microseconds=1)
        return found


class ReadPromotesDelayed(Sound):
    """TRACK-2: reading a delayed job makes it pending for the next reader."""

    def read(self, job_id: str) -> Snapshot | None:
        found = super().read(job_id)
        if found is not None and found.status is Status.DELAYED:
            self.rows[job_id].status = Status.PENDING
        return found


class ReadDrainsProgress(Sound):
    """TRACK-2/IDEM-2: reading takes the progress away."""

    def read(self, job_id: str) -> Snapshot | None:
        found = super().read(job_id)
        if found is not None:
            self.rows[job_id].progress = None
        return found


class ReadOfEndedDropsStart(Sound):
    """TRACK-2: reading an ended job takes its started_at away."""

    def read(self, job_id: str) -> Snapshot | None:
        found = super().read(job_id)
        if found is not None and found.status.terminal:
            self.rows[job_id].started_at = None
        return found


FAULTY: tuple[type[Sound], ...] = (
    UnknownShownPending,
    UnknownShowsLastRow,
    ReadInserts,
    SecondReadRaises,
    MissIsCached,
    ReadTouches,
    ReadPromotesDelayed,
    ReadDrainsProgress,
    ReadOfEndedDropsStart,
)

"""Sound trackers that lack kinds, fields or abilities, and declare it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from pytest_jobstatus import Event, EventKind, Profile, Snapshot, Status
from pytest_jobstatus.tracker import OPTIONAL_FIELDS
from tests.sound_trackers.choices import IgnoresZombies
from tests.sound_trackers.merging import PHASES, SHOWS, Row, Sound, SoundLatest


def lacking(*names: str) -> dict[str, str]:
    """What a profile declares as missing.

    >>> lacking("stalled")
    {'stalled': 'this tracker has no stalled'}
    """
    return {name: f"this tracker has no {name}" for name in names}


class Partial(Sound):
    """Answers NotImplemented to kinds that it lacks, and anything to others; shows no field that it lacks."""

    def apply(self, event: Event) -> Any:
        if event.kind not in self.profile.kinds:
            return NotImplemented
        super().apply(event)
        return event.name

    def show(self, row: Row) -> Snapshot:
        gone: dict[str, Any] = {name: None for name in OPTIONAL_FIELDS if name in self.profile.unsupported}
        return replace(super().show(row), **gone)


class NoCreation(Partial):
    """Hears of a job when it starts."""

    profile = Profile(order="strict", unsupported=lacking("created", "created_at", "stalled"))
    tick = timedelta.resolution


class NoStart(Partial):
    """Hears of a job's progress and outcomes only; progress shows it active."""

    profile = Profile(unsupported=lacking("active", "started_at", "retrying", "cancelled"))


class NoRetry(Partial, SoundLatest):
    """Counts attempts by the workers that were lost, and has no status for a job that waits for its time."""

    profile = Profile(started="latest", unsupported=lacking("retrying", "delayed"))


class NoAttempt(Partial, IgnoresZombies):
    """Counts the attempts without showing them."""

    profile = Profile(late_end="ignored", unsupported=lacking("attempt", "updated_at"))


class NoEndTimes(Partial):
    """Shows when a job began and not when it ended, nor how far it is."""

    profile = Profile(order="strict", unsupported=lacking("completed_at", "failed_at", "cancelled_at", "progress"))
    tick = timedelta.resolution


class TimesNobodyTells(Partial):
    """Has columns for when a job started and was cancelled, and hears of neither: they stay empty."""

    profile = Profile(
        unsupported=lacking("active", "created_at", "completed_at", "failed_at", "updated_at", "cancelled")
    )


class OneProcess(Partial):
    """Lives in one process by one clock: whatever time does not fit is left out, none is ever moved."""

    profile = Profile(unsupported=lacking("skew", "concurrency", "faults", "durability", "tenancy"))

    def set_created(self, row: Row, at: datetime) -> None:
        after = row.started_at or row.ended_at or at
        row.created_at = at if at <= after and "created" not in row.note else None
        row.note["created"] = True

    def fit_start(self, row: Row, at: datetime) -> datetime | None:
        fits = at >= (row.created_at or at) and at <= (row.ended_at or at)
        return at if fits else None


class Percentages(Partial):
    """Takes whole percentages, folds the case of ids as some collations do, keeps no errors and lets nobody cancel."""

    profile = Profile(
        unsupported=lacking("json_progress", "opaque_ids", "error", "cancelled", "cancelled_at", "cancelled_by")
    )

    def apply(self, event: Event) -> Any:
        if event.kind is EventKind.PROGRESS and event.progress not in range(101):
            raise ValueError(f"progress {event.progress!r}: allowed is 0 to 100")
        return super().apply(event)

    def find(self, event: Event) -> Row:
        return self.rows.setdefault(event.job_id.casefold(), Row(event.job_id))

    def read(self, job_id: str) -> Snapshot | None:
        return super().read(job_id.casefold())


class OnlyStatus:
    """Shows nothing but the status, in a mapping with that one key."""

    profile = Profile(unsupported=lacking(*OPTIONAL_FIELDS, "event_time", "json_progress"))

    def __init__(self) -> None:
        self.known: dict[str, tuple[bool, int, int, Status]] = {}

    def apply(self, event: Event) -> None:
        status = SHOWS[event.kind]
        best = self.known.get(event.job_id)
        told = (event.kind.terminal, event.attempt, PHASES.get(event.kind, 0), status)
        if best is None or (not best[0] and told[:3] > best[:3]):
            self.known[event.job_id] = told

    def read(self, job_id: str) -> Mapping[str, str] | None:
        return {"status": str(self.known[job_id][3])} if job_id in self.known else None


class OnlyEnds:
    """Knows that a job was created and how it ended, and nothing else."""

    profile = Profile(
        unsupported=lacking(
            *OPTIONAL_FIELDS, "active", "retrying", "stalled", "cancelled", "delayed", "skew", "event_time"
        )
    )

    def __init__(self) -> None:
        self.statuses: dict[str, Status] = {}

    def apply(self, event: Event) -> Any:
        if event.kind not in self.profile.kinds:
            return NotImplemented
        if not self.statuses.get(event.job_id, Status.PENDING).terminal:
            self.statuses[event.job_id] = SHOWS[event.kind]
        return event.kind.terminal

    def read(self, job_id: str) -> Snapshot | None:
        return Snapshot(job_id, self.statuses[job_id]) if job_id in self.statuses else None


class FinalReport(Sound):
    """Hears of ends only, and keeps all that they say."""

    profile = Profile(
        unsupported=lacking(
            "created", "active", "progress", "retrying", "stalled", "created_at", "started_at", "delayed"
        )
    )

    def show(self, row: Row) -> Snapshot:
        return replace(super().show(row), created_at=None, started_at=None, progress=None)

"""Sound trackers that keep a part of what there is to know in a dictionary, and declare the rest missing."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, ClassVar

from pytest_jobstatus import Event, EventKind, Profile, Status
from pytest_jobstatus.tracker import END_TIMES
from tests.sound_trackers.merging import PHASES, SHOWS
from tests.sound_trackers.missing import lacking

OPENING_KINDS = ("created", "active", "progress", "retrying", "stalled")


class Archive:
    """Keeps how a job ended, the first time, and hears of nothing else; an error is its message alone."""

    profile = Profile(unsupported=lacking(*OPENING_KINDS, "created_at", "started_at", "updated_at"))

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {}

    def apply(self, event: Event) -> Any:
        if not event.kind.terminal:
            return NotImplemented
        row = {"status": event.kind, "attempt": event.attempt, "ended_at": event.occurred_at}
        if event.error is not None:
            row["error"] = event.error.message
        return self.rows.setdefault(event.job_id, {**row, "cancelled_by": event.cancelled_by})

    def read(self, job_id: str) -> dict[str, Any] | None:
        return self.rows.get(job_id)


class OneRun:
    """Lets every job run once: pending, active, over, of which the greater wins, and the first end for good."""

    profile = Profile(
        unsupported=lacking("attempt", "retrying", "stalled", "delayed", "error", "cancelled_by", "updated_at")
    )

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {}
        self.newest: dict[str, datetime] = {}

    def apply(self, event: Event) -> Any:
        if event.kind not in self.profile.kinds:
            return NotImplemented
        value, at = json.loads(json.dumps(event.progress)), event.occurred_at
        row = self.rows.setdefault(event.job_id, {"status": Status.PENDING})
        if row["status"].terminal:
            return False
        if event.kind is not EventKind.CREATED:
            row["status"] = SHOWS[event.kind]
        if event.kind is EventKind.CREATED:
            row.setdefault("created_at", min(at, row.get("started_at", at)))
        elif event.kind is EventKind.ACTIVE:
            row.setdefault("started_at", max(at, row.get("created_at", at)))
        elif event.kind.terminal:
            row[END_TIMES[row["status"]]] = max(at, row.get("started_at", at), row.get("created_at", at))
        elif at >= self.newest.get(event.job_id, at):
            self.newest[event.job_id] = at
            row["progress"] = value
        return True

    def read(self, job_id: str) -> dict[str, Any] | None:
        return self.rows.get(job_id)


class Part:
    """Shows no field that it lacks; which ones those are makes the difference."""

    profile: ClassVar[Profile] = Profile()
    stalled = Status.PENDING

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {}
        self.notes: dict[str, dict[str, Any]] = {}

    def apply(self, event: Event) -> Any:
        if event.kind not in self.profile.kinds:
            return NotImplemented
        value, at, key = json.loads(json.dumps(event.progress)), event.occurred_at, (event.attempt, event.occurred_at)
        row = self.rows.setdefault(event.job_id, {"status": Status.PENDING, "attempt": 0})
        note = self.notes.setdefault(event.job_id, {"position": (0, -1)})
        row["updated_at"] = max(at, row.get("updated_at", at))
        if row["status"].terminal:
            return None
        if event.kind is EventKind.CREATED:
            row.setdefault("created_at", min(at, row.get("started_at", at)))
        elif event.kind is EventKind.ACTIVE and event.attempt < note.get("started_of", event.attempt + 1):
            note["started_of"], row["started_at"] = event.attempt, max(at, row.get("created_at", at))
        elif event.kind is EventKind.PROGRESS and key >= note.get("progress", key):
            note["progress"], row["progress"] = key, value
        self.move(row, note, event)
        return None

    def move(self, row: dict[str, Any], note: dict[str, Any], event: Event) -> None:
        """Let an event that is ahead change an open job."""
        at, position = event.occurred_at, (event.attempt, PHASES.get(event.kind, 0))
        if not event.kind.terminal and position <= note["position"]:
            return
        note["position"] = position
        row |= {"status": self.shows(event.kind), "attempt": max(event.attempt, row["attempt"])}
        if event.kind in (EventKind.RETRYING, EventKind.FAILED):
            row["error"] = event.error
        if event.kind.terminal:
            row["cancelled_by"] = event.cancelled_by
            row[END_TIMES[row["status"]]] = max(at, row.get("created_at", at), row.get("started_at", at))

    def shows(self, kind: EventKind) -> Status:
        """The status that an event of this kind brings."""
        if kind is EventKind.STALLED:
            return self.stalled
        waits = kind is EventKind.RETRYING and not self.profile.supports("delayed")
        return Status.PENDING if waits else SHOWS[kind]

    def read(self, job_id: str) -> dict[str, Any] | None:
        if job_id not in self.rows:
            return None
        return {name: value for name, value in self.rows[job_id].items() if self.profile.supports(name)}


class HiddenAttempt(Part):
    """Counts the attempts without showing them, and takes a late end of an older one."""

    profile = Profile(unsupported=lacking("attempt"))


class NoDelayed(Part):
    """Shows a job that waits to be retried as pending, with its attempt."""

    profile = Profile(unsupported=lacking("delayed"))


class NoStartTime(Part):
    """Knows that a job started and not when, and hears of no lost worker."""

    profile = Profile(unsupported=lacking("started_at", "stalled"))


class StallsOnly(Part):
    """Counts attempts by the workers that were lost, and has a time of creation that nobody tells."""

    profile = Profile(unsupported=lacking("created", "retrying"))
    stalled = Status.DELAYED


class NoActive(Part):
    """Hears of no start: an attempt's first progress shows it active."""

    profile = Profile(unsupported=lacking("active", "started_at"))


class Bare(Part):
    """Keeps neither progress nor error, and of the end times that of a cancellation only."""

    profile = Profile(
        unsupported=lacking("progress", "error", "cancelled_by", "updated_at", "completed_at", "failed_at")
    )

"""Sound trackers that decide otherwise where the rules leave the choice."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pytest_jobstatus import Event, EventKind, JobError, Profile, Snapshot, Status
from tests.sound_trackers.merging import Row, Sound, SoundStrict


class NotAfterEnd(SoundStrict):
    """Fills no time in after the end, and ignores the progress that comes then."""

    def times(self, row: Row, event: Event, *, ahead: bool) -> None:
        if ahead or not row.over:
            super().times(row, event, ahead=ahead)

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        if not row.over:
            super().note_progress(row, event, value)


class OutcomeOnly(Sound):
    """Forgets errors at a success; a cancellation fills `failed_at` too, and leaves an error of its own."""

    def outcome(self, row: Row, event: Event) -> None:
        super().outcome(row, event)
        if event.kind is EventKind.COMPLETED:
            row.error = None
        if event.kind is EventKind.CANCELLED:
            row.error = JobError("JobCancelled", f"cancelled by {event.cancelled_by}")

    def show(self, row: Row) -> Snapshot:
        shown = super().show(row)
        return replace(shown, failed_at=row.ended_at) if row.status is Status.CANCELLED else shown


class StalledByAttempt(Sound):
    """Shows the first stall as pending and a later one as delayed; who cancelled is "system" where nobody is named."""

    def shows(self, row: Row, event: Event) -> Status:
        later = event.kind is EventKind.STALLED and event.attempt > 1
        return Status.DELAYED if later else super().shows(row, event)

    def outcome(self, row: Row, event: Event) -> None:
        super().outcome(row, event)
        if event.kind is EventKind.CANCELLED and row.cancelled_by is None:
            row.cancelled_by = "system"


class IgnoresZombies(Sound):
    """Ignores a late end of an older attempt, as it declares, and waives that orders agree in all details."""

    profile = Profile(late_end="ignored", waived={"CONV-2": "one order is as good as another to us"})

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if row.over or event.kind not in (EventKind.COMPLETED, EventKind.FAILED) or event.attempt >= row.attempt:
            super().merge(row, event, value)


class ProgressNeverMoves(Sound):
    """Takes progress as news of a job, never as a sign that an attempt was started."""

    def move(self, row: Row, event: Event) -> None:
        if event.kind is EventKind.PROGRESS:
            row.status = row.status or Status.PENDING
        else:
            super().move(row, event)

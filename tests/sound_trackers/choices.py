"""Sound trackers that decide otherwise where the rules leave the choice."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pytest_jobstatus import Event, EventKind, JobError, Profile, Snapshot, Status
from tests.sound_trackers.merging import LONG_AGO, Row, Sound, SoundLatest, SoundStrict


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


class FullAtSuccess(Sound):
    """Shows a job that has completed as wholly done, whatever it told last; of one that has failed it shows nothing."""

    def show(self, row: Row) -> Snapshot:
        shown = super().show(row)
        ended = {Status.COMPLETED: 100, Status.FAILED: None}
        return replace(shown, progress=ended[row.status]) if row.status in ended else shown


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


class CreationAfterEnd(Sound):
    """Fills in the creation after the end, but not the start."""

    def times(self, row: Row, event: Event, *, ahead: bool) -> None:
        if not (row.over and event.kind is EventKind.ACTIVE):
            super().times(row, event, ahead=ahead)


class EndForStart(Sound):
    """Shows the end as the start of a job that ran and whose start was never told."""

    def show(self, row: Row) -> Snapshot:
        shown = super().show(row)
        ran = row.status in (Status.COMPLETED, Status.FAILED) and row.attempt > 0
        return replace(shown, started_at=row.started_at or row.ended_at) if ran else shown


class NoErrorGiven(Sound):
    """Says of a failure that came without an error that there was none."""

    def show(self, row: Row) -> Snapshot:
        shown = super().show(row)
        silent = row.status is Status.FAILED and row.error is None
        return replace(shown, error=JobError("Unknown", "(no error given)")) if silent else shown


class ClearsByAttempt(IgnoresZombies, NotAfterEnd, SoundLatest):
    """Clears error and progress at any sign of a higher attempt, and ignores late ends of lower ones."""

    profile = Profile(order="strict", started="latest", late_end="ignored")

    def move(self, row: Row, event: Event) -> None:
        if event.attempt > row.attempt:
            row.error, row.progress, row.progress_key = None, None, (event.attempt, LONG_AGO)
        super().move(row, event)


class TouchedByZombies(ClearsByAttempt):
    """Notes in `updated_at` that it heard of a late end which it ignored."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        self.touch(row, event)

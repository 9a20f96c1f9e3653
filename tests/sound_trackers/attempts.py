"""A sound tracker with a row for each attempt: the job shows its newest one's."""

from __future__ import annotations

from datetime import datetime

from pytest_jobstatus import Event, EventKind, Profile, Snapshot
from tests.sound_trackers.merging import Row, Sound


class RowPerAttempt(Sound):
    """Shows the start of the newest attempt told, and none while only other events of it came."""

    profile = Profile(started="latest")

    def merge(self, row: Row, event: Event, value: object) -> None:
        was_over = row.over
        super().merge(row, event, value)
        starts: dict[int, datetime] = row.note.setdefault("starts", {})
        if event.kind is EventKind.ACTIVE and not was_over:
            starts.setdefault(event.attempt, event.occurred_at)

    def set_started(self, row: Row, event: Event, at: datetime) -> None:
        """Nothing is set: the newest attempt's start is looked up when the job is read."""

    def show(self, row: Row) -> Snapshot:
        """What a reader sees of the job and its newest attempt."""
        start = row.note.get("starts", {}).get(row.attempt)
        row.started_at = None if start is None else self.fit_start(row, start)
        shown = super().show(row)
        row.started_at = None
        return shown

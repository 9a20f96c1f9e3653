"""A sound tracker that shows its own arrival times as a row's defaults give them."""

from __future__ import annotations

from pytest_jobstatus import Event, Status
from tests.sound_trackers.merging import Row, SoundArrival


class AutoNow(SoundArrival):
    """Stamps the creation when the row is inserted, whatever for, and the start when the job first shows active."""

    def times(self, row: Row, event: Event, *, ahead: bool) -> None:
        row.created_at = row.created_at or self.clock
        if row.status is Status.ACTIVE:
            row.started_at = row.started_at or self.clock
        if event.kind.terminal and ahead:
            row.ended_at = self.clock

"""Sound trackers that differ in their timestamps: how fine they are, in which zone, and what gives way in a clash."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import cycle
from typing import Any
from zoneinfo import ZoneInfo

from pytest_jobstatus import Event, Profile, Snapshot
from pytest_jobstatus.tracker import TIMES
from tests.sound_trackers.merging import Row, Sound

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def rounded_down(at: datetime, *, unit: timedelta) -> datetime:
    """The last whole unit that is not after the instant.

    >>> rounded_down(EPOCH + 5 * SECOND, unit=MINUTE) == EPOCH
    True
    """
    return EPOCH + (at - EPOCH) // unit * unit


def moved_times(shown: Snapshot, times: dict[str, Any]) -> Snapshot:
    """The snapshot with these times in place of its own."""
    return replace(shown, **times)


class NearestSeconds(Sound):
    """Rounds to the nearest second, progress too: of two within a second, the last delivered shows."""

    profile = Profile(resolution=SECOND)

    def instant(self, event: Event) -> datetime:
        return rounded_down(event.occurred_at + SECOND / 2, unit=SECOND)

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        super().note_progress(row, event.moved(job_id=event.job_id, by=self.instant(event) - event.occurred_at), value)


class StrictMinutesUp(Sound):
    """Rounds up to whole minutes, which never coincide; a late creation pushes the start up instead of giving way."""

    profile = Profile(order="strict", resolution=MINUTE)
    tick = MINUTE

    def instant(self, event: Event) -> datetime:
        return rounded_down(event.occurred_at + MINUTE - timedelta.resolution, unit=MINUTE)

    def set_created(self, row: Row, at: datetime) -> None:
        if row.started_at is None or row.over:
            super().set_created(row, at)
        else:
            row.created_at, row.started_at = at, max(row.started_at, at + self.tick)


class HoursInAnyOffset(Sound):
    """Rounds down to whole hours, and says each time at each read in another UTC offset."""

    profile = Profile(resolution=HOUR)
    offsets = (0, 345, -210, 840, -720)

    def __init__(self) -> None:
        super().__init__()
        self.zones = cycle(timezone(timedelta(minutes=minutes)) for minutes in self.offsets)

    def instant(self, event: Event) -> datetime:
        return rounded_down(event.occurred_at, unit=HOUR)

    def show(self, row: Row) -> Snapshot:
        shown = super().show(row)
        times = {name: at.astimezone(next(self.zones)) for name in TIMES if (at := getattr(shown, name)) is not None}
        return moved_times(shown, times)


class NaiveBerlin(Sound):
    """Shows naive local times of a zone that it names; `updated_at` is its own clock's and moves at every delivery."""

    profile = Profile(timezone="Europe/Berlin")

    def show(self, row: Row) -> Snapshot:
        shown = super().show(row)
        times = {
            name: at.astimezone(self.profile.zone).replace(tzinfo=None)
            for name in TIMES
            if (at := getattr(shown, name)) is not None
        }
        return moved_times(shown, times)

    def touch(self, row: Row, event: Event) -> None:
        row.updated_at = max(datetime.now(UTC), row.updated_at or EPOCH)


class NaiveLordHowe(NaiveBerlin):
    """The same in milliseconds that never coincide, in a southern zone whose summer time is half an hour."""

    profile = Profile(timezone=ZoneInfo("Australia/Lord_Howe"), order="strict", resolution=MILLISECOND)
    tick = MILLISECOND

    def instant(self, event: Event) -> datetime:
        return rounded_down(event.occurred_at, unit=MILLISECOND)


class ProgressByTheMinute(Sound):
    """Keeps the time of progress by the minute, as it declares for all its times: of two in one the last told shows."""

    profile = Profile(resolution=MINUTE)

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        """Keep the newest progress, as far as minutes tell."""
        minute = event.occurred_at.replace(second=0, microsecond=0)
        super().note_progress(row, replace(event, occurred_at=minute), value)

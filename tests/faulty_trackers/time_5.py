"""Faulty for TIME-5: a time does not read back as the instant that was given."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

from pytest_jobstatus import Event, EventKind, Profile
from tests.sound_trackers.merging import Row, Sound
from tests.sound_trackers.times import NaiveBerlin


class OffsetDropped(Sound):
    """TIME-5: the offset is dropped, and the wall clock's time is taken for UTC."""

    def instant(self, event: Event) -> datetime:
        return event.occurred_at.replace(tzinfo=UTC)


class OffsetInWholeHours(Sound):
    """TIME-5: the minutes of the offset are dropped."""

    def instant(self, event: Event) -> datetime:
        offset = event.occurred_at.utcoffset() or timedelta(0)
        return event.occurred_at.replace(tzinfo=UTC) - timedelta(hours=int(offset / timedelta(hours=1)))


class NegativeOffsetADayOff(Sound):
    """TIME-5: a negative offset is read as the seconds of a day, so that the time is a day off."""

    def instant(self, event: Event) -> datetime:
        offset = event.occurred_at.utcoffset() or timedelta(0)
        return event.occurred_at.replace(tzinfo=UTC) - timedelta(seconds=offset.seconds)


class ZoneOfTheFirstEvent(Sound):
    """TIME-5: every time of a job is read in the zone of its first event."""

    def __init__(self) -> None:
        super().__init__()
        self.zones: dict[str, tzinfo | None] = {}

    def instant(self, event: Event) -> datetime:
        zone = self.zones.setdefault(event.job_id, event.occurred_at.tzinfo)
        return event.occurred_at.replace(tzinfo=zone)


class FractionWithoutZeros(Sound):
    """TIME-5: the fraction of a second is written without its leading zeros."""

    def instant(self, event: Event) -> datetime:
        fraction = str(event.occurred_at.microsecond).ljust(6, "0")
        return event.occurred_at.replace(microsecond=int(fraction))


class EndInMilliseconds(Sound):
    """TIME-5: the end is cut to milliseconds, though microseconds are declared."""

    def set_ended(self, row: Row, event: Event, at: datetime) -> None:
        super().set_ended(row, event, at.replace(microsecond=at.microsecond // 1000 * 1000))


class CancelledInLocalTime(Sound):
    """TIME-5: the cancellation's local time is taken for UTC."""

    def set_ended(self, row: Row, event: Event, at: datetime) -> None:
        cancelled = event.kind is EventKind.CANCELLED
        super().set_ended(row, event, at.replace(tzinfo=UTC) if cancelled else at)


class ThirdsOfAHundredth(Sound):
    """TIME-5: times are rounded to a three-hundredth of a second, though milliseconds are declared."""

    profile = Profile(resolution=timedelta(milliseconds=1))

    def instant(self, event: Event) -> datetime:
        ticks = round(event.occurred_at.microsecond * 300 / 1_000_000)
        return event.occurred_at.replace(microsecond=0) + timedelta(milliseconds=round(ticks * 10 / 3))


class LocalTimeOfTheUtcDay(NaiveBerlin):
    """TIME-5: the local time of day is put on the day in UTC: wrong from local midnight on."""

    profile = Profile(timezone="Asia/Kolkata")

    def instant(self, event: Event) -> datetime:
        local = event.occurred_at.astimezone(self.profile.zone)
        return datetime.combine(event.occurred_at.astimezone(UTC).date(), local.timetz())


FAULTY: tuple[type[Sound], ...] = (
    OffsetDropped,
    OffsetInWholeHours,
    NegativeOffsetADayOff,
    ZoneOfTheFirstEvent,
    FractionWithoutZeros,
    EndInMilliseconds,
    CancelledInLocalTime,
    ThirdsOfAHundredth,
    LocalTimeOfTheUtcDay,
)

"""Faulty for TIME-1: creation, start and end are shown out of order."""

from __future__ import annotations

from datetime import datetime, timedelta

from pytest_jobstatus import Event, EventKind, Profile, Snapshot
from tests.sound_trackers.merging import Row, Sound, SoundArrival, SoundLatest, SoundStrict


class RawTimes(Sound):
    """TIME-1: every time is stored as given, whatever the clocks."""

    def set_created(self, row: Row, at: datetime) -> None:
        row.created_at = at

    def fit_start(self, row: Row, at: datetime) -> datetime | None:
        return at

    def set_ended(self, row: Row, event: Event, at: datetime) -> None:
        row.ended_at = at


class RawEnd(Sound):
    """TIME-1: the end time is stored as given, even before the start."""

    def set_ended(self, row: Row, event: Event, at: datetime) -> None:
        row.ended_at = at


class RawCancelledAt(Sound):
    """TIME-1: the time of a cancellation is stored as given, even before the start."""

    def set_ended(self, row: Row, event: Event, at: datetime) -> None:
        super().set_ended(row, event, at)
        if event.kind is EventKind.CANCELLED:
            row.ended_at = at


class RawLateCreation(Sound):
    """TIME-1: the time of creation is stored as given, even after a start that came before it."""

    def set_created(self, row: Row, at: datetime) -> None:
        row.created_at = at


class RawLateStart(Sound):
    """TIME-1: a start that comes after the end is stored as given, even if it is later."""

    def fit_start(self, row: Row, at: datetime) -> datetime | None:
        return at if row.created_at is None else max(at, row.created_at)


class StrictButForUnstarted(SoundStrict):
    """TIME-1: the order is strict, but an end without a start may share the instant of creation."""

    def set_ended(self, row: Row, event: Event, at: datetime) -> None:
        if row.started_at is None and row.created_at is not None:
            row.ended_at = max(at, row.created_at)
        else:
            super().set_ended(row, event, at)


class StrictLateStartSqueezed(SoundStrict):
    """TIME-1: the order is strict, but a late start with no room before the end shares its instant."""

    def fit_start(self, row: Row, at: datetime) -> datetime | None:
        fitting = super().fit_start(row, at)
        return row.ended_at if fitting is None else fitting


class RestartUnfitted(SoundLatest):
    """TIME-1: the first start is kept in order, a later attempt's is stored as given."""

    def fit_start(self, row: Row, at: datetime) -> datetime | None:
        return at if row.note.get("start", 0) > 1 else super().fit_start(row, at)


class LateStartStampedNow(SoundArrival):
    """TIME-1: a start that arrives after the end is stamped with its arrival."""

    def fit_start(self, row: Row, at: datetime) -> datetime | None:
        return at


class LateCreationStampedNow(SoundArrival):
    """TIME-1: a created that arrives after the start is stamped with its arrival."""

    def set_created(self, row: Row, at: datetime) -> None:
        row.created_at = at


class InventedCreation(Sound):
    """TIME-1: the first event stands in for a missing created, and an older start stays before it."""

    def times(self, row: Row, event: Event, *, ahead: bool) -> None:
        if event.kind is EventKind.CREATED and row.note.pop("invented", False):
            row.created_at = None
        super().times(row, event, ahead=ahead)
        if row.created_at is None:
            row.created_at = event.occurred_at
            row.note["invented"] = True

    def fit_start(self, row: Row, at: datetime) -> datetime | None:
        if not row.note.get("invented"):
            return super().fit_start(row, at)
        return at if row.ended_at is None else min(at, row.ended_at)


class RoundedCreation(Sound):
    """TIME-1: the time of creation is rounded to a second, up or down, the other times are not."""

    profile = Profile(resolution=timedelta(seconds=1))

    def show(self, row: Row) -> Snapshot:
        at = row.created_at
        if at is not None:
            row.created_at = (at + timedelta(milliseconds=500)).replace(microsecond=0)
        shown = super().show(row)
        row.created_at = at
        return shown


class LeastStartUnfitted(Sound):
    """TIME-1: the first start is kept in order, an earlier one that comes late is stored as given."""

    def set_started(self, row: Row, event: Event, at: datetime) -> None:
        if row.started_at is None:
            super().set_started(row, event, at)
        else:
            row.started_at = min(row.started_at, at)


class EndBeforeCreationUnstarted(Sound):
    """TIME-1: the end is kept after the start, but where that was lost not after the creation."""

    def set_ended(self, row: Row, event: Event, at: datetime) -> None:
        row.ended_at = at if row.started_at is None else max(at, row.started_at)


FAULTY: tuple[type[Sound], ...] = (
    RawTimes,
    RawEnd,
    RawCancelledAt,
    RawLateCreation,
    RawLateStart,
    StrictButForUnstarted,
    StrictLateStartSqueezed,
    RestartUnfitted,
    LateStartStampedNow,
    LateCreationStampedNow,
    InventedCreation,
    RoundedCreation,
    LeastStartUnfitted,
    EndBeforeCreationUnstarted,
)

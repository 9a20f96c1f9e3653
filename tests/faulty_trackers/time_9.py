"""Faulty for TIME-9: started_at is not the declared attempt's."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from pytest_jobstatus import Event, EventKind, Profile, Snapshot, Status
from tests.sound_trackers.merging import Row, Sound, SoundLatest


class StartOverwritten(SoundLatest):
    """TIME-9: every start overwrites started_at, though the first is declared."""

    profile = Profile(started="first")


class StartKeptForEver(Sound):
    """TIME-9: no later start moves started_at, though the latest is declared."""

    profile = Profile(started="latest")


class ThirdStartOverwrites(Sound):
    """TIME-9: the third attempt's start overwrites started_at, though the first is declared."""

    def set_started(self, row: Row, event: Event, at: datetime) -> None:
        if event.attempt > 2 and "third" not in row.note:
            row.note["third"] = True
            row.started_at = self.fit_start(row, at)
        elif "third" not in row.note:
            super().set_started(row, event, at)


class StartAfterAStallOverwrites(Sound):
    """TIME-9: the start after a stall overwrites started_at, though the first is declared."""

    def times(self, row: Row, event: Event, *, ahead: bool) -> None:
        super().times(row, event, ahead=ahead)
        if event.kind is EventKind.STALLED and ahead:
            row.note["next"] = event.attempt + 1

    def set_started(self, row: Row, event: Event, at: datetime) -> None:
        if event.attempt == row.note.get("next"):
            row.note["resumed"] = True
            row.started_at = self.fit_start(row, at)
        elif "resumed" not in row.note:
            super().set_started(row, event, at)


class SoonRestartOverwrites(Sound):
    """TIME-9: a later start within a second of the first overwrites started_at, though the first is declared."""

    def set_started(self, row: Row, event: Event, at: datetime) -> None:
        soon = row.started_at is not None and timedelta(0) < at - row.started_at < timedelta(seconds=1)
        if soon:
            row.note["start"] = event.attempt
            row.started_at = self.fit_start(row, at)
        elif event.attempt >= row.note.get("start", 0):
            super().set_started(row, event, at)


class SecondRestartMissed(SoundLatest):
    """TIME-9: the third attempt's start does not move started_at, though the latest is declared."""

    def set_started(self, row: Row, event: Event, at: datetime) -> None:
        if event.attempt <= 2 or row.started_at is None:
            super().set_started(row, event, at)


class ResumedRunKeepsItsStart(SoundLatest):
    """TIME-9: the start after a stall does not move started_at, though the latest is declared."""

    def times(self, row: Row, event: Event, *, ahead: bool) -> None:
        super().times(row, event, ahead=ahead)
        if event.kind is EventKind.STALLED and ahead:
            row.note["next"] = event.attempt + 1

    def set_started(self, row: Row, event: Event, at: datetime) -> None:
        if event.attempt == row.note.get("next") and row.started_at is not None:
            row.note["start"] = event.attempt
        else:
            super().set_started(row, event, at)


class SoonRestartMissed(SoundLatest):
    """TIME-9: a later start within a second does not move started_at, though the latest is declared."""

    def set_started(self, row: Row, event: Event, at: datetime) -> None:
        if row.started_at is None or at - row.started_at >= timedelta(seconds=1):
            super().set_started(row, event, at)


class FailedJobShowsItsFirstStart(SoundLatest):
    """TIME-9: a failed job shows its first start, though the latest is declared."""

    def set_started(self, row: Row, event: Event, at: datetime) -> None:
        if event.attempt == 1:
            row.note.setdefault("first", self.fit_start(row, at))
        super().set_started(row, event, at)

    def show(self, row: Row) -> Snapshot:
        shown = super().show(row)
        first = row.note.get("first") or row.started_at
        return replace(shown, started_at=first) if row.status is Status.FAILED else shown


FAULTY: tuple[type[Sound], ...] = (
    StartOverwritten,
    StartKeptForEver,
    ThirdStartOverwrites,
    StartAfterAStallOverwrites,
    SoonRestartOverwrites,
    SecondRestartMissed,
    ResumedRunKeepsItsStart,
    SoonRestartMissed,
    FailedJobShowsItsFirstStart,
)

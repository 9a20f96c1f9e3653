"""Faulty for TIME-7: updated_at goes back."""

from __future__ import annotations

from dataclasses import replace

from pytest_jobstatus import Event, EventKind, Snapshot, Status
from tests.sound_trackers.merging import Row, Sound


class LastEventStamps(Sound):
    """TIME-7: updated_at is the instant of the last event delivered."""

    def touch(self, row: Row, event: Event) -> None:
        row.updated_at = event.occurred_at


class EndStampsAnyway(Sound):
    """TIME-7: an end sets updated_at to its own instant, also if that is older."""

    def touch(self, row: Row, event: Event) -> None:
        super().touch(row, event)
        if event.kind.terminal:
            row.updated_at = event.occurred_at


class OldStallReportStamps(Sound):
    """TIME-7: a stall report of an older attempt sets updated_at to its own instant."""

    def touch(self, row: Row, event: Event) -> None:
        super().touch(row, event)
        if event.kind is EventKind.STALLED and event.attempt < row.attempt:
            row.updated_at = event.occurred_at


class ProgressOfAFailedJobStamps(Sound):
    """TIME-7: progress that is told after the failure sets updated_at to its own instant."""

    def touch(self, row: Row, event: Event) -> None:
        super().touch(row, event)
        if event.kind is EventKind.PROGRESS and row.status is Status.FAILED:
            row.updated_at = event.occurred_at


class UpdatesComparedAsText(Sound):
    """TIME-7: which update is newer is decided by the written times, whatever their offsets."""

    def touch(self, row: Row, event: Event) -> None:
        at = event.occurred_at
        if row.updated_at is None or at.isoformat() > row.updated_at.isoformat():
            row.updated_at = at


class UpdatesComparedBySeconds(Sound):
    """TIME-7: which update is newer is decided by whole seconds."""

    def touch(self, row: Row, event: Event) -> None:
        at = event.occurred_at
        if row.updated_at is None or at.replace(microsecond=0) >= row.updated_at.replace(microsecond=0):
            row.updated_at = at


class UpdatedAtOfTheLastStep(Sound):
    """TIME-7: updated_at is the end or else the start, and goes back when an earlier start is told."""

    def show(self, row: Row) -> Snapshot:
        return replace(super().show(row), updated_at=row.ended_at or row.started_at or row.created_at)


FAULTY: tuple[type[Sound], ...] = (
    LastEventStamps,
    EndStampsAnyway,
    OldStallReportStamps,
    ProgressOfAFailedJobStamps,
    UpdatesComparedAsText,
    UpdatesComparedBySeconds,
    UpdatedAtOfTheLastStep,
)

"""Faulty for TIME-8: a time does not show from its event on, or disappears."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from pytest_jobstatus import Event, Snapshot, Status
from tests.sound_trackers.merging import Row, Sound


class NoStartWhileDelayed(Sound):
    """TIME-8: started_at disappears while a retry is awaited."""

    def show(self, row: Row) -> Snapshot:
        shown = super().show(row)
        return replace(shown, started_at=None) if row.status is Status.DELAYED else shown


class NoStartWhileStalled(Sound):
    """TIME-8: started_at disappears while a stalled job waits for another worker."""

    def show(self, row: Row) -> Snapshot:
        shown = super().show(row)
        return replace(shown, started_at=None) if row.stalled else shown


class StartsOfTwoAttemptsKept(Sound):
    """TIME-8: started_at disappears with the third attempt, since the starts of two are kept."""

    def show(self, row: Row) -> Snapshot:
        shown = super().show(row)
        return replace(shown, started_at=None) if row.attempt > 2 else shown


class CancelledEarlyWithoutAnEnd(Sound):
    """TIME-8: cancelled_at does not show if the job never started."""

    def show(self, row: Row) -> Snapshot:
        shown = super().show(row)
        return replace(shown, cancelled_at=None) if row.attempt == 0 else shown


class StartAtCreationHidden(Sound):
    """TIME-8: started_at does not show if it is the very instant of the creation."""

    def show(self, row: Row) -> Snapshot:
        shown = super().show(row)
        return replace(shown, started_at=None) if row.started_at == row.created_at else shown


class EarlyStartLeftEmpty(Sound):
    """TIME-8: started_at does not show if the worker's clock says that it was before the creation."""

    def set_started(self, row: Row, event: Event, at: datetime) -> None:
        if row.created_at is None or at >= row.created_at:
            super().set_started(row, event, at)


class BuriedWithoutCreation(Sound):
    """TIME-8: created_at disappears when a job that was tried more than once fails for good."""

    def show(self, row: Row) -> Snapshot:
        shown = super().show(row)
        return replace(shown, created_at=None) if row.status is Status.FAILED and row.attempt > 1 else shown


FAULTY: tuple[type[Sound], ...] = (
    NoStartWhileDelayed,
    NoStartWhileStalled,
    StartsOfTwoAttemptsKept,
    CancelledEarlyWithoutAnEnd,
    StartAtCreationHidden,
    EarlyStartLeftEmpty,
    BuriedWithoutCreation,
)

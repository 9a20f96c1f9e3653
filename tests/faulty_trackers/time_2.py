"""Faulty for TIME-2: clocks that disagree break the order of the times, or lose an event."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from pytest_jobstatus import Event, EventKind, Status
from tests.sound_trackers.merging import Row, Sound, SoundStrict


class NewestInstantWins(Sound):
    """TIME-2: an event that is older than the newest one seen moves nothing."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        older = row.updated_at is not None and event.occurred_at < row.updated_at
        return super().is_ahead(row, event) and not older


class EndNotHeldToCreation(Sound):
    """TIME-2: the end is held to the start only, so that one without a start may come before the creation."""

    def set_ended(self, row: Row, event: Event, at: datetime) -> None:
        row.ended_at = at if row.started_at is None else max(at, row.started_at)


class MinuteOfSkewLeftAlone(Sound):
    """TIME-2: a start up to a minute before the creation is stored as it is."""

    def fit_start(self, row: Row, at: datetime) -> datetime | None:
        close = row.created_at is not None and timedelta(0) < row.created_at - at < timedelta(minutes=1)
        return at if close else super().fit_start(row, at)


class RestartNotHeldToCreation(Sound):
    """TIME-2: an earlier start by another worker replaces the first one without a look at the creation."""

    def set_started(self, row: Row, event: Event, at: datetime) -> None:
        if row.started_at is None:
            super().set_started(row, event, at)
        else:
            row.started_at = min(row.started_at, at)


class LateCreationNotHeldToStart(Sound):
    """TIME-2: a creation that is told late is stored as it is, also after the start."""

    def set_created(self, row: Row, at: datetime) -> None:
        row.created_at = at


class RestartOlderThanFailureIgnored(Sound):
    """TIME-2: the next attempt's start is ignored if its worker's clock says that it was before the failure."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        restart = event.kind is EventKind.ACTIVE and row.status is Status.DELAYED
        older = row.updated_at is not None and event.occurred_at < row.updated_at
        return super().is_ahead(row, event) and not (restart and older)


class TakenForAnEarlierJob(Sound):
    """TIME-2: what is older than the creation by more than five minutes is thrown away as an earlier job's."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if row.created_at is None or event.occurred_at >= row.created_at - timedelta(minutes=5):
            super().merge(row, event, value)


class CancelOlderThanStartIgnored(Sound):
    """TIME-2: a cancellation is ignored if the worker's start is later by its own clock."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        started = row.started_at is not None and event.occurred_at < row.started_at
        return super().is_ahead(row, event) and not (event.kind is EventKind.CANCELLED and started)


class EndHeldOntoTheStart(SoundStrict):
    """TIME-2: an end that is too early is set to the very instant of what came before, though the order is strict."""

    def set_ended(self, row: Row, event: Event, at: datetime) -> None:
        before = row.started_at or row.created_at
        if before is None or at == before:
            super().set_ended(row, event, at)
        else:
            row.ended_at = max(at, before)


class ProgressByInstantAlone(Sound):
    """TIME-2: the next attempt's progress is lost if its worker's clock is behind."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        if row.progress_key is None or event.occurred_at >= row.progress_key[1]:
            super().note_progress(row, event, value)


FAULTY: tuple[type[Sound], ...] = (
    NewestInstantWins,
    EndNotHeldToCreation,
    MinuteOfSkewLeftAlone,
    RestartNotHeldToCreation,
    LateCreationNotHeldToStart,
    RestartOlderThanFailureIgnored,
    TakenForAnEarlierJob,
    CancelOlderThanStartIgnored,
    EndHeldOntoTheStart,
    ProgressByInstantAlone,
)

"""Faulty for TIME-3: events that share one instant break the order of the times, or lose an event."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from pytest_jobstatus import Event, EventKind
from tests.sound_trackers.merging import PHASES, Row, Sound, SoundStrict


class InstantSeenBefore(Sound):
    """TIME-3: an event whose instant was seen before is taken for a repeat."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        seen = row.note.setdefault("seen", set())
        if event.occurred_at not in seen:
            seen.add(event.occurred_at)
            super().merge(row, event, value)


class StartsToldApartByInstant(Sound):
    """TIME-3: the start of another attempt is taken for a repeat if it has the same instant."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        if event.kind is not EventKind.ACTIVE:
            return super().is_ahead(row, event)
        repeated = row.note.get("start") == event.occurred_at
        row.note["start"] = event.occurred_at
        return super().is_ahead(row, event) and not repeated


class FailureNeedsALaterInstant(Sound):
    """TIME-3: a failure is recorded only if it is later than the start."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        tied = row.started_at is not None and event.occurred_at <= row.started_at
        return super().is_ahead(row, event) and not (event.kind is EventKind.FAILED and tied)


class TieLeftInStrictOrder(SoundStrict):
    """TIME-3: an end at the very instant of the start is stored as it is, though the order is strict."""

    def set_ended(self, row: Row, event: Event, at: datetime) -> None:
        if at == row.started_at:
            row.ended_at = at
        else:
            super().set_ended(row, event, at)


class LateStartSqueezedIn(SoundStrict):
    """TIME-3: a late start is stored also where no tick is left between creation and end."""

    def fit_start(self, row: Row, at: datetime) -> datetime | None:
        if row.created_at is not None:
            at = max(at, row.created_at + self.tick)
        return at if row.ended_at is None else min(at, row.ended_at - self.tick)


class SameAsThePreviousEvent(Sound):
    """TIME-3: an event that equals the previous one but for the job is dropped as a repeat."""

    def __init__(self) -> None:
        super().__init__()
        self.previous: Event | None = None

    def apply(self, event: Event) -> None:
        nobodys = event.moved(job_id="any", by=timedelta(0))
        if nobodys != self.previous:
            self.previous = nobodys
            super().apply(event)


class TieBrokenByPhase(Sound):
    """TIME-3: of two events at one instant the later status wins, whatever the attempt."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        ahead = super().is_ahead(row, event)
        if ahead and event.occurred_at == row.updated_at and not event.kind.terminal:
            return PHASES[event.kind] > row.position[1]
        return ahead


class CancelledAtBirthIgnored(Sound):
    """TIME-3: a cancellation is recorded only if it is later than the creation."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        unborn = row.created_at is not None and event.occurred_at <= row.created_at
        return super().is_ahead(row, event) and not (event.kind is EventKind.CANCELLED and unborn)


FAULTY: tuple[type[Sound], ...] = (
    InstantSeenBefore,
    StartsToldApartByInstant,
    FailureNeedsALaterInstant,
    TieLeftInStrictOrder,
    LateStartSqueezedIn,
    SameAsThePreviousEvent,
    TieBrokenByPhase,
    CancelledAtBirthIgnored,
)

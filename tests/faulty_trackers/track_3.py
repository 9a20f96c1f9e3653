"""Faulty for TRACK-3: an event that must be accepted raises, or a refused one changes something."""

from __future__ import annotations

from typing import Any

from pytest_jobstatus import Event, EventKind, Profile, Status
from pytest_jobstatus.events import TERMINAL_KINDS
from tests.sound_trackers.merging import SHOWS, Row, Sound, SoundRefusing, SoundStrict, Stale


class IllegalTransition(ValueError):  # noqa: N818 - says what is wrong with the event
    """The event is not in the table."""


WORKING = {EventKind.PROGRESS, EventKind.RETRYING, EventKind.STALLED, *TERMINAL_KINDS}
TRANSITIONS: dict[Status | None, set[EventKind]] = {
    None: {EventKind.CREATED},
    Status.PENDING: {EventKind.ACTIVE, EventKind.CANCELLED, EventKind.FAILED},
    Status.ACTIVE: WORKING,
    Status.DELAYED: {EventKind.ACTIVE, EventKind.CANCELLED},
}


class TransitionTableRaises(Sound):
    """TRACK-3: whatever is out of order or repeated raises an exception that is not declared."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if event.kind not in TRANSITIONS.get(row.status, ()):
            raise IllegalTransition(f"{row.status} -> {event.kind}")
        super().merge(row, event, value)


class SkippedStartRefused(SoundRefusing):
    """TRACK-3: a retry or an end of a job that has not started is refused, though it is ahead."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        needs_start = event.kind in (EventKind.RETRYING, EventKind.COMPLETED, EventKind.FAILED)
        if row.status is Status.PENDING and row.attempt == 0 and needs_start:
            raise Stale("the job has not started")
        super().merge(row, event, value)


class RepeatedEndRaises(Sound):
    """TRACK-3: a terminal event that comes again raises an exception that is not declared."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if row.over and row.status is SHOWS[event.kind]:
            raise IllegalTransition(f"not running, previous state {row.status}")
        super().merge(row, event, value)


class RefusesButFillsStart(SoundRefusing):
    """TRACK-3: a late start is refused as declared, but not before started_at is written."""

    def refuse(self, row: Row, event: Event) -> None:
        if event.kind is EventKind.ACTIVE:
            self.set_started(row, event, event.occurred_at)
        super().refuse(row, event)


class CancelOfDelayedRefused(SoundRefusing):
    """TRACK-3: cancelling a delayed job is refused, though it is ahead."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if event.kind is EventKind.CANCELLED and row.status is Status.DELAYED:
            raise Stale("only a pending or running job can be cancelled")
        super().merge(row, event, value)


class UnknownJobRaises(Sound):
    """TRACK-3: any event that comes before created raises."""

    def find(self, event: Event) -> Row:
        if event.kind is not EventKind.CREATED and event.job_id not in self.rows:
            raise KeyError("no such row")
        return super().find(event)


class EarlyProgressRaises(Sound):
    """TRACK-3: progress of a job never heard of raises."""

    def find(self, event: Event) -> Row:
        if event.kind is EventKind.PROGRESS and event.job_id not in self.rows:
            raise LookupError("no such job")
        return super().find(event)


class StaleStallAsserts(Sound):
    """TRACK-3: a stall report of an older attempt than the one shown trips an assertion."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if event.kind is EventKind.STALLED and not row.over:
            assert event.attempt >= row.attempt, "stalled attempt is not the current one"
        super().merge(row, event, value)


class NegativeDurationRaises(Sound):
    """TRACK-3: an end before the start, by clocks that disagree, raises and is lost."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if event.kind.terminal and not row.over and row.started_at is not None and event.occurred_at < row.started_at:
            raise ValueError("negative duration")
        super().merge(row, event, value)


class TiedEndViolatesCheck(SoundStrict):
    """TRACK-3: an end in the instant of the start violates a database constraint and is lost."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if event.kind.terminal and not row.over and event.occurred_at == row.started_at:
            raise RuntimeError("violates check constraint started_before_ended")
        super().merge(row, event, value)


class ThirdDeliveryRaises(Sound):
    """TRACK-3: the third delivery of one event raises."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        seen = row.note.setdefault("seen", {})
        key = (event.kind, event.attempt, event.occurred_at)
        seen[key] = seen.get(key, 0) + 1
        if seen[key] > 2:
            raise RuntimeError("receive count exceeded")
        super().merge(row, event, value)


class SecondProgressRefused(Sound):
    """TRACK-3: a second progress of one attempt is refused, though it is newer."""

    profile = Profile(refuses=(Stale,))

    def merge(self, row: Row, event: Event, value: Any) -> None:
        known = row.progress_key is not None and row.progress_key[0] == event.attempt
        if event.kind is EventKind.PROGRESS and known and not row.over:
            raise Stale("duplicate key (job, attempt)")
        super().merge(row, event, value)


class EndWithoutCreationRaises(Sound):
    """TRACK-3: the end computes how long the job took, and raises where created was lost."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if event.kind.terminal and not row.over:
            if row.created_at is None:
                raise TypeError("took = ended_at - created_at: created_at is None")
            row.note["took"] = event.occurred_at - row.created_at
        super().merge(row, event, value)


class UnstartedRetryRefused(Sound):
    """TRACK-3: the failure of an attempt that was not seen to start is refused as stale."""

    profile = Profile(refuses=(Stale,))

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if event.kind is EventKind.RETRYING and 0 < row.attempt < event.attempt:
            raise Stale("that attempt never started")
        super().merge(row, event, value)


class LateEndWhileWaitingRaises(Sound):
    """TRACK-3: the late end of an older attempt, while a retry is awaited, raises."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if event.kind.terminal and row.status is Status.DELAYED and 0 < event.attempt < row.attempt:
            raise ValueError("not running")
        super().merge(row, event, value)


FAULTY: tuple[type[Sound], ...] = (
    TransitionTableRaises,
    SkippedStartRefused,
    RepeatedEndRaises,
    RefusesButFillsStart,
    CancelOfDelayedRefused,
    UnknownJobRaises,
    EarlyProgressRaises,
    StaleStallAsserts,
    NegativeDurationRaises,
    TiedEndViolatesCheck,
    ThirdDeliveryRaises,
    SecondProgressRefused,
    EndWithoutCreationRaises,
    UnstartedRetryRefused,
    LateEndWhileWaitingRaises,
)

"""Faulty for TRACK-6: an event that is ahead does not show, or one that is behind does."""

from __future__ import annotations

from typing import Any

from pytest_jobstatus import Event, EventKind, Status
from tests.sound_trackers.merging import Row, Sound


class GapInStartsLost(Sound):
    """TRACK-6: a start that skips an attempt is dropped."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        gap = row.attempt > 0 and event.attempt > row.attempt + 1
        return super().is_ahead(row, event) and not (gap and event.kind is EventKind.ACTIVE)


class CountsDistinctStarts(Sound):
    """TRACK-6: the attempt shown is the number of starts seen, not the event's own."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if event.kind is EventKind.ACTIVE:
            row.note.setdefault("starts", set()).add(event.attempt)
        super().merge(row, event, value)

    def move(self, row: Row, event: Event) -> None:
        row.status = self.shows(row, event)
        row.attempt = max(row.attempt, len(row.note.get("starts", ())))


class RetryNeedsActive(Sound):
    """TRACK-6: retrying is written over active only."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        elsewhere = row.status not in (None, Status.ACTIVE)
        return super().is_ahead(row, event) and not (event.kind is EventKind.RETRYING and elsewhere)


class StallNeedsItsStart(Sound):
    """TRACK-6: stalled is dropped where another attempt is shown."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        other = row.status is not None and row.attempt != event.attempt
        return super().is_ahead(row, event) and not (event.kind is EventKind.STALLED and other)


class RetryKeepsAttempt(Sound):
    """TRACK-6: retrying sets the status, but leaves the attempt that is shown."""

    def move(self, row: Row, event: Event) -> None:
        attempt = row.attempt
        super().move(row, event)
        if event.kind is EventKind.RETRYING and attempt:
            row.attempt = attempt


class StallNotFenced(Sound):
    """TRACK-6/CONV-1: a stall report of an older attempt makes the running job pending."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind is EventKind.STALLED and row.status is Status.ACTIVE and event.attempt < row.attempt:
            row.status = Status.PENDING


class StartRevivesStalled(Sound):
    """TRACK-6/CONV-1: a late start of the attempt that stalled is taken for the next one."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        rerun = row.stalled and event.kind is EventKind.ACTIVE and event.attempt == row.attempt
        return rerun or super().is_ahead(row, event)


class StaleRetryLowersAttempt(Sound):
    """TRACK-6/CONV-1: a late retrying writes its older attempt."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind is EventKind.RETRYING and not row.over:
            row.attempt = event.attempt


class LateCreationResets(Sound):
    """TRACK-6/CONV-1: created, when it comes late, makes an open job pending."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        late = event.kind is EventKind.CREATED and row.created_at is None and row.status is not None and not row.over
        super().merge(row, event, value)
        if late:
            row.status = Status.PENDING


class TiedEventsLost(Sound):
    """TRACK-1: an event moves an open job only if it ends it or is later than all, so tied ones are lost."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        newer = row.updated_at is None or event.occurred_at > row.updated_at
        return super().is_ahead(row, event) and (newer or event.kind.terminal)


class SkewedRetryLost(Sound):
    """TRACK-1: retrying is dropped if its instant is before started_at, which another clock gave."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        early = row.started_at is not None and event.occurred_at < row.started_at
        return super().is_ahead(row, event) and not (early and event.kind is EventKind.RETRYING)


class FailureBeforeStartIsMalformed(Sound):
    """TRACK-6/TRACK-1: a failure without an attempt counts as malformed, and is dropped."""

    def apply(self, event: Event) -> None:
        if event.attempt or event.kind is not EventKind.FAILED:
            super().apply(event)


class ThirdRetryOfWaitingJobLost(Sound):
    """TRACK-6: a retry or a stall of the third attempt is lost where the row waits for it, or for the second."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        waits = row.status in (Status.PENDING, Status.DELAYED) and row.attempt > 0
        if waits and event.attempt > 2 and event.kind in (EventKind.RETRYING, EventKind.STALLED):
            return False
        return super().is_ahead(row, event)


FAULTY: tuple[type[Sound], ...] = (
    ThirdRetryOfWaitingJobLost,
    GapInStartsLost,
    CountsDistinctStarts,
    RetryNeedsActive,
    StallNeedsItsStart,
    RetryKeepsAttempt,
    StallNotFenced,
    StartRevivesStalled,
    StaleRetryLowersAttempt,
    LateCreationResets,
    TiedEventsLost,
    SkewedRetryLost,
    FailureBeforeStartIsMalformed,
)

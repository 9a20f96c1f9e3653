"""Faulty for RETRY-2: the next attempt does not show active with its own number, or attempts are counted wrongly."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pytest_jobstatus import Event, EventKind, Profile, Snapshot, Status
from tests.sound_trackers.merging import LONG_AGO, Row, Sound, SoundClearing, SoundLatest


class NextStartStaysDelayed(Sound):
    """RETRY-2: the start of the attempt after a retry raises the number, but the job still shows delayed."""

    def shows(self, row: Row, event: Event) -> Status:
        again = event.kind is EventKind.ACTIVE and row.status is Status.DELAYED
        return Status.DELAYED if again else super().shows(row, event)


class StartsCountedByDelivery(Sound):
    """RETRY-2: every start delivered counts as an attempt, a repeated one too."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if event.kind is EventKind.ACTIVE and not row.over:
            row.note["starts"] = row.note.get("starts", 0) + 1
        super().merge(row, event, value)

    def show(self, row: Row) -> Snapshot:
        return replace(super().show(row), attempt=max(row.attempt, row.note.get("starts", 0)))


class RestartAfterStallNotCounted(Sound):
    """RETRY-2: the attempt that follows a stall is shown with the stalled one's number."""

    def move(self, row: Row, event: Event) -> None:
        if event.kind is EventKind.ACTIVE and row.stalled:
            row.note["uncounted"] = row.note.get("uncounted", 0) + 1
        super().move(row, event)

    def show(self, row: Row) -> Snapshot:
        return replace(super().show(row), attempt=row.attempt - row.note.get("uncounted", 0))


class RestartShownAsPending(Sound):
    """RETRY-2: a tracker that knows stalls only shows pending when the stalled job starts again."""

    profile = Profile(unsupported={"retrying": "jobs are run again only after a stall"})

    def shows(self, row: Row, event: Event) -> Status:
        again = event.kind is EventKind.ACTIVE and row.stalled
        return Status.PENDING if again else super().shows(row, event)


class ThirdAttemptShownAsSecond(SoundClearing):
    """RETRY-2: the number shown is the first attempt's or the second's; the third shows as the second."""

    def show(self, row: Row) -> Snapshot:
        return replace(super().show(row), attempt=min(row.attempt, 2))


class StartNotAfterFailureIgnored(Sound):
    """RETRY-2: a start that is not later than the failure before it, by the clocks, is ignored as stale."""

    def move(self, row: Row, event: Event) -> None:
        super().move(row, event)
        if event.kind is EventKind.RETRYING:
            row.note["failed"] = event.occurred_at

    def is_ahead(self, row: Row, event: Event) -> bool:
        if event.kind is EventKind.ACTIVE and event.occurred_at <= row.note.get("failed", LONG_AGO):
            return False
        return super().is_ahead(row, event)


class StartWhileActiveIgnored(SoundLatest):
    """RETRY-2: a start counts only from pending or delayed; if the retry in between was lost, it is ignored."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        if event.kind is EventKind.ACTIVE and row.status is Status.ACTIVE:
            return False
        return super().is_ahead(row, event)


class ProgressOfNextAttemptKeepsNumber(Sound):
    """PROG-3: progress that overtakes the next attempt's start shows active with the older number."""

    def move(self, row: Row, event: Event) -> None:
        before = row.attempt
        super().move(row, event)
        if event.kind is EventKind.PROGRESS and before:
            row.attempt = before


class StallCountedAgainAtRetry(Sound):
    """RETRY-2: the start that follows a retry counts once more if an earlier attempt has stalled."""

    def move(self, row: Row, event: Event) -> None:
        if event.kind is EventKind.STALLED:
            row.note["stalled"] = True
        if event.kind is EventKind.ACTIVE and row.status is Status.DELAYED and "stalled" in row.note:
            row.note["extra"] = 1
        super().move(row, event)

    def show(self, row: Row) -> Snapshot:
        return replace(super().show(row), attempt=row.attempt + row.note.get("extra", 0))


FAULTY: tuple[type[Sound], ...] = (
    NextStartStaysDelayed,
    StartsCountedByDelivery,
    RestartAfterStallNotCounted,
    RestartShownAsPending,
    ThirdAttemptShownAsSecond,
    StartNotAfterFailureIgnored,
    StartWhileActiveIgnored,
    ProgressOfNextAttemptKeepsNumber,
    StallCountedAgainAtRetry,
)

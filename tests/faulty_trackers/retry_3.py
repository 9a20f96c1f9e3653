"""Faulty for RETRY-3: an event behind the shown position changes the status or the attempt."""

from __future__ import annotations

from typing import Any

from pytest_jobstatus import Event, EventKind, Profile, Status
from tests.sound_trackers.merging import LONG_AGO, Row, Sound, SoundClearing, SoundLatest


class StaleRetryDelaysNextAttempt(Sound):
    """RETRY-3: a failure told again or late delays the attempt that runs since."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind is EventKind.RETRYING and row.status is Status.ACTIVE:
            row.status = Status.DELAYED


class StaleStartEndsDelay(SoundClearing):
    """RETRY-3: the start of the attempt that has just failed, told again or late, shows the job active."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind is EventKind.ACTIVE and row.status is Status.DELAYED:
            row.status = Status.ACTIVE


class LateCreationResetsDelayed(Sound):
    """RETRY-3: a creation told again or late turns a delayed job pending."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind is EventKind.CREATED and row.status is Status.DELAYED:
            row.status = Status.PENDING


class RetryTwoAttemptsBackTaken(SoundLatest):
    """RETRY-3: only the attempt just before is fenced off; a failure of the one before that delays the job."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        older = event.kind is EventKind.RETRYING and event.attempt == row.attempt - 2
        super().merge(row, event, value)
        if older and not row.over:
            row.status = Status.DELAYED


class OldProgressRevivesWaiting(Sound):
    """RETRY-3: progress of an earlier attempt shows a job active that waits after its second or third one."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind is EventKind.PROGRESS and event.attempt < row.attempt and not row.over:
            row.status = Status.ACTIVE


class FencedByClock(Sound):
    """RETRY-3: a retry or a stall behind is dropped only if its instant is earlier than the newest start's."""

    def move(self, row: Row, event: Event) -> None:
        super().move(row, event)
        if event.kind is EventKind.ACTIVE:
            row.note["start"] = event.occurred_at

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        waits = event.kind in (EventKind.RETRYING, EventKind.STALLED)
        if waits and row.status is Status.ACTIVE and event.occurred_at >= row.note.get("start", LONG_AGO):
            row.status = self.shows(row, event)


class ThirdStaleRetryTrusted(Sound):
    """RETRY-3: two failures behind are dropped; the third one is believed and delays the running job."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        stale = event.kind is EventKind.RETRYING and row.status is Status.ACTIVE and not self.is_ahead(row, event)
        super().merge(row, event, value)
        if stale:
            row.note["dropped"] = row.note.get("dropped", 0) + 1
            if row.note["dropped"] == 3:
                row.status = Status.DELAYED


class StaleStallReleasesUnnumbered(Sound):
    """RETRY-3: a tracker that shows no attempt takes an older attempt's stall for the running one's."""

    profile = Profile(unsupported={"attempt": "the number is not kept", "retrying": "only stalled jobs run again"})

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind is EventKind.STALLED and row.status is Status.ACTIVE:
            row.status = Status.PENDING


class RepeatedRetryRaisesAttempt(Sound):
    """RETRY-3: a failure told again while the retry is awaited raises the attempt shown, up to the third."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        again = event.kind is EventKind.RETRYING and row.position == (event.attempt, 2)
        super().merge(row, event, value)
        if again and row.attempt < 3:
            row.attempt += 1


FAULTY: tuple[type[Sound], ...] = (
    StaleRetryDelaysNextAttempt,
    StaleStartEndsDelay,
    LateCreationResetsDelayed,
    RetryTwoAttemptsBackTaken,
    OldProgressRevivesWaiting,
    FencedByClock,
    ThirdStaleRetryTrusted,
    StaleStallReleasesUnnumbered,
    RepeatedRetryRaisesAttempt,
)

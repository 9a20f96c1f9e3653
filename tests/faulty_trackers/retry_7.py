"""Faulty for RETRY-7: the late end of an older attempt is not handled as declared, or lowers the attempt."""

from __future__ import annotations

from typing import Any

from pytest_jobstatus import Event, EventKind, Profile, Status
from tests.sound_trackers.merging import LONG_AGO, Row, Sound, SoundLatest

IGNORED = Profile(late_end="ignored")


def is_late_end(row: Row, event: Event) -> bool:
    """Whether the event ends an attempt below the one shown."""
    return event.kind in (EventKind.COMPLETED, EventKind.FAILED) and event.attempt < row.attempt and not row.over


class LateEndLowersAttempt(Sound):
    """RETRY-7: the late end of an older attempt ends the job, as declared, with the older number."""

    def move(self, row: Row, event: Event) -> None:
        super().move(row, event)
        if event.kind.terminal:
            row.attempt = event.attempt


class LateEndIgnoredThoughTaken(Sound):
    """RETRY-7: the late end of an older attempt is ignored, while the profile says that it is taken."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if not is_late_end(row, event):
            super().merge(row, event, value)


class LateEndTakenThoughIgnored(Sound):
    """RETRY-7: the late end of an older attempt ends the job, while the profile says that it is ignored."""

    profile = IGNORED


class LateEndIgnoredWhileDelayed(SoundLatest):
    """RETRY-7: the late end of an older attempt is taken, as declared, but not while a retry is awaited."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if not (is_late_end(row, event) and row.status is Status.DELAYED):
            super().merge(row, event, value)


class LateEndTakenWhileWaiting(Sound):
    """RETRY-7: the late end of an older attempt is ignored, as declared, only while the newer one runs."""

    profile = IGNORED

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if not (is_late_end(row, event) and row.status is Status.ACTIVE):
            super().merge(row, event, value)


class LateFailureTaken(Sound):
    """RETRY-7: a late completion of an older attempt is ignored, as declared, but not a late failure."""

    profile = IGNORED

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if not (is_late_end(row, event) and event.kind is EventKind.COMPLETED):
            super().merge(row, event, value)


class LateFailureLeavesError(Sound):
    """RETRY-7: a late failure of an older attempt is ignored, as declared, but its error is shown."""

    profile = IGNORED

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if not is_late_end(row, event):
            super().merge(row, event, value)
        elif event.kind is EventKind.FAILED:
            row.error = event.error


class LateEndTwoAttemptsBackTaken(Sound):
    """RETRY-7: the late end of the attempt just before is ignored, as declared, but not of the one before that."""

    profile = IGNORED

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if not (is_late_end(row, event) and event.attempt == row.attempt - 1):
            super().merge(row, event, value)


class ThirdLateEndTaken(Sound):
    """RETRY-7: two late ends of older attempts are ignored, as declared; the third is taken."""

    profile = IGNORED

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if is_late_end(row, event):
            row.note["ignored"] = row.note.get("ignored", 0) + 1
            if row.note["ignored"] < 3:
                return
        super().merge(row, event, value)


class LateEndFencedByClock(Sound):
    """RETRY-7: the late end of an older attempt is ignored, as declared, only if it is older by the clocks too."""

    profile = IGNORED

    def move(self, row: Row, event: Event) -> None:
        super().move(row, event)
        if event.kind is EventKind.ACTIVE:
            row.note["start"] = event.occurred_at

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if not (is_late_end(row, event) and event.occurred_at < row.note.get("start", LONG_AGO)):
            super().merge(row, event, value)


class LateEndAfterStallTaken(Sound):
    """RETRY-7: the late end of an attempt that stalled is taken, though ignored is declared and holds after a retry."""

    profile = IGNORED

    def move(self, row: Row, event: Event) -> None:
        super().move(row, event)
        if event.kind is EventKind.STALLED:
            row.note[f"stalled {event.attempt}"] = True

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if not is_late_end(row, event) or f"stalled {event.attempt}" in row.note:
            super().merge(row, event, value)


FAULTY: tuple[type[Sound], ...] = (
    LateEndLowersAttempt,
    LateEndIgnoredThoughTaken,
    LateEndTakenThoughIgnored,
    LateEndIgnoredWhileDelayed,
    LateEndTakenWhileWaiting,
    LateFailureTaken,
    LateFailureLeavesError,
    LateEndTwoAttemptsBackTaken,
    ThirdLateEndTaken,
    LateEndFencedByClock,
    LateEndAfterStallTaken,
)

"""Faulty for CANC-1: a cancellation does not show as one, or without who and when."""

from __future__ import annotations

from dataclasses import replace

from pytest_jobstatus import Event, EventKind, JobError, Snapshot, Status
from tests.sound_trackers.merging import (
    Row,
    Sound,
    SoundArrival,
    SoundClearing,
    SoundLatest,
    SoundRefusing,
    SoundStrict,
)


class CancelledShownAsFailed(Sound):
    """CANC-1: a cancellation is stored as a failure, and the flag is forgotten."""

    def shows(self, row: Row, event: Event) -> Status:
        return Status.FAILED if event.kind is EventKind.CANCELLED else super().shows(row, event)


class AnonymousCancellationFails(SoundStrict):
    """CANC-1: a cancellation that names nobody is taken for a worker that was killed, hence a failure."""

    def shows(self, row: Row, event: Event) -> Status:
        if event.kind is EventKind.CANCELLED and event.cancelled_by is None:
            return Status.FAILED
        return super().shows(row, event)

    def outcome(self, row: Row, event: Event) -> None:
        super().outcome(row, event)
        if row.status is Status.FAILED and event.kind is EventKind.CANCELLED:
            row.error = JobError("WorkHorseKilled", "work-horse terminated unexpectedly")


class CancelledByTheSystemFails(Sound):
    """CANC-1: a cancellation by the system itself is taken for a time limit, hence a failure."""

    def shows(self, row: Row, event: Event) -> Status:
        if event.kind is EventKind.CANCELLED and event.cancelled_by == "system":
            return Status.FAILED
        return super().shows(row, event)


class CancelledAtFullProgressCompletes(SoundLatest):
    """CANC-1: a cancellation of a job whose progress says 100 is taken for a completion."""

    def shows(self, row: Row, event: Event) -> Status:
        if event.kind is EventKind.CANCELLED and row.progress == 100:
            return Status.COMPLETED
        return super().shows(row, event)


class StalledCancellationFails(SoundRefusing):
    """CANC-1: a cancellation of a stalled job is taken for its failure."""

    def shows(self, row: Row, event: Event) -> Status:
        if event.kind is EventKind.CANCELLED and row.stalled:
            return Status.FAILED
        return super().shows(row, event)


class DelayedCancellationHasNoTime(SoundClearing):
    """CANC-1: the path that cancels a job waiting for its retry does not set the time."""

    def move(self, row: Row, event: Event) -> None:
        row.note["waited"] = row.status is Status.DELAYED
        super().move(row, event)

    def show(self, row: Row) -> Snapshot:
        return replace(super().show(row), cancelled_at=None) if row.note["waited"] else super().show(row)


class UnstartedCancellationHasNoTime(SoundArrival):
    """CANC-1: the time of a cancellation shows only for a job that is known to have started."""

    def show(self, row: Row) -> Snapshot:
        return super().show(row) if row.started_at else replace(super().show(row), cancelled_at=None)


class WhoOfTheFirstAttemptOnly(SoundLatest):
    """CANC-1: who cancelled is dropped from the second attempt on."""

    def outcome(self, row: Row, event: Event) -> None:
        super().outcome(row, event)
        if event.attempt > 1:
            row.cancelled_by = None


class InsertForgetsWho(Sound):
    """CANC-1: the statement that makes the row, where the cancellation is the first thing heard, leaves out who."""

    def move(self, row: Row, event: Event) -> None:
        row.note.setdefault("made_by", event.kind)
        super().move(row, event)

    def outcome(self, row: Row, event: Event) -> None:
        super().outcome(row, event)
        if row.note["made_by"] is EventKind.CANCELLED:
            row.cancelled_by = None


class FirstUserForAll(Sound):
    """CANC-1: the tracker asks once who the user is, and names that one for every later cancellation."""

    def __init__(self) -> None:
        super().__init__()
        self.user: str | None = None

    def outcome(self, row: Row, event: Event) -> None:
        super().outcome(row, event)
        self.user = self.user or event.cancelled_by
        row.cancelled_by = row.cancelled_by and self.user


class UserNameLowered(SoundStrict):
    """CANC-1: who cancelled is stored in lower case."""

    def outcome(self, row: Row, event: Event) -> None:
        super().outcome(row, event)
        row.cancelled_by = row.cancelled_by and row.cancelled_by.lower()


class UserNumberSpelledOut(Sound):
    """CANC-1: a user id of digits only is shown as a number, without its leading zeros."""

    def outcome(self, row: Row, event: Event) -> None:
        super().outcome(row, event)
        if row.cancelled_by is not None and row.cancelled_by.isdecimal():
            row.cancelled_by = str(int(row.cancelled_by))


class UserCutToUuidWidth(Sound):
    """CANC-1: who cancelled is cut to the 36 characters of a UUID."""

    def outcome(self, row: Row, event: Event) -> None:
        super().outcome(row, event)
        row.cancelled_by = row.cancelled_by and row.cancelled_by[:36]


class EarlyCancellationIgnoredOnceStarted(Sound):
    """CANC-1: a cancellation from before the start, which has no attempt, is taken for old where the job runs."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        if event.kind is EventKind.CANCELLED and event.attempt == 0 and row.status is Status.ACTIVE:
            return False
        return super().is_ahead(row, event)


class CancellationOfOlderAttemptIgnored(Sound):
    """CANC-1: whoever called the job off knew of an older attempt only, and is fenced like an old worker."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        if event.kind is EventKind.CANCELLED and 0 < event.attempt < row.attempt:
            return False
        return super().is_ahead(row, event)


FAULTY: tuple[type[Sound], ...] = (
    EarlyCancellationIgnoredOnceStarted,
    CancellationOfOlderAttemptIgnored,
    CancelledShownAsFailed,
    AnonymousCancellationFails,
    CancelledByTheSystemFails,
    CancelledAtFullProgressCompletes,
    StalledCancellationFails,
    DelayedCancellationHasNoTime,
    UnstartedCancellationHasNoTime,
    WhoOfTheFirstAttemptOnly,
    InsertForgetsWho,
    FirstUserForAll,
    UserNameLowered,
    UserNumberSpelledOut,
    UserCutToUuidWidth,
)

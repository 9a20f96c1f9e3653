"""Faulty for RETRY-1: a failure that will be retried does not show as delayed with its attempt."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pytest_jobstatus import Event, EventKind, Profile, Snapshot, Status
from tests.sound_trackers.merging import Row, Sound, SoundClearing, SoundStrict


class RetryShownAsFailed(Sound):
    """RETRY-1: a failure that will be retried is shown as failed, as if it were the last."""

    def shows(self, row: Row, event: Event) -> Status:
        return Status.FAILED if event.kind is EventKind.RETRYING else super().shows(row, event)


class RetryStaysActive(Sound):
    """RETRY-1: a tracker that has no delayed shows active, rather than pending, while the retry is awaited."""

    profile = Profile(unsupported={"delayed": "there is no such status here"})

    def shows(self, row: Row, event: Event) -> Status:
        return Status.ACTIVE if event.kind is EventKind.RETRYING else super().shows(row, event)


class RetryShowsNextAttempt(Sound):
    """RETRY-1: while the retry is awaited, the number of the next attempt is shown."""

    def show(self, row: Row) -> Snapshot:
        return replace(super().show(row), attempt=row.attempt + (row.status is Status.DELAYED))


class SecondRetryShownAsFailed(SoundClearing):
    """RETRY-1: the second failure is taken for the last one, though a third attempt follows."""

    def shows(self, row: Row, event: Event) -> Status:
        last = event.kind is EventKind.RETRYING and event.attempt >= 2
        return Status.FAILED if last else super().shows(row, event)


class RetryWithoutErrorShownAsFailed(Sound):
    """RETRY-1: a failure that carries no error is shown as failed, even if a retry follows."""

    def shows(self, row: Row, event: Event) -> Status:
        bare = event.kind is EventKind.RETRYING and event.error is None
        return Status.FAILED if bare else super().shows(row, event)


class RetryWithoutDueTimeShownAsPending(Sound):
    """RETRY-1: a retry without a due time is shown as pending."""

    def shows(self, row: Row, event: Event) -> Status:
        at_once = event.kind is EventKind.RETRYING and event.retry_at is None
        return Status.PENDING if at_once else super().shows(row, event)


class RetryAfterProgressStaysActive(SoundStrict):
    """RETRY-1: an attempt that has told progress stays active when it fails and will be retried."""

    def shows(self, row: Row, event: Event) -> Status:
        alive = row.progress_key is not None and row.progress_key[0] == event.attempt
        return Status.ACTIVE if event.kind is EventKind.RETRYING and alive else super().shows(row, event)


class RetryOfUnseenStartShownAsPending(Sound):
    """RETRY-1: a retry is shown as delayed only if the attempt was seen active; otherwise as pending."""

    def shows(self, row: Row, event: Event) -> Status:
        unseen = event.kind is EventKind.RETRYING and row.status is not Status.ACTIVE
        return Status.PENDING if unseen else super().shows(row, event)


class RetryAfterStallKeepsAttempt(Sound):
    """RETRY-1: when an earlier attempt has stalled, a failure is shown with the attempt before it."""

    def move(self, row: Row, event: Event) -> None:
        super().move(row, event)
        if event.kind is EventKind.STALLED:
            row.note["stalled"] = True

    def show(self, row: Row) -> Snapshot:
        short = row.status is Status.DELAYED and row.attempt > 1 and "stalled" in row.note
        return replace(super().show(row), attempt=row.attempt - short)


class ThirdReportOfRetryIsFinal(Sound):
    """RETRY-1: failures are counted by report, so that the third report, a repeated one too, fails the job."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind is EventKind.RETRYING and not row.over:
            row.note["failures"] = row.note.get("failures", 0) + 1
            if row.note["failures"] == 3:
                row.status = Status.FAILED
                self.set_ended(row, event, self.instant(event))


class OneJobDelayedAtATime(Sound):
    """ISO-1: there is one place for a delayed job; another job's retry turns the first one pending."""

    delayed = ""

    def move(self, row: Row, event: Event) -> None:
        super().move(row, event)
        if event.kind is EventKind.RETRYING:
            self.delayed = row.job_id

    def show(self, row: Row) -> Snapshot:
        ousted = row.status is Status.DELAYED and row.job_id != self.delayed
        return replace(super().show(row), status=Status.PENDING) if ousted else super().show(row)


FAULTY: tuple[type[Sound], ...] = (
    RetryShownAsFailed,
    RetryStaysActive,
    RetryShowsNextAttempt,
    SecondRetryShownAsFailed,
    RetryWithoutErrorShownAsFailed,
    RetryWithoutDueTimeShownAsPending,
    RetryAfterProgressStaysActive,
    RetryOfUnseenStartShownAsPending,
    RetryAfterStallKeepsAttempt,
    ThirdReportOfRetryIsFinal,
    OneJobDelayedAtATime,
)

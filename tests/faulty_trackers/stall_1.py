"""Faulty for STALL-1: a stalled job stays active."""

from __future__ import annotations

from typing import Any

from pytest_jobstatus import Event, EventKind, Profile, Status
from tests.sound_trackers.merging import LONG_AGO, Row, Sound, SoundClearing


class StallIgnored(Sound):
    """STALL-1: a stall report is not acted on, and the job stays active."""

    def shows(self, row: Row, event: Event) -> Status:
        return Status.ACTIVE if event.kind is EventKind.STALLED else super().shows(row, event)


class StallAfterProgressIgnored(Sound):
    """STALL-1: an attempt that has told progress counts as alive, so that its stall leaves it active."""

    def shows(self, row: Row, event: Event) -> Status:
        alive = row.progress_key is not None and row.progress_key[0] == event.attempt
        return Status.ACTIVE if event.kind is EventKind.STALLED and alive else super().shows(row, event)


class SecondStallIgnored(Sound):
    """STALL-1: a job is released from a stall once; its second stall leaves it active."""

    profile = Profile(unsupported={"retrying": "jobs are run again only after a stall"})

    def shows(self, row: Row, event: Event) -> Status:
        if event.kind is not EventKind.STALLED:
            return super().shows(row, event)
        row.note["stalls"] = row.note.get("stalls", 0) + 1
        return Status.ACTIVE if row.note["stalls"] > 1 else Status.PENDING


class StallOfRetryIgnored(SoundClearing):
    """STALL-1: once a job has failed and is retried, a stall leaves it active."""

    def shows(self, row: Row, event: Event) -> Status:
        if event.kind is EventKind.RETRYING:
            row.note["retried"] = True
        if event.kind is EventKind.STALLED and "retried" in row.note:
            return Status.ACTIVE
        return super().shows(row, event)


class LateProgressRevivesStalled(Sound):
    """STALL-1: progress of the attempt that stalled, told again or late, shows the job active."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind is EventKind.PROGRESS and row.stalled:
            row.status = Status.ACTIVE


class OvertakenStartRevivesStalled(Sound):
    """STALL-1: a start that the stall report overtook shows the job active; one told again does not."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind is EventKind.ACTIVE:
            if row.stalled and event.attempt == row.attempt and event.attempt not in row.note.get("starts", ()):
                row.status = Status.ACTIVE
            row.note["starts"] = (*row.note.get("starts", ()), event.attempt)


class StallOfUnseenStartShownAsActive(Sound):
    """STALL-1: a stall report for an attempt not seen before shows the attempt active."""

    def shows(self, row: Row, event: Event) -> Status:
        unseen = event.kind is EventKind.STALLED and event.attempt > row.attempt
        return Status.ACTIVE if unseen else super().shows(row, event)


class StallNotAfterStartIgnored(Sound):
    """STALL-1: a stall report that is not later than the newest start, by the clocks, leaves the job active."""

    def move(self, row: Row, event: Event) -> None:
        super().move(row, event)
        if event.kind is EventKind.ACTIVE:
            row.note["start"] = event.occurred_at

    def is_ahead(self, row: Row, event: Event) -> bool:
        if event.kind is EventKind.STALLED and event.occurred_at <= row.note.get("start", LONG_AGO):
            return False
        return super().is_ahead(row, event)


class StallOnlyOfJobStartedLast(Sound):
    """STALL-1: only the job that started last can stall; another running one stays active."""

    newest = ""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if event.kind is EventKind.ACTIVE:
            self.newest = row.job_id
        super().merge(row, event, value)

    def shows(self, row: Row, event: Event) -> Status:
        kept = event.kind is EventKind.STALLED and row.status is Status.ACTIVE and row.job_id != self.newest
        return Status.ACTIVE if kept else super().shows(row, event)


FAULTY: tuple[type[Sound], ...] = (
    StallIgnored,
    StallAfterProgressIgnored,
    SecondStallIgnored,
    StallOfRetryIgnored,
    LateProgressRevivesStalled,
    OvertakenStartRevivesStalled,
    StallOfUnseenStartShownAsActive,
    StallNotAfterStartIgnored,
    StallOnlyOfJobStartedLast,
)

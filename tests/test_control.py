"""Controls: a rule takes for its own only what does not fail without what the rule is about."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from pytest_jobstatus import Event, EventKind, Snapshot, Verdict, check
from tests.sound_trackers.merging import Row, Sound


class CancelsWithoutAttempt(Sound):
    """A cancellation, the first thing heard of a job, does not store its attempt."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        new = row.status is None
        super().merge(row, event, value)
        if new and event.kind is EventKind.CANCELLED:
            row.attempt = 0


class NeverShowsCreation(Sound):
    """Its reader leaves created_at out."""

    def read(self, job_id: str) -> Snapshot | None:
        shown = super().read(job_id)
        return shown and replace(shown, created_at=None)


class ProgressWithoutAttempt(Sound):
    """Progress makes a job active, of whatever attempt was shown before."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        before = row.attempt
        super().merge(row, event, value)
        if event.kind is EventKind.PROGRESS:
            row.attempt = before


class TwoFaults(Sound):
    """A retry moves the creation, and a cancellation after progress is lost: the second shows where the first does."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if event.kind is EventKind.CANCELLED and row.progress_key is not None:
            return
        super().merge(row, event, value)
        if event.kind is EventKind.RETRYING:
            row.created_at = event.occurred_at


class ShortErrors(Sound):
    """Of an error's text the first ten characters are kept."""

    def read(self, job_id: str) -> Snapshot | None:
        shown = super().read(job_id)
        if shown is None or shown.error is None or isinstance(shown.error, str):
            return shown
        return replace(shown, error=replace(shown.error, message=shown.error.message[:10]))


class EveryThirdJobLost(Sound):
    """The third, sixth, ninth job leaves nothing."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        row.note.setdefault("number", len(self.rows))
        if row.note["number"] % 3:
            super().merge(row, event, value)


class SharedWatermark(Sound):
    """Progress that is older than the newest one of any job is dropped."""

    newest: tuple[int, datetime] | None = None

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if event.kind is EventKind.PROGRESS:
            if self.newest is not None and (event.attempt, event.occurred_at) < self.newest:
                return
            self.newest = (event.attempt, event.occurred_at)
        super().merge(row, event, value)


class OneEndForAll(Sound):
    """Repeats of an end are known by kind, attempt and instant; the job is not in the key."""

    def __init__(self) -> None:
        super().__init__()
        self.ends: dict[tuple[EventKind, int, datetime], str] = {}

    def merge(self, row: Row, event: Event, value: Any) -> None:
        key = event.kind, event.attempt, event.occurred_at
        if not event.kind.terminal or self.ends.setdefault(key, event.job_id) == event.job_id:
            super().merge(row, event, value)


@pytest.mark.parametrize("tracker", [SharedWatermark, OneEndForAll])
def test_what_all_jobs_share_is_isolations_own(tracker: type[Sound]) -> None:
    """A tracker that has told of many jobs fails for each of them alone as well: a fresh one tells the difference."""
    (found,) = check(tracker, rules=["ISO-1"]).failed
    assert found.counterexample is not None
    assert len(found.counterexample.plan.jobs) == 2


NOT_TO_BLAME = [
    (CancelsWithoutAttempt, "TRACK-4", ("ISO-1", "TIME-2", "TIME-3", "DATA-3")),
    (NeverShowsCreation, "TIME-8", ("TRACK-2",)),
    (ProgressWithoutAttempt, "PROG-3", ("DATA-2", "ISO-1", "TIME-2", "TIME-3")),
    (TwoFaults, "TRACK-6", ("TIME-3",)),
    (ShortErrors, "TRACK-5", ("DATA-1", "ISO-1")),
    (EveryThirdJobLost, "TRACK-4", ("TRACK-2", "CANC-4")),
]


@pytest.mark.parametrize(("tracker", "blamed", "others"), NOT_TO_BLAME, ids=lambda each: getattr(each, "__name__", ""))
def test_blame_goes_to_the_rule_that_is_about_it(tracker: type[Sound], blamed: str, others: tuple[str, ...]) -> None:
    """The rule that is about the fault fails, and those that merely met it hold, or say that they cannot tell."""
    report = check(tracker, rules=[blamed, *others])
    assert report[blamed].verdict is Verdict.FAIL
    assert not [result.id for result in report.failed if result.id != blamed]


def test_who_cannot_tell_says_so() -> None:
    """A rule of which failure after failure is another's, on a tracker that changes from job to job, is not kept."""
    (result,) = check(EveryThirdJobLost, rules=["CANC-4"]).rules
    assert result.verdict is Verdict.INCONCLUSIVE
    cause = "other rules tell of what fails here: it fails without odd values, ids and clocks too; given up after"
    assert (result.reason or "").startswith(cause)

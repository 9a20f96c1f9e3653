"""What `read` gives as the rules see it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from pytest_jobstatus import Event, Profile, Snapshot, Status, check
from pytest_jobstatus.reading import snapshot_of
from tests.sound_trackers.merging import Sound

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def read(shown: object) -> Snapshot:
    snapshot = snapshot_of(shown, job_id="job-1", profile=Profile(), source="read()")
    assert snapshot is not None
    return snapshot


@pytest.mark.parametrize("status", Status)
def test_ended_at_is_the_shown_statuss_end_time(status: Status) -> None:
    """One column for every end stands for the end time of the status; an open status has none, and keeps it apart."""
    snapshot = read({"status": status, "ended_at": NOON})
    assert snapshot.ended_at == (NOON if status.terminal else None)
    assert snapshot.early_end == (None if status.terminal else NOON)
    shown = [name for name in ("completed_at", "failed_at", "cancelled_at") if getattr(snapshot, name) is not None]
    assert len(shown) == status.terminal


class TouchesEndedAt(Sound):
    """Sets its one end time on each write, also while the job is open."""

    def read(self, job_id: str) -> Any:
        shown = super().read(job_id)
        if shown is None:
            return None
        ends = ("completed_at", "failed_at", "cancelled_at")
        values = {name: value for name, value in vars(shown).items() if name not in ends}
        return {**values, "ended_at": shown.ended_at or shown.updated_at}


def test_an_early_ended_at_breaks_one_rule() -> None:
    """An end time that shows while the job is open is TIME-4's fault and no other rule's."""
    report = check(TouchesEndedAt, effort="quick")
    assert [result.id for result in report.failed] == ["TIME-4"], str(report)


class SameObject(Sound):
    """Merges a progress into the very object that its readers were given."""

    def note_progress(self, row: Any, event: Event, value: Any) -> None:
        if isinstance(row.progress, dict) and isinstance(value, dict):
            row.progress.update(value)
        else:
            super().note_progress(row, event, value)


def test_what_was_read_does_not_change_afterwards() -> None:
    """A tracker that hands out the object that it goes on writing to is seen to change it."""
    report = check(SameObject, rules="PROG-4", effort="quick")
    assert report.failed, str(report)
    value = {"a": [1]}
    snapshot = read(Snapshot("job-1", Status.ACTIVE, progress=value))
    value["a"].append(2)
    assert snapshot.progress == {"a": [1]}

"""Where a job stands, and which events are ahead of that or behind it."""

from __future__ import annotations

import pytest

from pytest_jobstatus import Snapshot, Status
from pytest_jobstatus.clocks import AGREE, AHEAD, APART, CLOSE, TIE, Clock
from pytest_jobstatus.delivery import Plan
from pytest_jobstatus.engine import seen_once
from pytest_jobstatus.events import EventKind, Mark
from pytest_jobstatus.factory import Factory
from pytest_jobstatus.rules import position
from pytest_jobstatus.runs import emitted
from tests.small_histories import History, seen
from tests.sound_trackers.merging import Sound
from tests.sound_trackers.missing import NoAttempt


@pytest.mark.parametrize(
    ("status", "attempt", "expected"),
    [
        (Status.PENDING, None, (0, 0)),
        (Status.PENDING, 0, (0, 0)),
        (Status.PENDING, 2, (2, 2)),
        (Status.DELAYED, 0, (0, 2)),
        (Status.DELAYED, 1, (1, 2)),
        (Status.ACTIVE, 3, (3, 1)),
        (Status.FAILED, 1, position.OVER),
    ],
)
def test_of_snapshot(status: Status, attempt: int | None, expected: position.Position) -> None:
    """Status and attempt give phase and attempt; no attempt is 0."""
    assert position.of_snapshot(Snapshot("job-1", status, attempt=attempt)) == expected


TWO = "active 1 progress 1 retrying 1 active 2 progress 2"


@pytest.mark.parametrize(
    ("run", "order", "clock", "expected"),
    [
        ("active 1 progress 1 progress 1", "0 1 2", AGREE, True),
        ("active 1 progress 1 progress 1", "0 2 1", AGREE, False),
        ("active 1 progress 1 progress 1", "0 1 2", CLOSE, True),
        ("active 1 progress 1 progress 1", "0 1 2", TIE, False),
        (TWO, "0 1 2 3 4", APART, True),
        (TWO, "0 2 1", AHEAD, True),
        (TWO, "0 2 1", AGREE, False),
        (TWO, "3 1", AGREE, False),
        (TWO, "0 1 2", AHEAD, False),
    ],
)
def test_newest_progress(run: str, order: str, clock: Clock, expected: bool) -> None:  # noqa: FBT001 - of a table
    """Of the attempt shown, running or waiting, and a resolution later than all that was told of that attempt."""
    history = seen(History(run, order, clock=clock))
    assert position.is_newest_progress(history, len(history.steps) - 1) is expected


@pytest.mark.parametrize(
    ("tracker", "run", "order", "ahead", "behind"),
    [
        (Sound, "created 0 active 1 progress 1", "0 2 1", False, True),
        (NoAttempt, "created 0 active 1 progress 1", "0 2 1", False, False),
        (NoAttempt, "created 0 active 1 progress 1", "1 0", False, True),
        (Sound, "created 0", "0", True, False),
        (Sound, "stalled 1 active 2 [failed 1]", "0 1 2", False, False),
        (Sound, "active 2 failed 2", "0 1", True, False),
        (Sound, "active 1 cancelled 1", "1 1", False, True),
    ],
)
def test_ahead_and_behind(
    tracker: type[Sound],
    run: str,
    order: str,
    ahead: bool,  # noqa: FBT001 - of a table
    behind: bool,  # noqa: FBT001 - of a table
) -> None:
    """An event is one or the other, or neither: a late end of an older attempt, or where nobody can tell."""
    history = seen(History(run, order, tracker))
    last = len(history.steps) - 1
    assert (position.is_ahead(history, last), position.is_behind(history, last)) == (ahead, behind)


@pytest.mark.parametrize("jobs", [("job-1", "job-2"), ("job-2", "job-1")])
def test_told_before_is_told_of_the_same_job(jobs: tuple[str, str]) -> None:
    """What another job was told, whatever it is called, is not told of this one."""
    shape = (Mark(EventKind.ACTIVE, 1), Mark(EventKind.COMPLETED, 1))
    events = (*emitted(shape, job=jobs[0]), *emitted(shape, job=jobs[1]))
    history = seen_once(Factory.of(Sound), Plan(events=events, order=(0, 2, 1, 3)))
    told = list(position.told_before(history, 3))
    assert [(history.labels[event.job_id], event.kind) for event in told] == [(jobs[1], EventKind.ACTIVE)]


def test_newest_progress_of_the_highest_attempt_that_may_show() -> None:
    """Where no attempts are shown, progress of a newer one may have moved the job."""
    history = seen(History("active 1 progress 1 active 2 progress 2 progress 2", "0 3 4", NoAttempt))
    assert position.is_newest_progress(history, 2)

"""What rules say of single histories."""

from __future__ import annotations

import math
from typing import NamedTuple

import pytest

from pytest_jobstatus import JobError
from pytest_jobstatus.clocks import BEHIND, CLOSE
from pytest_jobstatus.rules import named
from tests.small_histories import (
    RUN,
    TWICE,
    ZOMBIES,
    Abandoning,
    ArrivalOfZombie,
    Cleaning,
    Counting,
    Dropping,
    Fidgeting,
    FoundByReaders,
    Hasty,
    HastyAboutCreation,
    History,
    KeepsFirst,
    KeepsFirstAsText,
    LastTold,
    LatestOneTickOff,
    Nameless,
    OneEnd,
    OneEndRefusing,
    OneTickOff,
    Overwriting,
    RefusesZombies,
    Refusing,
    Restless,
    SecondStart,
    Timeless,
    TimeOfZombie,
    Unaware,
    counted,
)
from tests.sound_trackers.choices import IgnoresZombies
from tests.sound_trackers.merging import SoundRefusing
from tests.sound_trackers.missing import NoAttempt
from tests.sound_trackers.ticks import InventsCreation


class Case(NamedTuple):
    """What one rule says of one history: how often its premise comes up, or the field that is wrong and the message."""

    rule: str
    expected: int | str
    history: History


CASES: tuple[Case, ...] = (
    Case(
        "DATA-2",
        "error: progress NaN changed error",
        History("active 1 failed 1 [progress 1]", "0 1 2", Cleaning, told=(math.nan,)),
    ),
    Case("TIME-2", 3, History("created 0 active 1 completed 1", "0 1 2 0", SoundRefusing, clock=BEHIND)),
    Case(
        "PROG-3",
        "created_at: progress 2 moved created_at from 12:00:00 to 11:59:59",
        History("created 0 active 1 progress 2", "0 1 2", Restless),
    ),
    Case("TIME-1", 2, History("created 0 active 1 completed 1", "1 0 0 1 2", Dropping)),
    Case(
        "IDEM-2",
        "row: active 1 was delivered again later and changed the row as a whole",
        History("active 1 retrying 1", "0 1 0", Dropping),
    ),
    Case(
        "RETRY-5",
        "error: failed 2 came with no text, but shows that of retrying 1",
        History("retrying 1 failed 2", "0 1", KeepsFirst, errors=(JobError("E", "x"), None)),
    ),
    Case("RETRY-5", 1, History("retrying 1 failed 2", "0 1", KeepsFirst, errors=(JobError("E", ""), None))),
    Case("RETRY-5", 1, History("retrying 1 failed 2", "0 1", KeepsFirstAsText, errors=(JobError("E", "x" * 11), None))),
    Case(
        "RETRY-5",
        "error: failed 2 came with no text, but shows that of retrying 1",
        History("retrying 1 failed 2", "0 1", KeepsFirstAsText, errors=(JobError("E", "x" * 12), None)),
    ),
    Case(
        "RETRY-5",
        "error: failed 2 came with no text, but shows that of retrying 1",
        History("retrying 1 failed 2", "0 1", KeepsFirstAsText, errors=(JobError("E", "x" * 13), None)),
    ),
    Case("TIME-5", 5, History(RUN, "0 1 2 3 4 5 6 7 8 9", OneTickOff)),
    Case("TIME-6", 1, History("created 0 active 1", "1 1 0 1", InventsCreation)),
    Case("TIME-8", 1, History("active 1 stalled 1 active 2", "1 0 1 2", Dropping)),
    Case(
        "TIME-8",
        "created_at: after retrying 1 created_at is gone",
        History("created 0 active 1 retrying 1", "0 1 2", Timeless),
    ),
    Case("TIME-9", 6, History(RUN, "0 1 2 3 4 5 6 7 8 9", LatestOneTickOff)),
    Case(
        "TIME-9",
        "started_at: active 3 moved started_at from 12:00:04 to 12:00:01;"
        ' it is the first attempt\'s unless the profile says started="latest"',
        History(RUN, "0 1 2 3 4 5 6 7 8 9", SecondStart),
    ),
    Case("TERM-4", 1, History(ZOMBIES, "0 1 3 2", ArrivalOfZombie)),
    Case(
        "TRACK-4",
        "attempt: completed 1 was delivered, so the job must show attempt 1; it shows 2",
        History("completed 1", "0", Counting),
    ),
    Case("TRACK-5", 1, History("active 1 failed 1", "1 0", Dropping)),
    Case("RETRY-2", 1, History("active 1 retrying 1 active 2", "2 0", Dropping)),
    Case("TERM-2", 0, History("active 1 completed 1", "1 0", Dropping)),
    Case(
        "TERM-4",
        "completed_at: completed 2 ended the job, but its completed_at is that of failed 1, which was ignored",
        History(ZOMBIES, "0 1 3 2", TimeOfZombie),
    ),
    Case(
        "TERM-4",
        "completed_at: completed 2 ended the job, but its completed_at is that of completed 1, which was ignored",
        History(ZOMBIES, "0 1 6 2", TimeOfZombie, clock=CLOSE),
    ),
    Case("TERM-4", 1, History(ZOMBIES, "0 1 3 2", TimeOfZombie, clock=CLOSE)),
    Case("TERM-4", 1, History(ZOMBIES, "0 1 5 2", TimeOfZombie, clock=CLOSE)),
    Case(
        "TERM-4",
        "status: completed 2 was ahead of what was shown and must show completed; it shows active",
        History(ZOMBIES, "0 1 3 2", OneEnd),
    ),
    Case("TERM-4", 0, History(ZOMBIES, "0 1 3 2", OneEndRefusing)),
    Case("TERM-4", 1, History("active 2 completed 3 [failed 1]", "0 2 1", IgnoresZombies)),
    Case("RETRY-7", 0, History("stalled 1 active 2 [failed 1]", "0 1 2", RefusesZombies)),
    Case("RETRY-7", 0, History("active 2 progress 3 [failed 1]", "0 1 2", NoAttempt)),
    Case("PROG-1", 0, History("active 1 progress 1", "0 1", Abandoning)),
    Case(
        "CANC-2",
        "row: the job was cancelled before it started; created made it read as nothing",
        History("created 0 cancelled 0", "1 0", Dropping),
    ),
    Case(
        "CANC-3",
        "status: the job was completed; cancelled 1 changed status and completed_at and cancelled_at and cancelled_by",
        History("active 1 completed 1 [cancelled 1]", "0 1 2", Overwriting),
    ),
    Case(
        "CONV-2",
        "started_at: in this order started_at ends as 12:00:00; the same events in causal order end with 12:00:03",
        History(TWICE, "3 0 2 1 4", LastTold),
    ),
    Case(
        "DATA-2",
        "status: progress NaN changed status and attempt and error",
        History("retrying 1 progress 2", "0 1", Nameless, told=(math.nan,)),
    ),
    Case(
        "IDEM-2",
        "status: active 1 was delivered again later and changed status from completed to active, started_at"
        " from none to 12:00:00, completed_at from 12:00:01 to none",
        History("active 1 completed 1", "0 1 0", Overwriting),
    ),
    Case(
        "PROG-3",
        "status: progress 1 is behind what is shown, yet status went from pending to active",
        History("active 1 progress 1 stalled 1", "0 2 1", Overwriting),
    ),
    Case(
        "PROG-3",
        "row: after progress 1 the job reads as nothing",
        History("active 1 progress 1 stalled 1", "0 2 1", Dropping),
    ),
    Case(
        "RETRY-3",
        "status: retrying 1 was behind what was shown, yet status went from active to delayed",
        History("active 1 retrying 1 active 2", "2 1", Overwriting),
    ),
    Case(
        "RETRY-7",
        "status: failed 1 was late and must be ignored; it changed status and attempt and started_at and"
        " failed_at and error",
        History("stalled 1 active 2 [failed 1]", "0 1 2", Unaware),
    ),
    Case(
        "STALL-2",
        "status: the job was active, attempt 2; stalled 1 changed status and attempt and started_at",
        History("stalled 1 active 2", "1 0", Overwriting),
    ),
    Case(
        "TERM-4",
        "status: completed 1 ended the job; failed 1 changed status from completed to failed",
        History("completed 1 [failed 1]", "0 1", Overwriting),
    ),
    Case(
        "TRACK-2",
        "attempt: reading again, with nothing delivered between, changed attempt and progress",
        History("active 1", "0", Fidgeting, reads=2),
    ),
    Case(
        "TRACK-3",
        "status: active 1 was refused with tests.sound_trackers.merging.Stale: active 1 is behind completed,"
        " yet status and started_at and completed_at and updated_at changed",
        History("active 1 completed 1", "1 0", Refusing),
    ),
    Case(
        "TRACK-6",
        "status: created was behind what was shown, yet it changed status from active to pending",
        History("created 0 active 1", "1 0", Overwriting),
    ),
    Case(
        "TRACK-6",
        "row: created was behind what was shown, yet it changed whether there is a row",
        History("created 0 active 1", "1 0", Dropping),
    ),
    Case(
        "PROG-3",
        "attempt: progress 1 must show active with its attempt, yet attempt went from 0 to 2",
        History("created 0 progress 1", "0 1", Hasty),
    ),
    Case(
        "PROG-3",
        "created_at: progress 2 moved created_at from 12:00:00 to 12:00:03",
        History("created 0 active 1 retrying 1 progress 2", "0 1 3", HastyAboutCreation),
    ),
    Case(
        "TRACK-2",
        "created_at: the job was read before it was created, and now its created_at is missing",
        History("created 0", "0", FoundByReaders, strangers=("stranger",)),
    ),
    Case("TIME-8", "created_at: after active 1 created_at is gone", History("created 0 active 1", "0 1", Overwriting)),
)
"""What rules say where the faulty trackers do not make them say it."""


def found(case: Case) -> int | str:
    """What the rule says of the history."""
    return counted(named(case.rule, source="test"), case.history)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_case(case: Case) -> None:
    """The rule names the field and says what is wrong."""
    assert found(case) == case.expected

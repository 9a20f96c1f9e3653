"""How often the premise of each rule comes up in single histories."""

from __future__ import annotations

import math

import pytest

from pytest_jobstatus.clocks import AHEAD, APART, CLOSE, TIE
from pytest_jobstatus.delivery import Plan
from pytest_jobstatus.events import EventKind, Mark
from pytest_jobstatus.explore.observer import seen_by
from pytest_jobstatus.factory import Factory
from pytest_jobstatus.rules import RULES, Rule, named
from pytest_jobstatus.runs import emitted
from tests.small_histories import (
    ENDS,
    LATE,
    ODD,
    RUN,
    RUNNING,
    WAITING,
    History,
    counted,
)
from tests.sound_trackers.attempts import RowPerAttempt
from tests.sound_trackers.choices import IgnoresZombies
from tests.sound_trackers.data import Columns
from tests.sound_trackers.merging import Sound, SoundRefusing
from tests.sound_trackers.missing import NoAttempt
from tests.sound_trackers.times import NearestSeconds

HISTORIES = (
    History(RUN, "0 1 2 3 4 5 6 7 8 9"),
    History(RUN, LATE),
    History(RUN, LATE, SoundRefusing),
    History(RUN, LATE, NoAttempt),
    History(ENDS, "0 1 2 3 7 5 4 5 6 7 8 9 10"),
    History(ENDS, "3 2 5 0 1 4 6", IgnoresZombies),
    History(WAITING, "1 0 2 3 4 1"),
    History(RUNNING, "0 1 2 3 4 5 1 0", SoundRefusing),
    History(RUN, "0 1 2 3 4 5 6 7 8 9", clock=AHEAD),
    History(RUN, "0 2 1 4 3 5 9", clock=TIE),
    History(RUN, "2 5 3 8 5", clock=CLOSE, reads=2, strangers=("stranger",)),
    History(ODD, "0 1 2 3 4 5 6", told=(1, math.nan, 2, "\0")),
    History(ODD, "0 1 2 4 3 5 6 2", Columns, told=(1, math.nan, 2, "\0")),
    History(ODD, "0 1 3 2 4 5 6", clock=CLOSE),
    History(ODD, "0 1 2 3 5 4 6", NearestSeconds, clock=CLOSE),
    History(RUN, "0 1 2 3 4 5 2 8 5 9", clock=APART),
    History(RUN, "0 0 1 1 0 3 1 9 4"),
    History("created 0 cancelled 0", "1 0 1 0"),
    History(RUN, "1 0 2", reads=2),
    History(ODD, "0 1 2 3 2 3 2", clock=TIE),
    History(ODD, "0 1 3 2 3 5 2 3"),
    History(ODD, "0 1 2 3 2", clock=CLOSE),
    History(RUN, "0 1 2 5 2 5 8 5", clock=TIE),
    History(RUN, "1 3 5 6 7", RowPerAttempt),
)
"""Histories of sound trackers in which most premises come up, and most that are like them."""

COUNTS: dict[str, tuple[int, ...]] = {
    "TRACK-1": (7, 0, 0, 0, 4, 0, 0, 3, 7, 1, 0, 3, 2, 3, 3, 4, 1, 0, 0, 2, 2, 2, 2, 0),
    "TRACK-2": (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0),
    "TRACK-3": (10, 19, 19, 19, 13, 7, 6, 8, 10, 7, 5, 7, 6, 7, 7, 10, 9, 4, 3, 7, 8, 5, 8, 5),
    "TRACK-4": (1, 6, 6, 6, 0, 0, 2, 1, 1, 1, 0, 1, 2, 1, 1, 1, 2, 4, 0, 0, 0, 0, 0, 0),
    "TRACK-5": (1, 6, 6, 6, 0, 0, 0, 0, 1, 1, 0, 1, 2, 1, 1, 1, 2, 0, 0, 0, 0, 0, 0, 0),
    "TRACK-6": (10, 19, 19, 19, 4, 2, 2, 3, 10, 6, 2, 7, 6, 7, 7, 9, 9, 4, 3, 7, 8, 5, 6, 4),
    "IDEM-1": (0, 2, 2, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0),
    "IDEM-2": (0, 7, 5, 7, 2, 0, 1, 2, 0, 0, 1, 0, 1, 0, 0, 2, 2, 2, 0, 0, 3, 1, 3, 0),
    "TERM-1": (0, 5, 5, 5, 7, 1, 5, 5, 0, 0, 0, 0, 1, 0, 0, 0, 1, 3, 0, 0, 0, 0, 0, 0),
    "TERM-2": (0, 5, 5, 5, 7, 1, 5, 5, 0, 0, 0, 0, 1, 0, 0, 0, 1, 3, 0, 0, 0, 0, 0, 0),
    "TERM-3": (0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 3, 0, 0, 0, 0, 0, 0),
    "TERM-4": (0, 0, 0, 0, 3, 2, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    "TIME-1": (9, 18, 6, 18, 12, 4, 5, 7, 9, 5, 0, 6, 7, 6, 6, 9, 7, 3, 2, 6, 7, 4, 7, 0),
    "TIME-2": (0, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0, 0),
    "TIME-3": (0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 7, 0, 0, 0, 0, 7, 0, 0, 8, 0),
    "TIME-4": (10, 19, 19, 19, 13, 7, 6, 8, 10, 7, 5, 7, 8, 7, 7, 10, 9, 4, 3, 7, 8, 5, 8, 5),
    "TIME-5": (5, 0, 0, 0, 3, 0, 0, 3, 2, 1, 0, 3, 2, 1, 1, 2, 1, 0, 0, 1, 2, 1, 1, 0),
    "TIME-6": (9, 17, 0, 17, 12, 3, 4, 7, 9, 6, 0, 6, 7, 6, 6, 9, 8, 2, 1, 6, 7, 4, 7, 0),
    "TIME-7": (9, 18, 18, 0, 12, 6, 5, 7, 9, 6, 4, 6, 7, 6, 6, 9, 8, 3, 2, 6, 7, 4, 7, 4),
    "TIME-8": (10, 18, 18, 18, 13, 6, 5, 8, 10, 7, 4, 7, 8, 7, 7, 10, 9, 3, 2, 7, 8, 5, 8, 4),
    "TIME-9": (6, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    "CONV-1": (10, 19, 10, 19, 4, 2, 2, 3, 10, 7, 5, 7, 6, 7, 7, 10, 9, 4, 3, 7, 8, 5, 8, 5),
    "CONV-2": (1, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0),
    "RETRY-1": (1, 1, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 1),
    "RETRY-2": (3, 2, 2, 2, 2, 1, 0, 1, 3, 1, 0, 1, 1, 1, 1, 2, 1, 0, 1, 1, 1, 1, 1, 2),
    "RETRY-3": (3, 10, 10, 10, 1, 3, 0, 0, 3, 3, 2, 4, 2, 4, 4, 4, 3, 0, 2, 5, 6, 3, 4, 0),
    "RETRY-4": (8, 18, 18, 0, 11, 6, 0, 6, 8, 5, 4, 5, 4, 5, 5, 8, 6, 0, 2, 5, 6, 3, 6, 4),
    "RETRY-5": (1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0),
    "RETRY-6": (1, 4, 4, 4, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 1),
    "RETRY-7": (0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    "CANC-1": (0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0),
    "CANC-2": (0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0),
    "CANC-3": (0, 0, 0, 0, 1, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0),
    "CANC-4": (2, 2, 2, 2, 0, 0, 0, 0, 2, 1, 0, 1, 1, 1, 1, 2, 2, 0, 0, 0, 0, 0, 0, 1),
    "PROG-1": (3, 2, 2, 2, 0, 0, 0, 0, 3, 2, 3, 4, 2, 3, 1, 3, 0, 0, 1, 2, 3, 2, 4, 1),
    "PROG-2": (3, 4, 4, 4, 0, 0, 0, 0, 3, 2, 4, 4, 3, 4, 1, 5, 0, 0, 1, 2, 6, 3, 6, 1),
    "PROG-3": (3, 6, 6, 6, 1, 0, 0, 1, 3, 2, 3, 4, 3, 4, 4, 5, 0, 0, 1, 5, 6, 3, 6, 1),
    "PROG-4": (2, 1, 1, 1, 0, 0, 0, 0, 2, 1, 2, 3, 1, 2, 0, 2, 0, 0, 0, 1, 1, 1, 2, 0),
    "STALL-1": (1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
    "STALL-2": (0, 2, 2, 2, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    "DATA-1": (2, 2, 2, 2, 0, 0, 0, 0, 2, 1, 0, 1, 1, 1, 1, 2, 2, 0, 0, 0, 0, 0, 0, 1),
    "DATA-2": (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    "DATA-3": (10, 19, 10, 19, 13, 7, 6, 4, 10, 7, 5, 7, 6, 7, 7, 10, 9, 4, 3, 7, 8, 5, 8, 5),
    "ISO-1": (10, 19, 19, 19, 13, 7, 6, 8, 10, 7, 5, 7, 8, 7, 7, 10, 9, 4, 3, 7, 8, 5, 8, 5),
    "ISO-2": (10, 19, 19, 19, 13, 7, 6, 8, 10, 7, 5, 7, 8, 7, 7, 10, 9, 4, 3, 7, 8, 5, 8, 5),
    "LOAD-1": (10, 19, 19, 19, 13, 7, 6, 8, 10, 7, 5, 7, 8, 7, 7, 10, 9, 4, 3, 7, 8, 5, 8, 5),
}
"""How often each rule's premise comes up in each of the histories, none of which breaks it."""


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule.id))
def test_count(rule: Rule) -> None:
    """A premise is counted each time that it comes up, and at no other."""
    assert tuple(counted(rule, history) for history in HISTORIES) == COUNTS[rule.id]


@pytest.mark.parametrize("jobs", [("job-1", "job-2"), ("job-2", "job-1")])
@pytest.mark.parametrize(
    ("number", "order", "count"), [("IDEM-2", "0 2 0", 1), ("TERM-3", "0 3 1 2", 2), ("TERM-3", "2 3 0 1", 0)]
)
def test_two_jobs(jobs: tuple[str, str], number: str, order: str, count: int) -> None:
    """Another job's event makes a repeat a later one, and is no event that an end overtook."""
    shape = (Mark(EventKind.ACTIVE, 1), Mark(EventKind.COMPLETED, 1))
    events = (*emitted(shape, job=jobs[0]), *emitted(shape, job=jobs[1]))
    plan = Plan(events=events, order=tuple(int(index) for index in order.split()))
    with Factory.of(Sound).open() as handle:
        assert named(number, source="test").judge(seen_by(handle, plan)) == (count, None)

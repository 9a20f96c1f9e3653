"""Runs: exactly what a queue could emit."""

from __future__ import annotations

from itertools import pairwise

import pytest

from pytest_jobstatus.clocks import CLOCKS, Clock
from pytest_jobstatus.events import EventKind, Mark
from pytest_jobstatus.misuse import Misuse
from pytest_jobstatus.runs import (
    MOST_ATTEMPTS,
    Shape,
    check_possible,
    emitted,
    followers,
    long_shapes,
    may_follow,
    shapes,
)

ALL = frozenset(EventKind)


def shape(*names: str) -> Shape:
    """A shape from words: "active 1"."""
    return tuple(Mark(EventKind(name.split()[0]), int((name + " 0").split()[1])) for name in names)


@pytest.mark.parametrize(("size", "count"), [(1, 1), (2, 3), (3, 9), (4, 21), (5, 45), (6, 93), (7, 189)])
def test_number_of_runs(size: int, count: int) -> None:
    """There are as many runs as the grammar of JSL/1 allows, no one twice."""
    found = shapes(size, ALL)
    assert len(found) == len(set(found)) == count
    assert [len(each) for each in found] == sorted(len(each) for each in found), "smallest first"


def test_runs_obey_the_grammar() -> None:
    """Each run is created first, has one end at most, and each attempt follows a lost or failed one."""
    for run in shapes(7, ALL):
        assert run[0] == Mark(EventKind.CREATED, 0)
        assert not any(mark.kind.terminal for mark in run[:-1])
        for before, after in pairwise(run):
            assert after in followers((before,))
            if after.attempt > max(before.attempt, 1):
                assert before.kind in (EventKind.RETRYING, EventKind.STALLED)
        assert run[-1].attempt == max(mark.attempt for mark in run) <= MOST_ATTEMPTS


@pytest.mark.parametrize(
    "missing", [[kind] for kind in ("created", "active", "progress", "retrying", "stalled", "cancelled")]
)
def test_missing_kinds_are_never_told(missing: list[str]) -> None:
    """A kind that the tracker lacks is in no run, and what remains is still possible."""
    kinds = ALL - {EventKind(name) for name in missing}
    found = shapes(5, kinds)
    assert found
    for run in found:
        assert {mark.kind for mark in run} <= kinds
        check_possible(emitted(run), source="test")


def test_without_retries_there_is_one_attempt() -> None:
    """An attempt follows only a retrying or stalled that the tracker knows."""
    kinds = ALL - {EventKind.RETRYING, EventKind.STALLED}
    assert max(mark.attempt for run in (*shapes(6, kinds), *long_shapes(kinds, progress=True)) for mark in run) == 1


@pytest.mark.parametrize("progress", [True, False])
def test_long_runs_start_every_attempt(progress: bool) -> None:  # noqa: FBT001 - a test's parameter
    """Long runs are possible, and start each attempt that there may be."""
    for run in long_shapes(ALL, progress=progress):
        check_possible(emitted(run), source="test")
        assert {mark.attempt for mark in run if mark.kind is EventKind.ACTIVE} == set(range(1, MOST_ATTEMPTS + 1))


def test_parts_of_runs_are_possible() -> None:
    """Whatever is lost, the rest of a run may still follow each other."""
    for run in shapes(6, ALL):
        for index, before in enumerate(run):
            assert all(may_follow(before, after) for after in run[index + 1 :])


IMPOSSIBLE = [
    ("completed 1", "active 1"),
    ("active 1", "created"),
    ("created", "created"),
    ("active 1", "active 1"),
    ("retrying 1", "stalled 1"),
    ("retrying 1", "completed 1"),
    ("retrying 1", "progress 1"),
    ("active 2", "retrying 1"),
    ("created", "completed"),
    ("created 1",),
    ("progress",),
    ("failed 1", "cancelled 1"),
]


@pytest.mark.parametrize("names", IMPOSSIBLE, ids=" then ".join)
def test_impossible_runs_are_refused(names: tuple[str, ...]) -> None:
    """What no queue could emit is refused, by the name of the event that is out of place."""
    with pytest.raises(Misuse, match=f"here: {names[-1].removesuffix(' 0')}.* cannot .*stray = true"):
        check_possible(emitted(shape(*names)), source="here")


@pytest.mark.parametrize("clock", CLOCKS, ids=lambda clock: clock.name)
def test_clocks(clock: Clock) -> None:
    """One worker's own events never go back in time, whatever the others' clocks say."""
    for run in long_shapes(ALL, progress=True):
        events = emitted(run, clock=clock)
        for attempt in range(1, MOST_ATTEMPTS + 1):
            own = [
                event.occurred_at
                for event in events
                if event.attempt == attempt and event.kind in ("active", "progress")
            ]
            assert own == sorted(own)

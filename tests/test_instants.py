"""How instants lie to each other, as rules see it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pytest_jobstatus.clocks import AGREE, Clock
from pytest_jobstatus.events import EventKind, Mark
from pytest_jobstatus.rules import instants
from pytest_jobstatus.rules.effects import is_older
from pytest_jobstatus.runs import emit
from pytest_jobstatus.tracker import Profile
from tests.small_histories import History, seen
from tests.sound_trackers.merging import Sound, SoundLatest

TWO = Clock(name="two", tick=timedelta(microseconds=2))
THREE = Clock(name="three", tick=timedelta(microseconds=3))
RUN = "created 0 active 1 completed 1"


@pytest.mark.parametrize(
    ("clock", "order", "number", "expected"),
    [
        (THREE, "0 1 2", 2, True),
        (TWO, "0 1 2", 1, False),
        (TWO, "0 2 1", 1, True),
        (TWO, "0 2 1", 2, False),
        (TWO, "0 1 2", 0, True),
    ],
)
def test_apart(clock: Clock, order: str, number: int, expected: bool) -> None:  # noqa: FBT001 - of a table
    """Instants are apart from three resolutions on, of the events told so far, next to each other or not."""
    assert instants.apart(seen(History(RUN, order, clock=clock)), number) is expected


@pytest.mark.parametrize(("clock", "numbers"), [(THREE, [0, 1, 2]), (TWO, [0]), (AGREE, [0, 1, 2])])
def test_in_order_and_apart(clock: Clock, numbers: list[int]) -> None:
    """The steps count as long as each is three resolutions after the one before."""
    assert list(instants.in_order_and_apart(seen(History(RUN, "0 1 2", clock=clock)))) == numbers


@pytest.mark.parametrize(
    ("tracker", "run", "order", "expected"),
    [
        (SoundLatest, "active 1 retrying 1 progress 2", "0 1 2", True),
        (Sound, "active 1 retrying 1 progress 2", "0 1 2", False),
        (SoundLatest, "active 1 retrying 1 active 2 progress 2", "0 1 2 3", False),
        (SoundLatest, "progress 2 active 3", "1 0", False),
        (SoundLatest, "active 1 progress 1", "1", False),
        (SoundLatest, "created 0", "0", False),
    ],
)
def test_start_unknown(tracker: type[Sound], run: str, order: str, expected: bool) -> None:  # noqa: FBT001 - of a table
    """Only where the newest start is shown, and neither the attempt's own nor a later one was told."""
    history = seen(History(run, order, tracker))
    assert instants.start_unknown(history, len(history.steps) - 1) is expected


@pytest.mark.parametrize(
    ("one", "other", "expected"), [((1, 9), (2, 0), True), ((2, 0), (1, 9), False), ((1, 0), (1, 9), True)]
)
def test_is_older(one: tuple[int, int], other: tuple[int, int], expected: bool) -> None:  # noqa: FBT001 - of a table
    """Attempts come before instants."""
    first, second = (
        emit(Mark(EventKind.PROGRESS, attempt), at=AGREE.at(place, Mark(EventKind.PROGRESS, attempt)))
        for attempt, place in (one, other)
    )
    assert is_older(first, second, Profile()) is expected

"""A family of plans, and what all families are made from: the clocks and runs that a tracker can be told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from pytest_jobstatus.clocks import CLOCKS, SKEWED, Clock
from pytest_jobstatus.delivery import Plan
from pytest_jobstatus.events import Event
from pytest_jobstatus.runs import Shape, emitted, shapes
from pytest_jobstatus.tracker import Profile


@dataclass(frozen=True)
class Part:
    """One family of plans, gone through to its end.

    Args:
        title: what it covers, with its bounds, for the report.
        plans: the plans, smallest first.
    """

    title: str
    plans: Iterator[Plan]


@lru_cache(maxsize=64)  # every run that is made asks for them
def clocks_for(profile: Profile) -> tuple[Clock, ...]:
    """The clocks that the tracker has to live with, slow enough for its resolution.

    >>> from datetime import timedelta
    >>> [clock.name for clock in clocks_for(Profile(unsupported={"skew": "one machine"}))]
    ['agree', 'tie', 'close']
    >>> clocks_for(Profile(resolution=timedelta(seconds=1)))[0].tick.seconds
    4
    """
    allowed = CLOCKS if profile.supports("skew") else tuple(clock for clock in CLOCKS if clock not in SKEWED)
    return tuple(
        replace(clock, tick=max(clock.tick, 4 * profile.resolution)) if clock.apart else clock for clock in allowed
    )


def runs(size: int, profile: Profile) -> Iterator[tuple[Shape, tuple[Event, ...]]]:
    """Every run of up to that many events that the tracker can be told, with its events."""
    clock = clocks_for(profile)[0]
    for shape in shapes(size, profile.kinds):
        yield shape, emitted(shape, clock=clock)

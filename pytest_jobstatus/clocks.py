"""Clocks: when the events of a run happen, by the clock of whoever emits them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pytest_jobstatus.events import EventKind, Mark

START = datetime(2026, 1, 5, 12, 0, 0, tzinfo=UTC)
"""When the first event of a plan happens. Histories shift it by whole days into the recent past."""

BY_WORKER = frozenset({EventKind.ACTIVE, EventKind.PROGRESS, EventKind.COMPLETED, EventKind.FAILED})
"""The kinds stamped by a worker's clock; the others are stamped by the producer's or the queue's."""


@dataclass(frozen=True, kw_only=True)
class Clock:
    """How the instants of a run come about.

    Args:
        name: for plans, reports and scenario files.
        tick: from one event to the next.
        offset: of the first event from `START`.
        worker: how far the first worker's clock is ahead of the producer's and the queue's; negative if behind.
        successor: the same for the workers of later attempts.
        caller: the same for whoever cancels.
    """

    name: str
    tick: timedelta = timedelta(seconds=1)
    offset: timedelta = timedelta()
    worker: timedelta = timedelta()
    successor: timedelta = timedelta()
    caller: timedelta = timedelta()

    @property
    def apart(self) -> bool:
        """Whether the instants of a run are meant to be apart by more than a tracker's resolution."""
        return self.tick >= timedelta(seconds=1)

    def at(self, position: int, mark: Mark) -> datetime:
        """The instant of the event at a position of the run, by the clock of whoever emits it.

        >>> AGREE.at(2, Mark(EventKind.ACTIVE, 1)).isoformat()
        '2026-01-05T12:00:02+00:00'
        """
        instant = START + self.offset + position * self.tick
        if mark.kind not in BY_WORKER:
            return instant + self.caller if mark.kind is EventKind.CANCELLED else instant
        return instant + (self.worker if mark.attempt < 2 else self.successor)


FIVE_MINUTES = timedelta(minutes=5)
AGREE = Clock(name="agree")
TIE = Clock(name="tie", tick=timedelta())
CLOSE = Clock(name="close", tick=timedelta(microseconds=1), offset=timedelta(microseconds=600_000))
BEHIND = Clock(name="behind", worker=-FIVE_MINUTES, successor=-FIVE_MINUTES)
AHEAD = Clock(name="ahead", worker=FIVE_MINUTES, successor=FIVE_MINUTES)
APART = Clock(name="apart", worker=FIVE_MINUTES, successor=-FIVE_MINUTES)
CALLER = Clock(name="caller behind", caller=-FIVE_MINUTES)
CLOCKS = (AGREE, TIE, CLOSE, BEHIND, AHEAD, APART, CALLER)
SKEWED = (BEHIND, AHEAD, APART, CALLER)

"""Instants: how the times of events, and the times shown, lie to each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import combinations, pairwise

from pytest_jobstatus.events import Event, EventKind
from pytest_jobstatus.history import History
from pytest_jobstatus.rules import position
from pytest_jobstatus.tracker import END_TIMES, Snapshot

ENDS = tuple(END_TIMES.values())
ENDS_TOLD = ("completed_at", "failed_at", "cancelled_at+cancelled")
"""The end times as needs: one whose kind is never told is never shown."""
TOLD = ("created_at+created", "started_at+active", *ENDS_TOLD)
"""All times as needs."""
IN_TURN = ("created_at", "started_at", *ENDS)
"""The times of a job in the order in which they must stand; of the last there is one."""


def happened(history: History) -> list[Event]:
    """The events of the run that were delivered, once each, as they happened; strays left out."""
    delivered = {step.index: step.event for step in history.steps if step.index not in history.plan.strays}
    return [delivered[index] for index in sorted(delivered)]


def gaps(events: Sequence[Event]) -> list[timedelta]:
    """From each event to the next; negative where the later one has the earlier instant."""
    return [later.occurred_at - earlier.occurred_at for earlier, later in pairwise(events)]


def apart(history: History, number: int) -> bool:
    """Whether the events up to a step happened at least three resolutions apart, by clocks that agree."""
    told = {step.index: step.event for step in history.steps[: number + 1]}
    least = 3 * history.profile.resolution
    return all(gap >= least for gap in gaps([told[index] for index in sorted(told)]))


def in_order_and_apart(history: History) -> Iterator[int]:
    """The numbers of the first steps, as long as they tell a run as it happened, at least three resolutions apart."""
    least = 3 * history.profile.resolution
    for number in position.in_order(history):
        before = history.steps[number - 1].event.occurred_at if number else None
        if before is not None and history.steps[number].event.occurred_at - before < least:
            return
        yield number


def disagree(history: History) -> bool:
    """Whether an event of the run happened after another and has an earlier instant."""
    return any(gap < timedelta() for gap in gaps(happened(history)))


def tie(history: History) -> bool:
    """Whether two events of the run that follow each other share an instant, as far as the tracker can tell."""
    return any(timedelta() <= gap < history.profile.resolution for gap in gaps(happened(history)))


def start_unknown(history: History, number: int) -> bool:
    """Whether the step tells of an attempt of which no start was told: a tracker that shows the latest attempt's start
    may then show none.
    """
    event = history.steps[number].event
    told = (*position.told_before(history, number), event)
    started = any(each.kind is EventKind.ACTIVE and each.attempt >= event.attempt for each in told)
    return history.profile.started == "latest" and event.attempt > 1 and not started


def shown_pairs(shown: Snapshot) -> list[tuple[str, str]]:
    """The pairs of times that both show and have an order; two ends have none."""
    told = [name for name in IN_TURN if getattr(shown, name) is not None]
    return [pair for pair in combinations(told, 2) if pair[0] not in ENDS]

"""Events made to order: of the kinds that a tracker knows, with the values and instants that a family is about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, NamedTuple

from pytest_jobstatus.clocks import START
from pytest_jobstatus.delivery import Plan, in_order
from pytest_jobstatus.events import Event, EventKind, JobError, Mark
from pytest_jobstatus.explore.part import clocks_for
from pytest_jobstatus.runs import emit
from pytest_jobstatus.tracker import Profile

CREATED = Mark(EventKind.CREATED, 0)
ACTIVE = Mark(EventKind.ACTIVE, 1)
ACTIVE_2 = Mark(EventKind.ACTIVE, 2)
PROGRESS = Mark(EventKind.PROGRESS, 1)
ACTIVE_3 = Mark(EventKind.ACTIVE, 3)
PROGRESS_2 = Mark(EventKind.PROGRESS, 2)
RETRYING = Mark(EventKind.RETRYING, 1)
RETRYING_2 = Mark(EventKind.RETRYING, 2)
RETRYING_3 = Mark(EventKind.RETRYING, 3)
STALLED = Mark(EventKind.STALLED, 1)
COMPLETED = Mark(EventKind.COMPLETED, 1)
COMPLETED_3 = Mark(EventKind.COMPLETED, 3)
FAILED = Mark(EventKind.FAILED, 1)
FAILED_2 = Mark(EventKind.FAILED, 2)
FAILED_3 = Mark(EventKind.FAILED, 3)
CANCELLED = Mark(EventKind.CANCELLED, 1)
CANCELLED_EARLY = Mark(EventKind.CANCELLED, 0)


class Given(NamedTuple):
    """A mark with what its event carries; what is not said is plain."""

    mark: Mark
    values: dict[str, Any]


def failing(mark: Mark, error: JobError | None) -> Given:
    """A retrying or failed with this error."""
    return Given(mark, {"error": error})


def at_progress(mark: Mark, value: Any) -> Given:
    """A progress with this value."""
    return Given(mark, {"progress": value})


def known(profile: Profile, given: Sequence[Mark | Given]) -> list[Given]:
    """What the tracker can be told of it; nothing where it has no second attempts and one is in it."""
    told = [each if isinstance(each, Given) else Given(each, {}) for each in given]
    if not profile.has_attempts and any(each.mark.attempt > 1 for each in told):
        return []
    return [each for each in told if each.mark.kind in profile.kinds]


def events_of(profile: Profile, *given: Mark | Given, job: str = "job-1") -> tuple[Event, ...]:
    """The events of a run, one tick from one to the next."""
    clock = clocks_for(profile)[0]
    plain = (
        (emit(mark, at=clock.at(place, mark), job=job, nth=place % 20), values)
        for place, (mark, values) in enumerate(known(profile, given))
    )
    return tuple(replace(event, **values) if values else event for event, values in plain)


def told(profile: Profile, *given: Mark | Given, needs: Mark | None = None) -> Iterator[Plan]:
    """The run as it happened; nothing where there is no such run for the tracker.

    Args:
        profile: what the tracker can be told.
        given: the run.
        needs: the event that it is about.
    """
    if needs is None or needs.kind in profile.kinds:
        events = events_of(profile, *given)
        if events:
            yield in_order(events)


def placed(event: Event, seconds: float, profile: Profile) -> Event:
    """The event so many seconds after the start, in a coarser unit where the tracker's resolution is coarse."""
    unit = max(timedelta(seconds=1), 4 * profile.resolution)
    return replace(event, occurred_at=START + seconds * unit)

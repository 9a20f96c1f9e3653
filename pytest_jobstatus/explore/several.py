"""Plans with several jobs side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import product
from random import Random
from typing import Any

from pytest_jobstatus.delivery import Plan
from pytest_jobstatus.events import Event, EventKind, JobError, Mark
from pytest_jobstatus.explore.effort import Effort
from pytest_jobstatus.explore.part import Part
from pytest_jobstatus.explore.telling import (
    ACTIVE,
    ACTIVE_2,
    COMPLETED,
    CREATED,
    FAILED,
    FAILED_2,
    PROGRESS,
    PROGRESS_2,
    RETRYING,
    STALLED,
    Given,
    events_of,
)
from pytest_jobstatus.tracker import Profile
from pytest_jobstatus.values import ALIKE


def alike(effort: Effort, profile: Profile, *, table: Sequence[tuple[str, str]] = ALIKE) -> Part:
    """Two jobs whose ids look alike, one step after the other, the first to end first."""
    del effort

    def plans() -> Iterator[Plan]:
        for pair in table:
            for first, second in (pair, pair[::-1]):
                ended = events_of(profile, CREATED, ACTIVE, COMPLETED, job=first)
                failed = events_of(profile, CREATED, ACTIVE, FAILED, job=second)
                yield _alternating([ended, failed])

    return Part(f"two jobs with each of {len(table)} pairs of ids that look alike", plans())


def _alternating(jobs: Sequence[Sequence[Event]]) -> Plan:
    """One event of each job in turn."""
    events = tuple(event for job in jobs for event in job)
    starts = [sum(map(len, jobs[:number])) for number in range(len(jobs))]
    longest = max(map(len, jobs))
    turns = [starts[number] + place for place in range(longest) for number, job in enumerate(jobs) if place < len(job)]
    return Plan(events=events, order=tuple(turns))


LIVES: tuple[tuple[Mark, ...], ...] = (
    (CREATED, ACTIVE, PROGRESS, COMPLETED),
    (CREATED, ACTIVE, RETRYING, ACTIVE_2, PROGRESS_2, FAILED_2),
    (CREATED, ACTIVE, STALLED, ACTIVE_2, Mark(EventKind.CANCELLED, 2)),
    (CREATED, Mark(EventKind.CANCELLED, 0)),
    (CREATED, ACTIVE, STALLED),
    (CREATED, ACTIVE, RETRYING),
    (CREATED, ACTIVE),
)
"""What the jobs go through that are interleaved."""
SHUFFLES = 3
LATER = timedelta(milliseconds=100)
"""From the creation of one job to that of the next."""


def interleaved(effort: Effort, profile: Profile) -> Part:
    """Two and three jobs, one event of each in turn, one inside the other, and at random."""
    del effort
    random = Random(0)  # noqa: S311 - a search, not a secret

    def job(life: Sequence[Mark], number: int, *, later: timedelta = LATER) -> tuple[Event, ...]:
        value = {"job": number} if profile.supports("json_progress") else 10 * number
        error = JobError("ValueError", f"job {number} failed")
        values: dict[EventKind, dict[str, Any]] = {
            EventKind.PROGRESS: {"progress": value},
            EventKind.FAILED: {"error": error},
        }
        events = events_of(profile, *(Given(mark, values.get(mark.kind, {})) for mark in life), job=f"job-{number}")
        return tuple(event.moved(job_id=event.job_id, by=number * later) for event in events)

    def plans() -> Iterator[Plan]:
        for first, second in product(LIVES, repeat=2):
            together = [made for made in (job(first, 1, later=timedelta()), job(second, 2, later=timedelta())) if made]
            if len(together) == 2:
                yield _alternating(together)
        for number, first in enumerate(LIVES):
            for second in LIVES[number:]:
                jobs = [made for made in (job(first, 1), job(second, 2)) if made]
                if len(jobs) == 2:
                    yield _alternating(jobs)
                    yield _inside(*jobs)
                    yield _inside(*reversed(jobs))
        for number in range(len(LIVES)):
            lives = [LIVES[(number + step) % len(LIVES)] for step in (0, 1, 3)]
            jobs = [made for made in (job(life, place) for place, life in enumerate(lives, 1)) if made]
            if jobs:
                yield _alternating(jobs)
                for _ in range(SHUFFLES):
                    order = list(range(sum(map(len, jobs))))
                    random.shuffle(order)
                    yield Plan(events=tuple(event for each in jobs for event in each), order=tuple(order))

    title = f"two and three of {len(LIVES)} jobs, in turn, one inside the other, and shuffled {SHUFFLES} times"
    return Part(title, plans())


def _inside(outer: Sequence[Event], inner: Sequence[Event]) -> Plan:
    """The whole of one job before the last event of the other."""
    events = (*outer, *inner)
    last = len(outer) - 1
    return Plan(events=events, order=(*range(last), *range(last + 1, len(events)), last))

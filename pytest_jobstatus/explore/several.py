"""Plans with several jobs side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import product
from random import Random
from typing import Any

from pytest_jobstatus.delivery import Plan, in_order
from pytest_jobstatus.events import Event, EventKind, JobError, Mark
from pytest_jobstatus.explore.effort import Effort
from pytest_jobstatus.explore.part import Part
from pytest_jobstatus.explore.telling import (
    ACTIVE,
    ACTIVE_2,
    CANCELLED,
    COMPLETED,
    CREATED,
    FAILED_2,
    PROGRESS,
    PROGRESS_2,
    RETRYING,
    STALLED,
    Given,
    at_progress,
    events_of,
    failing,
)
from pytest_jobstatus.tracker import Profile
from pytest_jobstatus.values import ALIKE


def alike(effort: Effort, profile: Profile, *, table: Sequence[tuple[str, str]] = ALIKE) -> Part:
    """Two jobs whose ids look alike, one after the other and one event of each in turn; of each pair one of the ways to
    do that, in turn, where a part is tried.
    """
    whole = effort.thin_large == 1

    def plans() -> Iterator[Plan]:
        for number, pair in enumerate(table):
            ways = _ways(profile, *pair)
            yield from ways if whole else [ways[number % len(ways)]]

    each = "" if whole else ", each in one of three ways"
    return Part(f"two jobs with each of {len(table)} pairs of ids that look alike{each}", plans())


def _ways(profile: Profile, one: str, other: str) -> list[Plan]:
    after = events_of(profile, CREATED, PROGRESS, COMPLETED, job=one)
    cancelled = events_of(profile, CREATED, ACTIVE, PROGRESS, CANCELLED, job=other)
    stalled = events_of(profile, CREATED, ACTIVE, PROGRESS, STALLED, CANCELLED, job=one)
    retried = [events_of(profile, *_retried(number), job=job) for number, job in enumerate((one, other), 1)]
    plain = [events_of(profile, CREATED, ACTIVE, COMPLETED, job=job) for job in (one, other)]
    return [
        in_order((*events_of(profile, *_retried(1), job=other), *after)),
        alternating([cancelled, stalled]),
        alternating(retried if all(retried) else plain),
    ]


def _retried(number: int) -> list[Given]:
    """A job that fails twice, with reasons and progress of its own."""
    first, second = (JobError("ValueError", f"attempt {attempt} of job {number} failed") for attempt in (1, 2))
    begin = [Given(CREATED, {}), Given(ACTIVE, {}), at_progress(PROGRESS, 10 * number)]
    return [*begin, failing(RETRYING, first), Given(ACTIVE_2, {}), failing(FAILED_2, second)]


def alternating(jobs: Sequence[Sequence[Event]]) -> Plan:
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
    """Two and three jobs, one event of each in turn, one inside the other, and at random; and many in turn."""

    def plans() -> Iterator[Plan]:
        yield from in_turn(lives(profile, *[(CREATED, ACTIVE, COMPLETED)] * effort.open_jobs))
        for first, second in product(LIVES, repeat=2):
            yield from in_turn(lives(profile, first, second, later=timedelta()))
        for number, first in enumerate(LIVES):
            for second in LIVES[number:]:
                yield from in_turn(jobs := lives(profile, first, second))
                if len(jobs) == 2:
                    yield _inside(*jobs)
                    yield _inside(*reversed(jobs))
        for number in range(len(LIVES)):
            three = [LIVES[(number + step) % len(LIVES)] for step in (0, 1, 3)]
            yield from in_turn(jobs := lives(profile, *three))
            yield from _shuffled(jobs, seed=number)

    title = (
        f"two and three of {len(LIVES)} jobs, in turn, one inside the other, and shuffled {SHUFFLES} times;"
        f" {effort.open_jobs} open at once"
    )
    return Part(title, plans())


def two_jobs(effort: Effort, profile: Profile) -> Part:
    """Two jobs, one event of each in turn, the second created a little later."""
    del effort
    plans = (
        plan
        for number, first in enumerate(LIVES)
        for second in LIVES[number:]
        for plan in in_turn(lives(profile, first, second))
    )
    return Part(f"two of {len(LIVES)} jobs, in turn", plans)


def lives(profile: Profile, *lives: Sequence[Mark], later: timedelta = LATER) -> list[tuple[Event, ...]]:
    """A job for each life that the tracker can be told of, with values of its own, each created a little later."""
    jobs = []
    for number, life in enumerate(lives, 1):
        values: dict[EventKind, dict[str, Any]] = {
            EventKind.PROGRESS: {"progress": {"job": number} if profile.supports("json_progress") else 10 * number},
            EventKind.RETRYING: {"error": JobError("ValueError", f"job {number} is tried again")},
            EventKind.FAILED: {"error": JobError("ValueError", f"job {number} failed")},
        }
        events = events_of(profile, *(Given(mark, values.get(mark.kind, {})) for mark in life), job=f"job-{number}")
        jobs.append(tuple(event.moved(job_id=event.job_id, by=number * later) for event in events))
    return [job for job in jobs if job]


def in_turn(jobs: Sequence[Sequence[Event]]) -> Iterator[Plan]:
    """One event of each job in turn, where there are several."""
    if len(jobs) > 1:
        yield alternating(jobs)


def _shuffled(jobs: Sequence[Sequence[Event]], *, seed: int) -> Iterator[Plan]:
    random = Random(seed)  # noqa: S311 - a search, not a secret
    events = tuple(event for job in jobs for event in job)
    for _ in range(SHUFFLES) if len(jobs) > 1 else ():
        yield Plan(events=events, order=tuple(random.sample(range(len(events)), k=len(events))))


def _inside(outer: Sequence[Event], inner: Sequence[Event]) -> Plan:
    """The whole of one job before the last event of the other."""
    events = (*outer, *inner)
    last = len(outer) - 1
    return Plan(events=events, order=(*range(last), *range(last + 1, len(events)), last))

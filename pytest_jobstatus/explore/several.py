"""Plans with several jobs side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

from pytest_jobstatus.delivery import Plan
from pytest_jobstatus.events import Event, EventKind, Mark
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
    at_progress,
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


def interleaved(effort: Effort, profile: Profile) -> Part:
    """Two and three jobs, one event of each in turn, one inside the other, and at random."""
    del effort
    random = Random(0)  # noqa: S311 - a search, not a secret

    def job(life: Sequence[Mark], number: int) -> tuple[Event, ...]:
        value = {"job": number} if profile.supports("json_progress") else 10 * number
        given = [at_progress(mark, value) if mark.kind is EventKind.PROGRESS else mark for mark in life]
        return events_of(profile, *given, job=f"job-{number}")

    def plans() -> Iterator[Plan]:
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

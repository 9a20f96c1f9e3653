"""Plans with jobs of several tenants side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import combinations_with_replacement, product
from math import nan

from pytest_jobstatus.delivery import Plan, in_order
from pytest_jobstatus.events import Event, EventKind, JobError, Mark
from pytest_jobstatus.explore.effort import Effort
from pytest_jobstatus.explore.part import Part
from pytest_jobstatus.explore.several import LIVES, SHUFFLES, alike, alternating, in_turn, interleaved, lives
from pytest_jobstatus.explore.telling import (
    ACTIVE,
    ACTIVE_2,
    COMPLETED,
    CREATED,
    PROGRESS,
    RETRYING,
    STALLED,
    at_progress,
    events_of,
    failing,
)
from pytest_jobstatus.runs import emit
from pytest_jobstatus.tracker import Profile

MOST_TENANTS = 4
MANY = 12
"""Jobs in the largest crowd: after each delivery all of them are read."""
LONG = "a-subsidiary-of-a-large-company-in-"
UUID = "f81d4fae-7dec-41d0-a765-00#"

ALIKE = (
    ("acme/1-#", "acme-1/#"),
    ("acme/1#", "acme1/#"),
    ("acme/1_#", "acme_1/#"),
    ("acme/#", "acme-1/#"),
    ("acme-1/#", "acme/#"),
    ("acme_1/#", "acmex1/#"),
    ("acme-1/#", "acme_1/#"),
    (f"{LONG}east/#", f"{LONG}west/#"),
    (f"tenant-1/{UUID}", f"tenant-2/{UUID}"),
    (f"tenant-1/{'x' * 200}#", f"tenant-2/{'x' * 200}#"),
    ("tenant-1/ABC-#", "tenant-2/abc-#"),
    ("Acme/#", "acme/#"),
)
"""Two tenants each, and the ids of a job of theirs: joined without care they are one, as is what begins alike, what a
`LIKE` takes for the same, what is folded or cut, and what is taken for unique anyway. The names are plain: letters,
digits, `-` and `_`; a tracker may refuse some.
"""

RETRYING_2, STALLED_2 = (Mark(kind, 2) for kind in (EventKind.RETRYING, EventKind.STALLED))
LONGER: tuple[tuple[Mark, ...], ...] = (
    (CREATED, ACTIVE, RETRYING, ACTIVE_2, Mark(EventKind.COMPLETED, 2)),
    (CREATED, ACTIVE, STALLED, ACTIVE_2, RETRYING_2, Mark(EventKind.ACTIVE, 3), Mark(EventKind.PROGRESS, 3)),
    (CREATED, ACTIVE, RETRYING, ACTIVE_2, STALLED_2, Mark(EventKind.ACTIVE, 3), Mark(EventKind.FAILED, 3)),
)
"""What jobs go through in later attempts."""


def tenants(effort: Effort, profile: Profile) -> Part:
    """What interleaved jobs go through, each in another tenant and under the same id; then what else meets there."""
    pairs = ALIKE if profile.supports("opaque_ids") else ()
    one_id = interleaved(effort, profile)
    looking_alike = alike(replace(effort, thin_large=1), profile, table=pairs)  # thinned with the rest
    whole = effort.all_tenants

    def plans() -> Iterator[Plan]:
        yield from map(_in_tenants, in_turn(lives(profile, *[(CREATED, ACTIVE, COMPLETED)] * MANY)))
        yield from map(_in_tenants, _together(profile, whole=whole))
        yield from (_in_tenants(plan) for plan in one_id.plans if (2 if whole else 3) <= len(plan.jobs) < MANY)
        yield from (replace(plan, tenancy=True) for plan in looking_alike.plans)

    several = one_id.title if whole else f"three of {len(LIVES)} jobs, in turn and shuffled {SHUFFLES} times"
    return Part(
        f"one id in up to {MOST_TENANTS} tenants: {several}; two of {len(LIVES) + len(LONGER)} jobs told twice,"
        f" without reasons, and before anybody looks; {len(pairs)} pairs that look alike",
        plans(),
    )


def _together(profile: Profile, *, whole: bool) -> Iterator[Plan]:
    """Two jobs in turn, of which one gets far; two told twice, without what may be missing, and all at once; and what
    there is one of.
    """
    for number, (first, second) in enumerate(product(LONGER, LIVES)):
        jobs = lives(profile, first, second)
        for way in (jobs, jobs[::-1]) if whole else (jobs if number % 2 else jobs[::-1],):
            yield from in_turn(way)
    for jobs in (lives(profile, *both) for both in combinations_with_replacement(LIVES, 2)):
        for plan in in_turn(jobs):
            yield replace(plan, order=(*plan.order, *plan.order))
            yield replace(plan, batch=len(plan.order))
        bare = [tuple(map(_bare, job)) if number == 0 else job for number, job in enumerate(jobs)]
        yield from (plan for each in (bare, bare[::-1]) if bare != jobs for plan in in_turn(each))
    yield from _late_ends(profile)
    yield from _odd(profile)


def _bare(event: Event) -> Event:
    """The event without what may be missing."""
    if event.kind is EventKind.PROGRESS:
        return event
    return emit(Mark(event.kind, event.attempt), at=event.occurred_at, job=event.job_id, bare=True)


def _late_ends(profile: Profile) -> Iterator[Plan]:
    """The end of an attempt that was given up, while another tenant's job is in its next, too."""
    jobs = lives(profile, *[(CREATED, ACTIVE, RETRYING, ACTIVE_2)] * 2)
    for kind in (EventKind.COMPLETED, EventKind.FAILED):
        if len(jobs) == 2 and kind in profile.kinds:
            plan = alternating(jobs)
            last = plan.events[-1]
            late = emit(Mark(kind, 1), at=last.occurred_at + timedelta(seconds=1), job=last.job_id)
            place = len(plan.events)
            yield replace(plan, events=(*plan.events, late), order=(*plan.order, place), strays=frozenset([place]))


def _odd(profile: Profile) -> Iterator[Plan]:
    """Long texts and values, which may be kept elsewhere; and progress that may be refused."""
    jobs = []
    for number in (1, 2):
        error = JobError("ValueError", f"job {number} failed " + 300 * "x", f"Traceback of job {number}")
        value = {"job": number, "text": 300 * "x"} if profile.supports("json_progress") else number
        told = (CREATED, ACTIVE, at_progress(PROGRESS, value), failing(Mark(EventKind.FAILED, 1), error))
        jobs.append(events_of(profile, *told, job=f"job-{number}"))
    if all(jobs):
        yield alternating(jobs)
    if profile.supports("json_progress") and EventKind.PROGRESS in profile.kinds:
        first = events_of(profile, CREATED, ACTIVE, at_progress(PROGRESS, nan))
        yield in_order((*first, *events_of(profile, CREATED, ACTIVE, PROGRESS, COMPLETED, job="job-2")))


def _in_tenants(plan: Plan) -> Plan:
    """The plan with tenants in turn as its jobs, and the next id when all have the one before."""
    names = {
        job: f"tenant-{number % MOST_TENANTS + 1}/job-{number // MOST_TENANTS + 1}"
        for number, job in enumerate(plan.jobs)
    }
    events = tuple(event.moved(job_id=names[event.job_id], by=timedelta()) for event in plan.events)
    return replace(plan, events=events, tenancy=True)

"""Plans with jobs of several tenants side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from pytest_jobstatus.delivery import Plan
from pytest_jobstatus.explore.effort import Effort
from pytest_jobstatus.explore.part import Part
from pytest_jobstatus.explore.several import alike, interleaved
from pytest_jobstatus.tracker import Profile

MOST_TENANTS = 3
LONG = "a-subsidiary-of-a-large-company-in-"

ALIKE = (
    ("acme/1-#", "acme-1/#"),
    ("acme/1#", "acme1/#"),
    ("acme/1_#", "acme_1/#"),
    ("acme/#", "acme-1/#"),
    ("acme-1/#", "acme/#"),
    ("acme_1/#", "acmex1/#"),
    (f"{LONG}east/#", f"{LONG}west/#"),
    ("1/#", "01/#"),
)
"""Two tenants each, and the ids of a job of theirs: joined without care they are one, as is what begins alike, what a
`LIKE` takes for the same, and what is cut. All are plain names: letters, digits, `-` and `_`.
"""


def tenants(effort: Effort, profile: Profile) -> Part:
    """What interleaved jobs go through, each in another tenant and under the same id; then tenants that look alike."""
    pairs = ALIKE if profile.supports("opaque_ids") else ()
    one_id = interleaved(effort, profile)
    looking_alike = alike(effort, profile, table=pairs)

    def plans() -> Iterator[Plan]:
        for plan in one_id.plans:
            yield _in_tenants(plan, [_nth(number) for number in range(len(plan.jobs))])
        for plan in looking_alike.plans:
            yield replace(plan, tenancy=True)

    return Part(f"one id in up to {MOST_TENANTS} tenants: {one_id.title}; {len(pairs)} pairs that look alike", plans())


def _nth(number: int) -> str:
    """Tenants in turn, and the next id when all have the one before."""
    return f"tenant-{number % MOST_TENANTS + 1}/job-{number // MOST_TENANTS + 1}"


def _in_tenants(plan: Plan, jobs: Sequence[str]) -> Plan:
    """The plan with these jobs instead of its own, in order."""
    names = dict(zip(plan.jobs, jobs, strict=True))
    events = tuple(event.moved(job_id=names[event.job_id], by=timedelta()) for event in plan.events)
    return replace(plan, events=events, tenancy=True)

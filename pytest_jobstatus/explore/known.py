"""How much of a plan a tracker can be told."""

from __future__ import annotations

from dataclasses import replace

from pytest_jobstatus.delivery import Plan, keeping
from pytest_jobstatus.tracker import Profile


def is_known(plan: Plan, profile: Profile) -> bool:
    """Whether the tracker can be told the whole plan."""
    known = as_far_as_known(plan, profile)
    return known is not None and len(known.order) == len(plan.order) and known.workers == plan.workers


def as_far_as_known(plan: Plan, profile: Profile) -> Plan | None:
    """The plan without the deliveries of kinds that the tracker does not know, and by one worker where it knows no
    other; None where nothing is left of it.
    """
    if not profile.supports("concurrency"):
        plan = replace(plan, workers=())
    if plan.tenancy and not profile.supports("tenancy"):
        return None
    one_attempt = not (profile.supports("retrying") or profile.supports("stalled"))
    if one_attempt and any(event.attempt > 1 for event in plan.events):
        return None
    known = [place for place, index in enumerate(plan.order) if plan.events[index].kind in profile.kinds]
    return keeping(plan, known) if known else None

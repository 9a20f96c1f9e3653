"""Which trackers a scenario is for, and how much of it they are told."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from pytest_jobstatus.delivery import Plan, in_tenant, keeping
from pytest_jobstatus.events import Event, EventKind
from pytest_jobstatus.rules import Rule, named
from pytest_jobstatus.scenario.scenario import Scenario
from pytest_jobstatus.tracker import Profile

PLAIN_ID = re.compile("[A-Za-z0-9_-]+")
"""What every tracker takes for the id of a job."""


def obvious_needs(plan: Plan) -> tuple[str, ...]:
    """The abilities that nobody can do without who is told the plan.

    >>> obvious_needs(Plan(events=(), order=(), tenancy=True))
    ('tenancy',)
    """
    delivered = [plan.events[index] for index in sorted(set(plan.order))]
    regular = [plan.events[index] for index in sorted(set(plan.order) - plan.strays)]
    ids = [in_tenant(event.job_id)[1] if plan.tenancy else event.job_id for event in delivered]
    needs = {
        "skew": any(_runs_back([event for event in regular if event.job_id == job]) for job in plan.jobs),
        "json_progress": any(event.kind is EventKind.PROGRESS and not _is_percentage(event) for event in delivered),
        "opaque_ids": not all(map(PLAIN_ID.fullmatch, ids)),
        "tenancy": plan.tenancy,
        "concurrency": any(plan.workers),
    }
    return tuple(name for name, needed in needs.items() if needed)


def _runs_back(events: Sequence[Event]) -> bool:
    return any(later.occurred_at < earlier.occurred_at for earlier, later in pairwise(events))


def _is_percentage(event: Event) -> bool:
    value = event.progress
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 100


def misfit(scenario: Scenario, profile: Profile) -> str | None:
    """Why a tracker is not told a scenario, but for its events; None where it may be."""
    for name in scenario.needs:
        if not profile.supports(name):
            return f"needs {name}, which is missing: {profile.unsupported[name]}"
    for name, wanted in scenario.presumes.items():
        has = getattr(profile, name)
        if has > wanted if name == "resolution" else has != wanted:
            return f"presumes {name} = {wanted!s}; the tracker has {has!s}"
    return None


@lru_cache(maxsize=1_000)  # so that all rules of a check tell the very same plan, and share what it shows
def as_far_as_known(scenario: Scenario, profile: Profile) -> Plan | None:
    """The scenario's plan without the deliveries of kinds that the tracker does not know; None where it is not for such
    a tracker, or nothing is left of it.
    """
    plan = scenario.plan
    one_attempt = not profile.has_attempts
    if misfit(scenario, profile) is not None or (one_attempt and any(event.attempt > 1 for event in plan.events)):
        return None
    known = [place for place, index in enumerate(plan.order) if plan.events[index].kind in profile.kinds]
    if len(known) == len(plan.order):
        return plan
    return keeping(plan, known) if known else None


def applying(scenario: Scenario, profile: Profile) -> list[Rule]:
    """The rules that a scenario is about and that apply to such a tracker; the first tells of what is expected."""
    about = (named(number, source=scenario.id) for number in scenario.rules)
    return [rule for rule in about if rule.not_applicable(profile) is None]

"""Explorers: the plans are what the report says of them."""

from __future__ import annotations

from math import factorial

import pytest

from pytest_jobstatus.delivery import Plan
from pytest_jobstatus.explore.effort import EFFORTS
from pytest_jobstatus.explore.families import family
from pytest_jobstatus.explore.shrink import shrunk
from pytest_jobstatus.rules import RULES, Plans
from pytest_jobstatus.runs import check_possible, shapes
from pytest_jobstatus.tracker import Profile

QUICK = EFFORTS["quick"]
FULL = Profile()
POOR = Profile(unsupported=dict.fromkeys(("retrying", "stalled", "progress", "skew"), "not here"))


NEEDY = (Plans.ZOMBIES, Plans.BESIDE, Plans.SKEWS, Plans.PROGRESS_VALUES, Plans.PROGRESS_PAIRS, Plans.PROGRESS_ORDERS)
"""What a tracker without progress, second attempts and clocks that disagree has no plans of."""


def plans(name: Plans, *, profile: Profile = FULL, effort: str = "quick", seed: int = 0) -> list[Plan]:
    return list(family(name, EFFORTS[effort], profile, seed=seed).plans)


def told(plan: Plan) -> list[str]:
    return [plan.events[index].name for index in plan.order]


@pytest.mark.parametrize("profile", [FULL, POOR], ids=["full", "poor"])
@pytest.mark.parametrize("name", Plans)
def test_plans_are_possible(name: Plans, profile: Profile) -> None:
    """Every plan of every family is a possible run with its strays marked, and delivers only what the tracker knows."""
    found = plans(name, profile=profile)
    assert bool(found) != (profile is POOR and name in NEEDY)
    for plan in found:
        assert {event.kind for event in plan.events} <= profile.kinds
        assert profile is FULL or plan.attempts <= 1
        assert plan.order
        for job in plan.jobs:
            own = [event for index, event in enumerate(plan.events) if event.job_id == job and index not in plan.strays]
            check_possible(own, source=str(name))


@pytest.mark.parametrize(("effort", "orders"), [("quick", 329), ("default", 3209)])
def test_all_orders_are_complete(effort: str, orders: int) -> None:
    """All orders means all: as many as the factorials say, no one twice, smallest first."""
    size = EFFORTS[effort].all_orders
    found = plans(Plans.ALL_ORDERS, effort=effort)
    assert len(found) == sum(factorial(len(run)) for run in shapes(size, FULL.kinds)) == orders
    assert len({(plan.events[-1].name, len(plan.events), *told(plan)) for plan in found}) <= orders
    assert [len(plan.order) for plan in found] == sorted(len(plan.order) for plan in found)


def test_after_the_end_comes_every_kind() -> None:
    """Each terminal status is met by each kind of event, late from its own run or as a stray."""
    pairs = {
        (plan.events[plan.order[0]].kind, plan.events[index].kind)
        for plan in plans(Plans.AFTER_END)
        if plan.events[plan.order[0]].kind.terminal
        for index in plan.order[1:]
    }
    assert {first for first, _ in pairs} == {"completed", "failed", "cancelled"}
    assert all((first, kind) in pairs for first, _ in pairs for kind in FULL.kinds)


def test_samples_depend_on_the_seed_alone() -> None:
    """The same seed draws the same plans, another one others."""
    first, again, other = (plans(Plans.STRAY_SAMPLES, seed=seed) for seed in (0, 0, 1))
    assert first == again
    assert first != other


def test_titles_tell_their_bounds() -> None:
    """A family says what it covers, with numbers."""
    for name in Plans:
        assert any(character.isdigit() for character in family(name, QUICK, FULL, seed=0).title), name


def test_skew_only_where_it_is_declared() -> None:
    """A tracker that lives on one clock is never told events of two."""
    for name in Plans:
        assert {plan.clock for plan in plans(name, profile=POOR)} <= {"agree", "tie", "close"}


def test_every_family_is_asked_for() -> None:
    """No family of plans is made for nobody."""
    assert {name for rule in RULES for name in rule.plans} == set(Plans)


def test_shrinking_takes_everything_away_that_it_can() -> None:
    """What remains is what the failure needs, and nothing beside it."""
    (plan,) = plans(Plans.STRAY_SAMPLES, seed=7)[4:5]
    kind = plan.events[plan.order[0]].kind

    def needs_two(candidate: Plan) -> bool:
        return [candidate.events[index].kind for index in candidate.order].count(kind) >= 1 and len(candidate.order) > 1

    smallest = shrunk(plan, needs_two)
    assert len(smallest.order) == 2
    assert not smallest.lost
    assert smallest.clock == "agree"

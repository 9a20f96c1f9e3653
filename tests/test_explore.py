"""Explorers: the plans are what the report says of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from math import factorial, prod

import pytest

from pytest_jobstatus import check
from pytest_jobstatus.delivery import Plan
from pytest_jobstatus.explore import shrink
from pytest_jobstatus.explore.effort import EFFORTS
from pytest_jobstatus.explore.families import FAMILIES, LARGE, SMALL, family, thinned
from pytest_jobstatus.explore.shrink import shrunk
from pytest_jobstatus.rules import RULES, Plans
from pytest_jobstatus.runs import Shape, check_possible, shapes
from pytest_jobstatus.tracker import MAYBE_MISSING, Profile
from pytest_jobstatus.values import ALIKE
from tests.faulty_trackers.track_1 import EveryFiftiethLost

QUICK = EFFORTS["quick"]
FULL = Profile()
POOR = Profile(unsupported=dict.fromkeys(("retrying", "stalled", "progress", "skew"), "not here"))


NEEDY = (
    Plans.LONG_LIVES,
    Plans.ZOMBIES,
    Plans.BESIDE,
    Plans.SKEWS,
    Plans.PROGRESS_VALUES,
    Plans.PROGRESS_PAIRS,
    Plans.PROGRESS_ORDERS,
)
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


RICH = Profile(
    order="strict",
    resolution=timedelta(seconds=2),
    started="latest",
    late_end="ignored",
    refuses=(LookupError,),
    timezone="Asia/Kolkata",
    unsupported=dict.fromkeys(set(MAYBE_MISSING) - {"active", "retrying", "skew", "progress"}, "not here"),
)
"""Says something of everything."""


@pytest.mark.parametrize("name", FAMILIES)
def test_plans_depend_on_nothing_that_is_left_out(name: Plans) -> None:
    """Trackers that differ only in how they are judged share their plans: so no family may look at that."""
    whole = replace(EFFORTS["default"], thin_large=1, thin_ties=1, thin_orders=1, all_tenants=True)
    assert list(family(name, whole, RICH, seed=0).plans) == list(FAMILIES[name](whole, RICH).plans)


def orders_of(run: Shape) -> int:
    alike = Counter(run).values() if len(run) > 4 else ()
    return factorial(len(run)) // prod(map(factorial, alike))


@pytest.mark.parametrize(("effort", "orders"), [("quick", 329), ("default", 2809)])
def test_all_orders_are_complete(effort: str, orders: int) -> None:
    """All orders means all: as many as the factorials say, no one twice, smallest first; reports of one attempt's
    progress overtake each other in the smaller runs alone.
    """
    size = EFFORTS[effort].all_orders
    found = list(FAMILIES[Plans.ALL_ORDERS](EFFORTS[effort], FULL).plans)
    assert len(found) == sum(orders_of(run) for run in shapes(size, FULL.kinds)) == orders
    assert len({(plan.events[-1].name, len(plan.events), *told(plan)) for plan in found}) <= orders
    assert [len(plan.order) for plan in found] == sorted(len(plan.order) for plan in found)


@pytest.mark.parametrize("profile", [FULL, POOR], ids=["full", "poor"])
def test_what_meets_a_job_happened_in_order(profile: Profile) -> None:
    """Clocks agree in these plans: what belongs to the run has its instants in order."""
    for plan in plans(Plans.MEETINGS, profile=profile, effort="default"):
        instants = [event.occurred_at for index, event in enumerate(plan.events) if index not in plan.strays]
        assert instants == sorted(instants)


THIN = {"quick": 4, "default": 1, "thorough": 1}
"""Of the large families one plan in so many is tried."""


@pytest.mark.parametrize("effort", EFFORTS)
@pytest.mark.parametrize("name", [Plans.ALL_ORDERS, Plans.TIES, *LARGE])
def test_of_large_families_a_part_is_tried(name: Plans, effort: str) -> None:
    """A part that depends on the seed alone, and all small plans; a default check thins the largest families only."""
    all_of_it = FAMILIES[name](EFFORTS[effort], FULL)
    thin = {Plans.ALL_ORDERS: 6, Plans.TIES: 3}.get(name, 1) if effort == "default" else THIN[effort]
    assert thinned(name, EFFORTS[effort]) == thin
    of_those = f"one in {thin} of those with more than {SMALL} deliveries of: " if thin > 1 else ""
    assert family(name, EFFORTS[effort], FULL, seed=0).title == of_those + all_of_it.title
    if effort == "thorough":
        return
    part, again, other = (plans(name, effort=effort, seed=seed) for seed in (0, 0, 1))
    assert part == again
    assert (part == other) is (thin == 1)
    whole = list(all_of_it.plans)
    small, large = ([plan for plan in each if len(plan.order) <= SMALL] for each in (part, whole))
    assert small == large
    assert (len(whole) - len(small)) / thin == pytest.approx(len(part) - len(small), rel=0.4)


def test_after_the_end_comes_every_kind() -> None:
    """Each terminal status is met by each kind of event, late from its own run or as a stray."""
    pairs = {
        (plan.events[plan.order[0]].kind, plan.events[index].kind)
        for plan in plans(Plans.AFTER_END, effort="default")
        if plan.events[plan.order[0]].kind.terminal
        for index in plan.order[1:]
    }
    assert {first for first, _ in pairs} == {"completed", "failed", "cancelled"}
    assert all((first, kind) in pairs for first, _ in pairs for kind in FULL.kinds)


def test_samples_depend_on_the_seed_alone() -> None:
    """The same seed draws the same plans, another one others."""
    first, again, other = (plans(Plans.MACHINE, seed=seed) for seed in (0, 0, 1))
    assert first == again
    assert first != other


def test_titles_tell_their_bounds() -> None:
    """A family says what it covers, with numbers."""
    for name in Plans:
        assert any(character.isdigit() for character in family(name, QUICK, FULL, seed=0).title), name


def test_skew_only_where_it_is_declared() -> None:
    """A tracker that lives on one clock is never told events of two."""
    for name in Plans:
        assert {plan.clock for plan in plans(name, profile=POOR)} <= {"agree", "tie", "close", "mixed", "slow"}


def test_every_family_is_asked_for() -> None:
    """No family of plans is made for nobody."""
    assert {name for rule in RULES for name in rule.plans} == set(Plans)


def test_shrinking_takes_everything_away_that_it_can() -> None:
    """What remains is what the failure needs, and nothing beside it."""
    (plan,) = plans(Plans.MACHINE, seed=7)[4:5]
    kind = plan.events[plan.order[0]].kind

    def needs_two(candidate: Plan) -> bool:
        return [candidate.events[index].kind for index in candidate.order].count(kind) >= 1 and len(candidate.order) > 1

    smallest = shrunk(plan, needs_two)
    assert len(smallest.order) == 2
    assert not smallest.lost
    assert smallest.clock == "agree"


def test_shrinking_tries_nothing_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot go is taken away once only, though a job of one delivery is a job and a delivery."""
    monkeypatch.setattr(shrink, "MOST_DELIVERIES", 10 * shrink.MOST_DELIVERIES)
    plan = max(plans(Plans.CROWD), key=lambda plan: len(plan.jobs))
    smaller = []

    def needs_it_all(candidate: Plan) -> bool:
        smaller.extend([(candidate.events, candidate.order)] if len(candidate.order) < len(plan.order) else [])
        return False

    shrunk(plan, needs_it_all)
    assert len(smaller) > len(plan.order)
    assert all(again not in smaller[:place] for place, again in enumerate(smaller))


@pytest.mark.parametrize("rule", ["TRACK-6", "TIME-8", "PROG-1"])
def test_what_happened_before_is_cut_to_its_deliveries(rule: str) -> None:
    """Where every fiftieth delivery fails, whatever plan it belongs to, fifty deliveries are shown."""
    (found,) = check(EveryFiftiethLost, rules=[rule]).failed
    assert found.counterexample is not None
    assert len(found.counterexample.plan.order) == 50


def test_offsets_have_minutes_and_both_signs() -> None:
    """Instants are written in offsets before and behind UTC, with minutes too, in one run and mixed in one."""
    for name in (Plans.OFFSETS, Plans.MIXED_OFFSETS):
        offsets = {event.occurred_at.utcoffset() for plan in plans(name, effort="default") for event in plan.events}
        minutes = {offset.total_seconds() / 60 for offset in offsets if offset is not None}
        assert min(minutes) < 0 < max(minutes)
        assert any(each % 60 for each in minutes)
    mixed = plans(Plans.MIXED_OFFSETS)
    assert all(
        len({event.occurred_at.utcoffset() for event in plan.events}) > 1 for plan in mixed if len(plan.events) > 1
    )


def gaps(name: Plans) -> set[timedelta]:
    return {
        later.occurred_at - earlier.occurred_at
        for plan in plans(name, effort="default")
        for earlier, later in pairwise(plan.events)
    }


def test_ties_are_exact_or_a_microsecond_apart() -> None:
    """Events share an instant, or lie a microsecond apart, or a tick."""
    assert {timedelta(), timedelta(microseconds=1), timedelta(seconds=1)} <= gaps(Plans.TIES)


def test_clocks_disagree_from_a_millisecond_to_an_hour() -> None:
    """Workers are ahead and behind, by little and by much."""
    found = gaps(Plans.SKEWS)
    for sign in (1, -1):
        sizes = [sign * gap for gap in found if sign * gap > timedelta()]
        assert min(sizes) <= timedelta(milliseconds=2)
        assert max(sizes) >= timedelta(minutes=59)


def test_up_to_three_jobs_interleave() -> None:
    """Jobs come in twos and threes, and none is told whole before another begins."""
    found = plans(Plans.INTERLEAVED, effort="default")
    assert {len(plan.jobs) for plan in found} == {2, 3, EFFORTS["default"].open_jobs}
    assert any(len({event.occurred_at for event in plan.events if event.kind == "created"}) == 1 for plan in found)


def test_each_end_meets_each_other_end() -> None:
    """Two ends contradict each other in every way: by kind, by attempt, by instant, with and without values."""
    pairs = set()
    for plan in plans(Plans.TWO_ENDS, effort="default"):
        (stray,) = plan.strays
        first = next(plan.events[index] for index in plan.order if plan.events[index].kind.terminal)
        second = plan.events[stray]
        order = (second.occurred_at > first.occurred_at) - (second.occurred_at < first.occurred_at)
        pairs.add((first.kind, second.kind, (second.attempt > first.attempt) - (second.attempt < first.attempt), order))
    kinds = {(first, second) for first, second, _, _ in pairs}
    assert len(kinds) == 9
    assert {(attempt, order) for _, _, attempt, order in pairs} >= {(0, -1), (0, 0), (0, 1), (1, 1), (-1, 1)}


def test_late_ends_are_of_older_attempts() -> None:
    """A zombie's attempt is below that of the event before it, or of an earlier one."""
    for plan in plans(Plans.ZOMBIES, effort="default"):
        (stray,) = plan.strays
        before = plan.order[: plan.order.index(stray)]
        assert 0 < plan.events[stray].attempt < max(plan.events[index].attempt for index in before)


@pytest.mark.parametrize("effort", EFFORTS)
def test_ids_that_look_alike_meet(effort: str) -> None:
    """However small the effort, each pair of the table is told; with either id first, where all is."""
    found = plans(Plans.ALIKE, effort=effort)
    assert {frozenset(plan.jobs) for plan in found} == {frozenset(pair) for pair in ALIKE}
    firsts = {plan.events[plan.order[0]].job_id for plan in found}
    assert (firsts == {label for pair in ALIKE for label in pair}) is (effort != "quick")

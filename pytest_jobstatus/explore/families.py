"""Which plans a rule asks for by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from random import Random

from pytest_jobstatus.delivery import Plan
from pytest_jobstatus.explore import orders, tables, times
from pytest_jobstatus.explore.batches import batches
from pytest_jobstatus.explore.crowd import crowd
from pytest_jobstatus.explore.effort import Effort
from pytest_jobstatus.explore.end_last import end_last
from pytest_jobstatus.explore.ends import beside, two_ends, zombies
from pytest_jobstatus.explore.handovers import handovers
from pytest_jobstatus.explore.long_lives import long_lives
from pytest_jobstatus.explore.machine import machine
from pytest_jobstatus.explore.meetings import meetings
from pytest_jobstatus.explore.part import Part
from pytest_jobstatus.explore.progress import progress_orders
from pytest_jobstatus.explore.repeats import at_once_again, later_again
from pytest_jobstatus.explore.several import alike, interleaved, two_jobs
from pytest_jobstatus.explore.strays import after_end
from pytest_jobstatus.explore.tenants import tenants
from pytest_jobstatus.rules import Plans
from pytest_jobstatus.tracker import KINDS_MAYBE_MISSING, Profile

FAMILIES: dict[Plans, Callable[[Effort, Profile], Part]] = {
    Plans.IN_ORDER: orders.told_in_order,
    Plans.IN_ORDER_CLOCKS: orders.told_in_order_by_every_clock,
    Plans.LONG_LIVES: long_lives,
    Plans.ORDERS: lambda effort, profile: orders.orders(effort.orders, profile),
    Plans.ALL_ORDERS: lambda effort, profile: orders.orders(effort.all_orders, profile),
    Plans.OVERTAKEN: orders.overtaken,
    Plans.PARTS: orders.parts,
    Plans.TURNED: orders.turned,
    Plans.CLOCKS: orders.clocks,
    Plans.STRANGERS: orders.strangers,
    Plans.BATCHES: batches,
    Plans.AT_ONCE_AGAIN: at_once_again,
    Plans.LATER_AGAIN: later_again,
    Plans.AFTER_END: after_end,
    Plans.CROWD: crowd,
    Plans.END_LAST: end_last,
    Plans.ERRORS: tables.errors,
    Plans.CANCELLERS: tables.cancellers,
    Plans.CANCEL_WORDS: tables.cancel_words,
    Plans.ODD_ERRORS: tables.odd_errors,
    Plans.PROGRESS_VALUES: tables.progress_values,
    Plans.PROGRESS_PAIRS: tables.progress_pairs,
    Plans.PROGRESS_ORDERS: progress_orders,
    Plans.ODD_PROGRESS: tables.odd_progress,
    Plans.BESIDE: beside,
    Plans.ZOMBIES: zombies,
    Plans.MEETINGS: meetings,
    Plans.TWO_ENDS: two_ends,
    Plans.OFFSETS: times.offsets,
    Plans.MIXED_OFFSETS: times.mixed_offsets,
    Plans.SKEWS: times.skews,
    Plans.TIES: times.ties,
    Plans.ALIKE: alike,
    Plans.INTERLEAVED: interleaved,
    Plans.TWO_JOBS: two_jobs,
    Plans.TENANTS: tenants,
    Plans.HANDOVERS: handovers,
}


LARGE = (
    Plans.AFTER_END,
    Plans.BATCHES,
    Plans.BESIDE,
    Plans.END_LAST,
    Plans.INTERLEAVED,
    Plans.MEETINGS,
    Plans.OFFSETS,
    Plans.PARTS,
    Plans.PROGRESS_ORDERS,
    Plans.SKEWS,
    Plans.TENANTS,
    Plans.TWO_ENDS,
    Plans.ZOMBIES,
)
"""The families of which a quick check tries a part, and a default one all."""
SMALL = 2
"""Deliveries: plans of up to so many are never left out; they make the smallest counterexamples."""


@lru_cache(maxsize=128)
def _begun(name: Plans, effort: Effort, profile: Profile, seed: int) -> tuple[Part, list[Plan]]:
    """A family, and what was made of it: rules ask for the same families, and pytest judges each by itself."""
    return _family(name, effort, profile, seed=seed), []


def family(name: Plans, effort: Effort, profile: Profile, *, seed: int) -> Part:
    """The plans of that name.

    Args:
        name: what a rule asks for.
        effort: how many, and how large.
        profile: what the tracker can be told.
        seed: of those that are drawn at random.
    """
    begun, made = _begun(name, effort, _what_plans_depend_on(profile), seed)
    plans = _growing(begun.plans, made)
    thin = thinned(name, effort)
    if thin > 1:
        title = f"one in {thin} of those with more than {SMALL} deliveries of: {begun.title}"
        return Part(title, _thinned(plans, thin, Random(f"{seed} {name}")))  # noqa: S311
    return Part(begun.title, plans)


def thinned(name: Plans, effort: Effort) -> int:
    """Of the family one plan in so many is tried: of the families with most plans of one kind also in a default check.

    >>> from pytest_jobstatus.explore.effort import EFFORTS
    >>> thinned(Plans.ALL_ORDERS, EFFORTS["default"]), thinned(Plans.IN_ORDER, EFFORTS["default"])
    (6, 1)
    """
    of_largest = {Plans.ALL_ORDERS: effort.thin_orders, Plans.TIES: effort.thin_ties}
    return of_largest.get(name, effort.thin_large if name in LARGE else 1)


def _what_plans_depend_on(profile: Profile) -> Profile:
    """The profile without what decides only how plans are judged: trackers that differ in that share their plans."""
    lacking = {
        name: "whatever the reason"
        for name in (*KINDS_MAYBE_MISSING, "skew", "json_progress", "opaque_ids", "delayed", "concurrency")
        if not profile.supports(name)
    }
    return Profile(resolution=profile.resolution, late_end=profile.late_end, unsupported=lacking)


def _thinned(plans: Iterator[Plan], thin: int, random: Random) -> Iterator[Plan]:
    """The small plans, and about one in so many of the others: at random, since families have periods of their own."""
    yield from (plan for plan in plans if len(plan.order) <= SMALL or random.randrange(thin) == 0)


def _growing(plans: Iterator[Plan], kept: list[Plan]) -> Iterator[Plan]:
    """What is kept, then what is still to be made, kept as well."""
    place = 0
    while True:
        if place == len(kept):
            try:
                plan = next(plans, None)
            except BaseException:  # a time-out, say: what is half made must not pass for the whole
                _begun.cache_clear()
                raise
            if plan is None:
                return
            kept.append(plan)
        yield kept[place]
        place += 1


def _family(name: Plans, effort: Effort, profile: Profile, *, seed: int) -> Part:
    if name in FAMILIES:
        return FAMILIES[name](effort, profile)
    return machine(effort, profile, seed=seed)

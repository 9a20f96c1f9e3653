"""How far a search goes."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_jobstatus.misuse import Misuse, listed


@dataclass(frozen=True, kw_only=True)
class Effort:
    """The bounds of a search; sizes count delivered events before duplicates.

    Args:
        in_order: the largest run that is told in order.
        orders: the largest run of which every order is tried, where a rule looks at each step.
        all_orders: the same where a rule is about the order itself.
        again: the largest run of which every event is repeated after every other.
        again_orders: the largest run of which that is done in every order.
        after_end: the largest ended run after which all strays come.
        single: the largest ended run after which each stray comes by itself.
        crowd: how many other jobs come between an end and what comes late.
        open_jobs: how many jobs are open at once.
        lives: how many plans are drawn at random.
        longest: how many deliveries the longest of them has.
        thin_large: of the large families one plan in so many is tried.
        thin_ties: of the plans whose events share an instant, likewise.
        thin_orders: of the orders of the largest runs, likewise.
        all_tenants: whether the jobs of several tenants meet in each order, not in one of two.
        seconds: when a rule is given up as inconclusive.
    """

    in_order: int
    orders: int
    all_orders: int
    again: int
    again_orders: int
    after_end: int
    single: int
    crowd: int
    open_jobs: int
    lives: int
    longest: int
    thin_large: int
    thin_ties: int
    thin_orders: int
    all_tenants: bool
    seconds: float


EFFORTS = {
    "quick": Effort(
        in_order=5,
        orders=3,
        all_orders=4,
        again=3,
        again_orders=2,
        after_end=4,
        single=2,
        crowd=20,
        open_jobs=12,
        lives=24,
        longest=16,
        thin_large=4,
        thin_ties=4,
        thin_orders=4,
        all_tenants=False,
        seconds=30,
    ),
    "default": Effort(
        in_order=6,
        orders=4,
        all_orders=5,
        again=4,
        again_orders=3,
        after_end=4,
        single=3,
        crowd=130,
        open_jobs=30,
        lives=80,
        longest=24,
        thin_large=1,
        thin_ties=3,
        thin_orders=6,
        all_tenants=False,
        seconds=120,
    ),
    "thorough": Effort(
        in_order=9,
        orders=5,
        all_orders=6,
        again=6,
        again_orders=4,
        after_end=6,
        single=4,
        crowd=2000,
        open_jobs=300,
        lives=2000,
        longest=60,
        thin_large=1,
        thin_ties=1,
        thin_orders=1,
        all_tenants=True,
        seconds=3600,
    ),
}


def effort_named(name: str, *, source: str) -> Effort:
    """The effort of that name.

    Raises:
        Misuse: where there is none.

    >>> effort_named("quick", source="--effort").all_orders
    4
    """
    if not isinstance(name, str) or name not in EFFORTS:
        raise Misuse(f"{source}: {name!r}: allowed are {listed(EFFORTS, given=name)}")
    return EFFORTS[name]

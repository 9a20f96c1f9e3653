"""Plans that tell a tracker what it had been told before a failure, ever more of it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate

from pytest_jobstatus.delivery import Plan, joined, keeping

MOST_REPLAYED = 30_000
"""How many deliveries are repeated in search of the histories that a failure depends on."""
ONE_BY_ONE = 64
"""Up to so many deliveries, and histories, each number is tried: a tracker that fails at every fiftieth delivery needs
the right one.
"""


def longer(before: Sequence[Plan], plan: Plan) -> Iterator[Plan]:
    """The plan after the last deliveries of the histories before it, one more each time; then after whole histories.

    Args:
        before: what the tracker that failed had been told before.
        plan: what failed.
    """
    lengths = list(accumulate(len(each.order) for each in reversed(before)))
    near = 1 + bisect_left(lengths, ONE_BY_ONE)
    nearest = joined([*before[-near:], plan])
    length = len(nearest.order)
    for start in range(length - len(plan.order) - 1, -1, -1)[:ONE_BY_ONE]:
        yield keeping(nearest, range(start, length))
    count, replayed = near - 1, 0
    while count < len(before) and replayed <= MOST_REPLAYED:
        count += 1 if count < ONE_BY_ONE else count
        longer = joined([*before[-count:], plan])
        replayed += len(longer.order)
        yield longer

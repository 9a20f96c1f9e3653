"""The tables of values: each entry is what it says, and a test can add its own."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_jobstatus import values
from pytest_jobstatus.events import EventKind
from pytest_jobstatus.explore import tables
from pytest_jobstatus.explore.effort import EFFORTS
from pytest_jobstatus.explore.several import alike
from pytest_jobstatus.factory import Factory
from pytest_jobstatus.rules.effects import same_json
from pytest_jobstatus.tracker import Profile
from tests.small_trackers import Small


@pytest.mark.parametrize("value", [*values.PROGRESS, *(each for pair in values.PROGRESS_PAIRS for each in pair)])
def test_plain_progress_can_be_stored(value: Any) -> None:
    """What must read back is what every JSON store can hold."""
    assert values.is_storable(value)
    assert same_json(value, value)


@pytest.mark.parametrize("value", [*values.ODD_PROGRESS, values.deep()], ids=lambda each: type(each).__name__)
def test_odd_progress_cannot(value: Any) -> None:
    """What may be refused is what some store cannot hold."""
    assert not values.is_storable(value)


@pytest.mark.parametrize(("first", "second"), values.PROGRESS_PAIRS)
def test_pairs_differ(first: Any, second: Any) -> None:
    """The second of a pair replaces the first by something else."""
    assert not same_json(first, second)


SAME = [(1, 1.0, True), (2**53 - 1, 2**53 - 2, False), (True, 1, False), (False, 0, False), ("1", 1, False),
        ([1, 2], (1, 2), True), ({"a": 1}, {"a": 1, "b": None}, False), (None, "", False), ([], {}, False),
        (2**60, float(2**60), True),
        (1.7976931348623157e308, int(1.7976931348623157e308), True), (10**400, 1.0, False),
        ({"a": [True]}, {"a": [1]}, False)]  # fmt: skip


@pytest.mark.parametrize(("one", "other", "same"), SAME)
def test_same_json(one: Any, other: Any, same: object) -> None:
    """Values are the same if JSON cannot tell them apart, whichever was given."""
    assert same_json(one, other) is same
    assert same_json(other, one) is same


def test_ids_that_look_alike_are_alike_in_the_tracker() -> None:
    """A number stands for the # of both ids, of a length that fills 255 characters; other ids are all their own."""
    with Factory.of(Small).open() as handle:
        for pair in values.ALIKE:
            one, other = handle.fresh(pair).values()
            assert one != other
            assert max(len(one), len(other)) <= 255
            numbers = [one[start : start + 10] for start in range(len(one) - 9)]
            assert any([one, other] == [label.replace("#", number) for label in pair] for number in numbers)
        first = handle.fresh(["#a"])["#a"]
        assert first.removesuffix("a").isdecimal()
        assert handle.fresh(["#a"])["#a"] != first


FAMILIES = [
    (tables.progress_values, ["added"], EventKind.PROGRESS),
    (tables.progress_pairs, [("one", "other")], EventKind.PROGRESS),
    (tables.odd_progress, [float("nan")], EventKind.PROGRESS),
    (tables.odd_errors, ["\0"], EventKind.FAILED),
    (tables.cancellers, ["Ann"], EventKind.CANCELLED),
    (alike, [("#a", "#A")], EventKind.CREATED),
]


@pytest.mark.parametrize(("family", "table", "kind"), FAMILIES, ids=lambda each: getattr(each, "__name__", None))
def test_tables_can_be_extended(family: Any, table: list[Any], kind: EventKind) -> None:
    """Each family that tries values takes another table, and tries each of its entries."""
    usual = sum(1 for _ in family(EFFORTS["quick"], Profile()).plans)
    part = family(EFFORTS["quick"], Profile(), table=table)
    plans = list(part.plans)
    assert 0 < len(plans) < usual
    assert all(kind in plan.kinds for plan in plans)

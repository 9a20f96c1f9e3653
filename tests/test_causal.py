"""What sets of events show in causal order is asked for once, and as seldom as can be."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from pytest_jobstatus import Event, Profile
from pytest_jobstatus.delivery import Plan
from pytest_jobstatus.engine import seen_once
from pytest_jobstatus.events import EventKind, Mark
from pytest_jobstatus.explore.causal import Causal
from pytest_jobstatus.explore.observer import Observer, Shared
from pytest_jobstatus.factory import Factory
from pytest_jobstatus.history import History
from pytest_jobstatus.rules import named
from pytest_jobstatus.runs import emitted
from pytest_jobstatus.tracker import Snapshot
from tests.small_trackers import Small

RUN = emitted((Mark(EventKind.CREATED, 0), Mark(EventKind.ACTIVE, 1), Mark(EventKind.COMPLETED, 1)))


class Particular(Small):
    """Refuses the end of a job that it has not seen start."""

    profile = Profile(unsupported=Small.profile.unsupported, refuses=(LookupError,))

    def apply(self, event: Event) -> None:
        if event.kind is EventKind.COMPLETED and event.job_id not in self.rows:
            raise LookupError(event.job_id)
        super().apply(event)


def telling(tracker: type, told: list[tuple[str, ...]]) -> Callable[[Plan], History]:
    """Tells a fresh tracker, and notes what."""

    def observe(plan: Plan) -> History:
        told.append(tuple(str(plan.events[index].kind) for index in plan.order))
        return seen_once(Factory.of(tracker), plan)

    return observe


WHOLE = ("created", "active", "completed")
ASKED: list[tuple[str, Sequence[tuple[int, ...]], list[tuple[str, ...]]]] = [
    ("in order: seen as it is", [(0, 1, 2)], []),
    ("in reverse: the whole and what lacks its first", [(2, 1, 0)], [WHOLE, ("active", "completed")]),
    ("the beginning of what was told is known", [(2, 1, 0), (1, 0, 2)], [WHOLE, ("active", "completed")]),
    ("the large ones first", [(1, 0, 2)], [WHOLE]),
]


@pytest.mark.parametrize(("orders", "told"), [case[1:] for case in ASKED], ids=[case[0] for case in ASKED])
def test_each_set_is_told_once(orders: Sequence[tuple[int, ...]], told: list[tuple[str, ...]]) -> None:
    """What was seen in order, or on the way to a larger set, is not told again."""
    found: list[tuple[str, ...]] = []
    causal = Causal()
    for order in orders:
        seen = causal.beside(seen_once(Factory.of(Small), Plan(events=RUN, order=order)), telling(Small, found))
        assert sorted(seen.causal) == [0, 1, 2]
    assert found == told


def statuses(shown: dict[int, Snapshot | None]) -> dict[int, str | None]:
    return {number: None if each is None else str(each.status) for number, each in shown.items()}


def test_what_was_seen_on_the_way_is_what_the_part_shows() -> None:
    """It is the row after the last event of the part, not after the last of all."""
    history = seen_once(Factory.of(Small), Plan(events=RUN, order=(1, 0, 2)))
    causal = Causal().beside(history, telling(Small, []))
    assert statuses(dict(causal.causal)) == {0: "active", 1: "active", 2: "completed"}


def test_what_is_refused_has_no_counterpart() -> None:
    """Where causal order refuses an event there is nothing to compare with; what came before it still counts."""
    run = (RUN[2], *RUN[:2])  # its end before its beginning: causal order refuses that
    history = seen_once(Factory.of(Particular), Plan(events=run, order=(2, 0, 1)))
    told: list[tuple[str, ...]] = []
    causal = Causal().beside(history, telling(Particular, told))
    assert statuses(dict(causal.causal)) == {0: "active"}
    assert told == [("completed", "created", "active"), ("completed", "active")]


def test_rules_of_one_check_share_what_they_know() -> None:
    """CONV-2 tells its own plan alone where CONV-1 has asked for the same sets."""
    told: list[Event] = []

    class Listening(Small):
        def apply(self, event: Event) -> None:
            told.append(event)
            super().apply(event)

    shared = Shared([], Listening.profile)
    plan = Plan(events=RUN, order=(1, 0, 2))
    for number in ("CONV-1", "CONV-2"):
        told.clear()
        with Factory.of(Listening).open() as handle:
            seen = Observer(lambda: handle, named(number, source="test"), shared=shared)(plan)
        assert sorted(seen.history.causal) == [0, 1, 2]
        assert len(told) == {"CONV-1": 6, "CONV-2": 3}[number]

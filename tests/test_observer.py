"""What the rules of one check share: each plan is told once, and a rule that looks closer looks for itself."""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import replace
from datetime import timedelta

import pytest

from pytest_jobstatus import Event, Profile, Verdict, check
from pytest_jobstatus.delivery import Plan, in_order
from pytest_jobstatus.engine import report as engine_report
from pytest_jobstatus.engine import results, seen_once, settings
from pytest_jobstatus.events import EventKind, Mark
from pytest_jobstatus.explore import observer
from pytest_jobstatus.explore.observer import Observation, Shared
from pytest_jobstatus.factory import Factory
from pytest_jobstatus.rules import Plans, Rule, named
from pytest_jobstatus.runs import emitted
from pytest_jobstatus.smoke import smoke
from tests.faulty_trackers.canc_1 import FirstUserForAll
from tests.small_trackers import Small


def deliveries(*rules: str) -> int:
    """How many events a check by these rules delivers, without the smoke check."""
    told: list[Event] = []

    class Listening(Small):
        def apply(self, event: Event) -> None:
            told.append(event)
            super().apply(event)

    smoke(Factory.of(Listening))
    before = len(told)
    factory, chosen = Factory.of(Listening), replace(settings(rules=rules, effort="quick"), scenarios=())
    assert engine_report(factory, chosen, list(results(factory, chosen))).ok
    return len(told) - 2 * before


@pytest.mark.parametrize(
    ("first", "second", "shared"),
    [("TRACK-4", "TRACK-6", True), ("TRACK-1", "TRACK-2", False), ("TERM-1", "LOAD-1", True)],
    ids=["a family in common", "none in common", "one in common, which is watched"],
)
def test_each_plan_is_told_once(first: str, second: str, shared: bool) -> None:  # noqa: FBT001 - a column of the table
    """Rules that ask for the same plans judge the same histories, one of which may watch what a call sleeps."""
    apart = deliveries(first) + deliveries(second)
    assert (deliveries(first, second) < apart) is shared


def test_a_rule_that_looks_at_other_jobs_looks_for_itself() -> None:
    """What was seen of one job is not taken for what was seen of all."""
    shared = Shared([asking("TRACK-1"), asking("ISO-1")], Profile())
    plan = PLAIN.history.plan
    shared.keep(PLAIN, family=Plans.IN_ORDER, others=False)
    assert shared.get(plan, others=False) is PLAIN
    assert shared.get(plan, others=True) is None


def test_what_was_watched_serves_all() -> None:
    """A rule that wants to know what was slept tells anew what nobody watched; that then stands for the rest, too."""
    first, second, third = asking("TRACK-1"), asking("TIME-9"), asking("LOAD-1")
    shared = Shared([first, second, third], Profile())
    plan = PLAIN.history.plan
    assert shared.watches(plan, family=Plans.IN_ORDER)
    assert not shared.watches(plan, family=Plans.ORDERS), "nobody wants to know"
    shared.keep(PLAIN, family=Plans.IN_ORDER, others=False)
    assert shared.get(plan, others=False, watched=True) is None
    watched = PLAIN._replace(place=1)
    shared.keep(watched, family=Plans.IN_ORDER, others=False, watched=True)
    assert shared.get(plan, others=False, watched=True) is watched
    assert shared.get(plan, others=False) is watched
    shared.judged(third)
    assert not shared.watches(plan, family=Plans.IN_ORDER), "who wants to know is judged"
    for rule in (first, second):
        shared.judged(rule)
    assert shared.get(plan, others=False) is None


def test_what_was_seen_anew_is_kept_for_its_new_family() -> None:
    """Once the rules are judged that asked for it first, it is still there for the others."""
    first, *others = (asking("TRACK-1"), asking("TIME-9", Plans.ORDERS), asking("LOAD-1", Plans.ORDERS))
    shared = Shared([first, asking("TRACK-1"), *others], Profile())
    shared.keep(PLAIN, family=Plans.IN_ORDER, others=False)
    shared.keep(PLAIN, family=Plans.ORDERS, others=False, watched=True)
    for _ in range(2):
        shared.judged(first)
    assert shared.get(PLAIN.history.plan, others=False) is PLAIN


def test_there_is_no_watching_without_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Watching takes time: where the history cannot be kept for who wants to know, nobody watches."""
    monkeypatch.setattr(observer, "MOST_KEPT", 1)
    shared = Shared([asking("TRACK-1"), asking("LOAD-1")], Profile())
    assert not shared.watches(PLAIN.history.plan, family=Plans.IN_ORDER)


class Sleepy(Small):
    """Sleeps at each event."""

    def apply(self, event: Event) -> None:
        time.sleep(0.001)
        super().apply(event)


class Yielding(Small):
    """Its handler is a coroutine that sleeps for so short a time that its thread need not wait."""

    async def apply(self, event: Event) -> None:
        await asyncio.sleep(1e-9)
        super().apply(event)


SLEPT = [
    (Small, True, None, None),
    (Sleepy, False, None, "time.sleep for less than 0.01 s"),
    (Yielding, False, None, "asyncio.sleep(1e-09)"),
]


@pytest.mark.parametrize(("tracker", "prompt", "first", "second"), SLEPT, ids=["prompt", "sleeps", "coroutine"])
def test_calls_are_watched_once_one_has_waited(
    tracker: type[Small],
    prompt: bool,  # noqa: FBT001 - a column of the table
    first: str | None,
    second: str | None,
) -> None:
    """For LOAD-1, which comes later, a tracker that waits for nothing is told at full speed; others from their second
    plan on are watched call by call.
    """
    shared = Shared([asking("TRACK-1"), asking("LOAD-1")], Profile())
    plan = PLAIN.history.plan
    for note, again in ((first, plan), (second, replace(plan, order=(0,)))):
        with Factory.of(tracker).open() as handle:
            seen = observer.Observer(lambda: handle, asking("TRACK-1"), shared=shared)(again, family=Plans.IN_ORDER)
        assert (seen.history.at_once, shared.is_prompt) == (prompt, prompt)
        assert {step.waited for step in seen.history.steps} == {(note,) if note else None}
        known = shared.get(again, others=False, watched=True)
        assert (known is seen) is (prompt or note is not None), "what was not watched does not serve LOAD-1"


def test_beside_another_profiler_nothing_is_said_of_sleeps() -> None:
    """LOAD-1 is not exercised there, whichever rules are judged beside it."""
    sys.setprofile(lambda *_: None)
    try:
        report = check(Small, rules=["TRACK-1", "LOAD-1"], effort="quick")
    finally:
        sys.setprofile(None)
    assert [report[number].verdict for number in ("TRACK-1", "LOAD-1")] == [Verdict.PASS, Verdict.INCONCLUSIVE]


@pytest.mark.parametrize("tracker", [Sleepy, Yielding])
def test_a_sleep_is_found_beside_other_rules(tracker: type[Small]) -> None:
    """What LOAD-1 says by itself it says beside the others."""
    assert [each.id for each in check(tracker, rules=["TRACK-1", "LOAD-1"], effort="quick").failed] == ["LOAD-1"]


def test_all_trackers_of_a_check_have_one_shift(monkeypatch: pytest.MonkeyPatch) -> None:
    """Histories of several trackers are compared, so their instants are moved alike, though a day begins between."""
    days = iter(range(300, 310))
    monkeypatch.setattr(observer, "recent", lambda **_: timedelta(days=next(days)))
    shared = Shared([asking("TRACK-1")], Profile())

    def shift() -> timedelta:
        with Factory.of(Small).open() as handle:
            observe = observer.Observer(lambda: handle, asking("TRACK-1"), shared=shared)
            return observe(PLAIN.history.plan).history.shift

    assert [shift(), shift()] == [timedelta(days=300)] * 2


def test_equal_events_are_others() -> None:
    """Events are equal where their instants are, whatever the offsets: only the very same ones count as seen."""
    shared = Shared([asking("TRACK-1"), asking("ISO-1")], Profile())
    shared.keep(PLAIN, family=Plans.IN_ORDER, others=False)
    plan = PLAIN.history.plan
    assert shared.get(replace(plan, events=(*plan.events,)), others=False) is None


def test_families_have_plans_in_common() -> None:
    """What one family delivers need not be delivered for another, whatever its plan is called."""
    shared = Shared([asking("TRACK-1"), asking("ISO-1")], Profile())
    shared.keep(PLAIN, family=Plans.IN_ORDER, others=False)
    assert shared.get(in_order(emitted(SHAPE)), others=False) is PLAIN
    assert shared.get(replace(PLAIN.history.plan, clock="tie"), others=False) is PLAIN
    assert shared.get(replace(PLAIN.history.plan, order=(0,)), others=False) is None


def test_nothing_is_kept_for_nobody() -> None:
    """A history is forgotten once no rule that is still to come asks for its family."""
    first, second = asking("TRACK-1"), asking("TIME-9")
    shared = Shared([first, second], Profile())
    shared.keep(TURNED, family=Plans.ORDERS, others=False)
    shared.keep(PLAIN, family=Plans.IN_ORDER, others=False)
    assert shared.get(TURNED.history.plan, others=False) is None, "nobody asks"
    shared.judged(first)
    assert shared.get(PLAIN.history.plan, others=False) is PLAIN, "one is to come"
    shared.judged(second)
    assert shared.get(PLAIN.history.plan, others=False) is None, "none is to come"


def test_rules_that_do_not_apply_ask_for_nothing() -> None:
    """Nothing is kept for a rule that will not be judged."""
    shared = Shared([asking("TRACK-1"), asking("PROG-1")], Profile(unsupported={"progress": "no column"}))
    shared.keep(PLAIN, family=Plans.IN_ORDER, others=False)
    assert shared.get(PLAIN.history.plan, others=False) is None


def test_there_is_room_for_so_many_deliveries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limit nothing is kept, and what is forgotten makes room."""
    monkeypatch.setattr(observer, "MOST_KEPT", 3)
    rules = [asking("TRACK-1"), asking("TRACK-1"), asking("TIME-9", Plans.ORDERS), asking("TIME-9", Plans.ORDERS)]
    shared = Shared(rules, Profile())
    shared.keep(PLAIN, family=Plans.IN_ORDER, others=False)
    shared.keep(TURNED, family=Plans.ORDERS, others=False)
    assert shared.get(TURNED.history.plan, others=False) is None
    for rule in rules[:2]:
        shared.judged(rule)
    shared.keep(TURNED, family=Plans.ORDERS, others=False)
    assert shared.get(TURNED.history.plan, others=False) is TURNED


def test_a_shared_failure_knows_what_came_before() -> None:
    """Where a failure needs what another rule's tracker was told, the counterexample shows that."""

    class Tired(Small):
        """After thirty jobs it takes every other for waiting."""

        def apply(self, event: Event) -> None:
            super().apply(event)
            if len(self.rows) > 30:
                self.rows[event.job_id] = ((0, 0), "pending", 0)

    report = check(Tired, rules=["TRACK-4", "TRACK-6"])
    for number in ("TRACK-4", "TRACK-6"):
        found = report[number].counterexample
        assert found is not None
        assert (found.note, len(found.plan.jobs)) == (
            "needs 31 jobs: one alone does not show it",
            31,
        )


def test_what_other_rules_have_told_spoils_no_counterexample() -> None:
    """A tracker that keeps something across jobs is shown by what a fresh one repeats, here a scenario."""
    found = check(FirstUserForAll, effort="quick")["ISO-1"].counterexample
    assert found is not None
    assert (found.as_seen, len(found.plan.order)) == (False, 6)


def asking(number: str, plans: Plans = Plans.IN_ORDER) -> Rule:
    """The rule, asking for one family only."""
    return replace(named(number, source="test"), plans=(plans,))


SHAPE = (Mark(EventKind.CREATED, 0), Mark(EventKind.ACTIVE, 1))
SEEN = (seen_once(Factory.of(Small), Plan(events=emitted(SHAPE), order=order)) for order in ((0, 1), (1, 0)))
PLAIN, TURNED = (Observation(history, (), 0, frozenset(), (history,)) for history in SEEN)
"""Two deliveries, and the same in the other order."""

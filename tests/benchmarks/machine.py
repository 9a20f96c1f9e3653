"""How many events a second a state machine judges, beside one that is written by hand."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cache

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from pytest_jobstatus import Snapshot, lifecycle_machine
from pytest_jobstatus.clocks import START
from pytest_jobstatus.delivery import Plan
from pytest_jobstatus.engine import Settings, results
from pytest_jobstatus.events import Event
from pytest_jobstatus.explore.effort import EFFORTS
from pytest_jobstatus.factory import Factory
from pytest_jobstatus.history import History, Step
from pytest_jobstatus.rules import RULES, Plans
from pytest_jobstatus.runs import Shape, emit, followers
from tests.benchmarks.figure import Figure
from tests.sound_trackers.merging import Sound

SAME = tuple(each for each in RULES if not (each.waits or each.compares or each.others or each.control))
"""The rules that need nothing but the history: both machines judge by these."""
JOBS = 3
EXAMPLES = 40
STEPS = 50


class HandWritten(RuleBasedStateMachine):
    """What an engineer writes in an hour: three jobs, their next events, and repeats; all rules after each step."""

    told = 0

    def __init__(self) -> None:
        super().__init__()
        self.tracker = Sound()
        self.shapes: list[Shape] = [() for _ in range(JOBS)]
        self.events: list[Event] = []
        self.steps: list[Step] = []
        self.shown: dict[str, Snapshot | None] = {}

    @rule(job=st.integers(0, JOBS - 1), choice=st.integers(0, 10))
    def next_event(self, job: int, choice: int) -> None:
        coming = [*followers(self.shapes[job])]
        if coming:
            mark = coming[choice % len(coming)]
            self.shapes[job] = (*self.shapes[job], mark)
            place = len(self.events)
            at = START + place * timedelta(seconds=1)
            self.events.append(emit(mark, at=at, job=f"job-{job}", nth=place % 20))
            self.tell(place)

    @precondition(lambda self: bool(self.steps))
    @rule(choice=st.integers(0, 100))
    def again(self, choice: int) -> None:
        self.tell(self.steps[choice % len(self.steps)].index)

    def tell(self, index: int) -> None:
        event = self.events[index]
        self.tracker.apply(event)
        before, after = self.shown.get(event.job_id), self.tracker.read(event.job_id)
        self.shown[event.job_id] = after
        repeat = any(step.index == index for step in self.steps)
        self.steps.append(Step(len(self.steps), index, event, before, after, None, repeat, after))
        plan = Plan(events=tuple(self.events), order=tuple(step.index for step in self.steps))
        labels = {f"job-{job}": f"job-{job}" for job in range(JOBS)}
        history = History(plan=plan, profile=Sound.profile, steps=tuple(self.steps), labels=labels)
        for each in SAME:
            assert each.judge(history)[1] is None
        HandWritten.told += 1


class Ours(lifecycle_machine(Sound, rules=[each.id for each in SAME])):  # type: ignore[misc]  # made when it is run
    """Ours, with its steps counted."""

    told = 0

    def teardown(self) -> None:
        super().teardown()
        Ours.told += len(self._steps)


def stateful(kind: type[HandWritten | Ours]) -> float:
    """Events judged a second by a state machine."""
    kind.told = 0
    began = time.perf_counter()
    chosen = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(kind, settings=chosen)
    return kind.told / (time.perf_counter() - began)


def conformance_items(seed: int) -> float:
    """Events judged a second by the items of a conformance suite, when they come to the long lives.

    Args:
        seed: other than before: what was drawn is kept for the next check.
    """
    rules = tuple(replace(each, plans=(Plans.MACHINE,)) for each in SAME)
    effort = replace(EFFORTS["default"], lives=EXAMPLES, longest=STEPS)
    chosen = Settings(rules=rules, effort=effort, seed=seed)
    factory = Factory.of(Sound)
    began = time.perf_counter()
    found = list(results(factory, chosen))
    seconds = time.perf_counter() - began
    assert not any(each.failed for each in found)
    return max(each.coverage.events for each in found) / seconds


@cache
def rates() -> Sequence[tuple[float, float, float]]:
    """By hand, ours, and the items, in turn."""
    return [(stateful(HandWritten), stateful(Ours), conformance_items(seed)) for seed in range(5)]


def beside(measured: Callable[[tuple[float, float, float]], float]) -> Sequence[float]:
    """How many times as fast as the machine that is written by hand, run by run."""
    return [measured(each) / each[0] for each in rates()]


FIGURES = (
    Figure(
        name="events judged a second by the items' long lives, beside a RuleBasedStateMachine by hand",
        goal=2,
        unit="×",
        at_least=True,
        measure=lambda: beside(lambda each: each[2]),
    ),
    Figure(
        name="events judged a second by lifecycle_machine, beside a RuleBasedStateMachine by hand",
        goal=0.8,
        unit="×",
        at_least=True,
        measure=lambda: beside(lambda each: each[1]),
    ),
)

"""A Hypothesis state machine over the lives of several jobs: each step is judged by every rule that applies."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, ClassVar

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from pytest_jobstatus.delivery import keeping
from pytest_jobstatus.events import Event, EventKind
from pytest_jobstatus.explore.lifecycle import Happening, Lifecycle
from pytest_jobstatus.explore.observer import Observer
from pytest_jobstatus.explore.part import clocks_for
from pytest_jobstatus.explore.trial import Trial
from pytest_jobstatus.factory import Factory
from pytest_jobstatus.handle import Unreadable
from pytest_jobstatus.history import History, Step, recent
from pytest_jobstatus.raised import let_go
from pytest_jobstatus.reading import differences
from pytest_jobstatus.report.program import program
from pytest_jobstatus.report.text import counterexample
from pytest_jobstatus.rules import Rule, Violation, select
from pytest_jobstatus.smoke import smoke
from pytest_jobstatus.tracker import Profile, Snapshot
from pytest_jobstatus.verdict import Counterexample

OFTEN = {EventKind.ACTIVE: 4, EventKind.RETRYING: 4, EventKind.STALLED: 3}
"""How many of the choices are of this kind, where others have one."""
JOBS = 3
"""How many jobs live at once."""
WORKERS = 3
"""How many workers tell of them, where the tracker has `another`."""
MOST = 255
"""The largest choice; each is counted off among what there is to choose from."""

WORKER = st.integers(0, WORKERS - 1)
CHOICE = st.integers(0, MOST)


ALONE = "a fresh tracker that is told this alone does not show it: it takes jobs that were told to compare with"


class Violated(AssertionError):  # noqa: N818 - a verdict on the tracker, no error of the kit
    """A rule does not hold; the text says which, with the history."""


@dataclass(frozen=True)
class Target:
    """What a machine is about.

    Args:
        factory: makes the tracker.
        rules: what it is judged by, where they apply.
    """

    factory: Factory
    rules: tuple[Rule, ...]

    @cached_property
    def profile(self) -> Profile:
        """What the tracker declares, once it was seen to work at all."""
        return smoke(self.factory)

    @cached_property
    def applying(self) -> tuple[Rule, ...]:
        """The rules that apply and can judge step by step, that on what one job does to another first."""
        judging = [each for each in self.rules if not each.waits and each.not_applicable(self.profile) is None]
        return tuple(sorted(judging, key=lambda each: not each.others))


class LifecycleMachine(RuleBasedStateMachine):
    """What `lifecycle_machine` makes machines from; each run has a fresh tracker.

    For rules and invariants of your own: `tracker` is what your factory made, `jobs` the ids of the jobs so far, and
    `shown` the last snapshot of each, by id. The tracker is told of further jobs: what a run shows in another order is
    held against the same as it happened, told to a job of its own.
    """

    target: ClassVar[Target]

    def __init_subclass__(cls, **given: Any) -> None:
        """Leave out Hypothesis's explanation: it would name lines of this kit, and traces them all to find out."""
        super().__init_subclass__(**given)
        phases = [each for each in settings().phases if each is not Phase.explain]
        cls.TestCase.settings = settings(cls.TestCase.settings, phases=phases)

    def __init__(self) -> None:
        """Make the tracker."""
        super().__init__()
        self._profile = self.target.profile
        self._open = ExitStack()
        self._handle = self._open.enter_context(self.target.factory.open())
        self.tracker = self._handle.tracker
        self.shown: dict[str, Snapshot | None] = {}
        self._steps: list[Step] = []
        self._said = ""
        self._causal: dict[int, Snapshot | None] = {}
        self._shift = recent(now=datetime.now(UTC), zone=self._profile.zone)
        self._life = Lifecycle(self._profile, [clocks_for(self._profile)[0]] * JOBS)
        self._ids = self._handle.fresh(life.name for life in self._life.lives)

    @property
    def jobs(self) -> Sequence[str]:
        """The ids of the jobs that the tracker was told of, in order."""
        return [*self.shown]

    @initialize(clocks=st.lists(CHOICE, min_size=JOBS, max_size=JOBS))
    def the_clocks_are(self, clocks: list[int]) -> None:
        """Each job goes by a clock of its own."""
        known = clocks_for(self._profile)
        for life, choice in zip(self._life.lives, clocks, strict=True):
            if not life.whole:  # a rule of the user's may have begun before
                life.clock = known[choice % len(known)]

    # Hypothesis takes rules of as many arguments for the simpler, the earlier their names are.

    @rule(choice=CHOICE, worker=WORKER)
    def arrives(self, choice: int, worker: int) -> None:
        """The next event of a job happens and is told."""
        __tracebackhide__ = True
        self._tell(self._coming(), choice, worker)

    @precondition(lambda self: bool(self._life.order))
    @rule(choice=CHOICE, worker=WORKER)
    def comes_again(self, choice: int, worker: int) -> None:
        """Anything ever told is told again."""
        __tracebackhide__ = True
        self._tell(self._life.told(), choice, worker)

    @precondition(lambda self: self._life.holds)
    @rule(choice=CHOICE, worker=WORKER)
    def comes_late(self, choice: int, worker: int) -> None:
        """What was held up is told."""
        __tracebackhide__ = True
        self._tell(self._life.held(), choice, worker)

    @precondition(lambda self: bool(self._life.order))
    @rule(choice=CHOICE, worker=WORKER)
    def goes_astray(self, choice: int, worker: int) -> None:
        """Something is told that its job's run has no place for."""
        __tracebackhide__ = True
        self._tell([each for job in range(JOBS) for each in self._life.astray(job)], choice, worker)

    @rule(choice=CHOICE, more=st.integers(0, 2))
    def is_held_up(self, choice: int, more: int) -> None:
        """The next event of a job happens and is not told, and perhaps more of them: they come late, or are lost."""
        coming = self._coming(skipped=more)
        if coming:
            event = self._life.events[self._life.happen(coming[choice % len(coming)])]
            self._said = f"{event.name} of {event.job_id}, not told"

    def teardown(self) -> None:
        """Let the tracker go."""
        self._open.close()

    def _repr_step(self, rule: Any, data: Any, result: Any) -> str:
        """A step as Hypothesis prints it, with what it was as a comment."""
        said, self._said = self._said, ""
        return f"{super()._repr_step(rule, data, result)}{f'  # {said}' if said else ''}"

    def _coming(self, *, skipped: int = 0) -> list[Happening]:
        """What may happen next, ends and progress rarer than what makes a life longer."""
        coming = [each for job in range(JOBS) for each in self._life.coming(job, skipped=skipped)]
        return [each for each in coming for _ in range(OFTEN.get(each.mark.kind, 1))]

    def _tell(self, choices: Sequence[Happening], choice: int, worker: int) -> None:
        """Tell one of the choices and judge what is shown."""
        __tracebackhide__ = True
        if not choices:
            return
        index = self._life.happen(choices[choice % len(choices)])
        worker = worker if self._profile.supports("concurrency") else 0
        accepted = {step.index for step in self._steps if step.raised is None}
        self._life.tell(index, worker=worker)
        label = self._life.events[index].job_id
        self._said = f"{self._life.events[index].name} of {label}{f' by worker {worker + 1}' if worker else ''}"
        event = self._life.events[index].moved(job_id=self._ids[label], by=self._shift)
        raised = self._handle.of_worker(worker).apply(event)
        let_go(raised)
        before = self.shown.get(event.job_id)
        unreadable = None
        try:
            after = self._handle.read(event.job_id)
            others = self._others(event)
        except Unreadable as error:
            unreadable = error
        else:
            self.shown[event.job_id] = after
            given = (len(self._steps), index, event, before, after, raised, index in accepted, after)
            self._steps.append(Step(*given, others=others))
        self._judge(label, unreadable)

    def _others(self, event: Event) -> dict[str, tuple[Snapshot | None, Snapshot | None]]:
        """The other jobs that changed, by label, before and after."""
        found = {}
        for label, job_id in self._ids.items():
            if job_id != event.job_id and job_id in self.shown:
                before, after = self.shown[job_id], self._handle.read(job_id)
                self.shown[job_id] = after
                if differences(before, after):
                    found[label] = (before, after)
        return found

    def _judge(self, label: str, unreadable: Unreadable | None) -> None:
        """Judge the newest step's job by every rule."""
        __tracebackhide__ = True
        history = self._history(unreadable)
        own = history.of_job(label)
        for each in self.target.applying:
            if self._steps and each.compares is not None and each.compares(history.plan):
                history = self._compared(history)
                own = own._replace(causal=history.causal)
            if each.about(history.plan):
                self._hold(each, history, None if each.others else (own,))

    def _hold(self, each: Rule, history: History, jobs: Sequence[History] | None) -> None:
        __tracebackhide__ = True
        violation = each.judge(history, jobs=jobs)[1]
        if violation is None:
            return
        observe = Observer(lambda: self._handle, each)
        if Trial(rule=each).is_its_own(observe, history, violation):
            raise Violated(self._text(each, history, violation))

    def _history(self, unreadable: Unreadable | None) -> History:
        return History(
            plan=self._life.plan(),
            profile=self._profile,
            steps=tuple(self._steps),
            shift=self._shift,
            labels={job_id: label for label, job_id in self._ids.items()},
            unreadable=str(unreadable) if unreadable is not None else None,
            unreadable_at=unreadable.place if unreadable is not None else None,
        )

    def _compared(self, history: History) -> History:
        """The history with what the newest step's job shows when told as it happened, unless a stray came to it."""
        step = history.steps[-1]
        told = [each for each in history.steps if each.event.job_id == step.event.job_id]
        plan = history.plan
        if step.number not in self._causal and not any(each.index in plan.strays for each in told):
            indexes = sorted({each.index for each in told if each.raised is None})
            places = [plan.order.index(index) for index in indexes]
            alone = keeping(replace(plan, workers=()), places)
            seen = Observer(lambda: self._handle, None)(alone).history
            if all(each.raised is None for each in seen.steps) and seen.steps:
                self._causal[step.number] = seen.steps[-1].after
        return history._replace(causal=dict(self._causal))

    def _text(self, each: Rule, history: History, violation: Violation) -> str:
        trial = Trial(rule=each)
        again = trial.fails(self.target.factory, history.plan)
        note = trial.needs(self.target.factory, history.plan) if again is not None else ALONE
        found = Counterexample(rule=each.id, violation=violation, history=history, note=note)
        name = self.target.factory.name
        written = program(found, target=name if ":" in name and "<" not in name else None)
        return "\n".join([f"{each.id}: {violation.message}", "", *counterexample(found), "", "As a test:", "", written])


def lifecycle_machine(tracker: object, *, rules: str | Sequence[str] | None = None) -> type[LifecycleMachine]:
    """A Hypothesis state machine for a tracker, to be run as it is or subclassed with rules and invariants of your own.

    Args:
        tracker: a class, or a function that makes a fresh tracker at each call, as `check` takes it.
        rules: numbers or families, "TERM-1" or "TERM"; None for all that are checked.

    Raises:
        Misuse: for an unknown rule, or something that makes no tracker.

    Its `TestCase` is what pytest and unittest run; Hypothesis's settings, profiles and example database apply.

    >>> class Forgetful:
    ...     def apply(self, event): ...
    ...     def read(self, job_id): ...
    >>> machine = lifecycle_machine(Forgetful, rules=["TRACK-1"])()
    >>> machine.arrives(choice=0, worker=0)
    Traceback (most recent call last):
    pytest_jobstatus.machine.Violated: TRACK-1: created was delivered in order, but the job reads as nothing
    ...
    """
    target = Target(Factory.of(tracker), select(rules, source="rules"))
    # Hypothesis finds the examples of a machine again by its name.
    name = re.sub(r"\W|^\d+", "", target.factory.name.rpartition(":")[2])
    name = f"{name[:1].upper()}{name[1:]}Machine"
    return type(name, (LifecycleMachine,), {"target": target, "__module__": __name__})

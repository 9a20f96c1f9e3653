"""What single plans show of one rule: whether they fail, on fresh trackers too, and by what cause."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from pytest_jobstatus.delivery import Plan, keeping
from pytest_jobstatus.explore.control import control_of
from pytest_jobstatus.explore.observer import Observer, seen_by
from pytest_jobstatus.explore.part import clocks_for
from pytest_jobstatus.factory import Factory
from pytest_jobstatus.handle import NoTenant
from pytest_jobstatus.history import History
from pytest_jobstatus.rules import Rule, Violation, named

REPEATS = 20
MOST_MISSED = 4
"""A sleep is believed where it comes again at the same step in all repeats but so many. Other work on the machine makes
a thread wait that does not sleep, and makes `sleep(0)`, which sleeps are held against, take long.
"""
TRIES = 3
"""How often a plan is tried before it counts as one without that sleep."""
ISOLATION = "ISO-1"
"""The rule on what one job's events do to another."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """Tries single plans by one rule.

    Args:
        rule: what judges.
        tick: called before each plan that a fresh tracker is told: somebody may be waiting.
    """

    rule: Rule
    tick: Callable[[], None] = lambda: None

    def is_its_own(self, observe: Observer, history: History, violation: Violation) -> bool:
        """Whether what was seen is a failure of this rule, and of the tracker.

        Args:
            observe: shows what the tracker shows of more plans.
            history: what was seen.
            violation: where it breaks the rule.
        """
        if self.rule.waits:
            return not self._was_interrupted(observe, history.plan, violation.step)
        return not self._shows_in_control(observe, history, violation)

    def _shows_in_control(self, observe: Observer, history: History, violation: Violation) -> bool:
        """Whether it fails as well without what the rule is about: then it is for other rules to tell of."""
        if self.rule.control is None:
            return False
        clock = clocks_for(history.profile)[0]
        control = control_of(history.plan, violation.step, control=self.rule.control, clock=clock)
        rule = replace(self.rule, check=self.rule.in_control or self.rule.check)
        return rule.fails_at(observe(control).history, len(control.order) - 1, field=violation.field)

    def is_of_others(self, observe: Observer, history: History) -> bool:
        """Whether an event changed another job than its own, which ISO-1 tells of: in a life of several jobs all rules
        show what came of it.
        """
        if self.rule.others or len(history.plan.jobs) == 1:
            return False
        isolation = named(ISOLATION, source="search")
        return isolation.judge(observe.beside(history.plan, isolation))[1] is not None

    def _was_interrupted(self, observe: Observer, plan: Plan, step: int) -> bool:
        """Whether a sleep does not come again and again at the same step: a thread that had to wait for the processor
        looks as if it had slept.
        """
        missed = 0
        for _ in range(REPEATS):
            again = self.rule.judge(observe(plan).history)[1]
            missed += again is None or again.step != step
            if missed > MOST_MISSED:
                return True
        return False

    def repeated(self, factory: Factory, plans: Iterable[Plan]) -> tuple[Plan, bool] | None:
        """The first plan that fails on a fresh tracker, and whether that is the rule's own business."""
        for plan in plans:
            failure = self._told(factory, plan)
            if failure is not None:
                return plan, not self._excuses(factory, *failure)
        return None

    def needs(self, factory: Factory, plan: Plan) -> str | None:
        """What the failure does not show without, beside its events: each is tried."""
        last = plan.events[plan.order[-1]].job_id
        alone = keeping(plan, [place for place, index in enumerate(plan.order) if plan.events[index].job_id == last])
        needs = []
        if len(plan.jobs) > 1 and self.fails(factory, alone) is None:
            needs.append(f"needs {len(plan.jobs)} jobs: one alone does not show it")
        if any(plan.workers) and self.fails(factory, replace(plan, workers=())) is None:
            needs.append("needs a second worker: told by one alone, the rule holds")
        if plan.batch and self.fails(factory, replace(plan, batch=0)) is None:
            needs.append("with a look after each delivery the rule holds: look at what waits until it is written")
        return "; ".join(needs) or None

    def fails(self, factory: Factory, plan: Plan) -> tuple[History, Violation] | None:
        """What a fresh tracker shows, if it breaks the rule with this plan, and the rule alone is to blame."""
        failure = self._told(factory, plan)
        return None if failure is None or self._excuses(factory, *failure) else failure

    def _told(self, factory: Factory, plan: Plan) -> tuple[History, Violation] | None:
        """What a fresh tracker shows, if it breaks the rule with this plan."""
        self.tick()
        for _ in range(TRIES if self.rule.waits else 1):
            try:
                with factory.open() as handle:
                    history = seen_by(handle, plan, rule=self.rule)
            except NoTenant:  # the search's own tracker had room for it
                return None
            violation = self.rule.judge(history)[1]
            if violation is not None:
                return history, violation
        return None

    def _excuses(self, factory: Factory, history: History, violation: Violation) -> bool:
        """Whether another fresh tracker shows it in the control as well."""
        if self.rule.control is None:
            return False
        with factory.open() as handle:
            return self._shows_in_control(Observer(lambda: handle, self.rule), history, violation)

"""The search for a history that breaks one rule, and for the smallest such."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from pytest_jobstatus.delivery import Plan, joined, keeping, until
from pytest_jobstatus.explore.causal import Causal
from pytest_jobstatus.explore.effort import Effort
from pytest_jobstatus.explore.families import family
from pytest_jobstatus.explore.part import Part, clocks_for
from pytest_jobstatus.explore.shrink import shrunk
from pytest_jobstatus.factory import Factory
from pytest_jobstatus.handle import Handle
from pytest_jobstatus.history import History, recent, record
from pytest_jobstatus.rules import Rule, Violation
from pytest_jobstatus.scenario import Scenario
from pytest_jobstatus.tracker import Profile
from pytest_jobstatus.verdict import Counterexample, Coverage

SAME_SLEEPS = 8
"""How often a sleep must come again before it is believed, on a machine that may have other work."""
MOST_REPLAYED = 20_000
"""How many deliveries are repeated in search of the histories that a failure depends on."""


@dataclass(kw_only=True)
class Search:
    """The search for a history that breaks one rule.

    Args:
        rule: what is judged.
        effort: how far to look.
        seed: of what is drawn at random.
        scenarios: what to try first, where it is about the rule.
    """

    rule: Rule
    effort: Effort
    seed: int
    scenarios: tuple[Scenario, ...] = ()
    coverage: Coverage = field(default_factory=Coverage)
    cut: str | None = None
    interrupted: bool = False
    tried: list[Plan] = field(default_factory=list)

    def first_failure(self, handle: Handle) -> tuple[History, Violation] | None:
        """Try plan after plan, smallest first, until one fails."""
        observe = observer(handle, self.rule, note=self.tried.append)
        deadline = time.monotonic() + self.effort.seconds
        for part in self.parts(handle.profile):
            for plan in part.plans:
                if not self.rule.about(plan):
                    continue
                history = observe(plan)
                exercised, violation = self.rule.judge(history)
                self.coverage.add(plan, history, exercised)
                if violation is not None and not (
                    self.rule.waits and self._was_interrupted(observe, plan, violation.step)
                ):
                    return history, violation
                if time.monotonic() > deadline:
                    self.cut = f"ran out of time ({self.effort.seconds:g} s)"
                    return None
            self.coverage.complete.append(part.title)
        return None

    def _was_interrupted(self, observe: Callable[[Plan], History], plan: Plan, step: int) -> bool:
        """Whether a sleep does not come again and again at the same step: a thread that had to wait for the processor
        looks as if it had slept.
        """
        found = (self.rule.judge(observe(plan))[1] for _ in range(SAME_SLEEPS))
        return any(again is None or again.step != step for again in found)

    def parts(self, profile: Profile) -> Iterator[Part]:
        """The families of plans that can break the rule; scenarios that are about it come first."""
        told = (_as_far_as_known(each.plan, profile) for each in self.scenarios if self.rule.id in each.rules)
        about = [plan for plan in told if plan is not None]
        if about:
            yield Part(f"{len(about)} scenario{'s' if len(about) > 1 else ''}", iter(about))
        for name in self.rule.plans:
            yield family(name, self.effort, profile, seed=self.seed)

    def reported(self, factory: Factory, history: History, violation: Violation) -> Counterexample:
        """The smallest counterexample; after Ctrl-C the one that was found, as it is, and `interrupted` is set."""
        try:
            return self.smallest(factory, history, violation)
        except KeyboardInterrupt:
            self.interrupted = True
            note = "interrupted before it was made small"
            return Counterexample(rule=self.rule.id, violation=violation, history=history, note=note)

    def smallest(self, factory: Factory, history: History, violation: Violation) -> Counterexample:
        """Repeat the failure on a fresh tracker and take away what it does not need."""
        until_then = until(history.plan, violation.step)
        plan = next((plan for plan in (until_then, history.plan) if self.fails(factory, plan) is not None), None)
        if plan is None:
            plan = self._with_histories_before(factory, history.plan)
            if plan is None:
                note = (
                    f"seen once: a fresh tracker did not repeat it, nor did one that was told"
                    f" the {len(self.tried) - 1} histories before it"
                )
                return Counterexample(rule=self.rule.id, violation=violation, history=history, note=note)
        clock = clocks_for(history.profile)[0]
        smaller = shrunk(plan, lambda candidate: self.fails(factory, candidate) is not None, clock=clock)
        found = self.fails(factory, smaller) or self.fails(factory, smaller)
        if found is None:
            return Counterexample(
                rule=self.rule.id,
                violation=violation,
                history=history,
                note="does not fail every time: shown as first seen",
            )
        return Counterexample(
            rule=self.rule.id, violation=found[1], history=found[0], note=self._needs(factory, smaller)
        )

    def _needs(self, factory: Factory, plan: Plan) -> str | None:
        """What the failure does not show without, beside its events."""
        needs = [f"needs {len(plan.jobs)} jobs: one alone does not show it"] if len(plan.jobs) > 1 else []
        if plan.batch and self.fails(factory, replace(plan, batch=0)) is None:
            needs.append("with a look after each delivery the rule holds: look at what waits until it is written")
        return "; ".join(needs) or None

    def _with_histories_before(self, factory: Factory, plan: Plan) -> Plan | None:
        """The plan after as few of the histories before it as it takes to fail again."""
        count, replayed = 1, 0
        while True:
            longer = joined([*self.tried[-count - 1 : -1], plan])
            replayed += len(longer.order)
            if self.fails(factory, longer) is not None:
                return longer
            if count >= len(self.tried) - 1 or replayed > MOST_REPLAYED:
                return None
            count *= 2

    def fails(self, factory: Factory, plan: Plan) -> tuple[History, Violation] | None:
        """What a fresh tracker shows, if it breaks the rule with this plan."""
        with factory.open() as handle:
            history = observer(handle, self.rule)(plan)
        violation = self.rule.judge(history)[1]
        return None if violation is None else (history, violation)


def observer(
    handle: Handle, rule: Rule | None, *, note: Callable[[Plan], None] = lambda _: None
) -> Callable[[Plan], History]:
    """How a plan is carried out on the tracker and seen, with its causal counterpart where the rule compares.

    Args:
        handle: the tracker.
        rule: what the history will be judged by; None for no rule.
        note: is told of each plan before it is carried out, the causal counterparts included.
    """
    shift = recent(now=datetime.now(UTC), zone=handle.profile.zone)
    others = rule is not None and rule.others
    if rule is not None and rule.waits:
        handle.watch()

    def observe(plan: Plan) -> History:
        note(plan)
        return record(handle, plan, shift=shift, others=others)

    compares = rule.compares if rule is not None else None
    if compares is None:
        return observe
    causal = Causal(observe)
    return lambda plan: causal.beside(observe(plan)) if compares(plan) else observe(plan)


def _as_far_as_known(plan: Plan, profile: Profile) -> Plan | None:
    """The plan without the deliveries of kinds that the tracker does not know; None where nothing is left of it."""
    one_attempt = not (profile.supports("retrying") or profile.supports("stalled"))
    if one_attempt and any(event.attempt > 1 for event in plan.events):
        return None
    known = [place for place, index in enumerate(plan.order) if plan.events[index].kind in profile.kinds]
    return keeping(plan, known) if known else None

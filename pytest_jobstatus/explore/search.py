"""The search for a history that breaks one rule, and for the smallest such."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import NamedTuple

from pytest_jobstatus.delivery import Plan, until
from pytest_jobstatus.explore.control import control_of
from pytest_jobstatus.explore.effort import Effort
from pytest_jobstatus.explore.families import family
from pytest_jobstatus.explore.longer import longer
from pytest_jobstatus.explore.observer import SCENARIO, Observer, Origin, Shared, seen_by
from pytest_jobstatus.explore.part import clocks_for
from pytest_jobstatus.explore.shrink import shrunk
from pytest_jobstatus.explore.trial import Trial
from pytest_jobstatus.factory import Factory
from pytest_jobstatus.handle import NoTenant
from pytest_jobstatus.history import History
from pytest_jobstatus.raised import said
from pytest_jobstatus.rules import Control, Plans, Rule, Violation
from pytest_jobstatus.saved import Seen, seen_before
from pytest_jobstatus.scenario import Scenario, applying, as_far_as_known, called, ends_otherwise, is_own, mismatch
from pytest_jobstatus.tracker import Profile
from pytest_jobstatus.verdict import Counterexample, Coverage

MOST_EXCUSED = 3
"""How many failures are repeated that turn out to be another rule's business, before the search is given up."""
MOST_DOUBTS = 3
"""How many failures that showed without other jobs too are seen again on a tracker that knows of none."""


OFTEN = 0.2
"""Seconds: how often somebody who waits is told how far the search is."""
Watch = Callable[[str, Coverage], None]
"""Is told which rule is judged, and what was tried for it until now."""


class Try(NamedTuple):
    """A plan to try, and where it comes from.

    Args:
        plan: what is delivered.
        family: which it belongs to.
        scenario: which it is, where it is one.
    """

    plan: Plan
    family: Origin
    scenario: Scenario | None = None


@dataclass(kw_only=True)
class Search:
    """The search for a history that breaks one rule.

    Args:
        rule: what is judged.
        effort: how far to look.
        seed: of what is drawn at random.
        scenarios: what to try first, where it is about the rule.
        seen: counterexamples to the rule that were seen before: they are tried before all else.
        shared: what other rules of the same check have seen.
        watch: is told now and then how far the search is; None where nobody waits.
        coverage: what was tried.
        cut: why the search ended early, if it did.
        interrupted: whether Ctrl-C came while a counterexample was made small.
        before: what the tracker that failed had been told before.
        scenario: what failed, if it was one.
        expecting: the first scenario that expects something else than was shown, with that and where it shows.
    """

    rule: Rule
    effort: Effort
    seed: int
    scenarios: tuple[Scenario, ...] = ()
    seen: tuple[Seen, ...] = ()
    shared: Shared | None = None
    watch: Watch | None = None
    coverage: Coverage = field(default_factory=Coverage)
    cut: str | None = None
    interrupted: bool = False
    before: Sequence[Plan] = ()
    scenario: Scenario | None = None
    expecting: tuple[Scenario, History, Violation] | None = None
    _tell_at: float = field(default_factory=lambda: time.monotonic() + OFTEN)

    def first_failure(self, factory: Factory, profile: Profile) -> Counterexample | None:
        """The smallest counterexample to the rule, if there is one; one that cannot be repeated only where no other
        can; after Ctrl-C the one that was found, as it is, and `interrupted` is set.

        Args:
            factory: makes the tracker.
            profile: what it declares.
        """
        plans = self._plans(profile)
        once: Counterexample | None = None
        for number in range(MOST_DOUBTS + MOST_EXCUSED):
            failure = self._failure(factory, plans, doubting=number < MOST_DOUBTS)
            if failure is None:
                unmet = self._unmet(factory, *self.expecting) if self.expecting is not None else None
                return once if unmet is None or (once is not None and unmet.as_seen) else unmet
            try:
                found = self.smallest(factory, *failure, far=once is None)
            except KeyboardInterrupt:
                self.interrupted = True
                history, violation = failure
                note = "interrupted before it was made small"
                return self._noted(
                    Counterexample(rule=self.rule.id, violation=violation, history=history, note=note, as_seen=True)
                )
            if found is not None and not found.as_seen:
                return self._noted(found)
            once = once or (self._noted(found) if found is not None else None)
        if once is not None:
            return once
        self.cut = f"other rules tell of what fails here: it fails without {self.rule.control} too; given up"
        return None

    def _noted(self, found: Counterexample) -> Counterexample:
        """The counterexample with the scenario that led to it: made small, it may look like another."""
        if self.scenario is None or self.scenario.found is not None:
            return found
        return replace(found, first_seen=called(self.scenario))

    def unmet(self, factory: Factory, scenario: Scenario, history: History) -> Violation | None:
        """Where the scenario expects something else than is shown, and this rule is to tell of it: it is the first that
        applies, and no other that the scenario is about is broken, which then tells by itself.
        """
        violation = mismatch(scenario, history)
        if violation is None or (about := applying(scenario, history.profile))[0].id != self.rule.id:
            return None
        if any(other.judge(history)[1] is not None for other in about[1:]):
            return None
        if self.rule.control is Control.PLAIN:
            clock = clocks_for(history.profile)[0]
            plain = control_of(history.plan, len(history.plan.order) - 1, control=Control.PLAIN, clock=clock)
            with factory.open() as handle:
                if ends_otherwise(scenario, seen_by(handle, plain)):
                    return None
        # Those that compare have to look further.
        others = (Trial(rule=other, tick=self._tick) for other in about[1:])
        return None if any(other.fails(factory, history.plan) for other in others) else violation

    def _is_first_unmet(self, factory: Factory, scenario: Scenario, history: History) -> bool:
        """Note the first scenario that expects something else than is shown. What breaks the rule itself says more:
        it is looked for all the same, but where this was seen before.
        """
        unmet = self.unmet(factory, scenario, history) if self.expecting is None else None
        if unmet is not None:
            self.expecting = scenario, history, unmet
        return unmet is not None and scenario.found is not None

    def _unmet(self, factory: Factory, scenario: Scenario, history: History, unmet: Violation) -> Counterexample:
        """The whole scenario, which expects something else than is shown: smaller it would expect nothing."""
        with factory.open() as handle:
            again = seen_by(handle, history.plan, rule=self.rule, family=SCENARIO)
        violation, note = mismatch(scenario, again), called(scenario)
        note += "; if it expects the wrong thing, mend it there" if is_own(scenario) and not scenario.found else ""
        once = violation is None
        if violation is None:
            again, violation, note = history, unmet, f"{note}; seen once: a fresh tracker did not repeat it"
        found = Counterexample(
            rule=self.rule.id,
            violation=violation,
            history=again,
            note=note,
            expected=scenario.expected,
            as_seen=once,
        )
        return seen_before(found, self.seen) or found

    def _plans(self, profile: Profile) -> Iterator[Try]:
        """Plan after plan, smallest first, until time runs out; what was seen before and scenarios come before all."""
        deadline = time.monotonic() + self.effort.seconds
        for title, tries in self._parts(profile):
            for each in tries:
                yield each
                self._tick()
                if time.monotonic() > deadline:
                    self.cut = f"ran out of time ({self.effort.seconds:g} s)"
                    return
            self.coverage.complete.append(title)

    def _tick(self) -> None:
        """Tell whoever waits how far the search is, if it is time."""
        if self.watch is not None and (now := time.monotonic()) > self._tell_at:
            self._tell_at = now + OFTEN
            self.watch(self.rule.id, self.coverage)

    @property
    def trial(self) -> Trial:
        """What single plans are tried by."""
        return Trial(rule=self.rule, tick=self._tick)

    def _failure(self, factory: Factory, plans: Iterator[Try], *, doubting: bool) -> tuple[History, Violation] | None:
        """The first plan that fails, on a tracker that is made when one is needed, and gone before others are made.

        Args:
            factory: makes the tracker.
            plans: what is left to try.
            doubting: whether a failure that shows without the other jobs or tenants too is worth a fresh tracker: this
                one has had many, and what they left, a watermark or a setting that all share, may be the fault.
        """
        doubting = doubting and self.rule.control in (Control.ALONE, Control.NO_TENANT)
        raised: BaseException | None = None
        refused: NoTenant | None = None
        with ExitStack() as stack:
            observe = Observer(lambda: stack.enter_context(factory.open()), self.rule, shared=self.shared)
            for plan, family_of, scenario in plans:
                try:
                    seen = observe(plan, family=family_of)
                except NoTenant as error:
                    refused = refused or error
                    continue
                exercised, violation = self.rule.judge(seen.history, jobs=seen.jobs)
                self.coverage.add(plan, seen.history, exercised, exercise=seen.exercise)
                raised = seen.history.steps[-1].raised if seen.history.steps else raised
                if violation is None:
                    if scenario is not None and self._is_first_unmet(factory, scenario, seen.history):
                        break
                    continue
                if family_of == Plans.MACHINE and self.trial.is_of_others(observe, seen.history):
                    continue
                if doubting or self.trial.is_its_own(observe, seen.history, violation):
                    self.before, self.scenario = seen.before, scenario
                    return seen.history, violation
        if refused is not None and not self.coverage.exercised:
            self.cut = f"never exercised: {refused},"
        if self.cut is not None and raised is not None:
            self.cut += f", where apply raised {said(raised)},"
        return None

    def _parts(self, profile: Profile) -> Iterator[tuple[str, Iterator[Try]]]:
        """What can break the rule, part by part with its title: what was seen before, whatever it is about; of the
        scenarios the user's own first, then those that are about the rule before all, the small ones before the large.
        """
        seen = [each.scenario for each in self.seen]
        before = [Try(each.plan, SCENARIO, each) for each in seen if as_far_as_known(each, profile) is each.plan]
        if before:
            yield f"{len(before)} counterexample{'s' if len(before) > 1 else ''} seen before", iter(before)
        about = [each for each in self.scenarios if self.rule.id in each.rules]
        about.sort(key=lambda each: (not is_own(each), each.rules.index(self.rule.id), len(each.plan.order)))
        told = [Try(plan, SCENARIO, each) for each in about if (plan := as_far_as_known(each, profile)) is not None]
        if told:
            yield f"{len(told)} scenario{'s' if len(told) > 1 else ''}", iter(told)
        for name in self.rule.plans:
            part = family(name, self.effort, profile, seed=self.seed)
            yield part.title, (Try(plan, name) for plan in part.plans if self.rule.about(plan))

    def smallest(
        self, factory: Factory, history: History, violation: Violation, *, far: bool = True
    ) -> Counterexample | None:
        """Repeat the failure on a fresh tracker and take away what it does not need; None where the fresh one shows it
        without what the rule is about, too.

        Args:
            factory: makes the tracker.
            history: what failed.
            violation: where.
            far: whether the histories before it are told as well where it needs them, which may take many seconds.
        """
        again = self._again(factory, history.plan)
        if again is not None:
            return again
        until_then = until(history.plan, violation.step)
        before = longer(self.before, history.plan) if far else ()
        repeated = self.trial.repeated(factory, chain((until_then, history.plan), before))
        if repeated is None:
            note = (
                f"seen once: a fresh tracker did not repeat it, nor did one that was told"
                f" the {len(self.before)} histories before it"
            )
            return Counterexample(rule=self.rule.id, violation=violation, history=history, note=note, as_seen=True)
        plan, own = repeated
        if not own:
            return None
        clock = clocks_for(history.profile)[0]
        smaller = shrunk(plan, lambda candidate: self.trial.fails(factory, candidate) is not None, clock=clock)
        found = self.trial.fails(factory, smaller) or self.trial.fails(factory, smaller)
        if found is None:
            return Counterexample(
                rule=self.rule.id,
                violation=violation,
                history=history,
                note="does not fail every time: shown as first seen",
                as_seen=True,
            )
        return Counterexample(
            rule=self.rule.id, violation=found[1], history=found[0], note=self.trial.needs(factory, smaller)
        )

    def _again(self, factory: Factory, plan: Plan) -> Counterexample | None:
        """A counterexample that was seen before, where a fresh tracker shows the same: it is as small as it gets."""
        if not any(each.scenario.plan is plan for each in self.seen):
            return None
        failure = self.trial.fails(factory, plan)
        if failure is None:
            return None
        history, violation = failure
        found = Counterexample(
            rule=self.rule.id, violation=violation, history=history, note=self.trial.needs(factory, plan)
        )
        return seen_before(found, self.seen)

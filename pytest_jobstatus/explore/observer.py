"""How plans are carried out on the tracker under test, and what is kept of that for the rules that come later."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from pytest_jobstatus.delivery import Plan
from pytest_jobstatus.exercise import Exercise, exercised
from pytest_jobstatus.explore.causal import Causal
from pytest_jobstatus.handle import Handle
from pytest_jobstatus.history import History, recent, record
from pytest_jobstatus.rules import Plans, Rule
from pytest_jobstatus.tracker import Profile

SCENARIO: Literal["scenario"] = "scenario"
"""Where a plan comes from that is of no family."""
Origin = Plans | Literal["scenario"]
MOST_KEPT = 50_000
"""How many deliveries are kept for other rules, about 1 kB each: more than a check at default effort has."""


class Observation(NamedTuple):
    """What one tracker showed of a plan.

    Args:
        history: what was seen.
        told: what that tracker was told, this plan and those after it included.
        place: of this plan among them.
        exercise: which kinds of event met which statuses.
    """

    history: History
    told: Sequence[Plan]
    place: int
    exercise: Exercise

    @property
    def before(self) -> Sequence[Plan]:
        """What the tracker had been told before: a failure may depend on that."""
        return self.told[: self.place]


class Shared:
    """What the rules of one check have seen: those that ask for the same plan judge the same history.

    Args:
        rules: all that are judged, each once.
        profile: what the tracker declares: rules that do not apply ask for nothing.
    """

    def __init__(self, rules: Iterable[Rule], profile: Profile) -> None:
        """Start with nothing seen."""
        asking = (rule for rule in rules if not rule.waits and rule.not_applicable(profile) is None)
        self._askers: Counter[Origin] = Counter()
        for rule in asking:
            self._askers.update((*rule.plans, SCENARIO))
        self._seen: dict[object, Observation] = {}
        self._kept: dict[Origin, list[object]] = {}
        self._room = MOST_KEPT

    def get(self, plan: Plan, *, others: bool) -> Observation | None:
        """What was seen when the same was delivered, and of the plan's other jobs where that is wanted."""
        return self._seen.get(_deliveries(plan, others=others))

    def keep(self, observation: Observation, *, family: Origin, others: bool) -> None:
        """Keep it for rules that are still to come and ask for the family, while there is room."""
        plan = observation.history.plan
        if self._askers[family] > 1 and self._room >= len(plan.order):
            self._room -= len(plan.order)
            key = _deliveries(plan, others=others)
            self._seen[key] = observation
            self._kept.setdefault(family, []).append(key)

    def judged(self, rule: Rule) -> None:
        """Forget what no rule that is still to come asks for."""
        if rule.waits:
            return
        asked: tuple[Origin, ...] = (*rule.plans, SCENARIO)
        self._askers.subtract(asked)
        for family in asked:
            if not self._askers[family]:
                gone = [self._seen.pop(key) for key in self._kept.pop(family, ())]
                self._room += sum(len(each.history.plan.order) for each in gone)


def _deliveries(plan: Plan, *, others: bool) -> object:
    """What tells a plan from others: its very events, since equal ones may differ in their offsets.

    They stay what they are as long as an observation holds them.
    """
    return id(plan.events), plan.order, plan.strays, plan.reads, plan.strangers, plan.batch, plan.workers, others


class Observer:
    """Carries out plans for one rule, on one tracker, and sees what the rule wants to know.

    Args:
        tracker: opens it; called when the first plan has to be carried out.
        rule: what the histories will be judged by; None for no rule.
        shared: what other rules of the same check have seen.
    """

    def __init__(self, tracker: Callable[[], Handle], rule: Rule | None, *, shared: Shared | None = None) -> None:
        """Open nothing yet."""
        self._tracker = tracker
        self._handle: Handle | None = None
        self._told: list[Plan] = []
        self._others = rule is not None and rule.others
        self._waits = rule is not None and rule.waits
        self._compares = rule.compares if rule is not None else None
        self._causal = Causal()
        self._shared = shared if not self._waits else None  # how long a call took is seen only by who watches it

    def __call__(self, plan: Plan, *, family: Origin | None = None) -> Observation:
        """What a tracker shows of the plan, with its causal counterpart where the rule compares; of a scenario with
        several jobs what became of each, whatever the rule looks at.

        Args:
            plan: what to deliver.
            family: which it belongs to, where other rules may have asked for it.
        """
        seen = self._shared_or_new(plan, family)
        if self._compares is not None and self._compares(plan):
            history = self._causal.beside(seen.history, self._history)
            return Observation(history, seen.told, seen.place, seen.exercise)
        return seen

    def beside(self, plan: Plan, rule: Rule) -> History:
        """What the same tracker shows of the plan, with what another rule wants to know."""
        return Observer(self._opened, rule)(plan).history

    def _opened(self) -> Handle:
        if self._handle is None:
            self._handle = self._tracker()
            self._shift = recent(now=datetime.now(UTC), zone=self._handle.profile.zone)
            if self._waits:
                self._handle.watch()
        return self._handle

    def _shared_or_new(self, plan: Plan, family: Origin | None) -> Observation:
        others = self._others or (family == SCENARIO and len(plan.jobs) > 1)
        if self._shared is None or family is None:
            return self._carried_out(plan, others=others)
        seen = self._shared.get(plan, others=others)
        if seen is None:
            seen = self._carried_out(plan, others=others)
            self._shared.keep(seen, family=family, others=others)
        return seen

    def _history(self, plan: Plan) -> History:
        return self._carried_out(plan, others=self._others).history

    def _carried_out(self, plan: Plan, *, others: bool) -> Observation:
        handle = self._opened()
        self._told.append(plan)
        history = record(handle, plan, shift=self._shift, others=others)
        return Observation(history, self._told, len(self._told) - 1, exercised(history))


def seen_by(handle: Handle, plan: Plan, *, rule: Rule | None = None, family: Origin | None = None) -> History:
    """What one tracker shows of one plan, with what the rule wants to know.

    Args:
        handle: the tracker.
        plan: what to deliver.
        rule: what the history will be judged by; None for no rule.
        family: where the plan comes from, if that matters.
    """
    return Observer(lambda: handle, rule)(plan, family=family).history

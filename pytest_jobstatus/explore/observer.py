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


class Look(NamedTuple):
    """What a rule wants to know beside what a job shows after each delivery.

    Args:
        others: what the plan's other jobs show.
        waits: what `apply` slept.
    """

    others: bool = False
    waits: bool = False


class Shared:
    """What the rules of one check have seen: those that ask for the same plan judge the same history. It is looked at
    as closely as the closest of them wants to.

    Args:
        rules: all that are judged, each once.
        profile: what the tracker declares: rules that do not apply ask for nothing.
        causal: what sets of events show in causal order.
    """

    def __init__(self, rules: Iterable[Rule], profile: Profile) -> None:
        """Start with nothing seen."""
        self._askers: Counter[Origin] = Counter()
        self._looks: dict[Origin, Look] = {SCENARIO: Look(others=True)}  # which may expect something of each job
        for rule in rules:
            if rule.not_applicable(profile) is None:
                self._askers.update((*rule.plans, SCENARIO))
                for name in rule.plans:
                    known = self._looks.get(name, Look())
                    self._looks[name] = Look(others=known.others or rule.others, waits=known.waits or rule.waits)
        self._seen: dict[object, Observation] = {}
        self._kept: dict[Origin, list[object]] = {}
        self._room = MOST_KEPT
        self.causal = Causal()

    def look(self, family: Origin) -> Look:
        """How closely to look at the family's plans."""
        return self._looks.get(family, Look())

    def get(self, plan: Plan, *, look: Look) -> Observation | None:
        """What was seen when the same was delivered, and looked at as closely."""
        return self._seen.get(_deliveries(plan, look))

    def keep(self, observation: Observation, *, family: Origin, look: Look) -> None:
        """Keep it for rules that are still to come and ask for the family, while there is room."""
        plan = observation.history.plan
        if self._askers[family] > 1 and self._room >= len(plan.order):
            self._room -= len(plan.order)
            key = _deliveries(plan, look)
            self._seen[key] = observation
            self._kept.setdefault(family, []).append(key)

    def judged(self, rule: Rule) -> None:
        """Forget what no rule that is still to come asks for."""
        asked: tuple[Origin, ...] = (*rule.plans, SCENARIO)
        self._askers.subtract(asked)
        for family in asked:
            if not self._askers[family]:
                gone = [self._seen.pop(key) for key in self._kept.pop(family, ())]
                self._room += sum(len(each.history.plan.order) for each in gone)


def _deliveries(plan: Plan, look: Look) -> object:
    """What tells a plan from others: its very events, since equal ones may differ in their offsets.

    They stay what they are as long as an observation holds them.
    """
    return id(plan.events), plan.order, plan.strays, plan.reads, plan.strangers, plan.batch, plan.workers, look


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
        self._own = Look(others=rule.others, waits=rule.waits) if rule is not None else Look()
        self._compares = rule.compares if rule is not None else None
        self._causal = shared.causal if shared is not None else Causal()
        self._shared = shared
        self._looks: dict[Origin | None, tuple[Look, Look]] = {}  # at one job, and at several

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
        return self._handle

    def _shared_or_new(self, plan: Plan, family: Origin | None) -> Observation:
        look = self._look(plan, family)
        if self._shared is None or family is None:
            return self._carried_out(plan, look)
        seen = self._shared.get(plan, look=look)
        if seen is None:
            seen = self._carried_out(plan, look)
            self._shared.keep(seen, family=family, look=look)
        return seen

    def _look(self, plan: Plan, family: Origin | None) -> Look:
        """How closely to look at a plan: as the rule itself does at least; at other jobs where there are some."""
        if family not in self._looks:
            wanted = Look(others=family == SCENARIO)
            if self._shared is not None and family is not None:
                wanted = self._shared.look(family)
            waits = self._own.waits or wanted.waits
            self._looks[family] = Look(waits=waits), Look(others=self._own.others or wanted.others, waits=waits)
        return self._looks[family][len(plan.jobs) > 1]

    def _history(self, plan: Plan) -> History:
        return self._carried_out(plan, self._look(plan, None)).history

    def _carried_out(self, plan: Plan, look: Look) -> Observation:
        handle = self._opened()
        handle.watch(on=look.waits)
        self._told.append(plan)
        history = record(handle, plan, shift=self._shift, others=look.others)
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

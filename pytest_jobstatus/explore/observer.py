"""How plans are carried out on the tracker under test, and what is kept of that for the rules that come later."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

from pytest_jobstatus.delivery import Plan
from pytest_jobstatus.exercise import Exercise, exercised
from pytest_jobstatus.explore.causal import Causal
from pytest_jobstatus.handle import Handle
from pytest_jobstatus.history import History, recent, record
from pytest_jobstatus.rules import Plans, Rule
from pytest_jobstatus.tracker import Profile
from pytest_jobstatus.waits import given_up, is_profiled

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
        jobs: the history of each job by itself, cut out once for all rules that judge them.
    """

    history: History
    told: Sequence[Plan]
    place: int
    exercise: Exercise
    jobs: Sequence[History]

    @property
    def before(self) -> Sequence[Plan]:
        """What the tracker had been told before: a failure may depend on that."""
        return self.told[: self.place]


class Kept(NamedTuple):
    """An observation for rules that are still to come.

    Args:
        observation: what was seen.
        family: for whose askers it is kept.
        watched: whether somebody looked what `apply` slept.
    """

    observation: Observation
    family: Origin
    watched: bool

    @property
    def size(self) -> int:
        """How many deliveries it has."""
        return len(self.observation.history.plan.order)


class Shared:
    """What the rules of one check have seen: those that ask for the same plan judge the same history.

    Args:
        rules: all that are judged, each once.
        profile: what the tracker declares: rules that do not apply ask for nothing.
        shift: what the trackers of this check add to all instants: histories of several are compared.
        is_prompt: whether they have waited for nothing yet, as one in memory never does: then a look at that costs less
            than a look at each call.
    """

    def __init__(self, rules: Iterable[Rule], profile: Profile) -> None:
        """Start with nothing seen."""
        self._askers: Counter[Origin] = Counter()
        self._watchers: Counter[Origin] = Counter()
        for rule in rules:
            if rule.not_applicable(profile) is None:
                self._askers.update(_asked(rule))
                self._watchers.update(_asked(rule) if rule.waits else ())
        self._seen: dict[object, Kept] = {}
        self._kept: dict[Origin, list[object]] = {}
        self._room = MOST_KEPT
        self.shift: timedelta | None = None
        self.is_prompt = True

    def watches(self, plan: Plan, *, family: Origin) -> bool:
        """Whether to look what `apply` sleeps, since a rule that is still to come wants to know, and will get it."""
        return self._watchers[family] > 0 and self._room >= len(plan.order)

    def get(self, plan: Plan, *, others: bool, watched: bool = False) -> Observation | None:
        """What was seen when the same was delivered, of the plan's other jobs and of what was slept where wanted."""
        kept = self._seen.get(_deliveries(plan, others=others))
        return kept.observation if kept is not None and kept.watched >= watched else None

    def keep(self, observation: Observation, *, family: Origin, others: bool, watched: bool = False) -> None:
        """Keep it for rules that are still to come and ask for the family, while there is room."""
        kept = Kept(observation, family, watched)
        if self._askers[family] > 1 and self._room >= kept.size:
            key = _deliveries(observation.history.plan, others=others)
            self._forget(key)
            self._room -= kept.size
            self._seen[key] = kept
            self._kept.setdefault(family, []).append(key)

    def judged(self, rule: Rule) -> None:
        """Forget what no rule that is still to come asks for."""
        self._askers.subtract(_asked(rule))
        self._watchers.subtract(_asked(rule) if rule.waits else ())
        for family in _asked(rule):
            if not self._askers[family]:
                for key in self._kept.pop(family, ()):
                    if key in self._seen and self._seen[key].family == family:  # else it was seen anew for another
                        self._forget(key)

    def _forget(self, key: object) -> None:
        gone = self._seen.pop(key, None)
        self._room += gone.size if gone is not None else 0


def _asked(rule: Rule) -> tuple[Origin, ...]:
    """What a rule asks for."""
    return (*rule.plans, SCENARIO)


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
        self._shared = shared

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
            return seen._replace(history=history, jobs=history.of_each_job())
        return seen

    def beside(self, plan: Plan, rule: Rule) -> History:
        """What the same tracker shows of the plan, with what another rule wants to know."""
        return Observer(self._opened, rule)(plan).history

    def _opened(self) -> Handle:
        if self._handle is None:
            self._handle = self._tracker()
            shift = self._shared.shift if self._shared is not None else None
            self._shift = shift or recent(now=datetime.now(UTC), zone=self._handle.profile.zone)
            if self._shared is not None:
                self._shared.shift = self._shift
        return self._handle

    def _shared_or_new(self, plan: Plan, family: Origin | None) -> Observation:
        others = self._others or (family == SCENARIO and len(plan.jobs) > 1)
        if self._shared is None or family is None:
            return self._carried_out(plan, others=others)
        seen = self._shared.get(plan, others=others, watched=self._waits)
        if seen is None:
            seen, watched = self._looked_at(plan, self._shared, family, others=others)
            self._shared.keep(seen, family=family, others=others, watched=watched)
        return seen

    def _looked_at(self, plan: Plan, shared: Shared, family: Origin, *, others: bool) -> tuple[Observation, bool]:
        """What a tracker shows of the plan, and whether it is known what `apply` slept: a thread that waited for
        nothing all the time has not slept. Once it has waited, the plans that come are looked at call by call.
        """
        wanted = self._waits or shared.watches(plan, family=family)
        if self._waits or not wanted or not shared.is_prompt or is_profiled():
            return self._carried_out(plan, others=others, watched=wanted), wanted
        seen = self._carried_out(plan, others=others, glanced=True)
        shared.is_prompt = seen.history.at_once
        return seen, shared.is_prompt

    def _history(self, plan: Plan) -> History:
        return self._carried_out(plan, others=self._others).history

    def _carried_out(self, plan: Plan, *, others: bool, watched: bool = False, glanced: bool = False) -> Observation:
        handle = self._opened()
        handle.watch(on=watched or self._waits)
        self._told.append(plan)
        before = given_up() if glanced else None
        history = record(handle, plan, shift=self._shift, others=others)
        if glanced and given_up() == before and handle.loop.task is None:  # a coroutine may sleep and not give it up
            history = history._replace(at_once=True)
        return Observation(history, self._told, len(self._told) - 1, exercised(history), history.of_each_job())


def seen_by(handle: Handle, plan: Plan, *, rule: Rule | None = None, family: Origin | None = None) -> History:
    """What one tracker shows of one plan, with what the rule wants to know.

    Args:
        handle: the tracker.
        plan: what to deliver.
        rule: what the history will be judged by; None for no rule.
        family: where the plan comes from, if that matters.
    """
    return Observer(lambda: handle, rule)(plan, family=family).history

"""Joins the stages: plans are carried out on the tracker, judged by a rule, and a failure is made small."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from pytest_jobstatus.baseline import load_baseline
from pytest_jobstatus.delivery import Plan, joined
from pytest_jobstatus.explore.causal import Causal
from pytest_jobstatus.explore.effort import Effort, effort_named
from pytest_jobstatus.explore.orders import FAMILIES, Part
from pytest_jobstatus.explore.samples import sampled
from pytest_jobstatus.explore.shrink import shrunk
from pytest_jobstatus.handle import Factory, Handle
from pytest_jobstatus.history import History, recent, record
from pytest_jobstatus.rules import Plans, Rule, Violation, select
from pytest_jobstatus.scenario import Scenario, dump, load_folder, shipped, short_id
from pytest_jobstatus.smoke import smoke
from pytest_jobstatus.tracker import Profile
from pytest_jobstatus.verdict import Counterexample, Coverage, Report, RuleResult, Verdict, verdict_of

MOST_REPLAYED = 20_000
"""How many deliveries are repeated in search of the histories that a failure depends on."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a user asks of a check, beside the tracker.

    Args:
        rules: which rules to judge.
        effort: how far to search.
        seed: of what is drawn at random.
        scenarios: folders of scenario files, tried before everything else.
        baseline: known violations, with their reasons.
        save: the folder that counterexamples are written to; None writes none.
    """

    rules: tuple[Rule, ...]
    effort: Effort
    seed: int = 0
    scenarios: tuple[Scenario, ...] = ()
    baseline: dict[str, str] = field(default_factory=dict)
    save: Path | None = None


def settings(
    *,
    rules: str | Sequence[str] | None = None,
    effort: str = "default",
    seed: int = 0,
    baseline: str | Path | None = None,
    scenarios: str | Path | None = None,
    save: str | Path | None = None,
    source: str = "check",
) -> Settings:
    """Settings from what a user wrote.

    Raises:
        Misuse: for an unknown rule or effort, a bad baseline or a bad scenario.
    """
    folders = [shipped(), *([Path(scenarios)] if scenarios is not None else [])]
    return Settings(
        rules=select(rules, source=f"{source}: rules"),
        effort=effort_named(effort, source=f"{source}: effort"),
        seed=seed,
        scenarios=tuple(scenario for folder in folders for scenario in load_folder(folder)),
        baseline=load_baseline(Path(baseline)) if baseline is not None else {},
        save=Path(save) if save is not None else None,
    )


def check(
    tracker: object,
    *,
    rules: str | Sequence[str] | None = None,
    effort: str = "default",
    seed: int = 0,
    baseline: str | Path | None = None,
    scenarios: str | Path | None = None,
    save: str | Path | None = None,
) -> Report:
    """Judge a tracker by the rule book.

    Args:
        tracker: the class, or a function that makes a fresh tracker at each call (see `Factory`).
        rules: numbers or families, "TERM-1" or "TERM"; None for all that are checked.
        effort: "quick", "default" or "thorough".
        seed: of the plans that are drawn at random.
        baseline: a file of known violations.
        scenarios: a folder of scenario files to try as well.
        save: a folder to write counterexamples to, as scenario files.

    Raises:
        Misuse: where the adapter is broken or an argument is; then nothing was judged.

    >>> class Forgetful:
    ...     def apply(self, event): ...
    ...     def read(self, job_id): ...
    >>> report = check(Forgetful, rules=["TRACK-1"])
    >>> report.verdict, report["TRACK-1"].counterexample.message
    (<Overall.VIOLATIONS: 'violations'>, 'created was delivered in order, but the job reads as nothing')
    """
    chosen = settings(rules=rules, effort=effort, seed=seed, baseline=baseline, scenarios=scenarios, save=save)
    factory = Factory.of(tracker)
    return report(factory, chosen, list(results(factory, chosen)))


def results(factory: Factory, chosen: Settings) -> Iterator[RuleResult]:
    """Judge rule by rule, each on a tracker of its own."""
    profile = smoke(factory)
    for rule in chosen.rules:
        yield judge(rule, factory, profile, chosen)


def report(factory: Factory, chosen: Settings, found: Sequence[RuleResult]) -> Report:
    """The report on the results."""
    passed = {result.id for result in found if result.verdict is Verdict.PASS}
    stale = {number: reason for number, reason in chosen.baseline.items() if number in passed}
    return Report(tracker=factory.name, rules=tuple(found), stale=stale)


def judge(rule: Rule, factory: Factory, profile: Profile, chosen: Settings) -> RuleResult:
    """The verdict on one rule, from a tracker of its own."""
    began = time.perf_counter()
    reason = rule.not_applicable(profile)
    if reason is not None:
        return RuleResult(id=rule.id, level=rule.level, verdict=Verdict.NOT_APPLICABLE, reason=reason)
    search = Search(rule=rule, chosen=chosen)
    with factory.open() as handle:
        failure = search.first_failure(handle)
    counterexample = search.smallest(factory, *failure) if failure is not None else None
    verdict, reason = verdict_of(rule, search.coverage, counterexample, cut=search.cut)
    return RuleResult(
        id=rule.id,
        level=rule.level,
        verdict=verdict,
        reason=reason,
        seconds=time.perf_counter() - began,
        coverage=search.coverage,
        counterexample=_saved(counterexample, chosen) if counterexample is not None else None,
        known=verdict is Verdict.FAIL and rule.id in chosen.baseline,
    )


@dataclass(kw_only=True)
class Search:
    """The search for a history that breaks one rule.

    Args:
        rule: what is judged.
        chosen: how far to look.
    """

    rule: Rule
    chosen: Settings
    coverage: Coverage = field(default_factory=Coverage)
    cut: str | None = None
    tried: list[Plan] = field(default_factory=list)

    def first_failure(self, handle: Handle) -> tuple[History, Violation] | None:
        """Try plan after plan, smallest first, until one fails."""
        observe = observer(handle, self.rule)
        deadline = time.monotonic() + self.chosen.effort.seconds
        for part in self.parts(handle.profile):
            for plan in part.plans:
                history = observe(plan)
                exercised, violation = self.rule.judge(history)
                self.coverage.add(plan, history, exercised)
                if violation is not None:
                    return history, violation
                self.tried.append(plan)
                if time.monotonic() > deadline:
                    self.cut = f"ran out of time ({self.chosen.effort.seconds:g} s)"
                    return None
            self.coverage.complete.append(part.title)
        return None

    def parts(self, profile: Profile) -> Iterator[Part]:
        """The families of plans that can break the rule; scenarios that are about it come first."""
        about = [s.plan for s in self.chosen.scenarios if self.rule.id in s.rules and _playable(s.plan, profile)]
        if about:
            yield Part(f"{len(about)} scenarios", iter(about))
        for name in self.rule.plans:
            if name in FAMILIES:
                yield FAMILIES[name](self.chosen.effort, profile)
            else:
                with_strays = name is Plans.STRAY_SAMPLES
                yield sampled(self.chosen.effort, profile, seed=self.chosen.seed, with_strays=with_strays)

    def smallest(self, factory: Factory, history: History, violation: Violation) -> Counterexample:
        """Repeat the failure on a fresh tracker and take away what it does not need."""
        until_then = replace(history.plan, order=history.plan.order[: violation.step + 1])
        plan = next((plan for plan in (until_then, history.plan) if self.fails(factory, plan) is not None), None)
        if plan is None:
            plan = self._with_histories_before(factory, history.plan)
            if plan is None:
                note = (
                    f"seen once: a fresh tracker did not repeat it, nor did one that was told"
                    f" the {len(self.tried)} histories before it"
                )
                return Counterexample(rule=self.rule.id, violation=violation, history=history, note=note)
        smaller = shrunk(plan, lambda candidate: self.fails(factory, candidate) is not None)
        found = self.fails(factory, smaller) or self.fails(factory, smaller)
        if found is None:
            return Counterexample(
                rule=self.rule.id, violation=violation, history=history, note="does not fail every time: shown as first seen"
            )
        note = f"needs {len(smaller.jobs)} jobs: one alone does not show it" if len(smaller.jobs) > 1 else None
        return Counterexample(rule=self.rule.id, violation=found[1], history=found[0], note=note)

    def _with_histories_before(self, factory: Factory, plan: Plan) -> Plan | None:
        """The plan after as few of the histories before it as it takes to fail again."""
        count, replayed = 1, 0
        while True:
            longer = joined([*self.tried[-count:], plan])
            replayed += len(longer.order)
            if self.fails(factory, longer) is not None:
                return longer
            if count >= len(self.tried) or replayed > MOST_REPLAYED:
                return None
            count *= 4

    def fails(self, factory: Factory, plan: Plan) -> tuple[History, Violation] | None:
        """What a fresh tracker shows, if it breaks the rule with this plan."""
        with factory.open() as handle:
            history = observer(handle, self.rule)(plan)
        violation = self.rule.judge(history)[1]
        return None if violation is None else (history, violation)


def observer(handle: Handle, rule: Rule | None) -> Callable[[Plan], History]:
    """How a plan is carried out on the tracker and seen, with its causal counterpart where the rule compares."""
    shift = recent(now=datetime.now(UTC), zone=handle.profile.zone)

    def observe(plan: Plan) -> History:
        return record(handle, plan, shift=shift)

    if rule is None or not rule.compares:
        return observe
    causal = Causal(observe)
    return lambda plan: causal.beside(observe(plan))


def _playable(plan: Plan, profile: Profile) -> bool:
    """Whether the tracker knows every kind that the plan delivers."""
    attempts = profile.supports("retrying") or profile.supports("stalled")
    return all(event.kind in profile.kinds and (attempts or event.attempt < 2) for event in plan.events)


def _saved(counterexample: Counterexample, chosen: Settings) -> Counterexample:
    """Write the counterexample as a scenario file, where one is wanted."""
    if chosen.save is None:
        return counterexample
    plan = counterexample.plan
    number = f"{counterexample.rule}-{short_id(plan)}"
    scenario = Scenario(id=number, title=counterexample.message, rules=(counterexample.rule,), plan=plan)
    file = chosen.save / f"{number}.toml"
    chosen.save.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        file.write_text(dump(scenario), encoding="utf-8")
    return replace(counterexample, file=str(file))

"""Joins the stages: plans are carried out on the tracker, judged by a rule, and a failure is made small."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from pytest_jobstatus.baseline import load_baseline
from pytest_jobstatus.delivery import Plan
from pytest_jobstatus.explore.effort import Effort, effort_named
from pytest_jobstatus.explore.observer import SCENARIO, Shared, seen_by
from pytest_jobstatus.explore.search import Search
from pytest_jobstatus.factory import Factory
from pytest_jobstatus.history import History
from pytest_jobstatus.misuse import Misuse
from pytest_jobstatus.rules import Rule, Violation, named, select
from pytest_jobstatus.scenario import Scenario, dump, load_folders, misfit, mismatch, shipped, short_id
from pytest_jobstatus.smoke import smoke
from pytest_jobstatus.tracker import Profile
from pytest_jobstatus.verdict import Counterexample, Report, RuleResult, Verdict, verdict_of


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
    scenarios: str | Path | Sequence[str | Path] | None = None,
    save: str | Path | None = None,
) -> Settings:
    """Settings from what a user wrote.

    Raises:
        Misuse: for an unknown rule or effort, a bad baseline or a bad scenario.
    """
    if not isinstance(seed, int) or isinstance(seed, bool):
        raise Misuse(f"seed: {seed!r}: allowed is a whole number")
    given = [scenarios] if isinstance(scenarios, str | Path) else scenarios or []
    folders = [*(Path(folder) for folder in given), shipped()]
    return Settings(
        rules=select(rules, source="rules"),
        effort=effort_named(effort, source="effort"),
        seed=seed,
        scenarios=tuple(load_folders(folders)),
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
    scenarios: str | Path | Sequence[str | Path] | None = None,
    save: str | Path | None = None,
) -> Report:
    """Judge a tracker by the rule book.

    Args:
        tracker: the class, or a function that makes a fresh tracker at each call (see `Factory`).
        rules: numbers or families, "TERM-1" or "TERM"; None for all that are checked.
        effort: "quick", "default" or "thorough".
        seed: of the plans that are drawn at random.
        baseline: a file of known violations.
        scenarios: a folder of scenario files to try as well, or several.
        save: a folder to write counterexamples to, as scenario files.

    Raises:
        Misuse: where the adapter is broken or an argument is; then there is no report.

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
    """Judge rule by rule: what an earlier rule has seen is not told again, all else goes to a tracker of its own.

    Raises:
        Misuse: where the adapter turns out to be broken, saying at which rule.
    """
    with _rarely_collected():
        profile = smoke(factory)
        shared = Shared(chosen.rules, profile)
        for rule in chosen.rules:
            try:
                result, interrupted = judged(rule, factory, profile, chosen, shared=shared)
            except Misuse as error:
                raise Misuse(f"{error} (at {rule.id})") from error.__cause__
            yield result
            if interrupted:
                raise KeyboardInterrupt


YOUNG = 20_000
"""How many new objects there may be before the garbage collector looks at them; CPython's own number is 700."""


@contextmanager
def _rarely_collected() -> Iterator[None]:
    """Keep the garbage collector from what was there before, and let it come more rarely: a check makes so many objects
    that it would go through all of them again and again, which takes an eighth of the time.
    """
    if not hasattr(gc, "freeze") or gc.get_freeze_count():  # only CPython has it; and what others froze stays frozen
        yield
        return
    young, *older = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(max(young, YOUNG) if young else 0, *older)  # 0: somebody has turned it off
    try:
        yield
    finally:
        gc.set_threshold(young, *older)
        gc.unfreeze()


def report(factory: Factory, chosen: Settings, found: Sequence[RuleResult]) -> Report:
    """The report on the results."""
    passed = {result.id for result in found if result.verdict is Verdict.PASS}
    stale = {number: reason for number, reason in chosen.baseline.items() if number in passed}
    unfinished = len(chosen.rules) - len(found)
    return Report(tracker=factory.name, rules=tuple(found), stale=stale, unfinished=unfinished)


def judge(
    rule: Rule, factory: Factory, profile: Profile, chosen: Settings, *, shared: Shared | None = None
) -> RuleResult:
    """The verdict on one rule.

    Args:
        rule: what is judged.
        factory: makes the tracker.
        profile: what it declares.
        chosen: what a user asks for.
        shared: what other rules have seen of the same factory's trackers; without it all plans are told anew.
    """
    result, interrupted = judged(rule, factory, profile, chosen, shared=shared)
    if interrupted:
        raise KeyboardInterrupt
    return result


def judged(
    rule: Rule, factory: Factory, profile: Profile, chosen: Settings, *, shared: Shared | None = None
) -> tuple[RuleResult, bool]:
    """The verdict on one rule, and whether Ctrl-C came while its counterexample was made small."""
    began = time.perf_counter()
    lacking = rule.not_applicable(profile)
    if lacking is not None:
        return RuleResult(id=rule.id, level=rule.level, verdict=Verdict.NOT_APPLICABLE, reason=lacking), False
    search = Search(rule=rule, effort=chosen.effort, seed=chosen.seed, scenarios=chosen.scenarios, shared=shared)
    found = search.first_failure(factory, profile)
    if shared is not None:
        shared.judged(rule)
    verdict, reason = verdict_of(rule, search.coverage, found, cut=search.cut)
    result = RuleResult(
        id=rule.id,
        level=rule.level,
        verdict=verdict,
        reason=reason,
        seconds=time.perf_counter() - began,
        coverage=search.coverage,
        counterexample=_saved(found, chosen) if found is not None else None,
        known=verdict is Verdict.FAIL and rule.id in chosen.baseline,
    )
    return result, search.interrupted


@dataclass(frozen=True, kw_only=True)
class Replay:
    """What one scenario shows now.

    Args:
        history: what was seen.
        verdicts: by rule, how often its premise came up and the violation, if there is one.
        not_applicable: by rule, why it does not apply.
    """

    history: History
    verdicts: dict[str, tuple[int, Violation | None]]
    not_applicable: dict[str, str]


def replay(factory: Factory, scenario: Scenario) -> Replay:
    """Carry out one scenario on a fresh tracker and judge it by the rules that it is about.

    Raises:
        Misuse: where the adapter is broken, or the tracker does not know what the scenario needs.
    """
    profile = smoke(factory)
    check_known(scenario.plan, profile, source=scenario.id, target=factory.name)
    unfit = misfit(scenario, profile)
    if unfit is not None:
        raise Misuse(f"{scenario.id}: {factory.name} is not told it: it {unfit}")
    verdicts: dict[str, tuple[int, Violation | None]] = {}
    not_applicable: dict[str, str] = {}
    history: History | None = None
    for rule in (named(number, source=scenario.id) for number in scenario.rules):
        reason = rule.not_applicable(profile)
        if reason is not None:
            not_applicable[rule.id] = reason
            continue
        with factory.open() as handle:
            seen = seen_by(handle, scenario.plan, rule=rule, family=SCENARIO)
        verdicts[rule.id] = rule.judge(seen)
        if history is None or verdicts[rule.id][1] is not None:
            history = seen
    if scenario.expected and history is not None and not any(violation for _, violation in verdicts.values()):
        first = next(iter(verdicts))
        verdicts[first] = verdicts[first][0] + 1, mismatch(scenario, history)
    if history is None:
        history = seen_once(factory, scenario.plan)
    return Replay(history=history, verdicts=verdicts, not_applicable=not_applicable)


def check_known(plan: Plan, profile: Profile, *, source: str, target: str) -> None:
    """Make sure that the tracker can be told the plan.

    Args:
        plan: what is to be delivered.
        profile: what the tracker declares.
        source: where the plan came from, for the message.
        target: the tracker's name.

    Raises:
        Misuse: naming the kind of event that it does not know, or tenants.
    """
    needs: set[str] = {plan.events[index].kind for index in plan.order} | ({"tenancy"} if plan.tenancy else set())
    for name in sorted(each for each in needs if not profile.supports(each)):
        raise Misuse(f"{source}: needs {name}, which {target} lacks: {profile.unsupported[name]}")


def seen_once(factory: Factory, plan: Plan) -> History:
    """What a fresh tracker shows when the plan is carried out."""
    with factory.open() as handle:
        return seen_by(handle, plan)


def _saved(counterexample: Counterexample, chosen: Settings) -> Counterexample:
    """Write the counterexample as a scenario file, where one is wanted."""
    if chosen.save is None:
        return counterexample
    plan = counterexample.plan
    number = f"{counterexample.rule}-{short_id(plan, expected=counterexample.expected)}"
    scenario = Scenario(
        id=number,
        title=counterexample.message,
        rules=(counterexample.rule,),
        plan=plan,
        expected=counterexample.expected,
    )
    file = chosen.save / f"{number}.toml"
    try:
        chosen.save.mkdir(parents=True, exist_ok=True)
        for path, content in ((chosen.save / ".gitignore", "*\n"), (file, dump(scenario))):
            if not path.exists():
                path.write_text(content, encoding="utf-8")
    except OSError as error:
        note = "; ".join(each for each in (counterexample.note, f"not saved: {error}") if each)
        return replace(counterexample, note=note)
    here = Path.cwd()
    shown = file.relative_to(here) if file.is_relative_to(here) else file
    return replace(counterexample, file=str(shown))

"""Joins the stages: plans are carried out on the tracker, judged by a rule, and a failure is made small."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from pytest_jobstatus.baseline import NEW, Baseline, load_baseline, shown_by
from pytest_jobstatus.delivery import Plan
from pytest_jobstatus.explore.effort import Effort, effort_named
from pytest_jobstatus.explore.observer import Shared, seen_by
from pytest_jobstatus.explore.search import Search, Watch
from pytest_jobstatus.factory import Factory
from pytest_jobstatus.history import History
from pytest_jobstatus.misuse import Misuse
from pytest_jobstatus.rules import Rule, select
from pytest_jobstatus.saved import Seen, in_turn, kept, seen_in, still_expected
from pytest_jobstatus.scenario import Scenario, load_folders, shipped
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
        scenarios: what to try before the plans that are made.
        seen: counterexamples that were seen before, tried before everything else.
        baseline: known violations, with their reasons; None for none.
        memory: the folder of counterexamples that are told first next time, kept out of git; None for none.
        save: a folder of the user's that counterexamples are written to as well; None for none.
        watch: is told now and then which rule is judged and what was tried for it until then.
    """

    rules: tuple[Rule, ...]
    effort: Effort
    seed: int = 0
    scenarios: tuple[Scenario, ...] = ()
    seen: tuple[Seen, ...] = ()
    baseline: Baseline | None = None
    memory: Path | None = None
    save: Path | None = None
    watch: Watch | None = None


def settings(
    *,
    rules: str | Sequence[str] | None = None,
    effort: str = "default",
    seed: int = 0,
    baseline: str | Path | Baseline | None = None,
    scenarios: str | Path | Sequence[str | Path] | None = None,
    save: str | Path | None = None,
    memory: Path | None = None,
) -> Settings:
    """Settings from what a user wrote.

    Raises:
        Misuse: for an unknown rule or effort, a bad baseline, a bad scenario or a damaged counterexample.
    """
    if not isinstance(seed, int) or isinstance(seed, bool):
        raise Misuse(f"seed: {seed!r}: allowed is a whole number")
    given = [scenarios] if isinstance(scenarios, str | Path) else scenarios or []
    folders = [*(Path(folder) for folder in given), shipped()]
    found, told = _parted(load_folders(folders))
    chosen = select(rules, source="rules")
    kept_in = [folder for folder in (memory, Path(save) if save is not None else None) if folder is not None]
    numbers = {rule.id for rule in chosen}
    seen = still_expected(seen_in(memory, numbers) if memory is not None else (), told)
    seen += seen_in(Path(save), numbers) if save is not None else ()
    known = load_baseline(Path(baseline)) if isinstance(baseline, str | Path) else baseline
    listed = [shown_by(known, number, kept_in) for number in known.entries if number in numbers] if known else []
    shown = still_expected((each for each in listed if each is not None), told)
    return Settings(
        rules=chosen,
        effort=effort_named(effort, source="effort"),
        seed=seed,
        scenarios=told,
        seen=in_turn([*seen, *found], first=shown),
        baseline=known,
        memory=memory,
        save=Path(save) if save is not None else None,
    )


def _parted(scenarios: Iterable[Scenario]) -> tuple[list[Seen], tuple[Scenario, ...]]:
    """The counterexamples that a check saved, and the other scenarios."""
    found, told = [], []
    for scenario in scenarios:
        if scenario.found is not None:
            found.append(Seen(scenario, None))
        else:
            told.append(scenario)
    return found, tuple(told)


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
        save: a folder to write counterexamples to, as scenario files; those that are there are tried first.

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


YOUNG = 200_000
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
    known = chosen.baseline.entries if chosen.baseline is not None else {}
    stale = {number: entry.reason for number, entry in known.items() if number in passed}
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
    search = Search(
        rule=rule,
        effort=chosen.effort,
        seed=chosen.seed,
        scenarios=chosen.scenarios,
        seen=tuple(each for each in chosen.seen if rule.id in each.scenario.rules),
        shared=shared,
        watch=chosen.watch,
    )
    found = search.first_failure(factory, profile)
    if shared is not None:
        shared.judged(rule)
    verdict, reason = verdict_of(rule, search.coverage, found, cut=search.cut)
    if found is not None and not found.as_seen:
        found = kept(found, tracker=factory.name, memory=chosen.memory, save=chosen.save)
    found = _beside(found, chosen) if found is not None else None
    result = RuleResult(
        id=rule.id,
        level=rule.level,
        verdict=verdict,
        reason=reason,
        seconds=time.perf_counter() - began,
        coverage=search.coverage,
        counterexample=found,
        known=verdict is Verdict.FAIL and chosen.baseline is not None and rule.id in chosen.baseline.entries,
    )
    return result, search.interrupted


def _beside(found: Counterexample, chosen: Settings) -> Counterexample:
    """The counterexample with what there is to say of the baseline's entry for its rule."""
    entry = chosen.baseline.entries.get(found.rule) if chosen.baseline is not None else None
    if entry is None:
        return found
    notes = [found.note] if found.note is not None else []
    shows = entry.counterexample
    if shows is not None and found.again != shows:
        there = any(each.scenario.id == shows for each in chosen.seen)
        is_gone = "does not show the same any more" if there else "is not there: searched in full"
        notes.append(f"the baseline's counterexample, {shows}, {is_gone}")
    if entry.reason.strip() == NEW:
        notes.append("the baseline does not say why yet")
    return replace(found, note="; ".join(notes) or None)


def check_known(plan: Plan, profile: Profile, *, source: str, target: str) -> None:
    """Make sure that the tracker can be told the plan.

    Args:
        plan: what is to be delivered.
        profile: what the tracker declares.
        source: where the plan came from, for the message.
        target: the tracker's name.

    Raises:
        Misuse: naming the kind of event that it does not know, or tenants, or a second worker.
    """
    needs = {str(plan.events[index].kind) for index in plan.order}
    needs |= ({"tenancy"} if plan.tenancy else set()) | ({"concurrency"} if any(plan.workers) else set())
    for name in sorted(each for each in needs if not profile.supports(each)):
        raise Misuse(f"{source}: needs {name}, which {target} lacks: {profile.unsupported[name]}")


def seen_once(factory: Factory, plan: Plan) -> History:
    """What a fresh tracker shows when the plan is carried out."""
    with factory.open() as handle:
        return seen_by(handle, plan)

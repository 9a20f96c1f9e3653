"""One plan once more: what it shows now, and what its rules say of that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from pytest_jobstatus.delivery import Plan
from pytest_jobstatus.engine import check_known, seen_once
from pytest_jobstatus.events import Event
from pytest_jobstatus.explore.observer import SCENARIO, Origin, seen_by
from pytest_jobstatus.explore.trial import TRIES
from pytest_jobstatus.factory import Factory
from pytest_jobstatus.history import History
from pytest_jobstatus.misuse import Misuse
from pytest_jobstatus.report.table import table
from pytest_jobstatus.rules import Rule, Violation, named
from pytest_jobstatus.scenario import Scenario, dump, misfit, mismatch, parse, storable
from pytest_jobstatus.scenario.expected import expected_of
from pytest_jobstatus.smoke import smoke


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

    @property
    def broken(self) -> tuple[str, Violation] | None:
        """The first rule that is broken, by number, and how."""
        found = ((number, violation) for number, (_, violation) in self.verdicts.items() if violation is not None)
        return next(found, None)

    @property
    def exit_code(self) -> int:
        """1 where a rule is broken, 0 where all hold, 3 where none was exercised."""
        if self.broken is not None:
            return 1
        return 0 if any(exercised for exercised, _ in self.verdicts.values()) else 3


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
        seen, exercised, violation = _judged(factory, scenario.plan, rule, family=SCENARIO)
        verdicts[rule.id] = (exercised, violation)
        if history is None or verdicts[rule.id][1] is not None:
            history = seen
    if scenario.expected and history is not None and not any(violation for _, violation in verdicts.values()):
        first = next(iter(verdicts))
        verdicts[first] = verdicts[first][0] + 1, mismatch(scenario, history)
    if history is None:
        history = seen_once(factory, scenario.plan)
    return Replay(history=history, verdicts=verdicts, not_applicable=not_applicable)


def _judged(
    factory: Factory, plan: Plan, rule: Rule, *, family: Origin | None = None
) -> tuple[History, int, Violation | None]:
    """What a fresh tracker shows of a plan, how often the premise came up, and the violation, if there is one."""
    for _ in range(TRIES if rule.waits else 1):
        with factory.open() as handle:
            history = seen_by(handle, plan, rule=rule, family=family)
        exercised, violation = rule.judge(history)
        if violation is not None:
            break
    return history, exercised, violation


def assert_holds(
    rule: str,
    tracker: object,
    delivered: Sequence[Event],
    *,
    happened: Sequence[Event] | None = None,
    strays: Sequence[Event] = (),
    reads: int = 1,
    strangers: Sequence[str] = (),
    batch: int = 0,
    tenancy: bool = False,
    workers: Sequence[int] = (),
    expected: Mapping[str, Any] | None = None,
) -> None:
    """Tell a fresh tracker some events, look after each, and fail where a rule does not hold: what the programs that
    counterexamples are printed as call.

    Job ids are new each time, and all instants are moved by whole days to the recent past, so that a database with
    other jobs in it will do.

    Args:
        rule: the rule's number.
        tracker: the class, or a function that makes a fresh tracker.
        delivered: the events in the order in which the tracker gets them; one that comes twice is a duplicate.
        happened: what happened, in causal order; where left out, what was delivered, in that order. What is not in
            `delivered` was lost.
        strays: which of the delivered events no run would contain, such as a report after the end.
        reads: how often the job is read after each delivery.
        strangers: jobs that are read and never heard of.
        batch: how many of the last deliveries come before anybody looks.
        tenancy: whether job ids are "tenant/id".
        workers: who tells each delivery, from 1, each through a handle of its own, from `another`; the first one reads.
            Where left out, one tells all.
        expected: what must show in the end, by field as the table `[expected]` of a scenario file has it; where several
            jobs are told of, by job.

    Raises:
        AssertionError: with the rule's message and what was shown, where the rule is broken.
        pytest.skip.Exception: where the rule does not apply, or was never exercised, with the reason.
        Misuse: where the events are impossible, or the adapter is broken.

    >>> from datetime import UTC, datetime
    >>> class Forgetful:
    ...     def apply(self, event): ...
    ...     def read(self, job_id): ...
    >>> assert_holds("TRACK-1", Forgetful, [Event("created", "job-1", datetime(2026, 1, 5, tzinfo=UTC))])
    Traceback (most recent call last):
    AssertionError: TRACK-1: created was delivered in order, but the job reads as nothing
    ...
    """
    __tracebackhide__ = True
    judged = named(rule, source="assert_holds")
    plan = _plan(delivered, happened, strays)
    told = {"reads": reads, "strangers": tuple(strangers), "batch": batch, "tenancy": tenancy}
    scenario = _checked(plan, judged, expected, **told, workers=tuple(each - 1 for each in workers))
    history, exercised, violation = _outcome(Factory.of(tracker), scenario, judged)
    if violation is not None:
        lines = [f"{judged.id}: {violation.message}", "", *table(history, violation=violation, mark=judged.id)]
        raise AssertionError(storable("\n".join(lines)))
    if not exercised:
        _skip(f"{judged.id} holds, and was never exercised; needed is: {judged.exercised}")


def _outcome(factory: Factory, scenario: Scenario, rule: Rule) -> tuple[History, int, Violation | None]:
    """What a fresh tracker shows, how often it was judged, and what is wrong with it; a skip where the rule does not
    apply.
    """
    __tracebackhide__ = True
    profile = smoke(factory)
    lacking = rule.not_applicable(profile)
    if lacking is not None:
        _skip(f"{rule.id} is not applicable: {lacking}")
    check_known(scenario.plan, profile, source="assert_holds", target=factory.name)
    history, exercised, violation = _judged(
        factory, scenario.plan, rule, family=SCENARIO if scenario.expected else None
    )
    if violation is None and scenario.expected:
        return history, exercised + 1, mismatch(scenario, history)
    return history, exercised, violation


def _skip(reason: str) -> NoReturn:
    """What was not judged is not green."""
    __tracebackhide__ = True
    import pytest

    pytest.skip(reason)


def _plan(delivered: Sequence[Event], happened: Sequence[Event] | None, strays: Sequence[Event]) -> Plan:
    """The plan of the events as a user told them: the same object is the same event."""
    odd = {id(event) for event in strays}
    own = {id(event): event for event in delivered if id(event) not in odd}
    events = [*(own.values() if happened is None else happened), *strays]
    places = {id(event): place for place, event in enumerate(events)}
    for event in delivered:
        if id(event) not in places:
            raise Misuse(f"assert_holds: {event.name} of {event.job_id!r} is delivered, and stands not in happened")
    order = tuple(places[id(event)] for event in delivered)
    strange = frozenset(places[id(event)] for event in strays)
    return Plan(events=tuple(events), order=order, strays=strange)


def _checked(plan: Plan, rule: Rule, expected: Mapping[str, Any] | None, **told: Any) -> Scenario:
    """The plan as a scenario file would tell it: what such a file may not say is refused here too."""
    try:
        plan = replace(plan, **told)
    except ValueError as error:
        raise Misuse(f"assert_holds: {error}") from None
    must = expected_of(dict(expected), plan, "assert_holds") if expected else {}
    own = Scenario(id="assert_holds", title="assert_holds", rules=(rule.id,), plan=plan, expected=must)
    return parse(dump(own), source="assert_holds")

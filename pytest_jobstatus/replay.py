"""One scenario once more: what it shows now, and what its rules say of that."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_jobstatus.engine import check_known, seen_once
from pytest_jobstatus.explore.observer import seen_by
from pytest_jobstatus.explore.search import TRIES
from pytest_jobstatus.factory import Factory
from pytest_jobstatus.history import History
from pytest_jobstatus.rules import Violation, named
from pytest_jobstatus.scenario import Scenario
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


def replay(factory: Factory, scenario: Scenario) -> Replay:
    """Carry out one scenario on a fresh tracker and judge it by the rules that it is about.

    Raises:
        Misuse: where the adapter is broken, or the tracker does not know what the scenario needs.
    """
    profile = smoke(factory)
    check_known(scenario.plan, profile, source=scenario.id, target=factory.name)
    verdicts: dict[str, tuple[int, Violation | None]] = {}
    not_applicable: dict[str, str] = {}
    history: History | None = None
    for rule in (named(number, source=scenario.id) for number in scenario.rules):
        reason = rule.not_applicable(profile)
        if reason is not None:
            not_applicable[rule.id] = reason
            continue
        for _ in range(TRIES if rule.waits else 1):
            with factory.open() as handle:
                seen = seen_by(handle, scenario.plan, rule=rule)
            verdicts[rule.id] = rule.judge(seen)
            if verdicts[rule.id][1] is not None:
                break
        if history is None or verdicts[rule.id][1] is not None:
            history = seen
    if history is None:
        history = seen_once(factory, scenario.plan)
    return Replay(history=history, verdicts=verdicts, not_applicable=not_applicable)

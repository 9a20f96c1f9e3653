"""Which scenario finds which faulty tracker: `python -m tests.scenario_matrix` tells how many, `… ID` which ones."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import cache, lru_cache

from pytest_jobstatus import Profile
from pytest_jobstatus.delivery import Plan
from pytest_jobstatus.explore.effort import EFFORTS
from pytest_jobstatus.explore.observer import SCENARIO, seen_by
from pytest_jobstatus.explore.search import Search
from pytest_jobstatus.factory import Factory
from pytest_jobstatus.handle import NoTenant
from pytest_jobstatus.history import History
from pytest_jobstatus.rules import Rule, Violation
from pytest_jobstatus.scenario import Scenario, applying, as_far_as_known, load_folder, shipped
from tests.faulty_trackers import FAULTY, rules_of

SCENARIOS = tuple(load_folder(shipped()))


@lru_cache(maxsize=10_000)  # the faulty trackers have few profiles
def judged_by(scenario: Scenario, profile: Profile) -> tuple[Plan | None, list[Rule]]:
    """What such a tracker is told, and which rules judge it."""
    return as_far_as_known(scenario, profile), applying(scenario, profile)


def violations(scenario: Scenario, factory: Factory) -> Iterator[tuple[Rule, Violation]]:
    """What a fresh tracker breaks with a scenario: rules that it is about, or what it expects under the first of them.

    Args:
        scenario: what is delivered.
        factory: makes the tracker.
    """
    with factory.open() as handle:
        plan, rules = judged_by(scenario, handle.profile)
        if plan is None:
            return
        try:
            history = seen_by(handle, plan, family=SCENARIO)
        except NoTenant:
            return
        for rule in rules:
            search = Search(rule=rule, effort=EFFORTS["quick"], seed=0)
            violation = _broken(search, history, factory) or search.unmet(factory, scenario, history)
            if violation is not None:
                yield rule, violation


def _broken(search: Search, history: History, factory: Factory) -> Violation | None:
    """How the rule is broken; what needs more than a look at the history is tried on further trackers."""
    rule, plan = search.rule, history.plan
    looks = rule.waits or (rule.compares is not None and rule.compares(plan))
    violation = None if looks else rule.judge(history)[1]
    if looks or (violation is not None and rule.control is not None):
        failure = search.trial.fails(factory, plan)
        violation = failure[1] if failure is not None else None
    return violation


@cache
def finds(scenario: Scenario, place: int) -> bool:
    """Whether a faulty tracker, given by its place in the list, breaks a rule with the scenario."""
    return next(violations(scenario, Factory.of(FAULTY[place])), None) is not None


def likely_first(scenario: Scenario) -> list[int]:
    """The places of all faulty trackers, those first that are about a rule of the scenario."""
    return sorted(range(len(FAULTY)), key=lambda place: set(rules_of(FAULTY[place])).isdisjoint(scenario.rules))


def alike(one: Scenario, other: Scenario) -> bool:
    """Whether two scenarios find the same faulty trackers."""
    return all(finds(one, place) == finds(other, place) for place in (*likely_first(one), *likely_first(other)))


def found() -> dict[str, frozenset[str]]:
    """By scenario, the names of the faulty trackers that it finds."""
    return {
        scenario.id: frozenset(tracker.__name__ for place, tracker in enumerate(FAULTY) if finds(scenario, place))
        for scenario in SCENARIOS
    }


def main(chosen: list[str]) -> None:
    """Print the sizes, and which scenarios find the same; or all names for those that are chosen."""
    sets = found()
    for number, names in sets.items():
        others = [other for other in sets if other != number and sets[other] == names]
        if number in chosen:
            print(f"{number}: {', '.join(sorted(names))}")
        elif not chosen:
            same = f"  the same as {', '.join(others)}" if others else ""
            print(f"{number:<40} {len(names):>3}{same}")
    whole = frozenset().union(*sets.values())
    print(f"{len(sets)} scenarios find {len(whole)} of {len(FAULTY)} faulty trackers")


if __name__ == "__main__":
    main(sys.argv[1:])

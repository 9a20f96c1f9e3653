"""Each faulty tracker is found by each rule it breaks, with a counterexample from which nothing can be left out."""

from __future__ import annotations

from collections import Counter
from functools import cache
from operator import attrgetter

import pytest

from pytest_jobstatus import Report, RuleResult, check, engine
from pytest_jobstatus.explore.effort import EFFORTS
from pytest_jobstatus.explore.part import clocks_for
from pytest_jobstatus.explore.trial import Trial
from pytest_jobstatus.factory import Factory
from pytest_jobstatus.rules import RULES, named, select
from tests.faulty_trackers import FAULTY, rules_of
from tests.golden_files import FOLDER, Golden, undated
from tests.only import IMPLIED, ONLY
from tests.removals import removals
from tests.sound_trackers.merging import Sound

GOLDEN = "faulty_trackers.txt"
NAME = attrgetter("__name__")
EFFORT = EFFORTS["default"]


@cache
def report(factory: Factory, rules: tuple[str, ...]) -> Report:
    """What the search finds by itself: no scenario helps, and a new one changes nothing here."""
    chosen = engine.Settings(rules=select(rules, source="test"), effort=EFFORT)
    return engine.report(factory, chosen, list(engine.results(factory, chosen)))


def line(tracker: type[Sound], result: RuleResult) -> str:
    """Tracker, rule, size and message of a counterexample."""
    assert result.counterexample is not None
    size = len(result.counterexample.plan.order)
    deliveries = f"{size} {'delivery' if size == 1 else 'deliveries'}"
    return f"{tracker.__name__} {result.id} {deliveries}: {undated(result.counterexample.message)}"


@pytest.mark.parametrize("tracker", FAULTY, ids=NAME)
def test_found_by_each_rule_it_breaks(tracker: type[Sound], golden: Golden) -> None:
    """Every rule that the docstring names fails, and says why in the words of the golden file."""
    failed = report(Factory.of(tracker), rules_of(tracker)).failed
    assert {result.id for result in failed} == set(rules_of(tracker))
    lines = sorted(line(tracker, result) for result in failed)
    golden.compare(GOLDEN, "\n".join(lines), part=f"{tracker.__name__} ")


@pytest.mark.parametrize("tracker", FAULTY, ids=NAME)
def test_nothing_can_be_taken_away(tracker: type[Sound]) -> None:
    """Without any one of its deliveries, jobs, attempts, odd instants or odd values a counterexample is none."""
    factory = Factory.of(tracker)
    for result in report(factory, rules_of(tracker)).failed:
        assert result.counterexample is not None
        trial = Trial(rule=named(result.id, source="test"))
        tick = clocks_for(result.counterexample.history.profile)[0].tick
        left = removals(result.counterexample.plan, tick=tick)
        spare = [what for what, plan in left if trial.fails(factory, plan)]
        assert not spare, f"{result.id} fails without {', '.join(spare)} too"


@pytest.mark.parametrize("number", ONLY)
def test_each_rule_earns_its_place(number: str) -> None:
    """Each rule has a faulty tracker that a whole check finds by this rule alone."""
    (tracker,) = [each for each in FAULTY if each.__name__ == ONLY[number]]
    failed = check(tracker).failed
    assert [result.id for result in failed] == [number], [(result.id, str(result.counterexample)) for result in failed]


def test_the_other_rules_have_a_reason() -> None:
    """A rule that catches nothing that no other rule catches is kept for a stated reason."""
    assert {rule.id for rule in RULES} == ONLY.keys() | IMPLIED.keys()
    assert not ONLY.keys() & IMPLIED.keys()


def test_each_rule_has_four_faulty_trackers() -> None:
    """A rule is not trusted before it has found several faults."""
    counts = Counter(rule for tracker in FAULTY for rule in rules_of(tracker))
    assert {rule.id for rule in RULES if counts[rule.id] < 4} == set()


def test_the_golden_file_is_about_these_trackers() -> None:
    """Names are unique, and no line is left of a tracker that is gone."""
    lines = (FOLDER / GOLDEN).read_text(encoding="utf-8").splitlines()
    assert Counter(each.split()[0] for each in lines) == Counter(
        tracker.__name__ for tracker in FAULTY for _ in rules_of(tracker)
    )

"""The shipped scenarios: what they are about, what they find, and that no sound tracker fails them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise

import pytest

from pytest_jobstatus.databases import fresh_database
from pytest_jobstatus.explore.observer import SCENARIO, Observer
from pytest_jobstatus.factory import Factory
from pytest_jobstatus.handle import Handle
from pytest_jobstatus.scenario import Scenario, applying, as_far_as_known, shipped
from reference_tracker.adapter import factory as reference
from tests.scenario_matrix import SCENARIOS, alike, finds, likely_first, violations
from tests.sound_trackers import SOUND

FOLDERS = {
    "TRACK": "tracking",
    "IDEM": "idempotency",
    "TERM": "terminal",
    "TIME": "time",
    "CONV": "convergence",
    "RETRY": "retries",
    "CANC": "cancellation",
    "PROG": "progress",
    "STALL": "stalls",
    "DATA": "data",
    "ISO": "isolation",
    "LOAD": "load",
}
EACH = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.id)
TICK = timedelta(milliseconds=10)


def is_fast(scenario: Scenario) -> bool:
    """Whether all that happens to its jobs happens at once."""
    plan = scenario.plan
    instants = [plan.events[index].occurred_at for index in set(plan.order) - plan.strays]
    return len(instants) > 1 and max(instants) - min(instants) <= TICK


def is_disordered(scenario: Scenario) -> bool:
    """Whether an event is told late, or again."""
    order = scenario.plan.order
    return any(later <= earlier for earlier, later in pairwise(order))


@pytest.mark.parametrize(
    ("belongs", "least"),
    [
        (lambda each: True, 60),
        (lambda each: each.id.startswith("seed-") and "the seed" in each.story, 8),
        (is_fast, 12),
        (is_disordered, 12),
        (lambda each: each.link.endswith("google/go-github/issues/2706"), 3),
        (lambda each: each.link.endswith("fazer-ai/agents/issues/244"), 3),
        (lambda each: each.rules[0].startswith("DATA"), 12),
        (lambda each: each.rules[0].startswith("RETRY"), 10),
        (lambda each: each.rules[0].startswith("CANC"), 10),
        (lambda each: each.rules[0].startswith("STALL"), 6),
        (lambda each: "skew" in each.needs, 5),
        (lambda each: each.plan.tenancy, 2),
        (lambda each: bool(each.expected), 100),
    ],
)
def test_there_are_enough_of_each_kind(belongs: Callable[[Scenario], bool], least: int) -> None:
    """Fast jobs, disorder, hostile data, retries, cancellations, stalls, tenants, and clocks that disagree."""
    assert sum(map(belongs, SCENARIOS)) >= least


def test_the_seeds_own_are_eight() -> None:
    """Those that are marked are the seed's tests, one each."""
    assert len([scenario for scenario in SCENARIOS if scenario.id.startswith("seed-")]) == 8


@EACH
def test_each_is_well_told(scenario: Scenario) -> None:
    """It lies with its first rule's family, has a story of a few sentences, and links to a thread if to anything."""
    file = shipped() / FOLDERS[scenario.rules[0].partition("-")[0]] / f"{scenario.id}.toml"
    assert scenario.source == str(file)
    assert 1 <= len(re.findall(r"[.!?](?=\s|$)", scenario.story)) <= 4
    assert re.fullmatch(r"|https://github\.com/[\w.-]+/[\w.-]+/issues/\d+", scenario.link)
    assert len(set(scenario.rules)) == len(scenario.rules)


def exercised(scenario: Scenario, handle: Handle) -> set[str]:
    """The rules whose premise comes up with a tracker that is told all of the scenario."""
    if as_far_as_known(scenario, handle.profile) is not scenario.plan:
        return set()
    found = set()
    for rule in applying(scenario, handle.profile):
        if rule.waits:
            handle.watch()
        history = Observer(lambda: handle, rule)(scenario.plan, family=SCENARIO).history
        found |= {rule.id} if rule.judge(history)[0] else set()
    return found


@EACH
def test_each_brings_up_its_rules(scenario: Scenario) -> None:
    """What a scenario says that it is about comes up in it, with one sound tracker or another."""
    left = set(scenario.rules)
    for factory, _ in SOUND:
        if left:
            with Factory.of(factory).open() as handle:
                left -= exercised(scenario, handle)
    assert not left


@EACH
def test_each_finds_a_faulty_tracker(scenario: Scenario) -> None:
    """A scenario that no fault fails says nothing."""
    assert any(finds(scenario, place) for place in likely_first(scenario))


def tells_the_same(one: Scenario, other: Scenario) -> bool:
    """Whether two scenarios may be one incident: they do not name two threads."""
    return not one.link or not other.link or one.link == other.link


@EACH
def test_no_two_find_the_same_but_for_different_incidents(scenario: Scenario) -> None:
    """Where two scenarios find the same faulty trackers, they link to different threads."""
    later = SCENARIOS[SCENARIOS.index(scenario) + 1 :]
    same = [other.id for other in later if tells_the_same(scenario, other) and alike(scenario, other)]
    assert not same


@pytest.mark.parametrize(("factory", "variety"), SOUND, ids=[getattr(each, "__name__", "") for each, _ in SOUND])
def test_sound_trackers_pass_them_all(factory: Callable[[], object], variety: str) -> None:
    """No scenario cries wolf: its rules hold, and what it expects shows."""
    for scenario in SCENARIOS:
        found = [f"{rule.id}: {violation.message}" for rule, violation in violations(scenario, Factory.of(factory))]
        assert not found, f"{scenario.id}: {variety}"


def test_the_reference_tracker_passes_them_all_on_postgresql(postgres_url: str) -> None:
    """As it does on SQLite, where it is one of the sound trackers."""
    with fresh_database(postgres_url) as url:
        for scenario in SCENARIOS:
            assert not list(violations(scenario, Factory.of(reference(url), name="reference"))), scenario.id

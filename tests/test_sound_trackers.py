"""No sound tracker is called faulty, whatever it does with what the rules leave open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest

from pytest_jobstatus import Profile, check
from pytest_jobstatus.engine import Settings, report, results
from pytest_jobstatus.explore.effort import EFFORTS
from pytest_jobstatus.factory import Factory
from pytest_jobstatus.report.text import render
from pytest_jobstatus.rules import RULES, Plans
from pytest_jobstatus.tracker import MAYBE_MISSING
from pytest_jobstatus.verdict import Verdict
from tests.sound_trackers import SOUND

FACTORIES = [factory for factory, _ in SOUND]
DRAWN = (Plans.MACHINE,)
DRAWING = tuple(
    replace(rule, plans=drawn) for rule in RULES if (drawn := tuple(name for name in rule.plans if name in DRAWN))
)
"""The rules that ask for plans drawn at random, asking for nothing else."""
each_sound = pytest.mark.parametrize(
    ("factory", "variety"), SOUND, ids=[getattr(factory, "__name__", "") for factory in FACTORIES]
)


@cache
def profiles() -> tuple[Profile, ...]:
    """What the trackers declare."""
    found = []
    for factory in FACTORIES:
        with Factory.of(factory).open() as handle:
            found.append(handle.profile)
    return tuple(found)


@each_sound
def test_conformant(factory: Callable[[], object], variety: str) -> None:
    """Nothing fails, nothing that applies is left unexercised, and every event meets every status on every side."""
    found = check(factory)
    assert found.ok, f"{variety}\n\n{render(found)}"
    assert not found.coverage.unreached


@each_sound
def test_conformant_with_other_samples(factory: Callable[[], object], variety: str) -> None:
    """Nor does anything fail with what two more seeds draw.

    Five seeds are covered in all: seed 0 by the test above, with every plan of a default check; here 1 and 2 or, with
    every other tracker, 3 and 4, with those plans of a quick check that are drawn at random, and no others.
    """
    made = Factory.of(factory)
    for seed in ((1, 2), (3, 4))[FACTORIES.index(factory) % 2]:
        chosen = Settings(rules=DRAWING, effort=EFFORTS["quick"], seed=seed)
        found = report(made, chosen, list(results(made, chosen)))
        assert not found.failed, f"{variety}, seed {seed}\n\n{render(found)}"
        assert all(each.coverage.complete for each in found.rules if each.verdict is not Verdict.NOT_APPLICABLE), seed


def test_each_is_there_once() -> None:
    """No tracker is listed twice."""
    assert len(set(FACTORIES)) == len(FACTORIES)


def test_all_that_may_be_missing_is_missing_once() -> None:
    """Every kind, field and ability that a tracker may lack is lacking in a sound one."""
    assert set(MAYBE_MISSING) == {name for profile in profiles() for name in profile.unsupported}


@pytest.mark.parametrize("setting", Profile.CHOICES)
def test_all_choices_are_made(setting: str) -> None:
    """Every value that a profile may have is declared by a sound tracker."""
    assert {getattr(profile, setting) for profile in profiles()} == set(Profile.CHOICES[setting])

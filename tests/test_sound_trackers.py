"""No sound tracker is called faulty, whatever it does with what the rules leave open."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from pytest_jobstatus import Profile, check
from pytest_jobstatus.factory import Factory
from pytest_jobstatus.report.text import render
from pytest_jobstatus.tracker import MAYBE_MISSING
from tests.sound_trackers import SOUND

FACTORIES = [factory for factory, _ in SOUND]
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
    """Nothing fails, and nothing that applies is left unexercised."""
    report = check(factory)
    assert report.ok, f"{variety}\n\n{render(report)}"


@each_sound
def test_conformant_with_other_samples(factory: Callable[[], object], variety: str) -> None:
    """Nor does a small check find anything, whichever plans it draws."""
    for seed in (1, 2, 3):
        report = check(factory, effort="quick", seed=seed)
        assert report.ok, f"{variety}, seed {seed}\n\n{render(report)}"


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

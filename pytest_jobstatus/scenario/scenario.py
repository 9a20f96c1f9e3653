"""What a scenario is: a plan with its story, what it needs, and what must show in the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_jobstatus.delivery import Plan
from pytest_jobstatus.scenario.found import Found

FORMAT = "jobstatus-scenario/1"
"""What every scenario file begins with."""

Expected = Mapping[str, Mapping[str, Any]]
"""By job, then by snapshot field, what every sound tracker shows in the end (see `expected`)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Scenario:
    """A plan with its story. Two are the same if they are one: each file is read once.

    Args:
        id: short, unique among the scenarios of a check.
        title: what happens, in a few words.
        rules: the numbers of the rules that it is about.
        plan: what is delivered.
        story: how it came about in the field.
        link: where that was told.
        needs: what a tracker must have to be told it, beside the kinds that are delivered.
        presumes: settings of the profile that it is written for, by name.
        expected: what must show in the end.
        source: the file that it came from; empty where it was never in one.
        found: of a counterexample, what the check that saved it found.
    """

    id: str
    title: str
    rules: tuple[str, ...]
    plan: Plan
    story: str = ""
    link: str = ""
    needs: tuple[str, ...] = ()
    presumes: Mapping[str, Any] = field(default_factory=dict)
    expected: Expected = field(default_factory=dict)
    source: str = ""
    found: Found | None = None

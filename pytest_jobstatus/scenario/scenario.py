"""What a scenario is: a plan with its story."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_jobstatus.delivery import Plan
from pytest_jobstatus.scenario.found import Found

FORMAT = "jobstatus-scenario/1"
"""What every scenario file begins with."""


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A plan with its story.

    Args:
        id: short, unique among the scenarios of a folder.
        title: what happens, in a few words.
        rules: the numbers of the rules that it is about.
        plan: what is delivered.
        story: how it came about in the field.
        link: where that was told.
        found: of a counterexample, what the check that saved it found.
    """

    id: str
    title: str
    rules: tuple[str, ...]
    plan: Plan
    story: str = ""
    link: str = ""
    found: Found | None = None

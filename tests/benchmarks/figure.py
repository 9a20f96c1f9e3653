"""One figure, measured in fresh processes, beside its goal."""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Figure:
    """What is measured and what it may be.

    Args:
        name: what is measured.
        goal: the most that it may be, in the unit.
        unit: "s", "ms", "MB" or "×".
        measure: gives the single measurements.
        worst: whether the largest of them is held against the goal, not their median.
        at_least: whether the goal is the least that it may be: how many times as fast as a baseline in the same run.
    """

    name: str
    goal: float
    unit: str
    measure: Callable[[], Sequence[float]]
    worst: bool = False
    at_least: bool = False

    def line(self) -> str:
        """The median, or the worst, beside the goal, and how far the measurements were apart."""
        values = sorted(self.measure())
        figure = values[-1] if self.worst else statistics.median(values)
        verdict = "met" if (figure >= self.goal if self.at_least else figure <= self.goal) else "MISSED"
        sign = "≥" if self.at_least else "≤"
        spread = f"{values[0]:.3g} to {values[-1]:.3g} in {len(values)} measurements"
        measured = f"{figure:>8.3g} {self.unit:<2}  goal {sign} {self.goal:g} {self.unit:<2}"
        return f"{self.name:<72} {measured}  {verdict:<6}  ({spread})"


def fresh_processes(program: str, *, times: int) -> list[float]:
    """What a program prints as its only line, each time in a process of its own.

    Args:
        program: Python text that prints one number.
        times: how often.
    """
    return [
        float(subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout)
        for _ in range(times)
    ]

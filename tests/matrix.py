"""Which rule catches which faulty tracker: `python -m tests.matrix FOLDER` writes it as Markdown and JSON."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from pytest_jobstatus import check
from pytest_jobstatus.rules import RULES
from tests.faulty_trackers import FAULTY, rules_of


@dataclass(frozen=True, kw_only=True)
class Caught:
    """What a whole check says of one faulty tracker.

    Args:
        tracker: its name.
        about: the rules that its docstring names.
        by: by rule, how many deliveries the counterexample has.
        seconds: how long the check took.
    """

    tracker: str
    about: tuple[str, ...]
    by: dict[str, int]
    seconds: float


def caught(place: int) -> Caught:
    """Check one tracker by all rules."""
    tracker = FAULTY[place]
    began = time.perf_counter()
    report = check(tracker)
    sizes = {each.id: len(each.counterexample.plan.order) for each in report.failed if each.counterexample}
    return Caught(
        tracker=tracker.__name__,
        about=rules_of(tracker),
        by=sizes,
        seconds=round(time.perf_counter() - began, 2),
    )


def markdown(rows: Sequence[Caught]) -> str:
    """For each rule how many it catches, and those that no other rule does; then each tracker."""
    lines = ["# Kill matrix", "", "| rule | catches | alone |", "|---|---|---|"]
    for rule in RULES:
        found = [row for row in rows if rule.id in row.by]
        alone = [row.tracker for row in found if len(row.by) == 1]
        lines.append(f"| {rule.id} | {len(found)} | {', '.join(alone)} |")
    lines += ["", "| tracker | about | caught by (deliveries) | seconds |", "|---|---|---|---|"]
    for row in rows:
        by = ", ".join(f"{number} ({size})" for number, size in row.by.items()) or "**nothing**"
        lines.append(f"| {row.tracker} | {', '.join(row.about)} | {by} | {row.seconds} |")
    return "\n".join(lines) + "\n"


def main(folder: Path) -> None:
    """Check every faulty tracker and write both files."""
    with ProcessPoolExecutor() as pool:
        rows = list(pool.map(caught, range(len(FAULTY)), chunksize=4))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "matrix.md").write_text(markdown(rows), encoding="utf-8")
    (folder / "matrix.json").write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n", encoding="utf-8")
    print(f"{len(rows)} faulty trackers, {sum(not row.by for row in rows)} not caught: {folder / 'matrix.md'}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

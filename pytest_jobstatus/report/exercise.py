"""The exercise table as text."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_jobstatus.events import EventKind
from pytest_jobstatus.exercise import Meeting, Side
from pytest_jobstatus.tracker import Status
from pytest_jobstatus.verdict import Coverage

SIGNS = {Side.BEHIND: "<", Side.AT: "=", Side.AHEAD: ">"}
UNREACHED = "?"


def exercise_table(coverage: Coverage) -> Iterator[str]:
    """Which kinds of event met which status, on which side.

    Args:
        coverage: of one rule or of all.

    >>> from pytest_jobstatus.exercise import Encounter
    >>> met = Encounter(None, 0, EventKind.CREATED, 0)
    >>> for line in exercise_table(Coverage(encounters={met}, kinds=frozenset({EventKind.CREATED}))):
    ...     print(line)
    events that met a job: < behind what it showed, = at it, > ahead of it; with a ?: not reached
               created
    nothing    >
    """
    kinds = [kind for kind in EventKind if kind in coverage.kinds]
    unreached = coverage.unreached
    known = coverage.meetings | unreached
    yield "events that met a job: < behind what it showed, = at it, > ahead of it; with a ?: not reached"
    yield " " * 11 + "".join(f"{kind:<11}" for kind in kinds).rstrip()
    for status in (None, *Status):
        cells = [_cell([each for each in known if each[:2] == (status, kind)], unreached) for kind in kinds]
        if any(cells):
            yield f"{status or 'nothing':<11}" + "".join(f"{cell:<11}" for cell in cells).rstrip()


def _cell(meetings: list[Meeting], unreached: frozenset[Meeting]) -> str:
    by_side = {each.side: each for each in meetings}
    return "".join(SIGNS[side] + (UNREACHED if by_side[side] in unreached else "") for side in Side if side in by_side)

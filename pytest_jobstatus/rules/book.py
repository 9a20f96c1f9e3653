"""The rules of JSL/1 that no code checks yet: listed, counted in every total, never passed."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_jobstatus.rules.rule import Level

SPEC = "JSL/1"

FAMILIES = (
    "TRACK", "IDEM", "TERM", "TIME", "CONV", "RETRY", "CANC", "PROG",
    "STALL", "DATA", "ISO", "RACE", "FAULT", "DUR", "LOAD",
)  # fmt: skip
"""In the order of the book."""


@dataclass(frozen=True)
class Planned:
    """A rule whose number and meaning are fixed and whose check is still to be written."""

    id: str
    text: str
    level: Level = Level.MUST


PLANNED = (
    Planned("RACE-1", "Events handled at the same time end as one of their serial orders would."),
    Planned("RACE-2", "No interleaving shows any reader an illegal row."),
    Planned("RACE-3", "First writers racing for one job raise nothing and leave one row."),
    Planned("RACE-4", "No interleaving deadlocks or blocks for good."),
    Planned("RACE-5", "All sequential rules hold across alternating handles."),
    Planned("RACE-6", "Every snapshot read during a race is one that some serial order shows."),
    Planned("FAULT-1", "A storage error leaves the job as before the event or as after it, never between."),
    Planned("FAULT-2", "A storage error reaches the caller, or is contained and logged, as declared."),
    Planned("FAULT-3", "Redelivering after a fault heals."),
    Planned("FAULT-4", "Once the storage is back the same tracker works again."),
    Planned("DUR-1", "What was applied is still there after the process is gone."),
    Planned("DUR-2", "A killed worker leaves a legal row, and redelivery heals it."),
    Planned("LOAD-2", "The I/O steps of one event do not grow with the number of jobs or events.", Level.SHOULD),
)

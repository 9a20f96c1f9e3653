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
    Planned("TRACK-5", "A failed job shows that failure's message, and its type where errors are structured."),
    Planned("TERM-4", "Of two contradicting terminal events the first delivered wins, whole."),
    Planned("TIME-2", "Clocks that disagree by minutes break neither the order of the times nor lose an event."),
    Planned("TIME-3", "Events that share one instant break neither the order of the times nor lose an event."),
    Planned("TIME-4", "An end time shows if and only if the job ended that way."),
    Planned("TIME-5", "The times read back are the instants given, whatever their UTC offset."),
    Planned("TIME-6", "`created_at` does not move once a `created` event has been seen."),
    Planned("TIME-7", "`updated_at` never goes back.", Level.SHOULD),
    Planned("TIME-8", "Times show from their event on, and none that is shown disappears."),
    Planned("TIME-9", "`started_at` is the first or the newest attempt's, as declared."),
    Planned("CONV-2", "Orders that end with the terminal event also agree in times, progress and error.", Level.SHOULD),
    Planned("RETRY-1", "A failure that will be retried shows delayed with its attempt, never failed."),
    Planned("RETRY-2", "The next attempt shows active with its own number; attempts count one each."),
    Planned("RETRY-3", "An event behind the shown position changes neither status nor attempt."),
    Planned("RETRY-4", "The attempt never goes down."),
    Planned("RETRY-5", "After the last attempt the outcome is that attempt's, with its own error."),
    Planned("RETRY-6", "While a retry is awaited, the failed attempt's error shows."),
    Planned("RETRY-7", "A late end of an older attempt changes nothing or ends the job, as declared."),
    Planned("CANC-1", "A cancellation shows cancelled, with its time and who asked for it."),
    Planned("CANC-2", "Cancelled before it started, a job stays cancelled."),
    Planned("CANC-3", "Cancelling a finished job changes nothing but `updated_at`."),
    Planned("CANC-4", "Only a cancellation is one: a failure whose text says so is a failure."),
    Planned("PROG-1", "Progress reads back as the JSON value given."),
    Planned("PROG-2", "Older progress never replaces newer."),
    Planned("PROG-3", "Progress moves the status only where it is ahead, and no timestamp but `updated_at`."),
    Planned("PROG-4", "A new progress value replaces the old one whole."),
    Planned("STALL-1", "A stalled job does not stay active."),
    Planned("STALL-2", "A stall report of an attempt that is over changes nothing but `updated_at`."),
    Planned("DATA-1", "No error text loses the failure, whatever characters it has."),
    Planned("DATA-2", "Progress that the store cannot hold costs nothing already recorded."),
    Planned("DATA-3", "Job ids are opaque: different ids are different jobs."),
    Planned("ISO-1", "An event changes its own job only, however many jobs interleave."),
    Planned("ISO-2", "Tenants see and change only their own jobs."),
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
    Planned("LOAD-1", "An uncontended handler does not sleep or poll.", Level.SHOULD),
    Planned("LOAD-2", "The I/O steps of one event do not grow with the number of jobs or events.", Level.SHOULD),
)

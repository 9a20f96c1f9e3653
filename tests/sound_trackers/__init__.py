"""Trackers that are right, each in its own way: the kit must find nothing wrong with any of them."""

from __future__ import annotations

from collections.abc import Callable

from reference_tracker.adapter import sqlite
from tests.small_trackers import Small
from tests.sound_trackers import (
    arrival,
    asynchronous,
    choices,
    event_sourced,
    life,
    merging,
    missing,
    refusing,
    shapes_of_reading,
    sql,
    state,
    times,
    write_behind,
)

FILLED = "a late `active` or `created` fills its time in after the end"
STARTED = "`started_at` is the first or the newest attempt's (declared)"
LATE_PROGRESS = "progress that arrives after the end is kept or ignored"
OLD_ERROR = "the last attempt's error stays visible after a later success"
CLEARED = "progress or error are cleared when the next attempt starts, if redelivery does not bring them back"
STALLED = "a stalled job shows pending or delayed"
ORDER = "strict or plain order (declared)"
RESOLUTION = "the resolution of timestamps (declared)"
ARRIVAL = "the tracker's own arrival times as the timestamps it shows (declared)"
FAILED_AT = "a cancellation fills `failed_at`"
REFUSING = "an event that is behind is refused with a declared exception"
CONFLICT = "a conflict error that redelivery cures (declared)"
BEHIND = "write-behind, with `settle()`"
STORAGE = "event-sourced or row-based storage"
ZOMBIES = "a late end of an older attempt is taken or ignored (declared)"
MOVING = "progress changes the status only where it is ahead, or never"
SHAPE = "a Snapshot or a mapping with the same keys"
ZONE = "aware times, or naive ones of a declared zone"
MAKING = "a class or a function, plain or async, one that yields and cleans up included"
LACKING = "what a tracker lacks it declares with a reason"

SOUND: tuple[tuple[Callable[[], object], str], ...] = (
    (Small, LACKING),
    (sqlite, STORAGE),
    (merging.Sound, FILLED),
    (merging.SoundStrict, ORDER),
    (merging.SoundLatest, STARTED),
    (merging.SoundClearing, CLEARED),
    (merging.SoundArrival, ARRIVAL),
    (merging.SoundRefusing, REFUSING),
    (arrival.AutoNow, ARRIVAL),
    (asynchronous.Locked, REFUSING),
    (asynchronous.awaitables, BEHIND),
    (asynchronous.actor, MAKING),
    (choices.NotAfterEnd, f"{FILLED}; {LATE_PROGRESS}"),
    (choices.OutcomeOnly, f"{OLD_ERROR}; {FAILED_AT}"),
    (choices.StalledByAttempt, STALLED),
    (choices.IgnoresZombies, ZOMBIES),
    (choices.ProgressNeverMoves, MOVING),
    (event_sourced.EventLog, STORAGE),
    (life.HashedIds, STORAGE),
    (missing.NoCreation, LACKING),
    (missing.NoStart, LACKING),
    (missing.NoRetry, LACKING),
    (missing.NoAttempt, LACKING),
    (missing.NoEndTimes, LACKING),
    (missing.OneProcess, LACKING),
    (missing.Percentages, LACKING),
    (missing.OnlyStatus, LACKING),
    (missing.OnlyEnds, LACKING),
    (refusing.RefusesAllBehind, REFUSING),
    (refusing.RefusesUnmoved, f"{REFUSING}; {MOVING}"),
    (refusing.RefusesAfterEnd, f"{REFUSING}; {ZOMBIES}"),
    (shapes_of_reading.EndedAtMapping, SHAPE),
    (shapes_of_reading.SparseMapping, SHAPE),
    (sql.in_a_file, CONFLICT),
    (sql.OneUpsert, STORAGE),
    (sql.Normalised, CLEARED),
    (state.Registers, STORAGE),
    (state.CoroutinePerJob, CLEARED),
    (times.NearestSeconds, RESOLUTION),
    (times.StrictMinutesUp, f"{ORDER}; {RESOLUTION}"),
    (times.HoursInAnyOffset, f"{RESOLUTION}; {ZONE}"),
    (times.NaiveBerlin, ZONE),
    (times.NaiveLordHowe, ZONE),
    (write_behind.Threaded, BEHIND),
)
"""Each with the sentence that it stands for, most of them from the rule book's "Legal variety"."""

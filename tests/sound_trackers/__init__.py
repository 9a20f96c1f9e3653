"""Trackers that are right, each in its own way: the kit must find nothing wrong with any of them."""

from __future__ import annotations

from collections.abc import Callable

from reference_tracker.adapter import sqlite
from tests.small_trackers import Small
from tests.sound_trackers import (
    arrival,
    asynchronous,
    attempts,
    choices,
    data,
    event_sourced,
    inserts,
    life,
    merging,
    missing,
    parts,
    refusing,
    shapes_of_reading,
    sql,
    state,
    tenants,
    ticks,
    times,
    upsert,
    workers,
    write_behind,
)

FILLED = "a late `active` or `created` fills its time in after the end"
STARTED = "`started_at` is the first or the newest attempt's (declared)"
LATE_PROGRESS = "progress that arrives after the end is kept or ignored"
OLD_ERROR = "the last attempt's error stays visible after a later success"
CLEARED = "progress or error are cleared when the next attempt starts, if redelivery does not bring them back"
STALLED = "a stalled job shows pending or delayed"
AT_END = "what an ended job shows as its progress"
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
TWO_ENDS = "which of two contradicting ends is right, where the first delivered is a zombie and ignored"
REMOVAL = "requeue, removal and retention are outside the rules"
INVENTED = "`created_at` shows another event's time until the creation is told"
NO_START = "a start that was never told shows the end's time"
NO_ERROR = "a failure without an error shows any text"
TOUCHED = "an ignored zombie moves `updated_at`"
TIED = "of two reports of one instant either may show again when it is told again"
ODD = "what the store cannot hold is refused clearly or stored readable"
TENANTS = "one table for all tenants or one for each, by name or by number, and one handle or several"
WORKERS = "what a worker keeps in its own memory, as long as it shows what is stored"
LACKING = "what a tracker lacks it declares with a reason"

SOUND: tuple[tuple[Callable[[], object], str], ...] = (
    (Small, LACKING),
    (sqlite, STORAGE),
    (merging.Sound, FILLED),
    (merging.SoundStrict, ORDER),
    (merging.SoundLatest, STARTED),
    (attempts.RowPerAttempt, STARTED),
    (merging.SoundClearing, CLEARED),
    (merging.SoundArrival, ARRIVAL),
    (merging.SoundRefusing, REFUSING),
    (arrival.AutoNow, ARRIVAL),
    (arrival.RealClock, f"{ORDER}; {ARRIVAL}"),
    (asynchronous.Locked, REFUSING),
    (asynchronous.awaitables, BEHIND),
    (asynchronous.TaskPerBatch, BEHIND),
    (asynchronous.actor, MAKING),
    (choices.NotAfterEnd, f"{FILLED}; {LATE_PROGRESS}"),
    (choices.OutcomeOnly, f"{OLD_ERROR}; {FAILED_AT}"),
    (choices.FullAtSuccess, AT_END),
    (choices.StalledByAttempt, STALLED),
    (choices.IgnoresZombies, ZOMBIES),
    (choices.ProgressNeverMoves, MOVING),
    (choices.CreationAfterEnd, FILLED),
    (choices.EndForStart, NO_START),
    (choices.NoErrorGiven, NO_ERROR),
    (choices.ClearsByAttempt, f"{CLEARED}; {TWO_ENDS}"),
    (choices.TouchedByZombies, TOUCHED),
    (data.Columns, ODD),
    (data.ChecksAllIds, ODD),
    (data.Readable, ODD),
    (event_sourced.EventLog, STORAGE),
    (event_sourced.EventOnce, TIED),
    (event_sourced.EventSet, f"{STORAGE}; {LATE_PROGRESS}"),
    (inserts.InsertOnly, f"{STORAGE}; {CLEARED}"),
    (life.HashedIds, f"{STORAGE}; {REMOVAL}"),
    (missing.NoCreation, LACKING),
    (missing.NoStart, LACKING),
    (missing.NoRetry, LACKING),
    (missing.NoAttempt, LACKING),
    (missing.NoEndTimes, LACKING),
    (missing.TimesNobodyTells, LACKING),
    (missing.OneProcess, LACKING),
    (missing.Percentages, LACKING),
    (missing.OnlyStatus, LACKING),
    (missing.OnlyEnds, LACKING),
    (missing.FinalReport, LACKING),
    (parts.Archive, LACKING),
    (parts.OneRun, LACKING),
    (parts.HiddenAttempt, LACKING),
    (parts.NoDelayed, LACKING),
    (parts.NoStartTime, LACKING),
    (parts.StallsOnly, f"{LACKING}; {STALLED}"),
    (parts.NoActive, LACKING),
    (parts.Bare, LACKING),
    (refusing.RefusesAllBehind, REFUSING),
    (refusing.RefusesWithoutWords, REFUSING),
    (refusing.RefusesUnmoved, f"{REFUSING}; {MOVING}"),
    (refusing.RefusesAfterEnd, f"{REFUSING}; {ZOMBIES}"),
    (refusing.RefusesButZombies, f"{REFUSING}; {TWO_ENDS}"),
    (refusing.RefusesZombies, f"{REFUSING}; {ZOMBIES}"),
    (shapes_of_reading.EndedAtMapping, SHAPE),
    (shapes_of_reading.SparseMapping, SHAPE),
    (sql.in_a_file, CONFLICT),
    (sql.OneUpsert, STORAGE),
    (sql.Normalised, CLEARED),
    (state.Registers, STORAGE),
    (state.CoroutinePerJob, CLEARED),
    (tenants.InKey, TENANTS),
    (tenants.TablePerTenant, TENANTS),
    (tenants.TenantFromContext, TENANTS),
    (tenants.Asynchronous, f"{TENANTS}; {MAKING}"),
    (tenants.WritesBehind, f"{TENANTS}; {BEHIND}"),
    (tenants.RefusingTenants, f"{TENANTS}; {REFUSING}"),
    (tenants.OneHandle, TENANTS),
    (tenants.RoomForTwo, TENANTS),
    (tenants.Identifiers, TENANTS),
    (tenants.StrictlyForgotten, TENANTS),
    (tenants.NamesWhatHasNoName, f"{TENANTS}; {NO_ERROR}"),
    (workers.SharedRows, WORKERS),
    (workers.ForgetfulCache, WORKERS),
    (workers.QueuePerWorker, f"{WORKERS}; {BEHIND}"),
    (times.ProgressByTheMinute, RESOLUTION),
    (ticks.StrictMillisecondsUp, f"{ORDER}; {RESOLUTION}; {STALLED}"),
    (ticks.NaiveMinutes, f"{SHAPE}; {ZONE}"),
    (ticks.HoursUp, RESOLUTION),
    (ticks.InventsCreation, INVENTED),
    (ticks.FirstHeard, f"{INVENTED}; {STARTED}"),
    (times.NearestSeconds, RESOLUTION),
    (times.StrictMinutesUp, f"{ORDER}; {RESOLUTION}"),
    (times.HoursInAnyOffset, f"{RESOLUTION}; {ZONE}"),
    (times.NaiveBerlin, ZONE),
    (times.NaiveLordHowe, ZONE),
    (upsert.UpsertWhileOpen, f"{FAILED_AT}; {LATE_PROGRESS}"),
    (write_behind.Threaded, BEHIND),
    (write_behind.Drowsy, BEHIND),
    (write_behind.Batched, BEHIND),
)
"""Each with the sentence that it stands for, most of them from the rule book's "Legal variety"."""

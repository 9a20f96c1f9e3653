"""Faulty for DATA-2: progress that cannot be stored costs what was recorded, or cannot be read."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from copy import copy
from typing import Any

from pytest_jobstatus import Event, EventKind, JobError, Snapshot, Status
from tests.sound_trackers.merging import Row, Sound


def parts(value: Any) -> Iterator[Any]:
    """The value and everything in it, keys included."""
    heap = [value]
    while heap:
        part = heap.pop()
        yield part
        if isinstance(part, dict):
            heap += [*part, *part.values()]
        elif isinstance(part, list):
            heap += part


def has_no_number(value: Any) -> bool:
    """Whether NaN or an infinity is in it."""
    return any(isinstance(part, float) and not math.isfinite(part) for part in parts(value))


def has_nul(value: Any) -> bool:
    return any(isinstance(part, str) and "\0" in part for part in parts(value))


def has_big_integer(value: Any) -> bool:
    return any(isinstance(part, int) and abs(part) >= 2**53 for part in parts(value))


def depth(value: Any) -> int:
    levels, layer = 0, [value]
    while layer := [part for part in layer if isinstance(part, dict | list)]:
        levels += 1
        layer = [each for part in layer for each in (part.values() if isinstance(part, dict) else part)]
    return levels


class RefusedProgressWipesOld(Sound):
    """DATA-2: NaN and Infinity are refused after the old progress was cleared."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        if has_no_number(value):
            row.progress = None
            raise ValueError("progress holds NaN or Infinity, which JSON does not know")
        super().note_progress(row, event, value)


class NulProgressLosesRow(Sound):
    """DATA-2: the row is deleted to be written anew, and NUL in progress is refused in between."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if has_nul(value):
            del self.rows[row.job_id]
            raise ValueError("progress holds a NUL")
        super().merge(row, event, value)


class NulInKeyLosesProgress(Sound):
    """DATA-2: a NUL is cleaned from texts, but in a key it is refused after the old progress was cleared."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if any(has_nul(list(part)) for part in parts(value) if isinstance(part, dict)):
            row.progress = None
            raise ValueError("progress has a key with a NUL")
        super().merge(row, event, value)


class BigIntegerWipesError(Sound):
    """DATA-2: an integer beyond a double's is refused, and the error shown is gone."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if has_big_integer(value):
            row.error = None
            raise ValueError("progress holds an integer beyond 2**53")
        super().merge(row, event, value)


class RolledBackTooFar(Sound):
    """DATA-2: refusing NaN or Infinity takes the event before back as well."""

    def __init__(self) -> None:
        super().__init__()
        self.before: dict[str, Row] = {}

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if has_no_number(value):
            self.rows[row.job_id] = self.before.get(row.job_id, row)
            raise ValueError("progress holds NaN or Infinity: rolled back")
        self.before[row.job_id] = copy(row)
        super().merge(row, event, value)


class NanUnreadable(Sound):
    """DATA-2: NaN and Infinity are stored, and from then on reading raises."""

    def show(self, row: Row) -> Snapshot:
        json.dumps(row.progress, allow_nan=False)
        return super().show(row)


class MinusInfinityUnreadable(Sound):
    """DATA-2: minus infinity alone is stored in a way that cannot be read."""

    def show(self, row: Row) -> Snapshot:
        if -math.inf in parts(row.progress):
            raise ValueError("Unexpected token - in JSON")
        return super().show(row)


class DeepProgressUnreadable(Sound):
    """DATA-2: deeply nested progress is stored, but the reader gives up on it."""

    def show(self, row: Row) -> Snapshot:
        if depth(row.progress) > 100:
            raise RecursionError("maximum recursion depth exceeded")
        return super().show(row)


class LargeProgressFailsJob(Sound):
    """DATA-2: progress too large for its column fails the job."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        if len(json.dumps(value)) <= 65_535:
            super().note_progress(row, event, value)
        elif not row.over:
            row.error = JobError("DataError", "value too long for column progress")
            self.set_ended(row, event, self.instant(event))
            row.status = Status.FAILED


class LargeProgressMovesBeforeRefused(Sound):
    """DATA-2: the start is written before progress too large for its column is refused."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        if len(json.dumps(value)) > 65_535:
            raise ValueError("progress is longer than 65535 bytes")
        super().note_progress(row, event, value)


class NanNeitherStoredNorRefused(Sound):
    """DATA-2: NaN and Infinity are passed over in silence, and the old progress stays."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        if not has_no_number(value):
            super().note_progress(row, event, value)


class LateNanLosesEnd(Sound):
    """DATA-2: NaN or Infinity that arrives after the end is refused, and the end is taken back."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if event.kind is EventKind.PROGRESS and has_no_number(value):
            if row.over:
                row.status, row.ended_at = Status.ACTIVE, None
            raise ValueError("progress holds NaN or Infinity")
        super().merge(row, event, value)


class NanRefusedWithoutAWord(Sound):
    """DATA-2: NaN and Infinity are refused with an exception that says nothing."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if has_no_number(value):
            raise ValueError
        super().merge(row, event, value)


class NulProgressDroppedUnlessFirst(Sound):
    """DATA-2: progress that holds NUL is dropped, so that the value before it stands."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        if row.progress_key is None or not has_nul(value):
            super().note_progress(row, event, value)


class RefusedProgressMovesClock(Sound):
    """DATA-2: progress that is refused has already moved the instant that later progress is compared with."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if has_no_number(value):
            if row.progress_key is not None:
                row.progress_key = max(row.progress_key, (event.attempt, event.occurred_at))
            raise ValueError("progress holds NaN or Infinity")
        super().merge(row, event, value)


class LongProgressReadsAsNothing(Sound):
    """DATA-2: the JSON text is cut to its column, and what cannot be read any more reads as nothing."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        super().note_progress(row, event, value if len(json.dumps(value)) <= 65_535 else None)


class ProgressWithNulReadsAsEmpty(Sound):
    """DATA-2: the text ends at the first NUL, and what cannot be read any more reads as an empty object."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        super().note_progress(row, event, {} if has_nul(value) else value)


class ReaderGivesUpAtDepth(Sound):
    """DATA-2: a deep value is refused, one that is less deep is stored, and the reader gives up on it."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        if depth(value) > 200:
            raise ValueError("progress is nested too deep")
        super().note_progress(row, event, value)

    def show(self, row: Row) -> Snapshot:
        if depth(row.progress) > 120:
            raise RecursionError("maximum recursion depth exceeded")
        return super().show(row)


class IntegersWrap(Sound):
    """DATA-2: integers wrap at 64 bits, and read as others."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        number = type(value) is int and not -(2**63) <= value < 2**63
        super().note_progress(row, event, (value + 2**63) % 2**64 - 2**63 if number else value)


FAULTY: tuple[type[Sound], ...] = (
    RefusedProgressWipesOld,
    NulProgressLosesRow,
    NulInKeyLosesProgress,
    BigIntegerWipesError,
    RolledBackTooFar,
    NanUnreadable,
    MinusInfinityUnreadable,
    DeepProgressUnreadable,
    LargeProgressFailsJob,
    LargeProgressMovesBeforeRefused,
    NanNeitherStoredNorRefused,
    LateNanLosesEnd,
    NanRefusedWithoutAWord,
    NulProgressDroppedUnlessFirst,
    RefusedProgressMovesClock,
    LongProgressReadsAsNothing,
    ProgressWithNulReadsAsEmpty,
    ReaderGivesUpAtDepth,
    IntegersWrap,
)

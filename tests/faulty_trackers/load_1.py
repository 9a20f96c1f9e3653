"""Faulty for LOAD-1: handling an event sleeps or polls."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from time import sleep

from pytest_jobstatus import Event, EventKind
from tests.sound_trackers.merging import Sound

MOMENT = 0.0002


class SleepsBeforeEnd(Sound):
    """LOAD-1: a completion sleeps first, for what may still be under way."""

    def apply(self, event: Event) -> None:
        if event.kind is EventKind.COMPLETED:
            time.sleep(MOMENT)
        super().apply(event)


class SleepsBeforeFailure(Sound):
    """LOAD-1: a failure sleeps first, by a function imported under its own name."""

    def apply(self, event: Event) -> None:
        if event.kind is EventKind.FAILED:
            sleep(MOMENT)
        super().apply(event)


class PollsForRow(Sound):
    """LOAD-1: an end that comes before all else looks twice for the job's row."""

    def apply(self, event: Event) -> None:
        for _ in range(2):
            if event.job_id in self.rows or not event.kind.terminal:
                break
            time.sleep(MOMENT / 2)
        super().apply(event)


class WaitsForNextAttempt(Sound):
    """LOAD-1: the third attempt's start waits on an event that nobody sets."""

    def apply(self, event: Event) -> None:
        if event.kind is EventKind.ACTIVE and event.attempt > 2:
            threading.Event().wait(MOMENT)
        super().apply(event)


class WaitsWhenStalled(Sound):
    """LOAD-1: a stall report waits whether the worker comes back."""

    def __init__(self) -> None:
        super().__init__()
        self.back = threading.Event()

    def apply(self, event: Event) -> None:
        if event.kind is EventKind.STALLED:
            self.back.wait(timeout=MOMENT)
        super().apply(event)


class SleepsAfterCancellation(Sound):
    """LOAD-1: cancelling a running job sleeps afterwards, until the worker may have noticed."""

    def apply(self, event: Event) -> None:
        super().apply(event)
        if event.kind is EventKind.CANCELLED and event.attempt:
            time.sleep(MOMENT)


class SleepsOnLateProgress(Sound):
    """LOAD-1: progress after the end sleeps, by a function taken when the class was made."""

    def apply(self, event: Event) -> None:
        row = self.rows.get(event.job_id)
        if event.kind is EventKind.PROGRESS and row is not None and row.over:
            self.pause()
        super().apply(event)

    def pause(self, sleeping: Callable[[float], object] = time.sleep) -> None:
        sleeping(MOMENT)


class BacksOffOnRepeat(Sound):
    """LOAD-1: an end that is told again is taken for a conflict, and backs off."""

    def apply(self, event: Event) -> None:
        row = self.rows.get(event.job_id)
        if event.kind.terminal and row is not None and row.over:
            sleep(MOMENT)
        super().apply(event)


class SleepsInCoroutine(Sound):
    """LOAD-1: a coroutine sleeps before it retries a job for the third time."""

    async def apply(self, event: Event) -> None:  # type: ignore[override]
        if event.kind is EventKind.RETRYING and event.attempt > 2:
            await asyncio.sleep(MOMENT)
        super().apply(event)


class PollsInCoroutine(Sound):
    """LOAD-1: a coroutine that learns of progress before all else looks again a moment later."""

    async def apply(self, event: Event) -> None:  # type: ignore[override]
        row = self.rows.get(event.job_id)
        if event.kind is EventKind.PROGRESS and row is None:
            await asyncio.sleep(MOMENT)
        super().apply(event)


class BlocksInCoroutine(Sound):
    """LOAD-1: a coroutine blocks its thread when a job is cancelled before it starts."""

    async def apply(self, event: Event) -> None:  # type: ignore[override]
        if event.kind is EventKind.CANCELLED and not event.attempt:
            time.sleep(MOMENT)  # noqa: ASYNC251 - the fault
        super().apply(event)


class BacksOffOnContradiction(Sound):
    """LOAD-1: a second, other end backs off, so that the first writer may finish."""

    def apply(self, event: Event) -> None:
        row = self.rows.get(event.job_id)
        if event.kind.terminal and row is not None and row.over and self.shows(row, event) is not row.status:
            time.sleep(MOMENT)
        super().apply(event)


FAULTY: tuple[type[Sound], ...] = (
    SleepsBeforeEnd,
    SleepsBeforeFailure,
    PollsForRow,
    WaitsForNextAttempt,
    WaitsWhenStalled,
    SleepsAfterCancellation,
    SleepsOnLateProgress,
    BacksOffOnRepeat,
    SleepsInCoroutine,
    PollsInCoroutine,
    BlocksInCoroutine,
    BacksOffOnContradiction,
)

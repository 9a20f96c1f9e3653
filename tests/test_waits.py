"""What a handler sleeps is seen, however it came by its sleep, and nothing else is."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Callable
from time import sleep

import pytest

from pytest_jobstatus import Event, Verdict, check
from pytest_jobstatus.waits import Waits
from tests.small_trackers import Small

event = threading.Event()
condition = threading.Condition()


def waits_in_vain() -> None:
    with condition:
        condition.wait(0.001)


def worker_sleeps() -> None:
    worker = threading.Thread(target=time.sleep, args=(0.002,))
    worker.start()
    worker.join()


def kept_sleep(pause: Callable[[float], None] = time.sleep) -> None:
    pause(0.001)


SEEN = [
    (lambda: time.sleep(0.001), "time.sleep"),
    (lambda: sleep(0.001), "time.sleep"),
    (kept_sleep, "time.sleep"),
    (lambda: event.wait(0.001), "a wait of less than 0.01 s that timed out"),
    (waits_in_vain, "a wait of less than 0.01 s that timed out"),
]
UNSEEN = [lambda: time.sleep(0), worker_sleeps, lambda: sum(range(1000)), lambda: None]


@pytest.mark.parametrize(("handler", "note"), SEEN)
def test_sleeps_are_seen(handler: Callable[[], object], note: str) -> None:
    """A sleep of the calling thread is noted, with what it was."""
    waits = Waits(own_task=lambda: None)
    with waits:
        handler()
    (noted,) = waits.taken() or ()
    assert noted.startswith(note)


@pytest.mark.parametrize("handler", UNSEEN)
def test_what_is_no_sleep_is_not(handler: Callable[[], object]) -> None:
    """Work, a pause of nothing and another thread's sleep are not noted, unless the processor was busy meanwhile."""
    waits = Waits(own_task=lambda: None)
    noted = []
    for _ in range(20):
        with waits:
            handler()
        noted.append(waits.taken())
    assert () in noted


class SlowOnce(Small):
    """Lets others run at each event; once the processor was busy meanwhile."""

    calls = 0

    def apply(self, event: Event) -> None:
        time.sleep(0)
        self.calls += 1
        if self.calls == 50:
            time.sleep(0.0005)
        super().apply(event)


def test_a_sleep_that_does_not_come_again_is_none() -> None:
    """What looks like a sleep once in a while is the processor's doing, and no violation."""
    assert check(SlowOnce, rules="LOAD-1")["LOAD-1"].verdict is Verdict.PASS


class Coroutines(Small):
    """Its handler is a coroutine beside a task that sleeps all the time."""

    pause = 0.0

    async def apply(self, event: Event) -> None:
        self.flusher = asyncio.ensure_future(self.flush())
        await asyncio.sleep(self.pause)
        Small.apply(self, event)
        self.flusher.cancel()

    async def flush(self) -> None:
        for _ in range(1000):
            await asyncio.sleep(0.001)


class SleepyCoroutines(Coroutines):
    pause = 0.001


@pytest.mark.parametrize(("tracker", "verdict"), [(Coroutines, Verdict.PASS), (SleepyCoroutines, Verdict.FAIL)])
def test_only_the_handlers_own_coroutine_counts(tracker: type, verdict: Verdict) -> None:
    """A background task of the same loop may sleep; the handler may not."""
    assert check(tracker, rules="LOAD-1", effort="quick")["LOAD-1"].verdict is verdict


def test_another_profiler_is_left_alone() -> None:
    """Where a profiler runs already nothing is watched, and the rule says that it was not exercised."""
    calls = []
    sys.setprofile(lambda *arguments: calls.append(arguments[1]))
    try:
        result = check(Small, rules="LOAD-1", effort="quick")["LOAD-1"]
        assert sys.getprofile() is not None
    finally:
        sys.setprofile(None)
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "never exercised" in str(result.reason)

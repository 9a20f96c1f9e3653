"""Whether a handler sleeps: what the calling thread waits for while it runs."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from statistics import median
from threading import Condition
from types import FrameType
from typing import Any

SHORTEST = 0.0001
"""In seconds. What takes less has not slept: `sleep(0)` only lets others run."""

# Looked up once: they are compared with for each function that a handler calls.
ASYNCIO_SLEEP = asyncio.sleep.__code__
CONDITION_WAIT = Condition.wait.__code__


def given_up() -> int:
    """How often this thread has given the processor up of itself: one that had to wait for it has not. Where the system
    does not count, a number that is another at each call.
    """
    try:
        import resource
    except ImportError:  # not on Windows
        return time.perf_counter_ns()
    thread = getattr(resource, "RUSAGE_THREAD", None)  # on Linux alone
    return time.perf_counter_ns() if thread is None else resource.getrusage(thread).ru_nvcsw


def is_profiled() -> bool:
    """Whether a profiler runs in this thread, which has room for one."""
    return sys.getprofile() is not None


def longer_than_nothing(seconds: float) -> bool:
    """Whether a sleep took clearly longer than `sleep(0)` does just now: 5 µs on some machines, 0.1 ms on others.

    >>> longer_than_nothing(0.0), longer_than_nothing(1.0)
    (False, True)
    """
    nothing = []
    for _ in range(5):
        began = time.perf_counter()
        time.sleep(0)
        nothing.append(time.perf_counter() - began)
    return seconds > 1.5 * median(nothing)  # not the longest: beside other work one in a few takes very long


class Waits:
    """Notes each sleep of the calling thread within a `with` block, however it was imported.

    Seen are `time.sleep`, waits on conditions of `threading` (Event, Semaphore, Queue) that time out, and
    `asyncio.sleep` in the handler's own task: what a background task or another thread does is their affair.

    Args:
        own_task: the task that runs the handler; None outside a loop.

    >>> waits = Waits(own_task=lambda: None)
    >>> with waits:
    ...     time.sleep(0.001)
    >>> [note.split(" for ")[0] for note in waits.taken() or ()]
    ['time.sleep']
    """

    def __init__(self, *, own_task: Callable[[], asyncio.Task[Any] | None]) -> None:
        """Nothing is noted yet."""
        self._own_task = own_task
        self._noted: list[str] | None = None
        self._began = 0.0
        self._switches = 0

    def __enter__(self) -> None:
        """Begin to look; not where another profiler does already."""
        if not is_profiled():
            self._noted = []
            sys.setprofile(self._saw)

    def __exit__(self, *_: object) -> None:
        """Stop to look."""
        if self._noted is not None:
            sys.setprofile(None)

    def taken(self) -> tuple[str, ...] | None:
        """What was noted in the last block, once each; None where nobody looked."""
        noted, self._noted = self._noted, None
        return None if noted is None else tuple(dict.fromkeys(noted))

    def _saw(self, frame: FrameType, event: str, argument: Any) -> None:
        if event == "c_call":
            if argument is time.sleep:
                self._began, self._switches = time.perf_counter(), given_up()
        elif event == "c_return":
            if argument is time.sleep:
                self._returned(time.perf_counter() - self._began)
        elif event == "call":
            if frame.f_code is ASYNCIO_SLEEP and frame.f_locals["delay"] > 0:
                task = self._own_task()
                if task is not None and asyncio.current_task() is task:
                    self._note(f"asyncio.sleep({frame.f_locals['delay']:g})")
        elif frame.f_code is CONDITION_WAIT and argument is False and frame.f_locals["timeout"] > 0:
            self._note(f"a wait of {_about(frame.f_locals['timeout'])} that timed out")

    def _returned(self, took: float) -> None:
        if took >= SHORTEST and given_up() != self._switches and longer_than_nothing(took):
            self._note(f"time.sleep for {_about(took)}")

    def _note(self, what: str) -> None:
        if self._noted is not None:
            self._noted.append(what)


def _about(seconds: float) -> str:
    """The time in one digit, if it is long enough for one: it is never twice the same.

    >>> _about(0.5003), _about(0.0012)
    ('about 0.5 s', 'less than 0.01 s')
    """
    return "less than 0.01 s" if seconds < 0.01 else f"about {float(f'{seconds:.1g}'):g} s"

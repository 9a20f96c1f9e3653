"""How far a long check is: one line of a terminal that is written anew, or a plain line now and then."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TextIO

from pytest_jobstatus.verdict import Coverage

NARROWEST = 20
PLAIN = 80
"""How wide a terminal is that does not say."""
SILENT = 30.0
"""Seconds: where nothing can be written anew a line comes so often, so that CI does not take a long check for dead."""


class Progress:
    """Says on a stream how far a check is.

    Args:
        stream: standard error. A terminal gets one line, which is written anew and is gone before anything else is
            printed, in plain characters, so that neither colours nor escape sequences are needed; else a line comes
            every half minute.
        clock: gives seconds.

    >>> import sys
    >>> ticks = iter([0.0, 12.0, 31.0])
    >>> progress = Progress(sys.stdout, clock=lambda: next(ticks))
    >>> progress("TERM-1", Coverage(histories=100, events=300))
    >>> progress("TERM-1", Coverage(histories=212, events=901))
    jobstatus: TERM-1: 212 histories, 901 events; rules failed so far: 0; 31 s
    """

    def __init__(self, stream: TextIO, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Write nothing yet."""
        self._stream = stream
        self._clock = clock
        self._began = self._said = clock()
        self._shown = 0
        self._live = stream.isatty() and os.environ.get("TERM") != "dumb"
        self.failed = 0

    def __call__(self, rule: str, coverage: Coverage) -> None:
        """Say it, if it is time to.

        Args:
            rule: the number of the rule that is judged.
            coverage: what was tried for it until now.
        """
        now = self._clock()
        tried = f"{coverage.histories} histories, {coverage.events} events"
        line = f"{rule}: {tried}; rules failed so far: {self.failed}; {now - self._began:.0f} s"
        if self._live:
            text = line[: self._width()]
            self._write(f"\r{text}{' ' * (self._shown - len(text))}")
            self._shown = len(text)
        elif now - self._said >= SILENT:
            self._said = now
            self._write(f"jobstatus: {line}\n")

    def clear(self) -> None:
        """Take the line away, before something else is printed."""
        if self._shown:
            self._write(f"\r{' ' * self._shown}\r")
            self._shown = 0

    def _width(self) -> int:
        """How many characters a line takes without going on in the next."""
        try:
            columns = os.get_terminal_size(self._stream.fileno()).columns
        except OSError:
            columns = 0
        return max(columns or PLAIN, NARROWEST) - 1

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()

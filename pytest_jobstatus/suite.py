"""What `conformance(MyTracker)` makes in a test module: one pytest item per rule."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_jobstatus.marks import MARK

if TYPE_CHECKING:
    from pytest_jobstatus.verdict import Report


@dataclass(frozen=True, kw_only=True)
class Suite:
    """What a conformance test judges.

    Args:
        tracker: a class, a factory, or the name of a fixture.
        scenarios: a folder of further scenario files.
        file: the test module that asked for it.
        line: and the line.
    """

    tracker: object
    scenarios: str | None
    file: str
    line: int


def conformance(tracker: object, *, scenarios: str | Path | None = None) -> Callable[..., None]:
    """A test function that judges a tracker, one item per rule.

    Args:
        tracker: a class, a function that makes a fresh tracker at each call, or the name of a fixture that gives one
            or the other.
        scenarios: a folder of scenario files to try as well, relative to the test module.

    In a test module, one line is enough: `test_conformance = conformance(MyTracker)`. The items are called
    `test_conformance[TERM-1]`, …; a rule that does not apply is skipped with its reason, one that was never
    exercised fails.

    >>> class MyTracker: ...
    >>> conformance(MyTracker).__name__
    'test_conformance'
    """
    caller = sys._getframe(1)  # noqa: SLF001 - the documented way to the caller's file and line
    folder = Path(caller.f_code.co_filename).parent
    suite = Suite(
        tracker=tracker,
        scenarios=str(folder / scenarios) if scenarios is not None else None,
        file=caller.f_code.co_filename,
        line=caller.f_lineno,
    )

    # In one line, so that every place in it is the user's line.
    # fmt: off
    def test_conformance(jobstatus_rule: str, jobstatus_report: Report) -> None: _tell(suite, jobstatus_report)  # noqa: ARG001
    # fmt: on
    _place(test_conformance, suite)
    setattr(test_conformance, MARK, suite)
    test_conformance.__module__ = caller.f_globals.get("__name__", __name__)
    return test_conformance


def _tell(suite: Suite, report: Report) -> None:
    __tracebackhide__ = True
    from pytest_jobstatus.items import tell

    tell(suite, report)


def _place(function: Any, suite: Suite) -> None:
    """Let pytest point at the user's line, where there is something to change, and not into this file."""
    function.__code__ = function.__code__.replace(co_filename=suite.file, co_firstlineno=suite.line)

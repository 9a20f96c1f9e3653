"""Exceptions of the tracker: what they say, where they come from, and what they must not hold on to."""

from __future__ import annotations

import os
import sysconfig
from pathlib import Path
from traceback import format_exception_only, walk_tb

IN_SETTLE = "in settle()"
RAISED_AT = "raised at "
FOREIGN = tuple(
    f"{folder}{os.sep}"
    for folder in (Path(__file__).parent, *map(sysconfig.get_path, ("stdlib", "purelib", "platlib")))
)
"""Folders of code that is not the user's: ours, Python's, and the libraries'."""


def said(error: BaseException) -> str:
    """An exception as one line: its type and text, and where it is not `apply` that raised it."""
    notes = getattr(error, "__notes__", [])
    *_, last = (line for line in (" ".join(each.split()) for each in format_exception_only(error)) if line not in notes)
    return f"{last} ({IN_SETTLE})" if IN_SETTLE in notes else last


def located(error: BaseException) -> BaseException:
    """The exception with a note of the line that raised it, or that called what did: the last one of the user's own."""
    frames = [(frame.f_code, line) for frame, line in walk_tb(error.__traceback__)]
    own = [(code, line) for code, line in frames if not code.co_filename.startswith(FOREIGN)]
    for code, line in own[-1:]:
        _note(error, f"{RAISED_AT}{_short(code.co_filename)}:{line}, in {code.co_name}")
    return error


def _short(file: str) -> str:
    return file.removeprefix(f"{Path.cwd()}{os.sep}")


def _note(error: BaseException, note: str) -> None:
    """Added once: a tracker may raise the same exception again. Not by `add_note`: exceptions may be frozen."""
    notes = getattr(error, "__notes__", [])
    vars(error)["__notes__"] = [*(each for each in notes if not each.startswith(RAISED_AT)), note]


def place_of(error: BaseException | None) -> str | None:
    """Where it was raised: "jobs.py:42, in on_failed"; None where no line of the user's own was seen."""
    notes = [note for note in getattr(error, "__notes__", ()) if note.startswith(RAISED_AT)]
    return notes[-1].removeprefix(RAISED_AT) if notes else None


def let_go(error: BaseException | None) -> None:
    """Let go of what an exception's traceback holds: the tracker, and with it a connection that may hold a lock."""
    left = [error]
    while left:
        each = left.pop()
        if each is not None and each.__traceback__ is not None:
            each.__traceback__ = None
            left += [each.__cause__, each.__context__]

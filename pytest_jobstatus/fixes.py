"""Fixes: which lines of the known-good statement cure which rule, as `jobstatus explain` shows them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection
from typing import NamedTuple

from pytest_jobstatus.statement import (
    POSTGRESQL,
    READ,
    READ_OF_TENANT,
    SQLITE,
    Columns,
    checked_id,
    checked_progress,
    in_utc,
    storable,
    table,
    upsert,
    with_tenant,
)


class Fix(NamedTuple):
    """What cures a rule: the idea in a sentence, and the lines for each database."""

    title: str
    postgresql: str
    sqlite: str


PYTHON: dict[str, Callable[..., object]] = {
    each.__name__: each for each in (storable, checked_progress, checked_id, in_utc)
}
"""What is to be done before the statement. PostgreSQL takes instants as they are."""

WHOLE = "CONV-2"
"""The rule whose fix is the whole statement."""
ENDS, TIMES = "ended_at", "created_at started_at ended_at"
MOVES, NEWS = "position status", "progress progress_attempt progress_at"
CURES: dict[str, tuple[str, str]] = {
    "TRACK-1": ("The kind of the event alone decides the status. Commit before you return.", MOVES),
    "TRACK-2": ("Ask for the one row, and for nothing else; no row: nobody has heard of the job.", "READ"),
    "TRACK-3": ("One statement takes every event: the first makes the row, no other is refused.", f"job_id {MOVES}"),
    "TRACK-4": ("The end needs no row and no predecessor; it is ahead of all that is open.", f"job_id {MOVES} {ENDS}"),
    "TRACK-5": ("The failure that moves the job brings its error along.", "position error"),
    "TRACK-6": ("Attempt and phase are the position; only what is ahead of it moves it.", f"{MOVES} attempt"),
    "IDEM-1": ("Store the attempt that the event carries: nothing is counted, so nothing twice.", f"{MOVES} attempt"),
    "IDEM-2": ("Each column keeps what it was decided by.", f"{MOVES} attempt created_at started_at {NEWS}"),
    "TERM-1": ("An end is beyond every position: nothing is ahead of it.", MOVES),
    "TERM-2": ("Every column has the guard, not the status alone.", f"position attempt {ENDS} error cancelled_by"),
    "TERM-3": ("The end brings its time; what comes late finds it there.", f"{MOVES} {ENDS}"),
    "TERM-4": ("The first end fills all columns of an end, the second none.", f"{MOVES} {ENDS} error cancelled_by"),
    "TIME-1": ("The time that is written goes behind, or before, those that stand there.", TIMES),
    "TIME-2": ("Clocks move times the least that keeps them in order, and decide nothing else.", f"{MOVES} {TIMES}"),
    "TIME-3": ("Equal times are in order, and the position breaks the tie.", f"{MOVES} {TIMES}"),
    "TIME-4": ("One column for the end: the status says which end it was.", f"{ENDS} READ"),
    "TIME-5": ("Store instants: timestamptz, or text in UTC.", f"{TIMES} in_utc"),
    "TIME-6": ("The first creation stays.", "created_at"),
    "TIME-7": ("The later of the two. `:now` is the writer's clock.", "updated_at"),
    "TIME-8": ("A time is filled or kept, never emptied.", TIMES),
    "TIME-9": ('The earliest start stays: `Profile(started="first")`.', "started_at"),
    "CONV-1": ("The greatest position wins in every order; arrival decides nothing.", f"{MOVES} attempt"),
    WHOLE: (
        "The whole statement; `:now` is the writer's clock, all else the event's own, and its arrival decides nothing.",
        " ".join((*SQLITE, "READ", *PYTHON)),
    ),
    "RETRY-1": ("A failure that will be retried is told as `retrying`, and shows delayed.", MOVES),
    "RETRY-2": ("Store the attempt that the event carries.", f"{MOVES} attempt"),
    "RETRY-3": ("Attempt before phase: what an older attempt tells is never ahead.", f"{MOVES} attempt"),
    "RETRY-4": ("The greater of the two attempts.", "position attempt"),
    "RETRY-5": ("The last failure replaces the error, by nothing where it has none.", "position error"),
    "RETRY-6": ("A retry brings its error, and nothing else but a newer failure removes it.", "position error"),
    "RETRY-7": ('A late end ends the job and leaves the greater attempt: `late_end="taken"`.', f"{MOVES} attempt"),
    "CANC-1": ("A cancellation is an end of its own, with its time and its author.", f"{MOVES} {ENDS} cancelled_by"),
    "CANC-2": ("A cancellation is an end, also before the start: a start is not ahead of it.", MOVES),
    "CANC-3": ("A cancellation of what is over finds every column guarded.", f"{MOVES} {ENDS} cancelled_by"),
    "CANC-4": ("The kind of the event alone decides, never a text.", f"{MOVES} error"),
    "PROG-1": ("Store JSON, null included.", "progress checked_progress"),
    "PROG-2": ("Keep attempt and instant beside the value; older news changes none of the three.", NEWS),
    "PROG-3": ("Progress is a sign that its attempt is active: it moves only what is behind.", f"{MOVES} {TIMES}"),
    "PROG-4": ("The new value takes the old one's place; nothing is merged.", "progress"),
    "STALL-1": ("A stalled job is pending in its attempt, which is ahead of active in it.", MOVES),
    "STALL-2": ("A stall report of an older attempt, or after the end, is not ahead.", MOVES),
    "DATA-1": ("Escape what no database takes, before the statement; then bind it.", "position error storable"),
    "DATA-2": (
        "Refuse what cannot be stored before the statement, so that no transaction fails.",
        f"{NEWS} checked_progress",
    ),
    "DATA-3": ("Compare ids byte by byte, at full length.", "job_id checked_id"),
    "ISO-1": ("The id is the key, and the key is all that finds the row.", "job_id"),
    "ISO-2": ("The tenant is a column of the key, beside the id, and every statement names it.", "tenant job_id"),
    "LOAD-1": ("Nothing to wait for: the guard is in the statement, whatever came or did not come before.", MOVES),
}
"""By rule: the idea, and the columns and other parts that cure."""


def fix(rule: str) -> Fix:
    """What cures a rule.

    Args:
        rule: its number.

    >>> print(fix("TRACK-2").sqlite.splitlines()[-1])
    FROM job_status WHERE job_id = :job_id
    """
    title, names = CURES[rule]
    return Fix(title, *(_shown(columns, names.split()) for columns in (POSTGRESQL, SQLITE)))


def _shown(columns: Columns, names: Collection[str]) -> str:
    parts = []
    if "tenant" in names:
        shown = with_tenant(columns)
        return "\n\n".join((f"{table(shown, shown=names)};", f"{upsert(shown, shown=names)};", READ_OF_TENANT))
    if any(name in columns for name in names):
        parts += [f"{table(columns, shown=names)};", f"{upsert(columns, shown=names)};"]
    if "READ" in names:
        parts.append(READ)
    functions = [name for name in names if name in PYTHON and not (name == "in_utc" and columns is POSTGRESQL)]
    parts += [inspect.getsource(PYTHON[name]).rstrip() for name in functions]
    return "\n\n".join(parts)

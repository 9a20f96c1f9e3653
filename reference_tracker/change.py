"""One event as the tracker takes it, and what of it no database can hold."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple, get_args

Kind = Literal["created", "active", "progress", "retrying", "stalled", "completed", "failed", "cancelled"]

KINDS = get_args(Kind)
LONGEST_ID = 255
"""In characters."""
MOST_ATTEMPTS = 2**31 - 1
EARLIEST, LATEST = (datetime(year, 1, 1, tzinfo=UTC) for year in (2, 9999))
"""Times are moved by a tick where they must stay in order, and shown in any offset."""
JSON = "JSON, without NaN and Infinity"


class Change(NamedTuple):
    """One event as the tracker takes it.

    Args:
        job_id: whose event it is; 1 to 255 characters without NUL and lone surrogates.
        kind: what happened.
        at: when; aware.
        attempt: 0 before the first start.
        error: type, message and traceback of a failure.
        progress: any JSON value.
        cancelled_by: who asked for the cancellation.
        queue, job_type: where the job belongs.
        tenant: whose job it is; "" where there is one only.
    """

    job_id: str
    kind: Kind
    at: datetime
    attempt: int = 0
    error: tuple[str, str, str | None] | None = None
    progress: Any = None
    cancelled_by: str | None = None
    queue: str | None = None
    job_type: str | None = None
    tenant: str = ""


def checked(change: Change) -> Change:
    """The change as it is.

    Raises:
        ValueError: for what the table cannot hold, naming the field, its value and what is allowed.

    >>> from datetime import UTC
    >>> checked(Change("", "active", datetime(2026, 1, 5, 12, tzinfo=UTC)))
    Traceback (most recent call last):
    ValueError: job_id '': allowed are 1 to 255 characters without NUL and lone surrogates
    """
    if change.kind not in KINDS:
        raise _refused("kind", change.kind, "one of " + ", ".join(KINDS))
    for name, value, shortest in (("job_id", change.job_id, 1), ("tenant", change.tenant, 0)):
        if not isinstance(value, str) or not shortest <= len(value) <= LONGEST_ID or storable(value) != value:
            raise _refused(name, value, f"{shortest} to {LONGEST_ID} characters without NUL and lone surrogates")
    if not isinstance(change.at, datetime) or change.at.utcoffset() is None:
        raise _refused("at", change.at, "an aware datetime")
    if not EARLIEST <= change.at <= LATEST:
        raise _refused("at", change.at, f"an instant from {EARLIEST.date()} to {LATEST.date()}")
    if type(change.attempt) is not int or not 0 <= change.attempt <= MOST_ATTEMPTS:
        raise _refused("attempt", change.attempt, f"0 to {MOST_ATTEMPTS}")
    for name, text in (("cancelled_by", change.cancelled_by), ("queue", change.queue), ("job_type", change.job_type)):
        if text is not None and not isinstance(text, str):
            raise _refused(name, text, "a text or None")
    if change.kind == "progress":
        as_json(change.progress)
    return change


def _refused(name: str, value: object, allowed: str) -> ValueError:
    return ValueError(f"{name} {value!a:.80}: allowed {'are' if allowed[0].isdigit() else 'is'} {allowed}")


def as_json(progress: object) -> str:
    r"""The progress as every database takes it.

    Raises:
        ValueError: where it is none.

    >>> as_json({"note": "\ud800"})
    '{"note": "\\ud800"}'
    """
    try:
        return json.dumps(progress, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"progress {_shortened(progress)}: allowed is {JSON}: {error}") from error


def _shortened(value: object) -> str:
    try:
        return f"{value!a:.80}"
    except RecursionError:
        return f"a {type(value).__name__} nested too deep"


def storable(text: str) -> str:
    r"""The text without what no database takes: NUL and lone surrogates become escapes that a person can read.

    >>> print(storable("before\0after \ud800"))
    before\x00after \ud800
    """
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")

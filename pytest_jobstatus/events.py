"""What happened: the events that a job queue emits about its jobs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any, NamedTuple

from pytest_jobstatus.misuse import Misuse, listed

LONGEST_ID = 255


class EventKind(StrEnum):
    """The kinds of event (JSL/1, Vocabulary).

    >>> EventKind("active").terminal, EventKind.FAILED.terminal
    (False, True)
    """

    CREATED = "created"
    ACTIVE = "active"
    PROGRESS = "progress"
    RETRYING = "retrying"
    STALLED = "stalled"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @cached_property
    def terminal(self) -> bool:
        """Whether the job is over with this event."""
        return self in _TERMINAL


class Mark(NamedTuple):
    """One event of a run without its time and values."""

    kind: EventKind
    attempt: int


TERMINAL_KINDS = (EventKind.COMPLETED, EventKind.FAILED, EventKind.CANCELLED)
_TERMINAL = frozenset(TERMINAL_KINDS)


@dataclass(frozen=True)
class JobError:
    """Why an attempt failed.

    Args:
        type: name of the exception's type.
        message: its text, any characters.
        traceback: the traceback as text, if there is one.

    >>> JobError("ValueError", "boom").exception()
    ValueError('boom')
    """

    type: str
    message: str
    traceback: str | None = None

    def __post_init__(self) -> None:
        """Refuse what is not text."""
        for name in ("type", "message"):
            if not isinstance(getattr(self, name), str):
                raise Misuse(f"JobError({name}={getattr(self, name)!r}): allowed is a str")
        if self.traceback is not None and not isinstance(self.traceback, str):
            raise Misuse(f"JobError(traceback={self.traceback!r}): allowed is a str or None")

    def exception(self) -> Exception:
        """A real exception with this type name and text, raised and caught so that it has a traceback.

        Its class is made for the occasion: a built-in of the same name might change the text (KeyError quotes it).
        """
        # A class may have any name but one with NUL or lone surrogates.
        name = self.type.replace("\0", "\\0").encode("utf-8", "backslashreplace").decode()
        made: type[Exception] = type(name, (Exception,), {"__module__": "builtins"})
        try:
            raise made(self.message)  # noqa: TRY301 - a traceback comes of raising only
        except made as caught:
            return caught


@dataclass(frozen=True)
class Event:
    """One thing that happened to one job, as the queue tells it.

    Args:
        kind: an `EventKind`, or its name.
        job_id: 1 to 255 characters, opaque.
        occurred_at: the instant, by the clock of whoever emitted the event; aware.
        attempt: 0 before the first start, then 1, 2, …
        error: of a `retrying` or `failed`; None where there is none.
        progress: of a `progress`; whatever `json.dumps` accepts, NaN and Infinity included.
        cancelled_by: of a `cancelled`; who asked for it.
        retry_at: of a `retrying`; when the next attempt is due; aware.
        context: queue, job type, tenant: strings by name.

    Raises:
        Misuse: naming the field, its value and what is allowed.

    >>> from datetime import datetime, UTC
    >>> event = Event("active", "job-1", datetime(2026, 1, 5, 12, tzinfo=UTC), attempt=1)
    >>> event.kind
    <EventKind.ACTIVE: 'active'>
    >>> Event("active", "", event.occurred_at)
    Traceback (most recent call last):
    pytest_jobstatus.misuse.Misuse: Event(job_id=''): allowed are 1 to 255 characters
    """

    kind: EventKind
    job_id: str
    occurred_at: datetime
    _: KW_ONLY
    attempt: int = 0
    error: JobError | None = None
    progress: Any = None
    cancelled_by: str | None = None
    retry_at: datetime | None = None
    context: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check every field once, so that nobody after this has to."""
        try:
            object.__setattr__(self, "kind", EventKind(self.kind))
        except ValueError:
            raise Misuse(f"Event(kind={self.kind!r}): allowed are {listed(EventKind, given=self.kind)}") from None
        self._check(
            "job_id",
            isinstance(self.job_id, str) and 1 <= len(self.job_id) <= LONGEST_ID,
            f"1 to {LONGEST_ID} characters",
        )
        self._check("occurred_at", is_aware(self.occurred_at), "an aware datetime (with tzinfo)")
        self._check(
            "attempt",
            isinstance(self.attempt, int) and not isinstance(self.attempt, bool) and self.attempt >= 0,
            "a whole number from 0 on",
        )
        self._check("error", self.error is None or isinstance(self.error, JobError), "a JobError or None")
        self._check("cancelled_by", self.cancelled_by is None or isinstance(self.cancelled_by, str), "a str or None")
        self._check("retry_at", self.retry_at is None or is_aware(self.retry_at), "an aware datetime or None")
        self._check(
            "context",
            isinstance(self.context, Mapping)
            and all(isinstance(key, str) and isinstance(value, str) for key, value in self.context.items()),
            "a mapping of strings to strings",
        )
        try:
            json.dumps(self.progress)
        except (TypeError, ValueError, RecursionError) as error:
            raise Misuse(f"Event(progress={shortened(self.progress)}): json.dumps refuses it: {error}") from None

    def _check(self, name: str, good: bool, allowed: str) -> None:  # noqa: FBT001 - private, the two read as one line
        if not good:
            raise Misuse(f"Event({name}={shortened(getattr(self, name))}): allowed {_verb(allowed)} {allowed}")

    def moved(self, *, job_id: str, by: timedelta) -> Event:
        """The same event of another job, at another time.

        Args:
            job_id: the id to carry.
            by: added to every instant of the event.

        >>> from datetime import datetime, timedelta, UTC
        >>> event = Event("active", "job-1", datetime(2026, 1, 5, 12, tzinfo=UTC), attempt=1)
        >>> moved = event.moved(job_id="job-2", by=timedelta(days=1))
        >>> moved.job_id, moved.occurred_at.day
        ('job-2', 6)
        """
        # Not dataclasses.replace: every history moves its events, and they were checked when first made.
        moved = object.__new__(Event)
        values = moved.__dict__
        values.update(self.__dict__)
        values["job_id"] = job_id
        values["occurred_at"] = self.occurred_at + by
        if self.retry_at is not None:
            values["retry_at"] = self.retry_at + by
        return moved

    @property
    def name(self) -> str:
        """Kind and attempt, as a person says it.

        >>> from datetime import datetime, UTC
        >>> Event("active", "job-1", datetime(2026, 1, 5, 12, tzinfo=UTC), attempt=2).name
        'active 2'
        """
        return f"{self.kind} {self.attempt}" if self.attempt else str(self.kind)


def is_aware(value: object) -> bool:
    """Whether the value is an instant: a datetime that knows its offset.

    >>> from datetime import datetime, UTC
    >>> is_aware(datetime(2026, 1, 5, tzinfo=UTC)), is_aware(datetime(2026, 1, 5)), is_aware("2026-01-05")
    (True, False, False)
    """
    return isinstance(value, datetime) and value.utcoffset() is not None


def shortened(value: object) -> str:
    """The value as a message shows it: on one line, and not all of a megabyte.

    >>> shortened("x" * 1000)
    "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx… (1002 characters)"
    """
    try:
        text = repr(value)
    except RecursionError:
        return f"a {type(value).__name__} nested too deep"
    return text if len(text) <= 80 else text[:60] + f"… ({len(text)} characters)"


def _verb(allowed: str) -> str:
    return "are" if allowed[0].isdigit() else "is"

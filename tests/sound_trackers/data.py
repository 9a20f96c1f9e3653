"""Sound trackers that cannot store all data: one refuses what is odd, the other stores something readable instead."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from typing import Any

from pytest_jobstatus import Event, EventKind, JobError, Profile, Status
from tests.sound_trackers.merging import PHASES, SHOWS, Row, Sound

UNSTORABLE = re.compile("[\0\ud800-\udfff]")
MOST_ID = 191
MOST_TEXT = 3000
DEEPEST = 150


def odd(value: Any, depth: int = 0) -> str | None:
    """What a common database would not hold; None if it would hold all.

    >>> odd({"at": [1, float("nan")]})
    'no finite number'
    """
    if depth > DEEPEST:
        return "nested too deep"
    if isinstance(value, str):
        return "NUL or a lone surrogate" if UNSTORABLE.search(value) else None
    if isinstance(value, float):
        return None if math.isfinite(value) else "no finite number"
    if isinstance(value, int):
        return None if abs(value) <= 2**53 else "an integer beyond 2**53"
    parts = [*value, *value.values()] if isinstance(value, dict) else value or ()
    return next((found for part in parts if (found := odd(part, depth + 1))), None)


class Columns:
    """Refuses progress and ids that it cannot store, and keeps a dictionary for each column, errors as plain text.

    An id must be text in NFC without blanks at its ends, and no longer than some index allows.
    """

    profile = Profile()

    def __init__(self) -> None:
        self.columns: dict[str, dict[str, Any]] = {}

    def get(self, column: str, job_id: str, default: Any = None) -> Any:
        """What the column holds for a job."""
        return self.columns.get(column, {}).get(job_id, default)

    def put(self, job_id: str, **values: Any) -> None:
        """Write columns of a job."""
        for column, value in values.items():
            self.columns.setdefault(column, {})[job_id] = value

    def check(self, job: str) -> None:
        """Refuse an id that is not stored as it is."""
        storable = job == job.strip() == unicodedata.normalize("NFC", job) and not UNSTORABLE.search(job)
        if not storable or len(job) > MOST_ID:
            raise ValueError(f"job id {job!r}: allowed is trimmed NFC text of at most {MOST_ID} characters")

    def apply(self, event: Event) -> None:
        job, at, key = event.job_id, event.occurred_at, (event.attempt, event.occurred_at)
        self.check(job)
        if problem := odd(event.progress):
            raise ValueError(f"progress cannot be stored: {problem}")
        self.put(job, updated_at=max(at, self.get("updated_at", job, at)))
        created, started, ended = (self.get(name, job) for name in ("created_at", "started_at", "ended_at"))
        if event.kind is EventKind.PROGRESS and key >= self.get("key", job, key):
            self.put(job, key=key, progress=json.loads(json.dumps(event.progress)))
        if event.kind is EventKind.CREATED and created is None:
            self.put(job, created_at=min(at, started or at, ended or at))
        if ended is None:
            if event.kind is EventKind.ACTIVE and event.attempt < self.get("started_of", job, event.attempt + 1):
                self.put(job, started_of=event.attempt, started_at=max(at, created or at))
            if event.kind.terminal:
                self.put(job, ended_at=max(at, started or at, created or at), cancelled_by=event.cancelled_by)
            self.move(event)

    def move(self, event: Event) -> None:
        """Let an event that is ahead change an open job."""
        job, position = event.job_id, (event.attempt, PHASES.get(event.kind, 0))
        if not event.kind.terminal and position <= self.get("position", job, (0, -1)):
            return
        attempt = max(event.attempt, self.get("attempt", job) or 0)
        status = Status.DELAYED if event.kind is EventKind.STALLED else SHOWS[event.kind]
        self.put(job, status=status, position=position, attempt=attempt or None)
        if event.kind in (EventKind.RETRYING, EventKind.FAILED):
            error = event.error
            text = None if error is None else f"{error.type[:MOST_TEXT]}: {error.message[:MOST_TEXT]}"
            self.put(job, error=text and UNSTORABLE.sub("", text))

    def read(self, job_id: str) -> dict[str, Any] | None:
        if self.get("status", job_id) is None:
            return None
        hidden = ("key", "position", "started_of")
        row = {name: values.get(job_id) for name, values in self.columns.items() if name not in hidden}
        return {name: value for name, value in row.items() if value is not None}


class ChecksAllIds(Columns):
    """Refuses such an id from readers too, in the same words."""

    def read(self, job_id: str) -> dict[str, Any] | None:
        self.check(job_id)
        return super().read(job_id)


class Readable(Sound):
    """Replaces what it cannot store: odd progress by a note, odd characters in errors by others."""

    def apply(self, event: Event) -> None:
        problem = odd(event.progress)
        value = {"unreadable": problem} if problem else json.loads(json.dumps(event.progress))
        self.merge(self.find(event), event, value)

    def outcome(self, row: Row, event: Event) -> None:
        super().outcome(row, event)
        if event.error is not None and row.error is event.error:
            row.error = JobError(self.clean(event.error.type), self.clean(event.error.message))

    def clean(self, text: str) -> str:
        """The text as a column can hold it."""
        return text[:MOST_TEXT].replace("\0", "\u2400").encode("utf-8", "replace").decode()

"""What the tests of Celery's result backends share."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from pytest_jobstatus import Event, EventKind, JobError, Snapshot
from pytest_jobstatus.handle import Handle
from pytest_jobstatus.rules import RULES

CHEAP = [rule.id for rule in RULES if rule.id not in ("TRACK-3", "DATA-3", "ISO-1", "LOAD-1")]
"""All rules but those that every result backend keeps and that take more than half of the time."""

DATABASES_DIFFER = ("IDEM-1", "TERM-1", "TIME-1", "TIME-4", "PROG-1", "DATA-1", "DATA-2")
"""These are cheap and tell of what a database may do: order, times and odd texts."""


def told(handle: Handle, *kinds: str, error: JobError | None = None) -> Snapshot:
    """What a new job shows after these events, which happen now, in its first attempt."""
    job_id = handle.fresh(["job"])["job"]
    for kind in kinds:
        given = error if kind in ("retrying", "failed") else None
        event = Event(EventKind(kind), job_id, datetime.now(UTC), attempt=1, error=given, progress={"half": 0.5})
        assert handle.apply(event) is None
    shown = handle.read(job_id)
    assert shown is not None
    return shown


def a_bad_file(folder: Path) -> None:
    """Put a text.db that is no database into the folder."""
    (folder / "text.db").write_text("not a database, but long enough to be looked at\n" * 9, encoding="utf-8")

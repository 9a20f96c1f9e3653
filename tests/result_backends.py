"""What the tests of Celery's result backends share."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import chdir
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pytest_jobstatus import Event, EventKind, JobError, Misuse, Snapshot
from pytest_jobstatus.handle import Handle
from pytest_jobstatus.rules import RULES

CHEAP = [rule.id for rule in RULES if rule.id not in ("TRACK-3", "DATA-3", "ISO-1", "LOAD-1")]
"""All rules but those that every result backend keeps and that take more than half of the time."""


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


def misuse(factory: Callable[[str], object], url: str, folder: Path) -> str:
    """How a bad URL is refused, in a folder with a text.db that is no database: in one line that tells what is allowed,
    without the password "pw".
    """
    (folder / "text.db").write_text("not a database, but long enough to be looked at\n" * 9, encoding="utf-8")
    with chdir(folder), pytest.raises(Misuse) as caught:
        factory(url)
    message = str(caught.value)
    assert re.search(r"[:;] allowed (is|are) ", message)
    assert "\n" not in message
    assert "pw" not in message
    return message

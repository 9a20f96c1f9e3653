"""Two trackers in memory, one right and one wrong, small enough to be copied into another project."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_jobstatus import Event, Profile

LACKING = (
    "created_at",
    "started_at",
    "completed_at",
    "failed_at",
    "cancelled_at",
    "updated_at",
    "error",
    "progress",
    "cancelled_by",
)
STATUSES = {"created": "pending", "active": "active", "progress": "active", "retrying": "delayed", "stalled": "pending"}
PHASES = {"created": 0, "active": 1, "progress": 1, "retrying": 2, "stalled": 2}
OVER = (10_000, 3)


class Small:
    """Keeps status and attempt, and lets a job only move on."""

    profile = Profile(unsupported=dict.fromkeys(LACKING, "kept small"))

    def __init__(self) -> None:
        self.rows: dict[str, tuple[tuple[int, int], str, int]] = {}

    def apply(self, event: Event) -> Any:
        position = OVER if event.kind.terminal else (event.attempt, PHASES[event.kind])
        if event.job_id not in self.rows or position > self.rows[event.job_id][0]:
            attempt = max(event.attempt, self.rows[event.job_id][2] if event.job_id in self.rows else 0)
            self.rows[event.job_id] = (position, STATUSES.get(event.kind, str(event.kind)), attempt)

    def read(self, job_id: str) -> Any:
        if job_id not in self.rows:
            return None
        _, status, attempt = self.rows[job_id]
        shown: Mapping[str, Any] = {"status": status, "attempt": attempt}
        return shown


class Reopening(Small):
    """The same without the guard: what comes last is shown."""

    def apply(self, event: Event) -> Any:
        self.rows.pop(event.job_id, None)
        super().apply(event)


class Otherwise(Small):
    """What comes after the end ends the job once more."""

    def apply(self, event: Event) -> Any:
        over = event.job_id in self.rows and self.rows[event.job_id][0] == OVER
        super().apply(event)
        if over:
            self.rows[event.job_id] = (OVER, "failed", 1)

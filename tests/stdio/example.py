"""The tracker that the conversation in docs/stdio.md is with."""

from __future__ import annotations

from typing import Any

from pytest_jobstatus import Event, EventKind, Profile
from tests.sound_trackers.merging import SoundRefusing, Stale


class Example(SoundRefusing):
    """Knows no stalls, refuses what is behind, keeps tenants apart, and says that it writes later."""

    profile = Profile(refuses=(Stale,), unsupported={"stalled": "our queue never reports stalls"})

    def __init__(self) -> None:
        super().__init__()
        self.tenants: dict[str, Example] = {}

    def apply(self, event: Event) -> Any:
        if event.kind is EventKind.STALLED:
            return NotImplemented
        super().apply(event)
        return None

    def settle(self) -> None:
        """Wait for nothing."""

    def forget(self, job_ids: list[str]) -> None:
        """Remove these jobs' rows."""
        for job_id in job_ids:
            self.rows.pop(job_id, None)

    def for_tenant(self, name: str) -> Example:
        """One tenant's own rows."""
        return self.tenants.setdefault(name, Example())

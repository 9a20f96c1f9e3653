"""Sound trackers that show their rows in other shapes than a Snapshot."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from dataclasses import replace
from itertools import cycle
from types import MappingProxyType
from typing import Any

from pytest_jobstatus import Event, EventKind, Profile, Snapshot, Status
from tests.sound_trackers.merging import Row, Sound


class EndedAtMapping:
    """Shows one `ended_at`, empty while the job is open, and of no attempt now None, now 0, in turn at each read."""

    profile = Profile()

    def __init__(self) -> None:
        self.store = Sound()
        self.apply = self.store.apply
        self.no_attempt = cycle((None, 0))

    def read(self, job_id: str) -> Mapping[str, Any] | None:
        shown = self.store.read(job_id)
        if shown is None:
            return None
        values = {key: value for key, value in vars(shown).items() if key not in ENDS}
        values.update(status=str(shown.status), ended_at=shown.ended_at, attempt=shown.attempt or next(self.no_attempt))
        return MappingProxyType(values)


ENDS = ("completed_at", "failed_at", "cancelled_at")


class Flagged(Sound):
    """Stores a cancellation as failed with a flag, and maps it back for its readers."""

    def shows(self, row: Row, event: Event) -> Status:
        row.note["cancelled"] = event.kind is EventKind.CANCELLED
        return Status.FAILED if event.kind is EventKind.CANCELLED else super().shows(row, event)

    def show(self, row: Row) -> Snapshot:
        shown = super().show(row)
        if not row.note["cancelled"]:
            return shown
        return replace(shown, status=Status.CANCELLED, cancelled_at=row.ended_at)


class SparseMapping:
    """Leaves out keys that have no value, and tells an error as one plain text; its profile is made when asked for."""

    def __init__(self) -> None:
        self.store = Flagged()
        self.apply = self.store.apply

    @property
    def profile(self) -> Profile:
        """What it declares."""
        return Profile()

    def read(self, job_id: str) -> Mapping[str, Any] | None:
        shown = self.store.read(job_id)
        if shown is None:
            return None
        values = {key: value for key, value in vars(shown).items() if value is not None}
        error = self.store.rows[job_id].error
        texts = {} if error is None else {"error": f"{error.type}: {error.message}"}
        return ChainMap(texts, values)

"""Faulty for ISO-2: what is kept beside the row is kept by the id alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from pytest_jobstatus import Event, EventKind, JobError, Snapshot
from tests.faulty_trackers.iso_2.shared import Shared
from tests.sound_trackers.merging import Row


class ErrorsById(Shared):
    """ISO-2: errors stand in a table of their own, by the id alone."""

    def outcome(self, row: Row, event: Event) -> None:
        super().outcome(row, event)
        if event.error is not None:
            self.shared[row.job_id] = event.error

    def show(self, row: Row) -> Snapshot:
        shown = super().show(row)
        error: JobError | None = self.shared.get(row.job_id, shown.error)
        return replace(shown, error=error) if row.error is not None else shown


class FirstErrorStays(Shared):
    """ISO-2: errors stand in a table beside, by id and attempt, and the first one stays."""

    def outcome(self, row: Row, event: Event) -> None:
        super().outcome(row, event)
        if event.error is not None:
            row.error = self.shared.setdefault((row.job_id, event.attempt), event.error)


class NoErrorIsTheFirstError(Shared):
    """ISO-2: the last failure's reason stands in a table beside, by the id alone; one without a reason shows it."""

    def outcome(self, row: Row, event: Event) -> None:
        super().outcome(row, event)
        if event.kind is EventKind.FAILED:
            self.shared[row.job_id] = row.error = event.error or self.shared.get(row.job_id)


class TracebackById(Shared):
    """ISO-2: tracebacks are kept as files named by the id."""

    def outcome(self, row: Row, event: Event) -> None:
        super().outcome(row, event)
        if row.error is not None:
            row.error = replace(row.error, traceback=self.shared.setdefault(row.job_id, row.error.traceback))


class LongTextsById(Shared):
    """ISO-2: texts of more than 200 characters are kept elsewhere, by the id alone."""

    def outcome(self, row: Row, event: Event) -> None:
        super().outcome(row, event)
        if row.error is not None and len(row.error.message) > 200:
            row.error = self.shared.setdefault(row.job_id, row.error)


class FirstCancellerStays(Shared):
    """ISO-2: who cancelled stands in a table beside, by the id alone, and the first one stays."""

    def outcome(self, row: Row, event: Event) -> None:
        super().outcome(row, event)
        if event.kind is EventKind.CANCELLED:
            row.cancelled_by = self.shared.setdefault(row.job_id, event.cancelled_by)


class NobodyIsTheFirstCanceller(Shared):
    """ISO-2: who cancelled stands in a table beside, by the id alone; a cancellation by nobody leaves it there."""

    def outcome(self, row: Row, event: Event) -> None:
        super().outcome(row, event)
        if event.kind is EventKind.CANCELLED:
            self.shared[row.job_id] = event.cancelled_by or self.shared.get(row.job_id)
            row.cancelled_by = self.shared[row.job_id]


class FirstCreationStays(Shared):
    """ISO-2: creations stand in a table beside, by the id alone."""

    def set_created(self, row: Row, at: datetime) -> None:
        super().set_created(row, self.shared.setdefault(row.job_id, at))


class SeenById(Shared):
    """ISO-2: deliveries seen before are remembered without the tenant, so that another's event passes for one."""

    def apply(self, event: Event) -> None:
        key = (event.job_id, event.kind, event.attempt, event.occurred_at)
        if self.shared.setdefault(key, self.tenant) == self.tenant:
            super().apply(event)


FAULTY = (
    ErrorsById,
    FirstErrorStays,
    NoErrorIsTheFirstError,
    TracebackById,
    LongTextsById,
    FirstCancellerStays,
    NobodyIsTheFirstCanceller,
    FirstCreationStays,
    SeenById,
)
